"""Where a case waits for people outside, and who may ask them."""

from dataclasses import dataclass

from app.domain.vocabulary import CaseState, StageState, Subject
from app.reviews import links
from app.reviews.queries import CaseView
from app.web.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Place:
    """An open stage that asks people outside."""

    key: str
    title: str
    line: str
    duty: str


def places(view: CaseView) -> tuple[Place, ...]:
    """Return the open stages of a case that ask people outside and that can be decided on the text."""
    return tuple(
        Place(one.stage.key, one.stage.title, one.line, one.stage.duty)
        for one in view.stages
        if one.state is StageState.OPEN
        and view.case.state is CaseState.RUNNING
        and one.stage.acts_on is Subject.REVISION
        and any(who.outside for who in one.stage.who)
    )


def may_ask(view: CaseView, viewer: Viewer) -> bool:
    """Say whether the viewer may ask people outside to sign this draft."""
    return links.may_ask(view.case.authors, viewer.actor, view.draft.unit_path)
