"""The decision panels: what this viewer may do at the stages that are open, and if not, why not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.domain.refusals import Refusal, RefusalCode
from app.domain.vocabulary import CaseState, StageKind, Subject, Verb
from app.infra.errors import Reason
from app.infra.problems import sentence
from app.reviews.queries import CaseView, StageView

#: Who has none of a stage's roles is not told about it: it is simply not theirs.
_NOT_THEIRS = frozenset({RefusalCode.NOT_ALLOWED, RefusalCode.STAGE_NOT_OPEN})
#: No waiting and no mending changes these: another person has to act.
_ANOTHERS = frozenset(
    {
        RefusalCode.OWN_DRAFT,
        RefusalCode.SAME_PERSON,
        RefusalCode.OWN_MARKS,
        RefusalCode.ALREADY_DECIDED,
        RefusalCode.CLAIMED_BY_OTHER,
        RefusalCode.RECUSED,
    }
)
_BLOCKING = frozenset({RefusalCode.BLOCKING_FINDINGS})


@dataclass(frozen=True, slots=True)
class Panel:
    """One open stage as a form. What is not offered is empty; `objections` say why it cannot pass now."""

    key: str
    stage: str
    line: str
    line_name: str
    title: str
    duty: str
    subject: str
    digest: str
    action: str
    approve: str
    approve_verb: str
    comment_needed: bool
    checklist: tuple[str, ...]
    send_back: str
    reasons: tuple[str, ...]
    ways_back: tuple[tuple[str, str], ...]
    decline: str
    hold: str
    objections: tuple[str, ...]
    blocked: bool
    held_up: str
    acting_for: str


def panels(
    view: CaseView, *, subject: Subject, line: str | None, channels: Mapping[str, str], action: str
) -> tuple[Panel, ...]:
    """Return a panel for each open stage on `subject` (of one `line`, if given) that is this viewer's.

    None while the case is held.
    A stage of theirs that only somebody else may decide (their own draft, a second place of a distinct set)
    comes without any form, with the reason.
    """
    if view.case.state is CaseState.HELD:
        return ()
    found = []
    for one in view.open:
        refusals = _refusals(one, Verb.APPROVE)
        elsewhere = one.stage.acts_on is not subject or (line is not None and one.line != line)
        if elsewhere or {refusal.code for refusal in refusals} & _NOT_THEIRS:
            continue
        found.append(_panel(one, refusals, channels, action, view.names))
    return tuple(found)


def to_decide(view: CaseView) -> tuple[StageView, ...]:
    """Return the open stages that this viewer could decide."""
    return tuple(
        one
        for one in view.open
        if not {refusal.code for refusal in _refusals(one, Verb.APPROVE)} & (_NOT_THEIRS | _ANOTHERS)
    )


def proofs_to_decide(view: CaseView) -> tuple[StageView, ...]:
    """Return the open stages on proofs that this viewer could decide."""
    return tuple(one for one in to_decide(view) if one.stage.acts_on is Subject.PROOF)


def sentences(refusals: Iterable[Refusal]) -> tuple[str, ...]:
    """Return what refusals say, in Chinese, each sentence once."""
    told = (sentence(Reason(str(refusal.code), dict(refusal.data))) for refusal in refusals)
    return tuple(dict.fromkeys(told))


def _refusals(one: StageView, verb: Verb) -> tuple[Refusal, ...]:
    return next((option.refusals for option in one.options if option.verb is verb), ())


def _offered(one: StageView, verb: Verb) -> bool:
    return any(option.verb is verb and option.allowed for option in one.options)


def _panel(
    one: StageView,
    refusals: tuple[Refusal, ...],
    channels: Mapping[str, str],
    action: str,
    names: Mapping[UUID, str],
) -> Panel:
    stage, codes = one.stage, {refusal.code for refusal in refusals}
    anothers = bool(codes & _ANOTHERS)
    approve, back, decline, hold = (
        stage.outcome(verb) for verb in (Verb.APPROVE, Verb.SEND_BACK, Verb.DECLINE, Verb.HOLD)
    )
    held_up = sentences(refusal for refusal in refusals if refusal.code in _ANOTHERS)
    used_up = tuple(
        refusal for refusal in _refusals(one, Verb.SEND_BACK) if refusal.code is RefusalCode.ROUNDS_USED_UP
    )
    return Panel(
        key=f"{stage.key}-{one.line}" if one.line else stage.key,
        stage=stage.key,
        line=one.line,
        line_name=channels.get(one.line, one.line),
        title=stage.title,
        duty=stage.duty,
        subject="校样" if stage.acts_on is Subject.PROOF else "文稿",
        digest=(one.run.digest if one.run else None) or "",
        action=action,
        approve=approve.title if approve and not anothers else "",
        approve_verb="release" if StageKind.SIGN_OFF in stage.kinds else "approve",
        comment_needed=bool(approve and approve.comment),
        checklist=stage.checklist,
        send_back=back.title if back and _offered(one, Verb.SEND_BACK) else "",
        reasons=back.reasons if back else (),
        ways_back=(("", "作者"), *((way.key, way.title) for way in one.send_back_to)),
        decline=decline.title if decline and _offered(one, Verb.DECLINE) else "",
        hold=hold.title if hold and _offered(one, Verb.HOLD) else "",
        objections=sentences(refusal for refusal in (*refusals, *used_up) if refusal.code not in _ANOTHERS),
        blocked=bool(codes & _BLOCKING),
        held_up="".join(held_up),
        acting_for=names.get(one.acting_for, "") if one.acting_for else "",
    )


def waiting_for(view: CaseView, holders: Mapping[str, tuple[str, ...]]) -> str:
    """Return whom the case waits for, in names; `holders` are those of each open stage. Perhaps nobody."""
    names: dict[str, None] = {}
    for one in view.open:
        claimed = one.run.claimed_by if one.run else None
        for name in (view.names.get(UUID(claimed), ""),) if claimed else holders.get(one.stage.key, ()):
            names[name] = None
    return "、".join(names)
