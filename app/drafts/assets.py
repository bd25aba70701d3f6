"""Files of drafts: stored once by the SHA-256 of their bytes, of kinds told by the bytes themselves."""

import zipfile
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.audit import seals
from app.domain.document.model import sha256
from app.domain.vocabulary import Event, Role
from app.drafts import errors as _words  # noqa: F401 – the words of the codes below
from app.drafts import queries, service
from app.drafts.models import Asset, AssetRole, Draft, DraftAsset
from app.events.emit import emit
from app.events.payloads.drafts import AssetAdded
from app.identity.queries import Actor
from app.infra.errors import Invalid, NotFound, Reason, TooLarge, Unsupported

MAX_ASSET_BYTES = 20_000_000
MAX_ENTRIES = 5_000

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OFFICE = {"word/document.xml": _DOCX, "xl/workbook.xml": _XLSX}
#: What a browser may show as a picture.
IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})

#: Every type that is taken.
TYPES = (*sorted(IMAGES), "application/pdf", _DOCX, _XLSX, "text/plain")


def media_type(content: bytes) -> str | None:
    """Return the media type that the bytes themselves show; None for every kind that is not taken.

    A file's name and what its sender says of it count for nothing.
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    return "text/plain" if _is_text(content) else None


def add(
    session: Session,
    *,
    draft_id: UUID,
    content: bytes,
    filename: str,
    role: AssetRole,
    actor: Actor,
    at: datetime,
) -> tuple[Draft, DraftAsset, Asset]:
    """Store a file and let the draft hold it; the same file again changes nothing.

    Raises `NotFound`, `Forbidden`, `Conflict` when the draft is not in its author's hands, `TooLarge`,
    `Invalid` for an empty file, `Unsupported` for a kind that is not taken, or no picture where one must be.
    """
    draft = service.editable(session, draft_id, actor)
    if len(content) > MAX_ASSET_BYTES:
        raise TooLarge("asset_too_large", data={"bytes": len(content), "limit": MAX_ASSET_BYTES})
    if not content:
        raise Invalid("malformed", reasons=[Reason("asset_empty", field="file")])
    kind = media_type(content)
    if kind is None or (role is AssetRole.IMAGE and kind not in IMAGES):
        raise Unsupported("asset_type_refused", data={"media_type": kind})
    name = sha256(content)
    held = session.get(DraftAsset, (draft.id, name))
    if held is not None:
        return draft, held, _described(session, name)
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    stored = {"sha256": name, "media_type": kind, "size": len(content), "content": content, "created_at": at}
    if session.exec(select(Asset.sha256).where(Asset.sha256 == name)).first() is None:
        added: Any = dialect.insert(Asset).values(**stored).on_conflict_do_nothing()
        if session.exec(added.returning(col(Asset.sha256))).first() is not None:
            seals.wrote(session, Asset, [stored])
    held = DraftAsset(draft_id=draft.id, sha256=name, filename=filename_of(filename), role=role)
    service.hold_asset(session, draft, held, at=at)
    session.flush()
    payload = AssetAdded(
        draft=draft.id,
        sha256=name,
        media_type=kind,
        size=len(content),
        role=role,
        filename=held.filename,
    )
    emit(session, Event.ASSET_ADDED, payload, about=draft.id, actor=actor.as_audit(Role.EDITOR), at=at)
    return draft, held, _described(session, name)


def content_of(session: Session, name: str, actor: Actor) -> tuple[Asset, str]:
    """Return a file with its bytes, and the name under which a draft that the actor may see holds it.

    Raises `NotFound` when no such draft holds it.
    """
    holding = (
        select(DraftAsset.filename)
        .join(Draft, col(Draft.id) == col(DraftAsset.draft_id))
        .where(DraftAsset.sha256 == name, queries.visible_to(actor))
        .limit(1)
    )
    filename = session.exec(holding).first()
    asset = session.get(Asset, name) if filename is not None else None
    if asset is None or filename is None:
        raise NotFound("not_found")
    return asset, filename


def described(session: Session, draft_id: UUID) -> tuple[tuple[DraftAsset, str, int], ...]:
    """Return the files that a draft holds, by name, with media type and size in bytes; perhaps none."""
    query = (
        select(DraftAsset, Asset.media_type, Asset.size)
        .join(Asset, col(Asset.sha256) == col(DraftAsset.sha256))
        .where(DraftAsset.draft_id == draft_id)
        .order_by(DraftAsset.filename)
    )
    return tuple((held, kind, size) for held, kind, size in session.exec(query).all())


def _described(session: Session, name: str) -> Asset:
    kind, size, made = session.exec(
        select(Asset.media_type, Asset.size, Asset.created_at).where(Asset.sha256 == name)
    ).one()
    return Asset(sha256=name, media_type=kind, size=size, content=b"", created_at=made)


def _office(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None
    # A macro in a file that calls itself macro-free is a trap.
    if (
        len(names) > MAX_ENTRIES
        or "[Content_Types].xml" not in names
        or any("vbaproject" in one.lower() for one in names)
    ):
        return None
    return next((kind for part, kind in _OFFICE.items() if part in names), None)


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(char == "\x7f" or (char < " " and char not in "\t\n\r\f") for char in text)


def filename_of(given: str) -> str:
    """Return the last part of a name, without what could break out of a header or a folder."""
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(char for char in last if char.isprintable()).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[:180]}{dot}{ending[:19]}" if stem else (kept[:200] or "未命名")
