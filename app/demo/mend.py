"""What the tour's editor does about findings: mends what can be mended, asks for waivers for quotations."""

from collections.abc import Sequence
from typing import Any

from app.domain.document import Document
from app.domain.edits import Edit, apply_edits, text_at
from app.domain.refusals import Refused
from app.domain.vocabulary import MarkKind

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
        one
        for one in findings
        if one["severity"] == "block" and not one["rule"].startswith(_SENSITIVE) and is_quoted(document, one)
    ]
    return quoted[-1] if quoted else None


def mended(document: Document, findings: Sequence[dict[str, Any]], *, keep: str | None = None) -> Document:
    """Return the document with each finding replaced by its suggestion, or left out where there is none.

    Only findings that block, or that suggest something, are touched; of those that overlap, the first. The
    one with the fingerprint `keep` stays. Raises `ValueError` for what cannot be edited.
    """
    edits: list[Edit] = []
    for one in sorted(findings, key=lambda found: (found["ref"], found["start"], -found["end"])):
        text = text_at(document, one["ref"])
        wanted = one["severity"] == "block" or one["suggestions"]
        if text is None or not wanted or one["fingerprint"] == keep or one["start"] == one["end"]:
            continue
        last = edits[-1] if edits else None
        if last is not None and last.place == one["ref"] and one["start"] < last.end:
            continue
        quote, new = text[one["start"] : one["end"]], (one["suggestions"] or [LEFT_OUT])[0]
        if new != quote:
            kind = MarkKind.CORRECT if new else MarkKind.DELETE
            edits.append(Edit(one["fingerprint"], kind, one["ref"], one["start"], one["end"], quote, new))
    done = apply_edits(document, edits)
    if isinstance(done, Refused):
        raise ValueError(f"cannot be mended: {done.refusals}")
    return done
