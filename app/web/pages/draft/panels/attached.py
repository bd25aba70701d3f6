"""The attachments of a draft as its page lists them: their names, and how much was found in each."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.domain.document.model import Document
from app.drafts import assets
from app.drafts.intake.kinds import NAMES, Kind
from app.drafts.models import Draft
from app.negative_list import NotChecked
from app.web.components.text_view import Hit


@dataclass(frozen=True, slots=True)
class Attached:
    """One attachment: its name, kind and size in words, its address, and what its check came to."""

    name: str
    kind: str
    size: str
    url: str
    hits: int
    not_checked: int


def attached(
    session: Session, draft: Draft, document: Document, hits: Sequence[Hit], missed: Sequence[NotChecked]
) -> tuple[Attached, ...]:
    """Return the attachments in their order; none costs no statement."""
    if not document.attachments:
        return ()
    held = {row.sha256: (row.filename, kind, size) for row, kind, size in assets.described(session, draft.id)}

    def one(index: int, sha256: str) -> Attached:
        filename, kind, size = held.get(sha256, (f"附件{index + 1}", "", 0))
        place = f"attachments/{index}"

        def within(ref: str) -> bool:
            return ref == place or ref.startswith(f"{place}/")

        return Attached(
            filename,
            NAMES[Kind(kind)] if kind in set(Kind) else kind,
            f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} KB",
            f"/api/v1/assets/{sha256}",
            sum(within(hit.finding.ref) for hit in hits),
            sum(within(item.ref) for item in missed),
        )

    return tuple(one(index, sha256) for index, sha256 in enumerate(document.attachments))
