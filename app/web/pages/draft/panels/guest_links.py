"""Where a case waits for people outside, and who may ask them."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.vocabulary import CaseState, StageState
from app.reviews.guest_links import service as links
from app.reviews.queries import CaseView
from app.web.shell.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Place:
    """An open stage that asks people outside."""

    key: str
    title: str
    line: str
    duty: str


def places(view: CaseView, channels: Mapping[str, str]) -> tuple[Place, ...]:
    """Return the open stages of a case that people outside can be asked for, on the text or on a proof.

    `channels` are the names of the lines.
    """
    return tuple(
        Place(
            stage.stage.key,
            f"{channels.get(stage.line, stage.line)}{stage.stage.title}",
            stage.line,
            stage.stage.duty,
        )
        for stage in view.stages
        if stage.state is StageState.OPEN
        and view.case.state is CaseState.RUNNING
        and not stage.stage.kinds & links.SIGNING
        and any(who.outside for who in stage.stage.who)
    )


def may_ask(view: CaseView, viewer: Viewer) -> bool:
    """Say whether the viewer may ask people outside to sign this draft."""
    return links.may_ask(view.case.authors, viewer.actor, view.draft.unit_path)
