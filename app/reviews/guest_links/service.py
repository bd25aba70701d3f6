"""Signing without an account (外部签审): single-use links for experts and leaders outside.

A link is bound to a case, a stage, a line, a named person and the digest that is to be read: of the text, or
of one channel's proof. Whoever holds it, and knows its code, sees that and decides once. Nobody of the house
has both: who asks says the code, another person sends the address (`sending`). Each outside person is one
natural person throughout: the same telephone number is the same person, in every case, so separation of
duties holds for them as for everybody else.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.guests import LinkState, name_key, phone_key
from app.domain.refusals import RefusalCode
from app.domain.roles import DECIDING
from app.domain.vocabulary import CaseState, Event, StageKind, StageState, Verb
from app.domain.workflow import AssessedText, Outcome, Stage, objections
from app.domain.workflow.commands import Abstain, Approve, Decide, Decline, Oppose, SendBack
from app.events.emit import emit, refusal
from app.events.payloads.cases import LinkMade, LinkRefused, LinkUsed, OfLink
from app.identity import queries as identity
from app.identity.access import authorize
from app.identity.models import User
from app.identity.persons import numbers
from app.identity.queries import SYSTEM, Actor
from app.infra.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.reviews import calendar, screening
from app.reviews.apply import apply, assessed
from app.reviews.cases import Loaded, load
from app.reviews.guest_links import errors as _words  # noqa: F401 – the words of the codes below
from app.reviews.guest_links import guests, sending
from app.reviews.models import SignLink

#: Working days that a link is good for: an opinion that may take 15 does not outlive it.
DAYS, MAX_DAYS = 3, 20
#: Random bytes of a token: 256 bit, so that guessing is no way in.
TOKEN_BYTES = 32
#: How a decision by link can end. Asking somebody else (请示) is for those who answer for the case.
VERBS: Mapping[str, type[Decide]] = {
    "approve": Approve,
    "oppose": Oppose,
    "abstain": Abstain,
    "send_back": SendBack,
    "decline": Decline,
}
#: Permission to publish, and that every mark was carried out, are given by those who answer for them.
SIGNING = frozenset({StageKind.SIGN_OFF, StageKind.CONFIRM_MARKS})


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom a link is for, and where; `namesake` says that an equal name in the case is another person's."""

    stage: str
    line: str
    name: str
    post: str
    phone: str
    note: str = ""
    days: int | None = None
    namesake: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What the holder of a link may know: the link, the case as it stands, its stage and who asked."""

    link: SignLink
    loaded: Loaded
    stage: Stage
    asker: str

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The ways in which the holder may decide."""
        return tuple(outcome for outcome in self.stage.outcomes if outcome.verb in VERBS)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the holder of a link fills in: one of the outcomes by key, their name as typed, their words."""

    outcome: str
    name: str
    comment: str = ""
    checklist: Sequence[str] = field(default=())


def may_ask(authors: frozenset[str], actor: Actor, unit_path: str) -> bool:
    """Tell whether somebody may ask people outside: a reviewer of the draft's unit who wrote none of it."""
    return authors.isdisjoint(map(str, {actor.id, *actor.others})) and reviews(actor, unit_path)


class NewLink(NamedTuple):
    """A link that nobody can use yet, and its code, which is kept nowhere."""

    link: SignLink
    code: str


