"""From hits to findings: places in the parts, messages, masks and fingerprints."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from operator import itemgetter
from typing import cast

from rapidfuzz.distance import Levenshtein

from app.negative_list.checkers.base import Spot, Thing
from app.negative_list.engine.program import Found, Runner
from app.negative_list.source.messages import fill
from app.negative_list.source.rules import Rule, Suggest
from app.negative_list.text.buffer import Buffer
from app.negative_list.text.fold import fold, fold_text, span
from app.negative_list.text.masking import (
    MAX_EXCERPT,
    begun_fingerprint,
    excerpt,
    fingerprint,
    mask,
    value_hash,
)
from app.negative_list.text.model import Finding

#: Folded characters on each side of a hit that its fingerprint depends on.
_CONTEXT = 12
_AS_IT_IS = Suggest()

#: The number of the part, start, end, finding; things of the structure without a part come last.
_Placed = tuple[int, int, int, Finding]
#: A named tuple of its fields, at half the time.
_new = tuple.__new__
_PLACE = itemgetter(0, 1, 2)


class Builder:
    """Builds the findings of one document."""

    def __init__(self, buffer: Buffer, key: bytes, document_id: str, *, hiding: Iterable[Found] = ()) -> None:
        """Begin with hits of other rules that may hide something: `hiding`."""
        self._buffer = buffer
        self._key = key
        self._document_id = document_id
        self._hidden = self._hidden_ranges(hiding)

    def build(self, found: Sequence[Found]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        """Return the findings and the shadow findings, each in the order of parts, then by position."""
        if not found:
            return (), ()
        self._hidden += self._hidden_ranges(found)
        shadow = False
        placed: list[_Placed] = []
        for runner, spots in found:
            shadow = shadow or runner.rule.shadow
            if isinstance(spots[0], Spot):
                placed += self._spots(runner, cast("Sequence[Spot]", spots))
            else:
                placed.extend(self._thing(runner, thing) for thing in cast("Sequence[Thing]", spots))
        placed.sort(key=_PLACE)
        findings = [item[3] for item in placed]
        if not shadow:
            return tuple(findings), ()
        return (
            tuple([finding for finding in findings if not finding.shadow]),
            tuple([finding for finding in findings if finding.shadow]),
        )

    def one(self, runner: Runner, spot: Spot | Thing) -> Finding:
        """Return the finding of one hit."""
        if isinstance(spot, Spot):
            return self._spots(runner, (spot,))[0][3]
        return self._thing(runner, spot)[3]

    def around(self, finding: Finding, width: int) -> tuple[str, str]:
        """Return up to `width` characters of the part before and after a finding, with what is hidden masked.

        Both are empty for a thing of the structure that is no text.
        """
        starts = self._buffer.raw.starts
        for part, base in zip(self._buffer.parts, starts, strict=True):
            if part.ref == finding.ref:
                first, last = max(0, finding.start - width), finding.end + width
                before, after = part.text[first : finding.start], part.text[finding.end : last]
                return (
                    _without(before, base + first, base + finding.start, self._hidden),
                    _without(after, base + finding.end, base + finding.end + len(after), self._hidden),
                )
        return "", ""

    def _hidden_ranges(self, found: Iterable[Found]) -> list[tuple[int, int]]:
        """Ranges of the typed text that a masking rule hides; no finding of another rule may show them."""
        return [
            self._buffer.typed(runner.view, spot.start, spot.end)
            for runner, spots in found
            if runner.rule.mask
            for spot in spots
            if isinstance(spot, Spot)
        ]

    def _spots(self, runner: Runner, spots: Sequence[Spot]) -> list[_Placed]:
        """Return the findings of one rule in the text: what most checks spend most of their time on."""
        buffer, rule, origin = self._buffer, runner.rule, self._buffer.origin
        starts, parts, folded, astral = buffer.raw.starts, buffer.parts, buffer.fold.text, buffer.astral
        rule_id, title, severity = rule.id, rule.title, rule.severity
        weight, shadow, basis, message = rule.weight, rule.shadow, runner.basis, runner.message
        dressed = rule.mask or self._hidden or rule.suggest != _AS_IT_IS
        copy, document_id = begun_fingerprint(self._key, rule_id).copy, self._document_id
        checks, hashed = runner.checker is not None and runner.folds, None
        made: list[_Placed] = []
        for low, high, suggestions, note in spots:
            first, last = low, high
            if origin is not None:
                if runner.folds:
                    first, last = span(origin, low, high)
                else:
                    low, high = origin.searchsorted((first, last)).tolist()  # noqa: PLW2901
            index = bisect_right(starts, first) - 1
            kind, ref, text = parts[index]
            start = start16 = first - starts[index]
            end = end16 = start + last - first
            shown, match = text[start:end], folded[low:high]
            if checks and suggestions and shown != match:
                suggestions = tuple([in_own_form(one, shown) for one in suggestions])  # noqa: PLW2901
            if dressed:
                shown, suggestions, hashed = self._dressed(rule, shown, match, first, last, suggestions)  # noqa: PLW2901
            if end - start > MAX_EXCERPT:
                shown = excerpt(shown)
            if astral:
                start16, end16 = _utf16(text, start, end)
            before = folded[low - _CONTEXT if low > _CONTEXT else 0 : low]
            after = folded[high : high + _CONTEXT]
            mac = copy()
            mac.update(f"{match}\0{before}\0{after}\0{document_id}".encode("utf-8", "surrogatepass"))
            made.append((index, start, end, _new(Finding, (
                rule_id, title, severity, kind, ref, start, end, start16, end16, shown,
                fill(message, shown, suggestions, note), suggestions, basis, mac.hexdigest(),
                hashed, weight, shadow,
            ))))  # fmt: skip
        return made

    def _dressed(
        self, rule: Rule, shown: str, match: str, first: int, last: int, suggestions: tuple[str, ...]
    ) -> tuple[str, tuple[str, ...], str | None]:
        """Return what is shown of a hit, what is suggested, and the keyed hash of a hidden value."""
        hashed = None
        if rule.mask:
            shown = mask(shown)
            hashed = value_hash(self._key, match)
        elif self._hidden:
            shown = _without(shown, first, last, self._hidden)
        return shown, suggestions or _suggest(rule.suggest, shown), hashed

    def _thing(self, runner: Runner, thing: Thing) -> _Placed:
        rule = runner.rule
        shown = excerpt(mask(thing.excerpt) if rule.mask else thing.excerpt)
        suggestions = thing.suggestions or rule.suggest.texts
        finding = Finding(
            rule.id, rule.title, rule.severity, thing.part, thing.ref, thing.start, thing.end, thing.start,
            thing.end, shown, fill(runner.message, shown, suggestions, thing.note), suggestions,
            runner.basis,
            fingerprint(self._key, rule.id, fold_text(thing.excerpt), thing.ref, "", self._document_id),
            value_hash(self._key, thing.excerpt) if rule.mask else None, rule.weight, rule.shadow,
        )  # fmt: skip
        return self._order.get(thing.ref, len(self._order)), thing.start, thing.end, finding

    @cached_property
    def _order(self) -> dict[str, int]:
        """The number of each part by its place."""
        return {part.ref: index for index, part in enumerate(self._buffer.parts)}


def in_own_form(suggestion: str, shown: str) -> str:
    """Return a suggestion made from folded text with what it leaves unchanged as it was typed: `shown`.

    （星期四, for which the suggestion is (星期三, becomes （星期三: nobody asked for another bracket.
    """
    folded, origin = fold(shown)
    wanted = fold_text(suggestion)
    if len(wanted) != len(suggestion):
        return suggestion
    places = range(len(shown) + 1) if origin is None else origin
    pieces = []
    for step in Levenshtein.opcodes(folded, wanted):
        if step.tag == "equal":
            pieces.append(shown[places[step.src_start] : places[step.src_end]])
        else:
            pieces.append(suggestion[step.dest_start : step.dest_end])
    return "".join(pieces)


def _utf16(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a range of code points in UTF-16 units."""
    start16 = start + sum(char > "\uffff" for char in text[:start])
    return start16, start16 + end - start + sum(char > "\uffff" for char in text[start:end])


def _without(shown: str, first: int, last: int, hidden: list[tuple[int, int]]) -> str:
    """Return the hit text with stars for what a masking rule hides of it."""
    for low, high in hidden:
        if low < last and first < high:
            inside = slice(max(low - first, 0), high - first)
            shown = shown[: inside.start] + "*" * len(shown[inside]) + shown[inside.stop :]
    return shown


def _suggest(suggest: Suggest, value: str) -> tuple[str, ...]:
    if suggest.texts:
        return suggest.texts
    if not suggest.delete and not suggest.replace:
        return ()
    changed = value
    for char in suggest.delete:
        changed = changed.replace(char, "")
    for old, new in suggest.replace:
        changed = changed.replace(old, new)
    return (changed,) if changed != value else ()
