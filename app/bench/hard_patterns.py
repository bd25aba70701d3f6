"""Patterns on which engines that backtrack hang, and the heaviest that we take: each with its worst text."""

import time
from collections.abc import Iterator

from app.bench.figures import Bar, Figure
from app.negative_list import Part, PartKind
from app.negative_list.engine.backends import Unit, available, make
from app.negative_list.pattern.parse import PatternError, parse
from app.negative_list.text.buffer import Buffer

#: Nested and doubled repeats. None of them may be taken, or it must end soon.
EVIL = (
    ("(a+)+$", "a" * 9_999 + "!"),
    ("(a|aa)*b", "a" * 10_000),
    ("(.*a){20}", "a" * 10_000),
    ("(残|残废)*证", "残废" * 5_000),
    (r"(\d+,?)+[x]", "1" * 10_000),
    ("(?:残.{0,100}){10}废", "残" * 10_000),
)

#: As heavy as patterns are that are taken, with texts on which they have to try the most.
HEAVY = (
    ("残.{0,30}废", "残" * 10_000),
    ("[残废]{1,60}证", "残废" * 5_000),
    (r"\d{2,20}[-—]\d{2,20}号", "1" * 10_000),
    ("(?:甲|甲乙|甲乙丙)丁", "甲乙" * 5_000),
    ("《[^《》]{2,60}》", "《" + "书" * 9_999),
    ("[一-鿿]{1,100}!", "残" * 10_000),
)
#: Milliseconds that a pattern may take on 10 000 characters.
_LIMIT = 10


def run() -> Iterator[Figure]:
    """Time every pattern that is taken, the evil ones too if they were, on its worst 10 000 characters."""
    times, refused = {}, []
    for source, text in (*EVIL, *HEAVY):
        try:
            node = parse(source, fold=True)
        except PatternError:
            refused.append(source)
            continue
        scanner = make(available()[0], Unit((), (node,)))
        view = Buffer([Part(PartKind.BODY, "text", text)]).fold
        scanner.scan(view)
        began = time.thread_time()
        scanner.scan(view)
        times[source] = (time.thread_time() - began) * 1000
    yield Figure(
        "rules.patterns",
        "最费时的正则查一万字",
        max(times.values()),
        "毫秒",
        Bar(_LIMIT),
        samples=sorted(times.values()),
        note=f"{len(refused)} 个会失控的正则被拒绝",
        raw={"taken": times, "refused": refused},
    )
