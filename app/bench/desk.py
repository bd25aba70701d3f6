"""`sanshen bench desk`: what those who read and decide wait for, beside bare work of the same run."""

import time
from collections.abc import Callable, Iterator
from random import Random

from rapidfuzz.distance import Indel

from app.bench.anchors import document_of, edited, made_text
from app.bench.figures import Bar, Figure, Options, middle
from app.words.differences import differences

_EDITS = 400


def run(options: Options) -> Iterator[Figure]:
    """Measure the difference of two texts of 10 000 characters."""
    options.say("两个修订的差异")
    yield difference(3 if options.quick else 21)


def difference(rounds: int) -> Figure:
    """Time the difference of two documents beside rapidfuzz alone over the same words, by turns.

    Processor time: what else the machine does is not ours.
    """
    luck = Random(7)  # noqa: S311 – the same texts on every machine
    old = made_text(luck)
    new = edited(luck, old, edits=_EDITS, moves=3)
    was, now = document_of(old), document_of(new)
    plain = ["\n".join(text for _, text in one.texts()) for one in (was, now)]
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        ours.append(_taken(lambda: differences(was, now)))
        bare.append(_taken(lambda: Indel.opcodes(*plain)))
    found = differences(was, now)
    return Figure(
        "desk.difference",
        f"一万字、{_EDITS} 处改动、移动 3 段：两个修订的差异",
        middle(ours),
        "ms",
        Bar(2, of_ratio=True),
        peer="rapidfuzz 逐字比较全文",
        peer_value=middle(bare),
        samples=ours,
        raw={"differences": len(found), "moved": sum(one.kind == "moved" for one in found)},
    )


def _taken(work: Callable[[], object]) -> float:
    """Return the milliseconds of processor time of one call."""
    begun = time.process_time()
    work()
    return 1000 * (time.process_time() - begun)
