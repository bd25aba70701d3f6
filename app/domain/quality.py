"""How many errors a text has, as the press counts them, and how sure a share found in a short text is. Pure.

What counts and what is good is policy (`policies/quality.yaml`), with its sources beside it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from statistics import NormalDist
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from app.domain.files.faults import Fault
from app.domain.files.policy_text import modelled
from app.domain.vocabulary import ChannelKind, ErrorType

#: Two-sided, of a hundred: how often the true share lies between the bounds.
_SURE = 0.95


#: Places whose errors may weigh twice: the fields of a document.
Place = Literal["title", "subtitle", "summary", "byline", "source"]
Weight = Annotated[float, Field(ge=0, le=100)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Profile(_Value):
    """How errors are counted for one kind of publication.

    `limit` is the highest share that is good, in errors per 10 000 characters (‱); `None` for none.
    `same_at_most`: the same error in one text counts so often at most; `capped`: what all errors of a type in
    one text weigh together at most; `weights`: what an error of a type weighs, if not as in `WEIGHTS`;
    `double`: places whose errors weigh twice.
    """

    title: str = Field(min_length=1, max_length=40)
    source: str = Field(default="", max_length=200)
    limit: float | None = Field(default=None, gt=0, le=1000)
    same_at_most: int | None = Field(default=None, ge=1, le=1000)
    capped: dict[ErrorType, Weight] = {}
    weights: dict[ErrorType, Weight] = {}
    double: tuple[Place, ...] = ()


class Quality(_Value):
    """What `policies/quality.yaml` says: the profiles, and which one each kind of channel is counted by."""

    version: Literal[1]
    profiles: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], Profile] = Field(min_length=1)
    kinds: dict[ChannelKind, str] = {}
    otherwise: str

    def profile(self, kind: str) -> Profile:
        """Return how errors on a channel of this kind are counted."""
        return self.profiles[self.kinds.get(ChannelKind(kind), self.otherwise)]


def lint_quality(text: str) -> tuple[Quality | None, tuple[Fault, ...]]:
    """Return what the file on quality says, if it has the right form, and all its faults."""
    keys = {*Quality.model_fields, *Profile.model_fields}
    read = modelled(text, Quality, keys=keys)
    if read.model is None:
        return None, read.faults
    named = [(("kinds", str(kind)), key) for kind, key in read.model.kinds.items()]
    unknown = [
        read.lines.fault(path, "unknown_profile", names=key)
        for path, key in [*named, (("otherwise",), read.model.otherwise)]
        if key not in read.model.profiles
    ]
    return read.model, (*read.faults, *unknown)


#: What an error of a type weighs, wrong characters aside, which weigh by their number.
WEIGHTS = {
    ErrorType.PUNCTUATION: 0.1,
    ErrorType.NUMBER_STYLE: 0.1,
    ErrorType.LAYOUT: 0.1,
    ErrorType.FACT: 1.0,
    ErrorType.LOGIC: 1.0,
    ErrorType.GRAMMAR: 1.0,
}


def weight_of(kind: ErrorType, wrong: str, right: str, profile: Profile) -> float:
    """Return how many errors one counts as: a wrong character is 1, two to five are 2, more are 4.

    Source: 国新出发〔2020〕10号, annexes; 《图书质量管理规定》, annex.
    """
    if kind in profile.weights:
        return profile.weights[kind]
    if kind in WEIGHTS:
        return WEIGHTS[kind]
    characters = max(len(wrong), len(right))
    return 1 if characters <= 1 else 2 if characters <= 5 else 4


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
    return round(sum(min(weight, profile.capped.get(kind, inf)) for kind, weight in by_type.items()), 2)


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
