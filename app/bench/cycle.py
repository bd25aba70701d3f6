"""`sanshen bench cycle`: what an approval and a whole walk cost, beside peers and floors of the same run."""

from collections.abc import Iterator

from app.bench import databases, full_walk, over_http, transitions
from app.bench.bureau import REVIEWERS, desk
from app.bench.databases import KINDS, NO_POSTGRES, Place
from app.bench.figures import Bar, Figure, Options

#: SQL statements of one approval, whatever it sets going.
STATEMENTS = Bar(12)


def run(options: Options) -> Iterator[Figure]:
    """Measure the review cycle on both databases."""
    with databases.place(options) as place:
        yield from transitions.measure(place, options)
        for kind, name in KINDS.items():
            if not place.has(kind):
                for key, title, unit, bar in (
                    ("statements.plain", "通过一次的 SQL 语句", "条", STATEMENTS),
                    ("walk.ms", "三审三校全程", "毫秒", full_walk.BAR),
                    ("http.per_second", "HTTP 审批", "次/秒", over_http.PER_SECOND[kind]),
                    ("http.p99_ms", "HTTP 审批的 p99", "毫秒", over_http.SLOWEST),
                ):
                    yield Figure(f"{key}.{kind}", title, None, unit, bar, on=name, note=NO_POSTGRES)
                continue
            options.say(f"数 SQL 语句（{name}）")
            yield from _statements(place, kind, name)
            yield from full_walk.measure(place, options, kind)
            yield from over_http.measure(place, options, kind)


def _statements(place: Place, kind: str, name: str) -> Iterator[Figure]:
    with desk(place, kind) as hand:
        # The first draft of a process also loads the workflow and the policy: it is not counted.
        for _ in range(2):
            handed = hand.hand_in()
            plain, _, asking = (hand.approve(handed, stage, handed.digest) for stage in REVIEWERS)
    for key, title, asked in (("plain", "通过一次", plain), ("asks_for_proofs", "通过并要校样", asking)):
        yield Figure(
            f"statements.{key}.{kind}",
            f"{title}的 SQL 语句",
            len(asked),
            "条",
            STATEMENTS,
            on=name,
            raw={"statements": asked},
        )
