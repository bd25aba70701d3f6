"""Adding up the pieces of a back-test, as JSON values. Pure."""

import random
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

#: Samples that are kept of each rule and kind of change.
SAMPLES = 5
_SUMS = ("items", "characters", "megabytes", "seconds", "incomplete")
_BLOCKED = ("base", "candidate", "candidate_active")
_HITS = ("base_hits", "candidate_hits", "added", "removed", "changed", "removed_waived", "judging_us")


def added(total: Mapping[str, Any] | None, piece: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sum of what was gathered before (None: nothing) and one more piece.

    Samples are drawn so that each finding of all pieces is as likely to be kept as any other.
    """
    if total is None:
        return dict(piece)
    rules = {row["rule"]: row for row in total["rules"]}
    seen = {name: _found(rules.get(name)) for name in rules}
    rows = []
    for row in piece["rules"]:
        before = rules[row["rule"]]
        rows.append(
            {
                **row,
                **{name: before[name] + row[name] for name in _HITS},
                "scan_us": row["scan_us"] if before["scan_us"] is None else before["scan_us"],
            }
        )
    more = {row["rule"]: _found(row) for row in piece["rules"]}
    return {
        **piece,
        **{name: total[name] + piece[name] for name in _SUMS},
        "blocked": {
            **piece["blocked"],
            **{name: total["blocked"][name] + piece["blocked"][name] for name in _BLOCKED},
        },
        "rules": rows,
        "samples": _drawn(total["samples"], seen, piece["samples"], more, luck=total["items"]),
    }


def finished(total: Mapping[str, Any], *, items_a_month: float) -> dict[str, Any]:
    """Return the sum with its ratios: hits and microseconds per 10 000 characters, and blocks a month."""
    characters = total["characters"]
    share = items_a_month / total["items"] if total["items"] else 0.0
    rules = [
        {
            **row,
            **{
                f"{side}_per_10k": row[f"{side}_hits"] / characters * 10_000 if characters else 0.0
                for side in ("base", "candidate")
            },
            "us_per_10k": (row["scan_us"] or 0.0)
            + (row["judging_us"] / characters * 10_000 if characters else 0.0),
        }
        for row in total["rules"]
    ]
    blocked = {name: total["blocked"][name] for name in _BLOCKED}
    return {
        **total,
        "rules": rules,
        "blocked": {**blocked, **{f"{name}_a_month": value * share for name, value in blocked.items()}},
        "items_a_month": items_a_month,
    }


def _found(row: Mapping[str, Any] | None) -> dict[str, int]:
    return {change: row[change] if row else 0 for change in ("added", "removed", "changed")}


def _drawn(
    old: list[Any],
    seen: Mapping[str, Mapping[str, int]],
    new: list[Any],
    more: Mapping[str, Mapping[str, int]],
    *,
    luck: int,
) -> list[Any]:
    groups: dict[tuple[str, str], tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for side, samples in enumerate((old, new)):
        for sample in samples:
            groups[sample["rule"], sample["change"]][side].append(sample)
    # Seeded by how far it is: a piece that is done twice gives the same samples.
    draw = random.Random(luck)  # noqa: S311 – no secret
    kept: list[Any] = []
    for (rule, change), sides in sorted(groups.items()):
        weights = [seen[rule][change], more[rule][change]]
        for _ in range(min(SAMPLES, len(sides[0]) + len(sides[1]))):
            side = (
                0 if not sides[1] else 1 if not sides[0] else int(draw.randrange(sum(weights)) >= weights[0])
            )
            kept.append(sides[side].pop(draw.randrange(len(sides[side]))))
            weights[side] -= 1
    return kept
