"""Votes that cannot work: a committee smaller than its quorum, one that cannot say no, and the like."""

from collections.abc import Iterator
from typing import Any

from app.domain.vocabulary import StageKind
from app.domain.workflow.definition import Stage
from app.domain.workflow.needs import Committee

#: Key of the stage, code of the fault, and its data.
Said = tuple[str, str, dict[str, Any]]
#: Done by one person, who answers for it.
_BY_ONE = frozenset({StageKind.SIGN_OFF, StageKind.CONFIRM_MARKS})


def faults_of(stage: Stage) -> Iterator[Said]:
    """Yield what is wrong with how a stage votes; nothing where it is sound or nobody votes."""
    verbs = {outcome.verb for outcome in stage.outcomes}
    if stage.committee is None:
        if verbs & {"oppose", "abstain"}:
            yield "outcomes", "votes_without_committee", {}
        return
    yield from _of_committee(stage, stage.committee)
    if "oppose" not in verbs:
        yield "outcomes", "committee_without_no", {}
    if verbs & {"send_back", "decline"} and stage.committee.veto != "anybody":
        yield "outcomes", "one_ends_the_vote", {}
    if stage.kinds & _BY_ONE:
        yield "need", "committee_signs", {}


def _of_committee(stage: Stage, committee: Committee) -> Iterator[Said]:
    if committee.members is not None and stage.least > committee.members:
        yield "need", "committee_too_small", {"members": committee.members, "needed": stage.least}
    if committee.chair is None and committee.veto == "chair":
        yield "need", "committee_without_chair", {}
    if committee.closes == "at_time" and stage.within is None:
        yield "within", "committee_without_time", {}
    if committee.members is None and any(who.outside for who in stage.who):
        yield "need", "committee_of_outside", {}