def ask(
    session: Session, *, case_id: UUID, invitation: Invitation, actor: Actor, runtime: Runtime, at: datetime
) -> NewLink:
    """Ask somebody outside, and return the link with its code, which is kept nowhere. Nobody can use it yet.

    It is for another person to send, see `sending.send`; who asks never sees its address.

    Raises `NotFound`, `Forbidden` for who is no reviewer of the draft's unit or wrote any of it, `Invalid`
    for a form with faults, `Conflict` with every reason why this person cannot act there now.
    """
    loaded = load(session, case_id, actor)
    if not reviews(actor, loaded.draft.unit_path):
        authorize(actor, *sorted(DECIDING), unit_path=loaded.draft.unit_path)
    if not loaded.case.authors.isdisjoint(map(str, {actor.id, *actor.others})):
        raise Forbidden("forbidden", reasons=[Reason("link_by_author")])
    if faults := _faults(invitation):
        raise Invalid("malformed", reasons=faults)
    stage = loaded.workflow.by_key.get(invitation.stage)
    if stage is None:
        data = {"stage": invitation.stage}
        raise Invalid("malformed", reasons=[Reason("stage_unknown", data, field="stage")])
    _end_expired(session, loaded.row.id, at)
    known, person_id = guests.known(session, invitation.phone, runtime), new_id()
    if known is not None:
        person_id = known.id
    phone = numbers.hashed(invitation.phone, runtime.secret)
    reasons = _against(session, loaded, stage, invitation, known, person_id, phone, actor, at)
    if reasons:
        raise Conflict("link_not_to_be_made", reasons=reasons)
    if known is None:
        guests.add(
            session, person_id, invitation.name, invitation.phone, loaded.draft, actor, runtime=runtime, at=at
        )
    link_id, code = new_id(), sending.new_code()
    link = SignLink(
        id=link_id,
        # Of a token that nobody has: the one to come is made when the link is sent.
        token_hash=hashed(secrets.token_urlsafe(TOKEN_BYTES)),
        code_hash=sending.code_hash(link_id, code, runtime.secret),
        namesake=invitation.namesake,
        case_id=loaded.row.id,
        draft_id=loaded.draft.id,
        stage=stage.key,
        line=invitation.line,
        digest=loaded.case.subject_of(stage, invitation.line) or "",
        person_id=person_id,
        name=invitation.name.strip(),
        post=invitation.post.strip(),
        note=invitation.note.strip(),
        state=LinkState.OPEN,
        asked_by=actor.id,
        asked_at=at,
        expires_at=_expiry(stage, invitation.days, runtime, at),
    )
    session.add(link)
    session.flush()
    payload = LinkMade.of(
        {
            **known_of(link),
            "expires_at": link.expires_at,
            "namesake": invitation.namesake,
            "name": link.name,
            "post": link.post,
        }
    )
    emit(session, Event.LINK_MADE, payload, about=link.draft_id, actor=actor.as_audit(), at=at)
    return NewLink(link, code)


