"""What an export needs of a draft: a revision with the bytes of its pictures and the names of its files."""

from typing import NamedTuple

from sqlmodel import Session, col, select

from app.domain.document.model import Document, Image
from app.drafts import queries
from app.drafts.models import Asset, Draft


class Exported(NamedTuple):
    """A document, the bytes of its pictures and the names of its files, both by SHA-256."""

    document: Document
    pictures: dict[str, bytes]
    filenames: dict[str, str]


def exported(session: Session, draft: Draft, number: int) -> Exported:
    """Return a revision of a draft as it is exported. Raises `NotFound`."""
    document = queries.document_of(queries.revision(session, draft, number))
    shown = {block.sha256 for block in document.blocks if isinstance(block, Image)}
    held = queries.assets_held(session, draft.id)
    names = {asset.sha256: asset.filename for asset in held}
    query = select(Asset.sha256, Asset.content).where(col(Asset.sha256).in_(shown & names.keys()))
    return Exported(document, dict(session.exec(query).all()) if shown else {}, names)
