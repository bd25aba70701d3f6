"""From hits to findings: places in the parts, messages, masks and fingerprints."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.negative_list.buffer import Buffer
from app.negative_list.checkers.base import Spot, Thing
from app.negative_list.fold import fold_text
from app.negative_list.masking import excerpt, fingerprint, mask, value_hash
from app.negative_list.model import Finding
from app.negative_list.rules import Rule, Suggest

if TYPE_CHECKING:
    from app.negative_list.engine import Raw
    from app.negative_list.program import Runner

#: Folded characters on each side of a hit that its fingerprint depends on.
_CONTEXT = 12

#: A finding with the number of its part (parts come first, things of the structure after).
_Placed = tuple[int, Finding]


class Builder:
    """Builds the findings of one document."""

    def __init__(self, buffer: Buffer, key: bytes, document_id: str) -> None:
        self._buffer = buffer
        self._key = key
        self._document_id = document_id

    def build(self, raws: "Sequence[Raw]") -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        """Return the findings and the shadow findings, each in the order of parts, then by position."""
        hidden = self._hidden_ranges(raws)
        order = {part.ref: index for index, part in enumerate(self._buffer.parts)}
        placed: dict[tuple[object, ...], _Placed] = {}
        for runner, spot in raws:
            if isinstance(spot, Thing):
                index = order.get(spot.ref, len(order))
                finding = self._thing(runner, spot)
            else:
                index, finding = self._spot(runner, spot, hidden)
            placed.setdefault((finding.rule, finding.ref, finding.start, finding.end, finding.excerpt), (index, finding))
        ordered = sorted(placed.values(), key=lambda item: (item[0], item[1].start, item[1].end))
        return (
            tuple(finding for _, finding in ordered if not finding.shadow),
            tuple(finding for _, finding in ordered if finding.shadow),
        )

    def _hidden_ranges(self, raws: "Sequence[Raw]") -> list[tuple[int, int]]:
        """Ranges of the typed text that a masking rule hides; no finding of another rule may show them."""
        return [
            self._buffer.typed(runner.view, spot.start, spot.end)
            for runner, spot in raws
            if runner.rule.mask and isinstance(spot, Spot)
        ]

    def _spot(self, runner: "Runner", spot: Spot, hidden: list[tuple[int, int]]) -> _Placed:
        buffer = self._buffer
        rule = runner.rule
        first, last = buffer.typed(runner.view, spot.start, spot.end)
        starts = buffer.raw.starts
        index = bisect_right(starts, first) - 1
        part = buffer.parts[index]
        base = starts[index]
        start, end = first - base, last - base
        text = part.text
        value = text[start:end]
        if rule.mask:
            shown = mask(value)
            hashed = value_hash(self._key, buffer.view(runner.view).text[spot.start : spot.end])
        else:
            shown, hashed = value, None
            for low, high in hidden:
                if low < last and first < high:
                    inside = slice(max(low - first, 0), high - first)
                    shown = shown[: inside.start] + "*" * len(shown[inside]) + shown[inside.stop :]
        if buffer.astral:
            start16 = start + sum(char > "\uffff" for char in text[:start])
            end16 = start16 + (end - start) + sum(char > "\uffff" for char in value)
        else:
            start16, end16 = start, end
        folded = buffer.fold.text
        if runner.view.value == "fold":
            low, high = spot.start, spot.end
        elif buffer.folded.origin is None:
            low, high = first, last
        else:
            low, high = (int(place) for place in buffer.folded.origin.searchsorted((first, last)))
        name = fingerprint(
            self._key,
            rule.id,
            folded[low:high],
            folded[max(0, low - _CONTEXT) : low],
            folded[high : high + _CONTEXT],
            self._document_id,
        )
        suggestions = spot.suggestions or _suggest(rule.suggest, shown)
        shown = excerpt(shown)
        return index, Finding(
            rule.id,
            rule.title,
            rule.severity,
            part.kind,
            part.ref,
            start,
            end,
            start16,
            end16,
            shown,
            _message(rule, shown, suggestions, spot.note),
            suggestions,
            runner.basis,
            name,
            hashed,
            rule.weight,
            rule.shadow,
        )

    def _thing(self, runner: "Runner", thing: Thing) -> Finding:
        rule = runner.rule
        shown = excerpt(mask(thing.excerpt) if rule.mask else thing.excerpt)
        suggestions = thing.suggestions or rule.suggest.texts
        return Finding(
            rule.id,
            rule.title,
            rule.severity,
            thing.part,
            thing.ref,
            thing.start,
            thing.end,
            thing.start,
            thing.end,
            shown,
            _message(rule, shown, suggestions, thing.note),
            suggestions,
            runner.basis,
            fingerprint(self._key, rule.id, fold_text(thing.excerpt), thing.ref, "", self._document_id),
            value_hash(self._key, thing.excerpt) if rule.mask else None,
            rule.weight,
            rule.shadow,
        )


def _suggest(suggest: Suggest, value: str) -> tuple[str, ...]:
    if suggest.texts:
        return suggest.texts
    changed = value
    for char in suggest.delete:
        changed = changed.replace(char, "")
    for old, new in suggest.replace:
        changed = changed.replace(old, new)
    return (changed,) if changed != value else ()


def _message(rule: Rule, shown: str, suggestions: tuple[str, ...], note: str) -> str:
    message = rule.message
    if "{" not in message:
        return message or rule.title
    return (
        message.replace("{match}", shown)
        .replace("{suggestion}", "”或“".join(suggestions) or "其他说法")
        .replace("{note}", note)
        .replace("{title}", rule.title)
    )