def _expiry(stage: Stage, days: int | None, runtime: Runtime, at: datetime) -> datetime:
    """Return when a link ends: after so many working days, or with the stage where that takes longer."""
    if days is None:
        within = stage.within.working_days if stage.within is not None else 0
        days = min(max(DAYS, within), MAX_DAYS)
    due = calendar.due_by(runtime.policies)(at, days)
    # Where nobody has entered the year's holidays: two days more for each week, and the longest holiday.
    return due or at + timedelta(days=days + 2 * (days // 5 + 1) + 8)


def revoke(session: Session, *, link_id: UUID, actor: Actor, at: datetime) -> SignLink:
    """Take a link back that was not used. Raises `NotFound`, `Forbidden` for another's link, `Conflict`."""
    link = session.get(SignLink, link_id)
    if link is None:
        raise NotFound("not_found")
    load(session, link.case_id, actor)  # who may not know of the draft does not know of its links
    session.refresh(link)
    if link.asked_by != actor.id:
        raise Forbidden("forbidden", reasons=[Reason("not_asked_by_you")])
    if link.state != LinkState.OPEN:
        raise Conflict("link_over")
    link.state, link.ended_at = LinkState.REVOKED, at
    session.add(link)
    payload = OfLink.of(known_of(link))
    emit(session, Event.LINK_REVOKED, payload, about=link.draft_id, actor=actor.as_audit(), at=at)
    return link


def listing(session: Session, case_id: UUID) -> tuple[SignLink, ...]:
    """Return the links of a case, the newest first; perhaps none. Asks nobody."""
    query = select(SignLink).where(SignLink.case_id == case_id).order_by(col(SignLink.id).desc())
    return tuple(session.exec(query).all())


def state_of(link: SignLink, at: datetime) -> LinkState:
    """Return where a link stands at an instant; one that nobody used in time has expired."""
    late = link.state == LinkState.OPEN and link.expires_at <= at
    return LinkState.EXPIRED if late else LinkState(link.state)


def look(session: Session, token: str, code: str, *, runtime: Runtime, at: datetime) -> Seen:
    """Return what the holder of a link may see who knows its code. Changes nothing.

    Raises `NotFound` for a token that was never given, `Conflict` with the code of what became of the link,
    `Forbidden` without the code or with another.
    """
    link = _by_token(session, token)
    loaded = load(session, link.case_id, SYSTEM, lock=False)
    if (why := gone(link, loaded, at)) is not None:
        raise Conflict(why, reasons=[Reason(why)])
    sending.must_know(link, code, runtime.secret)
    return _seen(session, link, loaded)


def decide(
    session: Session, token: str, code: str, answer: Answer, *, runtime: Runtime, at: datetime
) -> SignLink:
    """Decide once by a link, on the digest that it is bound to.

    Raises `NotFound`, `Forbidden` without its code, `Conflict` for a link that is used, revoked, expired, or
    bound to what is no more, `Invalid` for another name or a form with faults: nothing is recorded then but
    the refusal.
    """
    link = _by_token(session, token)
    loaded = load(session, link.case_id, SYSTEM)
    session.refresh(link)
    person = guests.as_person(session, link)
    if (why := gone(link, loaded, at)) is not None:
        raise Conflict(why, reasons=[Reason(why)], record=_refusal(link, person, why, at))
    sending.must_know(link, code, runtime.secret, record=_refusal(link, person, "link_code_differs", at))
    if name_key(answer.name) != name_key(link.name):
        told = [Reason("field", {"message": "请填写受邀人本人的姓名。"}, "name")]
        record = _refusal(link, person, "link_name_differs", at)
        raise Invalid("link_name_differs", reasons=told, record=record)
    stage = loaded.workflow.by_key[link.stage]
    outcome = next((way for way in stage.outcomes if way.key == answer.outcome and way.verb in VERBS), None)
    if outcome is None:
        record = _refusal(link, person, "outcome_unknown", at)
        raise Invalid("malformed", reasons=[Reason("outcome_unknown", field="outcome")], record=record)
    ticked = frozenset(answer.checklist)
    command = VERBS[outcome.verb](link.stage, link.line, link.digest, answer.comment, outcome.key, ticked)
    checked = screening.check(session, loaded, runtime=runtime, at=at)
    facts = assessed(checked, runtime, open_marks=loaded.marks_of(link.line))
    apply(session, loaded, command, guests.as_participant(session, person.id), facts, by=person, at=at)
    link.state, link.ended_at, link.outcome = LinkState.USED, at, outcome.key
    session.add(link)
    payload = LinkUsed.of(
        {
            **known_of(link),
            "outcome": outcome.key,
            "asked_by": link.asked_by,
            "typed": answer.name.strip(),
            "post": link.post,
        }
    )
    emit(session, Event.LINK_USED, payload, about=link.draft_id, actor=person.as_audit(), at=at)
    return link


def hashed(token: str) -> str:
    """Return the name under which a link is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def reviews(actor: Actor, unit_path: str) -> bool:
    """Tell whether somebody reviews, proofreads or signs for this unit, or holds a post over it."""
    by_post = any(unit_path.startswith(post.unit_path) for post in actor.posts)
    return by_post or any(actor.has(role, unit_path=unit_path) for role in DECIDING)


def _faults(invitation: Invitation) -> list[Reason]:
    faults = []
    if not name_key(invitation.name):
        faults.append(Reason("name_invalid", field="name"))
    if not name_key(invitation.post):
        faults.append(Reason("field", {"message": "请填写单位和职务。"}, field="post"))
    if not phone_key(invitation.phone):
        faults.append(Reason("phone_invalid", field="phone"))
    if invitation.days is not None and not 1 <= invitation.days <= MAX_DAYS:
        message = f"有效期应为 1–{MAX_DAYS} 个工作日。"
        faults.append(Reason("field", {"message": message}, field="days"))
    return faults


def _against(
    session: Session,
    loaded: Loaded,
    stage: Stage,
    invitation: Invitation,
    known: User | None,
    person_id: UUID,
    phone: str,
    actor: Actor,
    at: datetime,
) -> list[Reason]:
    """Return every reason why this person cannot be asked to act there now."""
    reasons = []
    if not any(who.outside for who in stage.who):
        reasons.append(Reason("link_not_outside", {"stage": stage.title}))
    elif stage.kinds & SIGNING:
        reasons.append(Reason("link_signs", {"stage": stage.title}))
    if known is not None and name_key(known.name) != name_key(invitation.name):
        reasons.append(Reason("link_phone_of_another", field="phone"))
    guest = guests.as_participant(session, person_id, phone)
    spot = {"stage": stage.key, "line": invitation.line}
    reasons += [
        Reason(str(refusal.code), dict(refusal.data))
        for refusal in objections(
            loaded.case, loaded.workflow, Verb.APPROVE, guest, AssessedText(), at, **spot
        )
        if refusal.code is not RefusalCode.NOT_ALLOWED  # said above, in words for who asks
    ]
    made = [one for one in listing(session, loaded.row.id) if one.state == LinkState.OPEN]
    place = (stage.key, invitation.line)
    if any(one.person_id == person_id and (one.stage, one.line) == place for one in made):
        reasons.append(Reason("link_exists"))
    if not invitation.namesake:
        same = guests.namesakes(
            session, loaded, invitation.name, person_id, [one.person_id for one in made], actor
        )
        reasons += [
            Reason("link_namesake", {"name": invitation.name.strip(), "who": who}, field="name")
            for who in same
        ]
    return reasons


def _end_expired(session: Session, case_id: UUID, at: datetime) -> None:
    for link in listing(session, case_id):
        if link.state == LinkState.OPEN and link.expires_at <= at:
            link.state, link.ended_at = LinkState.EXPIRED, link.expires_at
            session.add(link)
    session.flush()


def _by_token(session: Session, token: str) -> SignLink:
    link = session.exec(select(SignLink).where(SignLink.token_hash == hashed(token))).one_or_none()
    if link is None:
        raise NotFound("link_unknown")
    return link


def gone(link: SignLink, loaded: Loaded, at: datetime) -> str | None:
    """Return the code of what stands in the way of using a link at all; `None` when nothing does."""
    state = state_of(link, at)
    if state is not LinkState.OPEN:
        return f"link_{state}"
    if link.sent_at is None:
        return "link_unsent"
    case, stage = loaded.case, loaded.workflow.by_key.get(link.stage)
    run = case.current().get((link.stage, link.line))
    if stage is None or run is None or run.state is not StageState.OPEN:
        return "link_stage_over"
    if case.state is CaseState.HELD:
        return "link_paused"
    if case.state is not CaseState.RUNNING:
        return "link_stage_over"
    return "link_outdated" if case.subject_of(stage, link.line) != link.digest else None


def _seen(session: Session, link: SignLink, loaded: Loaded) -> Seen:
    asker = identity.names(session, [link.asked_by]).get(link.asked_by, "")
    return Seen(link, loaded, loaded.workflow.by_key[link.stage], asker)


def _refusal(link: SignLink, person: Actor, code: str, at: datetime) -> Callable[[Session], None]:
    payload = LinkRefused.of({**known_of(link), "reasons": [code]})
    return refusal(
        Event.LINK_REFUSED, payload, about=link.draft_id, actor=person.as_audit(), at=at, reason=code
    )


def known_of(link: SignLink) -> dict[str, object]:
    """Return what every event of a link carries."""
    return {
        "draft": link.draft_id,
        "case": link.case_id,
        "link": link.id,
        "person": link.person_id,
        "stage": link.stage,
        "line": link.line,
        "digest": link.digest,
    }


__all__ = [
    "DAYS",
    "MAX_DAYS",
    "SIGNING",
    "Answer",
    "Invitation",
    "Seen",
    "ask",
    "decide",
    "listing",
    "look",
    "may_ask",
    "revoke",
    "state_of",
]
