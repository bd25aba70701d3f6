"""What people do with each other at a case; the rules stand in `domain.workflow.collaboration`."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.roles import UserKind
from app.domain.vocabulary import ADMINISTRATORS, Verb
from app.domain.workflow import SYSTEM, Act, AddedStage, Facts
from app.domain.workflow.case import Place
from app.drafts import service as drafts
from app.drafts.models import ReadingFor
from app.identity import queries as identity
from app.identity.absences import service as absences
from app.identity.models import User
from app.identity.queries import SYSTEM as SYSTEM_PERSON
from app.identity.queries import Actor as Person
from app.infra.runtime import Runtime
from app.reviews import screening
from app.reviews.apply import take
from app.reviews.cases import Loaded, as_actor, load
from app.reviews.service import Form, facts_of, place_of

#: What a named person is let in to see the draft for.
_LET_IN = {
    Verb.COPY: ReadingFor.COPIED,
    Verb.CONSULT: ReadingFor.ASKED,
    Verb.ADD_REVIEWER: ReadingFor.ADDED,
    Verb.HAND_OVER: ReadingFor.NAMED,
}


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who is named at a stage, with a word to them; `place` and `waits` as in `workflow.Act`."""

    to: UUID
    stage: str = ""
    line: str = ""
    comment: str = ""
    place: Place = "after"
    waits: bool = False
    on_behalf_of: UUID | None = None


def take_back(
    session: Session,
    *,
    case_id: UUID,
    stage: str,
    line: str,
    comment: str,
    actor: Person,
    runtime: Runtime,
    at: datetime,
) -> Loaded:
    """Take one's own approval back while nobody has begun on what it opened (拿回).

    Raises `NotFound`, and `Forbidden` or `Conflict` with every reason.
    """
    loaded = load(session, case_id, actor)
    facts = facts_of(screening.check(session, loaded, runtime=runtime, at=at), runtime)
    facts = replace(facts, open_marks=sum(loaded.marks_of(one) for one in loaded.case.lines))
    act = Act(Verb.TAKE_BACK, stage, line, comment=comment)
    take(session, loaded, act, as_actor(actor, loaded.draft.unit_path), facts, by=actor, at=at)
    return loaded


def hand_over(session: Session, *, case_id: UUID, asking: Asking, actor: Person, at: datetime) -> Loaded:
    """Give an open stage to a named person who may act there (转办). Raises as `take_back`."""
    return _asked(session, Verb.HAND_OVER, case_id, asking, actor, None, at)


def consult(session: Session, *, case_id: UUID, asking: Asking, actor: Person, at: datetime) -> Loaded:
    """Ask a named person for an opinion that is no vote (征求意见). Raises as `take_back`."""
    return _asked(session, Verb.CONSULT, case_id, asking, actor, None, at)


def copy(session: Session, *, case_id: UUID, asking: Asking, actor: Person, at: datetime) -> Loaded:
    """Let a named person see the draft and its case from now on (抄送). Raises as `take_back`."""
    return _asked(session, Verb.COPY, case_id, asking, actor, None, at)


def add_reviewer(
    session: Session, *, case_id: UUID, asking: Asking, actor: Person, runtime: Runtime, at: datetime
) -> Loaded:
    """Add a stage for a named reviewer to this case alone (加签). Raises as `take_back`."""
    return _asked(session, Verb.ADD_REVIEWER, case_id, asking, actor, runtime, at)


def advise(session: Session, *, case_id: UUID, form: Form, actor: Person, at: datetime) -> Loaded:
    """Give the opinion that was asked for, on the text that was read. Raises as `take_back`."""
    loaded = load(session, case_id, actor)
    act = Act(Verb.ADVISE, form.stage, form.line, form.digest, form.comment)
    own = as_actor(actor, loaded.draft.unit_path)
    place = own if form.on_behalf_of is None else place_of(actor, loaded, form)
    take(session, loaded, act, place, Facts(), by=actor, at=at)
    return loaded


