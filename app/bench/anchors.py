"""Of `sanshen bench anchors`: whether selected words are found again after many edits, and never elsewhere.

Every character of a made text carries a number, so that after the edits it is known where each one stands:
what a tool says is held against that, and not against another tool.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from app.bench.figures import Bar, Figure, Options
from app.domain.document.anchors import Anchor, Ported, Porter, Standing, anchored
from app.domain.document.model import Document, Paragraph

_CHARACTERS = 10_000
_WHO = (
    "市民政局",
    "各县区民政部门",
    "街道办事处",
    "社区居委会",
    "养老服务机构",
    "救助管理站",
    "婚姻登记处",
    "村委会",
)
_DOES = ("走访", "核查", "慰问", "登记", "帮扶", "评估", "培训", "公示", "回访", "改造", "探访", "受理")
_WHOM = ("困难群众", "独居老人", "留守儿童", "残疾人家庭", "低保对象", "退役军人", "社区居民", "临时遇困人员")
_HOW = ("逐户", "按月", "及时", "全面", "依规", "分批", "持续", "主动", "耐心", "重点")
_ENDS = ("并建立台账", "确保不漏一户", "让群众少跑腿", "做到应救尽救", "提高服务水平", "接受社会监督")


class _Char(NamedTuple):
    char: str
    number: int


_Text = list[list[_Char]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many of `total` anchors were put right, at a wrong place, and how many were called lost."""

    total: int
    right: int
    wrong: int
    lost: int
    offsets_right: int

    @property
    def right_share(self) -> float:
        """Right ones of a hundred."""
        return 100 * self.right / self.total

    @property
    def wrong_share(self) -> float:
        """Those put at a wrong place, of a hundred."""
        return 100 * self.wrong / self.total


def run(options: Options) -> Iterator[Figure]:
    """Measure anchors after 40 edits, and after 400 with three paragraphs moved."""
    anchors, texts = (200, 1) if options.quick else (1000, 10)
    for edits, moves, right, wrong in ((40, 0, 99, 0.5), (400, 3, 95, 3)):
        options.say(f"{edits} 处改动")
        outcome = summed(
            [experiment(seed, edits=edits, moves=moves, anchors=anchors) for seed in range(7, 7 + texts)]
        )
        said = f"{edits} 处改动" + (f"、移动 {moves} 段" if moves else "")
        raw = {"anchors": outcome.total, "lost": outcome.lost, "offsets_right": outcome.offsets_right}
        yield Figure(
            f"anchors.right.{edits}",
            f"一万字，{said}：选中的文字找回",
            outcome.right_share,
            "%",
            Bar(right, at_least=True),
            note=f"只记位置的：{100 * outcome.offsets_right / outcome.total:.1f} %",
            raw=raw,
        )
        yield Figure(
            f"anchors.wrong.{edits}",
            f"一万字，{said}：指到别处",
            outcome.wrong_share,
            "%",
            Bar(wrong),
            raw=raw,
        )
    options.say("用时")
    yield _time(3 if options.quick else 15)


def experiment(seed: int, *, edits: int, moves: int, anchors: int) -> Outcome:
    """Select words at random in a made text, edit it at random, carry them over, and count."""
    luck = Random(seed)  # noqa: S311 – the same texts on every machine
    old = made_text(luck)
    new = edited(luck, old, edits=edits, moves=moves)
    before, after = document_of(old), document_of(new)
    porter = Porter(before, after)
    where = {char.number: (row, at) for row, line in enumerate(new) for at, char in enumerate(line)}
    right = wrong = lost = plain = 0
    for _ in range(anchors):
        row = luck.randrange(len(old))
        length = min(luck.randint(1, 20), len(old[row]))
        start = luck.randint(0, len(old[row]) - length)
        anchor = anchored(before, f"blocks/{row}", start, start + length)
        assert anchor is not None
        numbers = [char.number for char in old[row][start : start + length]]
        truth = _truth(old[row], start, numbers, where, new)
        verdict = _judged(porter.port(anchor), anchor, truth)
        right += verdict == "right"
        wrong += verdict == "wrong"
        lost += verdict == "lost"
        plain += truth.intact and truth.row == row and truth.start == start
    return Outcome(anchors, right, wrong, lost, plain)


def summed(outcomes: Sequence[Outcome]) -> Outcome:
    """Return several experiments as one."""
    return Outcome(
        sum(outcome.total for outcome in outcomes),
        sum(outcome.right for outcome in outcomes),
        sum(outcome.wrong for outcome in outcomes),
        sum(outcome.lost for outcome in outcomes),
        sum(outcome.offsets_right for outcome in outcomes),
    )


