"""Findings as work: grouped by rule, the gravest rule first, with what can be done about all of a group."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.document.edits import text_at
from app.domain.document.model import Document
from app.negative_list.text.model import SEVERITIES, Finding, Severity
from app.screening.adoption.service import adoptable
from app.web.components.text_view import Hit

#: Characters of context on each side of what would be changed.
_AROUND = 12
#: Groups with at most so many findings in all are unfolded at first.
_FEW = 12


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule, in reading order. `severity` is the worst that still holds.

    `adoptable` is how many have a suggestion that can be taken over, `waivable` how many block and may be let
    through, `leavable` how many do not block and may be left: all of those that are shown.
    `open` says whether it is unfolded at first.
    """

    rule: str
    title: str
    severity: Severity
    hits: tuple[Hit, ...]
    adoptable: int
    waivable: int
    leavable: int
    open: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one finding would change: the words there with their surroundings, and the ways to write them.

    `key` names it in a form.
    """

    key: str
    number: int
    place: str
    before: str
    words: str
    after: str
    suggestions: tuple[str, ...]
    message: str


def groups(
    hits: Iterable[Hit],
    document: Document,
    waivable: Mapping[str, bool],
    asked: Iterable[str] = (),
    left: Iterable[str] = (),
) -> tuple[Group, ...]:
    """Return findings by rule: rules that block first, then the one with most findings.

    `waivable` says of each rule whether it takes waivers; `asked` are fingerprints that have one already,
    `left` those that somebody left as they are.
    """
    by_rule: dict[str, list[Hit]] = {}
    for hit in hits:
        by_rule.setdefault(hit.finding.rule, []).append(hit)
    known = frozenset(asked) | frozenset(left)
    few = sum(map(len, by_rule.values())) <= _FEW
    made = [
        _group(rule, found, document, waivable.get(rule, False), known, few)
        for rule, found in by_rule.items()
    ]
    return tuple(sorted(made, key=lambda group: (SEVERITIES.index(group.severity), -len(group.hits))))


def _group(
    rule: str, hits: list[Hit], document: Document, takes_waivers: bool, asked: frozenset[str], few: bool
) -> Group:
    worst = min((hit.severity for hit in hits), key=SEVERITIES.index)
    open_blocks = [
        hit for hit in hits if hit.severity is Severity.BLOCK and hit.finding.fingerprint not in asked
    ]
    return Group(
        rule,
        hits[0].finding.title,
        worst,
        tuple(hits),
        sum(bool(adoptable(document, hit.finding)) for hit in hits),
        len(open_blocks) if takes_waivers else 0,
        sum(hit.severity is not Severity.BLOCK and hit.finding.fingerprint not in asked for hit in hits),
        few or worst is Severity.BLOCK,
    )


def proposals(hits: Iterable[Hit], document: Document, rule: str) -> tuple[Proposal, ...]:
    """Return what the findings of one rule would change, in reading order; none for a rule without any."""
    return tuple(
        _proposal(hit, document, ways)
        for hit in hits
        if hit.finding.rule == rule and (ways := adoptable(document, hit.finding))
    )


def _proposal(hit: Hit, document: Document, ways: tuple[str, ...]) -> Proposal:
    finding, text = hit.finding, text_at(document, hit.finding.ref) or ""
    return Proposal(
        key_of(finding),
        hit.number,
        hit.place,
        text[max(finding.start - _AROUND, 0) : finding.start],
        text[finding.start : finding.end],
        text[finding.end : finding.end + _AROUND],
        ways,
        finding.message,
    )


def key_of(finding: Finding) -> str:
    """Return what names a finding on one text in a form: its place and rule."""
    return f"{finding.ref}:{finding.start}:{finding.end}:{finding.rule}"
