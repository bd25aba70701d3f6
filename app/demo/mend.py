"""What the tour's editor does about findings: mends what can be mended, asks for waivers for quotations."""

from collections.abc import Sequence
from typing import Any

from app.domain.document.changes import MarksOnly, classify
from app.domain.document.edits import Edit, apply_edits, text_at
from app.domain.document.model import Document
from app.domain.refusals import Refused
from app.domain.vocabulary import ChangeClass, MarkKind

#: What stands for something that must not be published.
LEFT_OUT = "（略）"
#: Rules that protect people and secrets are mended, never waived.
_SENSITIVE = ("privacy.", "secrecy.")


def is_quoted(document: Document, finding: dict[str, Any]) -> bool:
    """Say whether a finding stands inside “…”: an old text that is quoted may keep its old words."""
    text = text_at(document, finding["ref"]) or ""
    return text.rfind("“", 0, finding["start"]) > text.rfind("”", 0, finding["start"])


def to_waive(document: Document, findings: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the blocking finding to ask a waiver for: the last inside a quotation; None if there is none."""
    quoted = [
        finding
        for finding in findings
        if finding["severity"] == "block"
        and not finding["rule"].startswith(_SENSITIVE)
        and is_quoted(document, finding)
    ]
    return quoted[-1] if quoted else None


def mended(document: Document, findings: Sequence[dict[str, Any]], *, keep: str | None = None) -> Document:
    """Return the document with each finding replaced by its suggestion, or left out where there is none.

    Only findings that block, or that suggest something, are touched; of those that overlap, the first. The
    one with the fingerprint `keep` stays. Raises `ValueError` for what cannot be edited.
    """
    edits: list[Edit] = []
    for finding in sorted(findings, key=lambda hit: (hit["ref"], hit["start"], -hit["end"])):
        text = text_at(document, finding["ref"])
        wanted = finding["severity"] == "block" or finding["suggestions"]
        if text is None or not wanted or finding["fingerprint"] == keep or finding["start"] == finding["end"]:
            continue
        last = edits[-1] if edits else None
        if last is not None and last.place == finding["ref"] and finding["start"] < last.end:
            continue
        quote, new = text[finding["start"] : finding["end"]], (finding["suggestions"] or [LEFT_OUT])[0]
        if new != quote:
            kind = MarkKind.CORRECT if new else MarkKind.DELETE
            edits.append(
                Edit(
                    finding["fingerprint"], kind, finding["ref"], finding["start"], finding["end"], quote, new
                )
            )
    done = apply_edits(document, edits)
    if isinstance(done, Refused):
        raise ValueError(f"cannot be mended: {done.refusals}")
    return done


def correction(document: Document, findings: Sequence[dict[str, Any]]) -> Edit | None:
    """Return a correction for a proofreader to mark, so small that it needs no new reviews; None without one.

    It is the first finding that suggests something, warnings first; else a last character goes, a full stop
    if there is one.
    """
    candidates = [
        Edit(
            finding["fingerprint"],
            MarkKind.CORRECT,
            finding["ref"],
            finding["start"],
            finding["end"],
            (text_at(document, finding["ref"]) or "")[finding["start"] : finding["end"]],
            finding["suggestions"][0],
        )
        for finding in sorted(findings, key=lambda finding: finding["severity"] != "warn")
        if is_markable(finding)
    ]
    texts = [text for text in document.texts() if text[0].startswith("blocks/") and len(text[1]) > 1]
    texts.sort(key=lambda text: text[1].endswith(tuple("。！？")), reverse=True)
    candidates += [
        Edit(f"end of {place}", MarkKind.DELETE, place, len(text) - 1, len(text), text[-1])
        for place, text in texts
    ]
    return next((candidate for candidate in candidates if _is_small(document, candidate)), None)


def is_markable(finding: dict[str, Any]) -> bool:
    """Say whether a finding is one that a proofreader marks: in the text, with a suggestion, not blocking."""
    return (
        finding["severity"] != "block"
        and finding["ref"].startswith("blocks/")
        and bool(finding["suggestions"])
    )


def _is_small(document: Document, edit: Edit) -> bool:
    done = apply_edits(document, [edit])
    return (
        not isinstance(done, Refused)
        and classify(document, done, limits=MarksOnly()).kind is ChangeClass.MARKS_ONLY
    )
