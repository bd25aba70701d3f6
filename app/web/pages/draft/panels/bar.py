"""The bar that is always in sight: what is asked of the viewer here, or that nothing is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.domain.vocabulary import CaseState, StageState
from app.reviews.queries import CaseView
from app.web.pages.draft.panels.collaboration import Together
from app.web.pages.draft.panels.deciding import proofs_to_decide
from app.web.pages.draft.panels.opinions import Opinion


@dataclass(frozen=True, slots=True)
class Link:
    """Something that is asked of the viewer on another page, or further down on this one."""

    title: str
    href: str
    strong: bool = True


@dataclass(frozen=True, slots=True)
class Bar:
    """What the bar says beside the forms in it.

    `asked` is whether anything is asked of the viewer; where nothing is, `idle` says where the draft is.
    `returned` is the last sending back, for whoever mends or decides.
    """

    asked: bool
    idle: str
    links: tuple[Link, ...]
    returned: Opinion | None


def bar_of(
    view: CaseView | None,
    *,
    here: str,
    channels: Mapping[str, str],
    with_others: Together | None,
    forms: bool,
    returned: Opinion | None,
) -> Bar:
    """Return the bar of a draft's page; `forms` says whether a form in it asks something of the viewer."""
    links = tuple(_links(view, here, channels, with_others)) if view else ()
    asked = forms or bool(links)
    return Bar(
        asked,
        "" if asked else f"现在不等您办理。{where_it_is(view, channels)}",
        links,
        returned if asked else None,
    )


def _links(
    view: CaseView, here: str, channels: Mapping[str, str], with_others: Together | None
) -> Iterator[Link]:
    for one in proofs_to_decide(view):
        name = channels.get(one.line, one.line)
        yield Link(f"{name}{one.stage.title}：打开校样", f"{here}/proofs/{one.line}")
    if with_others is not None and any("advise" in place.may for place in with_others.places):
        yield Link("有人征求您的意见", "#together")


def where_it_is(view: CaseView | None, channels: Mapping[str, str]) -> str:
    """Return the stages that are open now, in one line; what else a case waits for where none is."""
    if view is None:
        return "稿件还没有提交审校。"
    if view.case.state is CaseState.HELD:
        return "正在请示，期限暂停计算。"
    titles = [
        f"{channels.get(one.line, one.line)}{one.stage.title}" if one.line else one.stage.title
        for one in view.stages
        if one.state is StageState.OPEN
    ]
    if titles:
        return f"现在：{'、'.join(dict.fromkeys(titles))}。"
    return "正在排校样。" if laying(view) else ""


def laying(view: CaseView) -> tuple[str, ...]:
    """Return the lines whose proof is being laid out."""
    if view.case.state is not CaseState.RUNNING:
        return ()
    waiting = {
        one.line for one in view.stages if one.run and one.run.state is StageState.WAITING and one.line
    }
    return tuple(sorted(waiting))


def progress_line(view: CaseView | None, channels: Mapping[str, str], steps: Sequence[str]) -> str:
    """Return how far a case is, for the fold with its tracks; `steps` are the states of its stages."""
    passed = sum(state == str(StageState.PASSED) for state in steps)
    done = f"已过 {passed}/{len(steps)} 个环节。" if steps else ""
    return f"进度：{done}{where_it_is(view, channels)}"
