"""The decision panels: what this viewer may do at the stages that are open, and if not, why not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.domain.refusals import Refusal, RefusalCode
from app.domain.vocabulary import CaseState, StageKind, Subject, Verb
from app.infra.errors import Reason
from app.infra.http.problems import sentence
from app.reviews.queries import CaseView, StagesView, StageView

#: Who has none of a stage's roles is not told about it: it is simply not theirs.
_NOT_THEIRS = frozenset({RefusalCode.NOT_ALLOWED, RefusalCode.STAGE_NOT_OPEN})
#: No waiting and no mending changes these: another person has to act.
_ANOTHERS = frozenset(
    {
        RefusalCode.OWN_DRAFT,
        RefusalCode.ANOTHER_PERSON,
        RefusalCode.HEAD_OF_AUTHOR,
        RefusalCode.SAME_PERSON,
        RefusalCode.OWN_MARKS,
        RefusalCode.ALREADY_DECIDED,
        RefusalCode.CLAIMED_BY_OTHER,
        RefusalCode.RECUSED,
    }
)
#: Outcomes besides passing that fit beside it, on a phone too.
_FEW = 3
_BLOCKING = frozenset({RefusalCode.BLOCKING_FINDINGS})


@dataclass(frozen=True, slots=True)
class Way:
    """One outcome of a stage as a form: `outcome` is its key, `verb` what the form sends, `title` its button.

    `reasons` are its preset reasons, `comment_needed` whether words must be written, `reason_needed` whether
    one of the reasons must be ticked, `basis_needed` whether what it rests on must be named.
    """

    key: str
    verb: str
    outcome: str
    title: str
    reasons: tuple[str, ...]
    comment_needed: bool
    reason_needed: bool
    basis_needed: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One open stage with a form for each of its outcomes; `objections` say why it cannot pass now.

    `approve`, `votes` (against, or abstaining), `send_back`, `decline` and `hold` are the outcomes of these
    verbs, as the workflow lists them; what is not offered is empty.
    """

    key: str
    stage: str
    line: str
    line_name: str
    title: str
    duty: str
    subject: str
    digest: str
    action: str
    approve: tuple[Way, ...]
    votes: tuple[Way, ...]
    checklist: tuple[str, ...]
    send_back: tuple[Way, ...]
    ways_back: tuple[tuple[str, str], ...]
    decline: tuple[Way, ...]
    hold: tuple[Way, ...]
    objections: tuple[str, ...]
    blocked: bool
    held_up: str
    acting_for: str

    @property
    def first_ways(self) -> tuple[Way, ...]:
        """The outcomes that stand in the bar beside passing: all where they are few, else the first."""
        ways = self._others
        return ways if len(ways) <= _FEW else ways[:1]

    @property
    def more_ways(self) -> tuple[Way, ...]:
        """The outcomes that stand behind one fold."""
        return self._others[len(self.first_ways) :]

    @property
    def _others(self) -> tuple[Way, ...]:
        return (*self.votes, *self.send_back, *self.approve[1:], *self.decline, *self.hold)


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


def to_decide(view: StagesView) -> tuple[StageView, ...]:
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
    held_up = sentences(refusal for refusal in refusals if refusal.code in _ANOTHERS)
    used_up = tuple(
        refusal for refusal in _refusals(one, Verb.SEND_BACK) if refusal.code is RefusalCode.ROUNDS_USED_UP
    )
    return Panel(
        key=_key(one),
        stage=stage.key,
        line=one.line,
        line_name=channels.get(one.line, one.line),
        title=stage.title,
        duty=stage.duty,
        subject="校样" if stage.acts_on is Subject.PROOF else "文稿",
        digest=(one.run.digest if one.run else None) or "",
        action=action,
        # What cannot pass now is shown all the same, with the objections; what is another's to pass is not.
        approve=() if codes & _ANOTHERS else _ways(one, Verb.APPROVE),
        votes=tuple(
            way for verb in (Verb.OPPOSE, Verb.ABSTAIN) if _offered(one, verb) for way in _ways(one, verb)
        ),
        checklist=stage.checklist,
        send_back=_ways(one, Verb.SEND_BACK) if _offered(one, Verb.SEND_BACK) else (),
        ways_back=(("", "作者"), *((way.key, way.title) for way in one.send_back_to)),
        decline=_ways(one, Verb.DECLINE) if _offered(one, Verb.DECLINE) else (),
        hold=_ways(one, Verb.HOLD) if _offered(one, Verb.HOLD) else (),
        objections=sentences(refusal for refusal in (*refusals, *used_up) if refusal.code not in _ANOTHERS),
        blocked=bool(codes & _BLOCKING),
        held_up="".join(held_up),
        acting_for=names.get(one.acting_for, "") if one.acting_for else "",
    )


def _key(one: StageView) -> str:
    return f"{one.stage.key}-{one.line}" if one.line else one.stage.key


def _ways(one: StageView, verb: Verb) -> tuple[Way, ...]:
    sent = "release" if verb is Verb.APPROVE and StageKind.SIGN_OFF in one.stage.kinds else str(verb)
    return tuple(
        Way(
            f"{_key(one)}-{outcome.key}",
            sent,
            outcome.key,
            outcome.title,
            outcome.reasons,
            outcome.comment,
            outcome.one_of_reasons,
            outcome.basis,
        )
        for outcome in one.stage.outcomes_of(verb)
    )
