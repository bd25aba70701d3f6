"""A workflow as a picture: SVG that a phone shows, a printer prints and a screen reader reads."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from app.domain.vocabulary import StageState
from app.domain.workflow.case import Case
from app.domain.workflow.condition_words import Label
from app.domain.workflow.definition import Stage, Workflow
from app.domain.workflow.diagram import (
    edges,
    line_states,
    mark,
    notes,
    rows,
    set_mark,
    set_marks,
    standing,
    tag,
)

_CLOSING = "”’）》〕〉】，。；：、！？"
#: What is not to be torn apart: a Latin word or one character, with the marks that belong to it.
_PIECES = re.compile(rf"[“‘（《〔〈【]*(?:[!-~]+|[^!-~])[{_CLOSING}]*", re.DOTALL)
#: Units are pixels at the width of a phone; larger screens scale the picture up.
WIDTH = 360
_EDGE = 26  # room at both sides, for lines that pass stages by
_GAP = 10  # between boxes beside each other
_DROP = 26  # between rows
_PAD = 10
_TITLE, _NOTE = 16, 13
_FONTS = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Source Han Sans SC, sans-serif"
_LEADING = 1.45
_COLUMNS = 2  # more boxes than this in a row could not be read

_INK, _MUTED, _LINE, _PAPER = "#1d2430", "#545e6e", "#868f9c", "#ffffff"
#: Fill and border by state; the sign and the words say the same, so that nothing hangs on colour alone.
_COLOURS: dict[StageState | None, tuple[str, str]] = {
    None: (_PAPER, _LINE),
    StageState.OPEN: ("#e9f0f6", "#1c4b75"),
    StageState.PASSED: ("#e8f3ea", "#2a6538"),
    StageState.WAITING: ("#fff5dd", "#80520a"),
    StageState.SKIPPED: ("#f5f6f4", _LINE),
    StageState.OVERRIDDEN: ("#fff5dd", "#80520a"),
    StageState.SENT_BACK: ("#fdecea", "#b0221b"),
    StageState.DECLINED: ("#fdecea", "#b0221b"),
    StageState.VOIDED: ("#fff5dd", "#80520a"),
}


@dataclass(frozen=True, slots=True)
class _Box:
    stage: Stage
    x: float
    y: float
    width: float
    height: float
    title: tuple[str, ...]
    lines: tuple[str, ...]
    state: StageState | None
    said: str

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


def svg(
    workflow: Workflow, label: Label, *, case: Case | None = None, names: Mapping[str, str] | None = None
) -> str:
    """Return the picture of a workflow as one SVG element, with where the case stands when one is given.

    `label` gives an enum its Chinese word; `names` are words for channels, sections, flags and facts by code.
    What a file says is escaped: it is text and never markup. No style sheet, script or font is needed.
    """
    names = {**workflow.flags, **(names or {})}
    head = _wrapped(workflow.title, WIDTH - 2 * _PAD, 17)
    top = _PAD + len(head) * 17 * _LEADING + 8
    boxes = {box.stage.key: box for box in _boxes(workflow, label, case, names, top)}
    bottom = max(box.bottom for box in boxes.values())
    legend = list(_legend(workflow))
    height = bottom + _PAD + len(legend) * _NOTE * _LEADING + (_DROP if legend else 0)
    name = f"workflow-{workflow.key}"
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" ',
        f'height="{height:.0f}" role="img" aria-labelledby="{name}-title {name}-desc" lang="zh-CN" ',
        f'font-family="{_FONTS}">',
        f'<title id="{name}-title">{_text(workflow.title)}流程图</title>',
        f'<desc id="{name}-desc">{_text(_described(workflow, boxes, label, names))}</desc>',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="{_PAPER}"/>',
        *_written(head, _PAD, _PAD, 17, _INK, bold=True),
        *_arrows(workflow, boxes),
        *(part for box in boxes.values() for part in _drawn(box)),
        *_written(legend, _PAD, bottom + _DROP / 2, _NOTE, _MUTED),
        "</svg>",
    ]
    return "\n".join(drawn) + "\n"


def _boxes(
    workflow: Workflow, label: Label, case: Case | None, names: Mapping[str, str], top: float
) -> Iterator[_Box]:
    marks, y = set_marks(workflow), top
    for stages in rows(workflow):
        for start in range(0, len(stages), _COLUMNS):
            part = stages[start : start + _COLUMNS]
            width = (WIDTH - 2 * _EDGE - _GAP * (len(part) - 1)) / len(part)
            inner = width - 2 * _PAD
            row = []
            for column, stage in enumerate(part):
                state, said = None, ""
                if case is not None:
                    stands = standing(case, stage)
                    state, said = stands.state, line_states(stands, label, names)
                sign = f"{mark(state)} " if case is not None else ""
                sets = f" {marks[stage.key]}" if marks[stage.key] else ""
                title = _wrapped(f"{sign}{stage.title}{sets}", inner, _TITLE)
                words = [word for word in (tag(stage, label), said, *notes(stage, label, names)) if word]
                lines = tuple(line for word in words for line in _wrapped(word, inner, _NOTE))
                height = 2 * _PAD + (len(title) * _TITLE + len(lines) * _NOTE) * _LEADING
                x = _EDGE + column * (width + _GAP)
                row.append(_Box(stage, x, y, width, height, title, lines, state, said))
            yield from row
            y += max(box.height for box in row) + _DROP


def _drawn(box: _Box) -> Iterator[str]:
    fill, border = _COLOURS[box.state]
    thick = 2.5 if box.state is StageState.OPEN else 1.25
    dashed = ' stroke-dasharray="5 3"' if box.stage.applies_if is not None else ""
    yield (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="6" '
        f'fill="{fill}" stroke="{border}" stroke-width="{thick}"{dashed}/>'
    )
    yield from _written(box.title, box.x + _PAD, box.y + _PAD, _TITLE, _INK, bold=True)
    below = box.y + _PAD + len(box.title) * _TITLE * _LEADING
    yield from _written(box.lines, box.x + _PAD, below, _NOTE, _MUTED)


def _arrows(workflow: Workflow, boxes: Mapping[str, _Box]) -> Iterator[str]:
    lanes: dict[str, float] = {}
    for before, after in edges(workflow):
        start, end = boxes[before], boxes[after]
        x1, y1, x2, y2 = start.middle, start.bottom, end.middle, end.y
        path = f"M{x1:.1f} {y1:.1f}"
        if any(box.y >= y1 and box.bottom <= y2 and _between(box, x1, x2) for box in boxes.values()):
            # Past what lies between: down a lane at the side, one for each stage that is waited for so.
            lane = lanes.setdefault(after, _lane(len(lanes)))
            path += f"V{y1 + _DROP * 0.3:.1f}H{lane:.1f}"
        path += f"V{y2 - _DROP * 0.5:.1f}H{x2:.1f}V{y2 - 5:.1f}"
        yield f'<path d="{path}" fill="none" stroke="{_LINE}" stroke-width="1.25"/>'
        yield f'<path d="M{x2 - 4:.1f} {y2 - 6:.1f}h8l-4 6z" fill="{_LINE}"/>'


def _between(box: _Box, x1: float, x2: float) -> bool:
    return box.x < max(x1, x2) + 1 and box.x + box.width > min(x1, x2) - 1


def _lane(number: int) -> float:
    inwards = _EDGE - 7 - 6 * (number // 2 % 3)
    return inwards if number % 2 == 0 else WIDTH - inwards


def _legend(workflow: Workflow) -> Iterator[str]:
    for index, group in enumerate(workflow.distinct):
        stages = "、".join(workflow.by_key[key].title for key in group.stages if key in workflow.by_key)
        yield from _wrapped(f"{set_mark(index)} {group.name}：{stages}", WIDTH - 2 * _PAD, _NOTE)
    if any(stage.applies_if is not None for stage in workflow.stages):
        yield from _wrapped("虚线框：符合条件才有的环节", WIDTH - 2 * _PAD, _NOTE)
    if workflow.source:
        yield from _wrapped(f"依据：{workflow.source}", WIDTH - 2 * _PAD, _NOTE)


def _described(workflow: Workflow, boxes: Mapping[str, _Box], label: Label, names: Mapping[str, str]) -> str:
    told = []
    for stage in workflow.ordered:
        waits = "、".join(
            workflow.by_key[key].title for key in workflow.after[stage.key] if key in workflow.by_key
        )
        said = boxes[stage.key].said
        parts = (f"在{waits}之后" if waits else "开始", "，".join(notes(stage, label, names)), said)
        told.append(f"{stage.title}：{'；'.join(part for part in parts if part)}。")
    return "".join(told)


def _written(
    lines: tuple[str, ...] | list[str], x: float, y: float, size: int, colour: str, *, bold: bool = False
) -> Iterator[str]:
    weight = ' font-weight="700"' if bold else ""
    for index, line in enumerate(lines):
        base = y + (index + 1) * size * _LEADING - size * 0.4
        place = f'x="{x:.1f}" y="{base:.1f}" font-size="{size}"'
        yield f'<text {place} fill="{colour}"{weight}>{_text(line)}</text>'


def _wrapped(text: str, width: float, size: int) -> tuple[str, ...]:
    """Break a text into lines that fit: a Chinese character is as wide as its size, a Latin one about half.

    Latin words and numbers stay whole unless a line is too narrow for one; no line begins with a closing mark
    or ends with an opening one.
    """
    lines, line = [], ""
    for piece in _PIECES.findall(text):
        if line and _width(line + piece.rstrip(), size) > width:
            lines.append(line.rstrip())
            line = ""
        for character in piece if line else piece.lstrip():
            if line and _width(line + character, size) > width and character not in _CLOSING:
                lines.append(line)
                line = ""
            line += character
    return (*lines, line)


def _width(text: str, size: int) -> float:
    return sum(size * (0.58 if character.isascii() else 1.0) for character in text)


def _text(text: str) -> str:
    """Escape a text for XML; control characters, which XML cannot hold, are left out."""
    return escape(
        "".join(character for character in text if unicodedata.category(character) not in {"Cc", "Cs", "Cn"})
    )