def recuse(session: Session, *, case_id: UUID, comment: str, actor: Person, at: datetime) -> Loaded:
    """Withdraw from a case for good, with the reason (回避). Raises as `take_back`."""
    loaded = load(session, case_id, actor)
    act = Act(Verb.RECUSE, comment=comment)
    take(session, loaded, act, as_actor(actor, loaded.draft.unit_path), Facts(), by=actor, at=at)
    return loaded


def remind(
    session: Session, *, case_id: UUID, stage: str, line: str, comment: str, actor: Person, at: datetime
) -> Loaded:
    """Remind those whom an open stage waits for, once a day at most (催办). Raises as `take_back`."""
    loaded = load(session, case_id, actor)
    act = Act(Verb.REMIND, stage, line, comment=comment)
    take(session, loaded, act, as_actor(actor, loaded.draft.unit_path), Facts(), by=actor, at=at)
    return loaded


def override(
    session: Session, *, case_id: UUID, form: Form, actor: Person, runtime: Runtime, at: datetime
) -> Loaded:
    """Let the text go past an open stage without a decision, as its workflow allows (越过).

    Raises as `take_back`; a refusal goes on record.
    """
    loaded = load(session, case_id, actor)
    facts = facts_of(screening.check(session, loaded, runtime=runtime, at=at), runtime)
    facts = replace(facts, open_marks=loaded.marks_of(form.line))
    act = Act(Verb.OVERRIDE, form.stage, form.line, form.digest, form.comment)
    take(session, loaded, act, as_actor(actor, loaded.draft.unit_path), facts, by=actor, at=at)
    return loaded


def free(session: Session, *, case_id: UUID, user_id: UUID, at: datetime) -> bool:
    """Free what waits at a case for somebody who can act no more. False when nothing does."""
    loaded = load(session, case_id, SYSTEM_PERSON)
    act = Act(Verb.FREE, to=str(user_id))
    return take(session, loaded, act, SYSTEM, Facts(), by=SYSTEM_PERSON, at=at, quietly=True) is not None


def facts_about(session: Session, loaded: Loaded, to: UUID, at: datetime) -> Facts:
    """Return what the domain asks about a person who is named; `named` is `None` where there is nobody.

    Administrators and tools take no part in reviews, so for reviews they are nobody.
    """
    named = identity.user_actor(session, to)
    if named is None or named.roles() & ADMINISTRATORS or not _of_one_body(named, loaded):
        return Facts()
    user = session.get_one(User, to)
    if user.kind != UserKind.PERSON:
        return Facts()
    absent = to in absences.away(session, [to], at)
    return Facts(named=as_actor(named, loaded.draft.unit_path), absent=absent)


def _of_one_body(named: Person, loaded: Loaded) -> bool:
    roots = {path.strip("/").split("/")[0] for path in (named.unit_path, loaded.draft.unit_path)}
    return len(roots) == 1


def _asked(
    session: Session,
    verb: Verb,
    case_id: UUID,
    asking: Asking,
    actor: Person,
    runtime: Runtime | None,
    at: datetime,
) -> Loaded:
    loaded = load(session, case_id, actor)
    facts = facts_about(session, loaded, asking.to, at)
    if runtime is not None:
        known = facts_of(screening.check(session, loaded, runtime=runtime, at=at), runtime)
        facts = replace(known, named=facts.named, absent=facts.absent)
    act = Act(
        verb,
        asking.stage,
        asking.line,
        comment=asking.comment,
        to=str(asking.to),
        place=asking.place,
        waits=asking.waits,
    )
    form = Form(asking.stage, asking.line, "", on_behalf_of=asking.on_behalf_of)
    take(session, loaded, act, place_of(actor, loaded, form), facts, by=actor, at=at)
    stage = loaded.workflow.by_key.get(asking.stage)
    # Who may act there by a role of theirs sees the draft by that role, and only as long as they have it.
    if verb is not Verb.HAND_OVER or isinstance(stage, AddedStage):
        drafts.let_in(session, loaded.draft, asking.to, _LET_IN[verb], by=actor.id, at=at)
    return loaded