def made_text(luck: Random, characters: int = _CHARACTERS) -> _Text:
    """Return paragraphs of official prose that repeats itself, as such prose does."""
    lines: _Text = []
    number = 0
    while number < characters:
        line: list[_Char] = []
        for _ in range(luck.randint(2, 6)):
            said = (
                f"{luck.choice(_WHO)}{luck.choice(_HOW)}{luck.choice(_DOES)}{luck.choice(_WHOM)}"
                f"{luck.randint(2, 400)}人次，{luck.choice(_ENDS)}。"
            )
            line += [_Char(char, number + at) for at, char in enumerate(said)]
            number += len(said)
        lines.append(line)
    return lines


def edited(luck: Random, text: _Text, *, edits: int, moves: int) -> _Text:
    """Return the text after so many insertions, deletions and replacements of 1 to 6 characters."""
    lines = [list(line) for line in text]
    fresh = -1
    for _ in range(edits):
        line = lines[luck.choices(range(len(lines)), [len(line) + 1 for line in lines])[0]]
        at = luck.randint(0, len(line))
        gone = luck.choice((0, luck.randint(1, 6)))
        came = luck.randint(1, 6) if gone == 0 else luck.choice((0, luck.randint(1, 6)))
        words = "".join(luck.choices("".join((*_WHO, *_DOES, *_WHOM, *_HOW, *_ENDS)), k=came))
        line[at : at + gone] = [_Char(char, fresh - index) for index, char in enumerate(words)]
        fresh -= came
    for _ in range(moves):
        line = lines.pop(luck.randrange(len(lines)))
        lines.insert(luck.randint(0, len(lines)), line)
    return [line for line in lines if line]


def document_of(text: _Text) -> Document:
    """Return a made text as a document."""
    blocks = tuple(Paragraph(text="".join(char.char for char in line)) for line in text)
    return Document(title="工作情况", blocks=blocks)


class _Truth(NamedTuple):
    """Where the words are: in which paragraph, from where to where; `intact`: just as they were."""

    intact: bool
    row: int
    start: int
    end: int


def _truth(
    line: Sequence[_Char], start: int, numbers: Sequence[int], where: dict[int, tuple[int, int]], new: _Text
) -> _Truth:
    kept = [where[number] for number in numbers if number in where]
    if kept:
        (row, first), last = kept[0], kept[-1][1]
        intact = len(kept) == len(numbers) == last - first + 1
        return _Truth(intact, row, first, last + 1)
    # Nothing is left: between what is left on either side.
    before = next((where[char.number] for char in reversed(line[:start]) if char.number in where), None)
    after = next((where[char.number] for char in line[start + len(numbers) :] if char.number in where), None)
    row = (before or after or (-1, 0))[0]
    return _Truth(False, row, before[1] + 1 if before else 0, after[1] if after else len(new[row]))


def _judged(ported: Ported, anchor: Anchor, truth: _Truth) -> str:
    if ported.standing is Standing.LOST:
        return "lost"
    if ported.place != f"blocks/{truth.row}":
        return "wrong"
    if truth.intact:
        exact = (ported.start, ported.end) == (truth.start, truth.end)
        return "right" if exact and ported.text == anchor.quote else "wrong"
    meets = ported.start <= truth.end and truth.start <= ported.end
    return "right" if meets else "wrong"


def _time(times: int) -> Figure:
    """Measure what carrying 100 anchors over 400 edits takes beside the bare difference of both texts."""
    luck = Random(7)  # noqa: S311 – as above
    old = made_text(luck)
    new = edited(luck, old, edits=400, moves=3)
    before, after = document_of(old), document_of(new)
    anchors = [anchored(before, f"blocks/{row}", 3, 9) for row in range(100)]
    plain = ["\n".join(text for _, text in document.texts()) for document in (before, after)]
    ours, bare = [], []
    for _ in range(times):
        began = time.thread_time()
        porter = Porter(before, after)
        for anchor in anchors:
            assert anchor is not None
            porter.port(anchor)
        ours.append(1000 * (time.thread_time() - began))
        began = time.thread_time()
        Levenshtein.opcodes(*plain)
        bare.append(1000 * (time.thread_time() - began))
    return Figure(
        "anchors.ms",
        "一万字、400 处改动：找回 100 处",
        min(ours),
        "ms",
        peer="rapidfuzz 全文比较",
        peer_value=min(bare),
        samples=ours,
    )
