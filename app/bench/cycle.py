"""`sanshen bench cycle`: what a transition and a whole walk cost, beside peers of the same run."""

from collections.abc import Iterator

from app.bench import databases, full_walk, transitions
from app.bench.databases import KINDS, NO_POSTGRES
from app.bench.figures import Figure, Options


def run(options: Options) -> Iterator[Figure]:
    """Measure the review cycle on both databases."""
    with databases.place(options) as place:
        yield from transitions.measure(place, options)
        for kind, name in KINDS.items():
            if place.has(kind):
                yield from full_walk.measure(place, options, kind)
            else:
                yield Figure(
                    f"walk.ms.{kind}",
                    "三审三校全程",
                    None,
                    "毫秒",
                    full_walk.BAR,
                    on=name,
                    note=NO_POSTGRES,
                )
