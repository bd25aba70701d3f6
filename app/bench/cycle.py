"""`sanshen bench cycle`: what an approval and a whole walk cost, beside peers and floors of the same run."""

from collections.abc import Iterator

from app.bench import databases
from app.bench.databases import KINDS, NO_POSTGRES, Place
from app.bench.desk import desk
from app.bench.figures import Bar, Figure, Options

#: SQL statements of one approval, whatever it sets going.
STATEMENTS = Bar(12)


def run(options: Options) -> Iterator[Figure]:
    """Measure the review cycle on both databases."""
    with databases.place(options) as place:
        for kind, name in KINDS.items():
            if not place.has(kind):
                yield Figure(
                    f"statements.{kind}",
                    f"审批的 SQL 语句（{name}）",
                    None,
                    "条",
                    STATEMENTS,
                    note=NO_POSTGRES,
                )
                continue
            options.say(f"数 SQL 语句（{name}）")
            yield from _statements(place, kind, name)


def _statements(place: Place, kind: str, name: str) -> Iterator[Figure]:
    with desk(place, kind) as hand:
        # The first draft of a process also loads the workflow and the policy: it is not counted.
        for _ in range(2):
            handed = hand.hand_in()
            plain = hand.approve(handed, "initial_review")
            hand.approve(handed, "second_review")
            asking = hand.approve(handed, "final_review")
        for key, title, asked in (("plain", "通过一次", plain), ("asks_for_proofs", "通过并要校样", asking)):
            yield Figure(
                f"statements.{key}.{kind}",
                f"{title}的 SQL 语句（{name}）",
                len(asked),
                "条",
                STATEMENTS,
                raw={"statements": asked},
            )
