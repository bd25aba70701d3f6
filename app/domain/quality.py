"""How many errors a text has, as the press counts them, and how sure a share found in a short text is. Pure.

Source: 国新出发〔2020〕10号 and its annex (journals at most 2, newspapers at most 3 in 10 000 characters; how
errors in journals are counted); 《图书质量管理规定》 (books at most 1). Websites and WeChat have none.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from statistics import NormalDist
from typing import NamedTuple

from app.domain.vocabulary import ChannelKind, ErrorType

#: Two-sided, of a hundred: how often the true share lies between the bounds.
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Profile:
    """How errors are counted for one kind of publication.

    `limit` is the highest share that is good, in errors per 10 000 characters (‱); `None` for none.
    `same_at_most`: the same error in one text counts so often at most; `capped`: what all errors of a type in
    one text weigh together at most; `double`: places whose errors weigh twice.
    """

    key: str
    limit: float | None
    same_at_most: int | None = None
    capped: Mapping[ErrorType, float] | None = None
    double: frozenset[str] = frozenset()


_COUNTED = {
    "same_at_most": 3,
    "capped": {ErrorType.NUMBER_STYLE: 1.0},
    "double": frozenset({"title", "subtitle"}),
}
JOURNAL = Profile("journal", 2.0, **_COUNTED)  # type: ignore[arg-type]
NEWSPAPER = Profile("newspaper", 3.0, **_COUNTED)  # type: ignore[arg-type]
BOOK = Profile("book", 1.0)
#: Counted as journals are, and held to nothing.
FREE = Profile("free", None, **_COUNTED)  # type: ignore[arg-type]


def profile_of(kind: str) -> Profile:
    """Return how errors on a channel of this kind are counted."""
    return JOURNAL if kind == ChannelKind.JOURNAL else FREE


class Error(NamedTuple):
    """One error in a text: `place` as the document names it, what stood there and what it should read."""

    place: str
    kind: ErrorType
    weight: float
    wrong: str
    right: str


def weighed(errors: Iterable[Error], profile: Profile) -> float:
    """Return what the errors of one text weigh together under a profile; 0 for none."""
    seen: Counter[tuple[ErrorType, str, str]] = Counter()
    by_type: Counter[ErrorType] = Counter()
    for error in errors:
        same = (error.kind, error.wrong, error.right)
        seen[same] += 1
        if profile.same_at_most is not None and seen[same] > profile.same_at_most:
            continue
        by_type[error.kind] += error.weight * (2 if error.place in profile.double else 1)  # type: ignore[assignment]
    capped = profile.capped or {}
    return round(sum(min(weight, capped.get(kind, inf)) for kind, weight in by_type.items()), 2)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of errors: `value` in errors per 10 000 characters (‱), and what it may truly be.

    `low` and `high` bound it with 95 of 100: of a short text hardly anything is sure. `within` is whether it
    is within the limit, `None` where there is none, or where the bounds lie on both sides of it.
    """

    weight: float
    characters: int
    value: float
    low: float
    high: float
    limit: float | None
    within: bool | None


def rate(weight: float, characters: int, limit: float | None = None) -> Rate:
    """Return the share of errors that weigh `weight` in so many characters; all 0 for an empty text.

    Bounds after Byar, an approximation of the exact ones of Poisson's distribution, also for weights that are
    no whole numbers. Source: Breslow and Day, Statistical Methods in Cancer Research II (1987), p. 69.
    """
    if characters <= 0:
        return Rate(weight, 0, 0.0, 0.0, 0.0, limit, None)
    z = NormalDist().inv_cdf((1 + _SURE) / 2)
    scale = 10_000 / characters
    low = weight * (1 - 1 / (9 * weight) - z / (3 * weight**0.5)) ** 3 if weight >= 1 else 0.0
    more = weight + 1
    high = more * (1 - 1 / (9 * more) + z / (3 * more**0.5)) ** 3
    value, low, high = (round(one * scale, 2) for one in (weight, max(low, 0.0), high))
    within = None if limit is None or low <= limit < high else high <= limit
    return Rate(weight, characters, value, low, high, limit, within)
