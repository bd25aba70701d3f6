"""The column beside a text: a list of panels, each a title that folds and a template with its content.

A page makes the list; the template writes it in that order. Whoever adds something beside the text adds one
entry, and one template that finds what it needs among the page's names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.web.pages.draft.panels.collaboration import Together
from app.web.pages.draft.panels.comments import CommentPanel
from app.web.pages.draft.panels.guest_links import Place
from app.web.pages.draft.panels.opinions import Opinion
from app.web.pages.draft.panels.releases import ReleaseRow
from app.web.pages.draft.panels.scheduled import Timing
from app.web.pages.draft.panels.urgent import Debt, Lane


@dataclass(frozen=True, slots=True)
class SidePanel:
    """One panel: `key` is its place in the address (`#findings`), `template` what stands in it.

    `count` is said beside the title, `None` for nothing to count; `open` whether it is unfolded at first.
    """

    key: str
    title: str
    template: str
    count: int | None = None
    open: bool = True


@dataclass(frozen=True, slots=True)
class Beside:
    """What panels beside the text show besides opinions and findings, each where there is any."""

    comments: CommentPanel
    timing: Timing | None
    together: Together | None
    releases: tuple[ReleaseRow, ...]
    urgent: tuple[Lane, ...]
    owed: tuple[Debt, ...]
    outside: tuple[Place, ...]


def draft_panels(findings: int, given: Sequence[Opinion], more: Beside) -> Iterator[SidePanel]:
    """Yield the panels beside the text, what a decision rests on first."""
    if given:
        yield SidePanel("opinions", "此前意见", "side/opinions.html", len(given))
    yield SidePanel("findings", "检查结果", "side/findings.html", findings)
    if more.comments.shown:
        yield SidePanel("comments", "批注和修改建议", "side/comments.html", len(more.comments.waiting))
    if more.together:
        yield SidePanel("together", "与他人一起办", "side/together.html", open=more.together.is_asked)
    timing = more.timing
    if timing and (timing.waits or timing.withheld or timing.embargo_until or timing.may_embargo):
        urging = bool(timing.waits or timing.withheld or timing.embargo_until)
        yield SidePanel("timing", "发布时间", "side/timing.html", open=urging)
    if more.outside:
        yield SidePanel("outside", "外部签审", "side/outside.html")
    if more.releases:
        yield SidePanel("releases", "签发与发布", "side/releases.html", len(more.releases))
    if more.owed:
        yield SidePanel("owed", "补审", "side/owed.html", len(more.owed))
    if more.urgent:
        ready = any(lane.proof for lane in more.urgent)
        yield SidePanel("urgent", "急件通道", "side/urgent.html", open=ready)
