"""What those before the viewer decided: who, when, at which stage, with which words, and on which text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.vocabulary import Verdict
from app.domain.workflow import Stage
from app.reviews.models import Decision
from app.reviews.queries import CaseView
from app.words.labels import label


@dataclass(frozen=True, slots=True)
class Opinion:
    """One decision in words. `current` says whether it is on what is read now, `back` that it sent back.

    `outcome` is the way out of the stage as the workflow calls it.
    """

    key: str
    by: str
    stage: str
    line: str
    round: int
    outcome: str
    comment: str
    ticked: tuple[str, ...]
    at: datetime
    digest: str
    current: bool
    back: bool


def opinions(view: CaseView, channels: Mapping[str, str]) -> tuple[Opinion, ...]:
    """Return the decisions of a case, the oldest first; `channels` are the names of its lines."""
    stages = {one.stage.key: one.stage for one in view.stages}
    now = {(one.stage.key, one.line): one.run.digest for one in view.stages if one.run is not None}
    return tuple(
        _opinion(
            decision,
            stages.get(decision.stage),
            view,
            channels,
            current=now.get((decision.stage, decision.line)) == decision.digest,
        )
        for decision in view.decisions
    )


def last_return(given: Sequence[Opinion]) -> Opinion | None:
    """Return the newest of these opinions that sent the draft back, however many approved since."""
    return next((opinion for opinion in reversed(given) if opinion.back), None)


def _opinion(
    decision: Decision,
    stage: Stage | None,
    view: CaseView,
    channels: Mapping[str, str],
    *,
    current: bool,
) -> Opinion:
    name = view.names.get(decision.actor_id, "")
    if decision.principal_id:
        name = f"{name}（代{view.names.get(decision.principal_id, '')}）"
    ways = {one.key: one.title for one in stage.outcomes} if stage else {}
    verdict = label(Verdict(decision.verdict))
    return Opinion(
        str(decision.id),
        name,
        # A stage that was added to the case stands in no version.
        stage.title if stage else "加签",
        channels.get(decision.line, decision.line) if decision.line else "",
        decision.round,
        ways.get(decision.outcome) or verdict,
        decision.comment,
        tuple(decision.checklist),
        decision.decided_at,
        decision.digest,
        current,
        decision.verdict == Verdict.SENT_BACK,
    )
