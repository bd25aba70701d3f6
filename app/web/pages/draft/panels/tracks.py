"""Where a case is: its stages in lanes, one for the text and one for each channel."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.domain.vocabulary import CaseState, DraftState, StageKind, StageState
from app.drafts.queries import Target
from app.reviews.queries import CaseView, StageView
from app.words.labels import label

#: How a draft's state is coloured. Red is kept for what blocks.
TONES = {
    DraftState.EDITING: "plain",
    DraftState.IN_REVIEW: "go",
    DraftState.RETURNED: "warn",
    DraftState.HELD: "warn",
    DraftState.DECLINED: "plain",
    DraftState.CLEARED: "good",
    DraftState.PUBLISHED: "good",
    DraftState.PUBLISHED_WITH_DEBT: "warn",
    DraftState.RETRACTED: "plain",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One stage in a lane; `by` names who passed it, or who has claimed it."""

    title: str
    state: str
    word: str
    by: str


@dataclass(frozen=True, slots=True)
class Lane:
    """The stages of the text (line "") or of one channel, in their order.

    `perhaps` names those that come only if their condition holds once they are reached.
    """

    line: str
    name: str
    steps: tuple[Step, ...]
    perhaps: tuple[str, ...] = ()


def lanes(view: CaseView, channels: Mapping[str, str]) -> tuple[Lane, ...]:
    """Return the lanes of a case; `channels` are the names of its lines."""
    by_line: dict[str, list[StageView]] = {}
    for one in view.stages:
        by_line.setdefault(one.line, []).append(one)
    return tuple(
        Lane(
            line,
            channels.get(line, line) if line else "内容",
            tuple(_step(stage, view) for stage in stages if not _perhaps(stage)),
            tuple(stage.stage.title for stage in stages if _perhaps(stage)),
        )
        for line, stages in by_line.items()
    )


def _perhaps(one: StageView) -> bool:
    return one.stage.applies_if is not None and one.state is StageState.WAITING


def _step(one: StageView, view: CaseView) -> Step:
    people = "、".join(_people(one, view))
    if StageKind.RULE_CHECK in one.stage.kinds and view.case.state is CaseState.BLOCKED:
        # The stage itself waits: the case stops before it. What people ask is whether the rules have run.
        return Step(one.stage.title, str(CaseState.BLOCKED), label(CaseState.BLOCKED), people)
    return Step(one.stage.title, str(one.state), label(one.state), people)


def _people(one: StageView, view: CaseView) -> Iterator[str]:
    run = one.run
    if run is None:
        return
    if one.state is StageState.OPEN and run.claimed_by:
        yield view.names.get(UUID(run.claimed_by), "")
    elif one.state is StageState.PASSED:
        for vote in run.votes:
            name = view.names.get(UUID(vote.person), "")
            yield f"{name}（代）" if vote.principal else name


def where(targets: Iterable[Target]) -> str:
    """Return where a draft is bound, in words."""
    return "、".join(f"{target.channel_name}·{target.section_name}" for target in targets)
