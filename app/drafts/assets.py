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
from app.drafts.intake import kinds
from app.drafts.intake.file_kind import FileKind, kind_of
from app.drafts.intake.reading import VERSION, Reading
from app.drafts.intake.service import Intake
from app.drafts.models import Asset, AssetReading, AssetRole, Draft, DraftAsset
from app.events.emit import emit
from app.events.payloads.drafts import AssetAdded
from app.identity.queries import Actor
from app.infra.errors import Invalid, NotFound, Reason, TooLarge, Unsupported

MAX_ASSET_BYTES = 20_000_000

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_DOC = "application/msword"
_DOCM = "application/vnd.ms-word.document.macroEnabled.12"
_FLAT = "application/xml"
#: What a browser may show as a picture.
IMAGES = frozenset(kind.value for kind in kinds.PICTURES)

#: Every type that is given out: those that are taken, and those of originals.
TYPES = tuple(dict.fromkeys((*(kind.value for kind in kinds.Kind), _DOCX, _DOCM, _DOC, _FLAT)))


def keep_source(
    session: Session, draft: Draft, taken: Intake, *, filename: str, actor: Actor, at: datetime
) -> Draft:
    """Keep what came with a draft's text: its pictures, and the file that it was read from.

    Raises what `add` raises.
    """
    for picture in taken.pictures:
        reading = taken.readings.get(picture.sha256)
        kind, role = kinds.kind_of(picture.content), AssetRole.IMAGE
        assert kind in kinds.PICTURES
        draft = _add(session, draft, picture.content, kind, picture.name, role, actor, at, reading)[0]
    if taken.original is None:
        return draft
    name = filename or f"{draft.number}.docx"
    return keep_original(session, draft, content=taken.original, filename=name, actor=actor, at=at)


def keep_original(
    session: Session, draft: Draft, *, content: bytes, filename: str, actor: Actor, at: datetime
) -> Draft:
    """Keep the file that a draft's text was read from; the same file again changes nothing.

    What it is was told by its bytes when it was read. Raises what `add` raises.
    """
    named = {FileKind.DOC: _DOC, FileKind.FLAT_OPC: _FLAT}
    # One with macros is given out as what it is, so that no program opens it as one without.
    kind = named.get(kind_of(content)) or (_DOCM if _has_macros(content) else _DOCX)
    return _add(session, draft, content, kind, filename, AssetRole.ORIGINAL, actor, at)[0]


def add(
    session: Session,
    *,
    draft_id: UUID,
    content: bytes,
    filename: str,
    role: AssetRole,
    actor: Actor,
    at: datetime,
    reading: Reading | None = None,
) -> tuple[Draft, DraftAsset, Asset]:
    """Store a file and let the draft hold it; the same file again changes nothing.

    `reading` is what was read of it before the transaction began; without it, it is read when it is checked.

    Raises `NotFound`, `Forbidden`, `Conflict` when the draft is not in its author's hands, `TooLarge`,
    `Invalid` for an empty file, `Unsupported` for a kind that is not taken, or no picture where one must be.
    """
    draft = service.editable(session, draft_id, actor)
    if len(content) > MAX_ASSET_BYTES:
        raise TooLarge("asset_too_large", data={"bytes": len(content), "limit": MAX_ASSET_BYTES})
    if not content:
        raise Invalid("malformed", reasons=[Reason("asset_empty", field="file")])
    kind = taken(content, filename, role)
    return _add(session, draft, content, kind, filename, role, actor, at, reading)


def _add(
    session: Session,
    draft: Draft,
    content: bytes,
    kind: str,
    filename: str,
    role: AssetRole,
    actor: Actor,
    at: datetime,
    reading: Reading | None = None,
) -> tuple[Draft, DraftAsset, Asset]:
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
    _keep(session, name, reading, at)
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


def taken(content: bytes, filename: str, role: AssetRole) -> kinds.Kind:
    """Return the kind of a file that may be stored. Raises `Unsupported` with the reason in words."""
    kind = kinds.kind_of(content)
    if kind is None or (role is AssetRole.IMAGE and kind not in kinds.PICTURES):
        why = kinds.trouble_of(content) if kind is None else f"是{kinds.NAMES[kind]}，不是图片"
        raise Unsupported("asset_type_refused", data={"media_type": kind, "why": why})
    if kinds.false_ending(filename, kind):
        raise Unsupported("asset_false_name", data={"name": filename_of(filename), "kind": kinds.NAMES[kind]})
    return kind


def _keep(session: Session, name: str, reading: Reading | None, at: datetime) -> None:
    """Keep what was read of a file, unless it is known."""
    if reading is not None and session.get(AssetReading, (name, VERSION)) is None:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        row = {"sha256": name, "version": VERSION, "reading": reading.to_json(), "created_at": at}
        added: Any = dialect.insert(AssetReading).values(**row).on_conflict_do_nothing()
        session.exec(added)


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


def _has_macros(content: bytes) -> bool:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return any("vbaproject" in name.lower() for name in archive.namelist())


def filename_of(given: str) -> str:
    """Return the last part of a name, without what could break out of a header or a folder."""
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(char for char in last if char.isprintable()).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[:180]}{dot}{ending[:19]}" if stem else (kept[:200] or "未命名")
