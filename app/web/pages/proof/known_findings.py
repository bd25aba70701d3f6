"""What the rules found in the text of a proof, for whoever reads it: a press makes a finding a mark."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from app.domain.document.edits import text_at
from app.domain.document.model import Document
from app.domain.vocabulary import ErrorType, MarkKind
from app.negative_list.text.model import Severity
from app.proofs.models import ProofMark
from app.screening.adoption.service import adoptable
from app.web.components.text_view import Hit

#: So many characters before a place name it where nothing stands that could be quoted.
_BEFORE = 6
#: Signs of which a finding is an error of punctuation.
_PUNCTUATION = frozenset("，。、；：？！“”‘’（）《》〈〉【】—…·,.;:?!\"'()[]<>-~～ ")


@dataclass(frozen=True, slots=True)
class MarkForm:
    """What the form of marks is filled in with to mark what a finding suggests; `nth` counts from 1."""

    kind: MarkKind
    ref: str
    quote: str
    nth: int
    new_text: str
    error_type: ErrorType


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding of the rules in words; `ways` are its suggestions as marks, none where it makes none."""

    number: int
    severity: Severity
    title: str
    message: str
    place: str
    ref: str
    excerpt: str
    ways: tuple[MarkForm, ...]


def known_findings(
    hits: Iterable[Hit], document: Document, marks: Sequence[ProofMark], settled: Collection[str]
) -> tuple[KnownFinding, ...]:
    """Return the findings in reading order that nobody has settled and no mark of this text stands on.

    `settled` are the fingerprints that were let through or left with a reason; `marks` those made on the very
    text `document`, whatever became of them: what a proofreader took back is not offered again.
    """
    return tuple(
        KnownFinding(
            hit.number,
            hit.severity,
            hit.finding.title,
            hit.finding.message,
            hit.place,
            hit.finding.ref,
            hit.finding.excerpt,
            tuple(_way(document, hit, suggestion) for suggestion in adoptable(document, hit.finding)),
        )
        for hit in hits
        if not hit.waived
        and hit.finding.fingerprint not in settled
        and not any(_stands_on(mark, hit) for mark in marks)
    )


def _stands_on(mark: ProofMark, hit: Hit) -> bool:
    """Say whether a mark touches the words of a finding, or stands at the same spot."""
    finding = hit.finding
    if mark.place != finding.ref:
        return False
    if mark.position_start == mark.position_end or finding.start == finding.end:
        return finding.start <= mark.position_end and mark.position_start <= finding.end
    return mark.position_start < finding.end and finding.start < mark.position_end


def _way(document: Document, hit: Hit, suggestion: str) -> MarkForm:
    finding, text = hit.finding, text_at(document, hit.finding.ref) or ""
    words = text[finding.start : finding.end]
    kind = MarkKind.CORRECT if words and suggestion else MarkKind.DELETE if words else MarkKind.INSERT
    begins = finding.start if words else max(finding.start - _BEFORE, 0)
    quote = words or text[begins : finding.start]
    changed = set(words) ^ set(suggestion)
    return MarkForm(
        kind,
        finding.ref,
        quote,
        _occurrence(text, quote, begins),
        suggestion,
        ErrorType.PUNCTUATION if changed and changed <= _PUNCTUATION else ErrorType.WORD,
    )


def _occurrence(text: str, quote: str, start: int) -> int:
    """Return which occurrence of `quote` begins at `start`, counted from 1, overlapping ones too."""
    nth, found = 1, text.find(quote)
    while -1 < found < start:
        nth, found = nth + 1, text.find(quote, found + 1)
    return nth
