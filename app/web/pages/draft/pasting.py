"""What is pasted into the editor or dropped on it goes through the intake, and says what it lost."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from app.drafts import assets, service
from app.drafts.file_readings import upload
from app.drafts.intake import kinds
from app.drafts.intake.left_out import LeftOut
from app.drafts.intake.service import Format, Intake, take_in
from app.drafts.models import AssetRole
from app.infra.db import database_of
from app.infra.errors import AppError, Invalid, Reason
from app.infra.runtime import runtime_of
from app.web.pages.draft import files
from app.web.shell.viewer import Form, SentFile, SentForm

router = APIRouter()
#: A document needs a title; the draft has one already.
_TITLE = {"title": "（粘贴的内容）"}


@router.post("/drafts/{draft_id}/edit/paste")
def paste(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Return the blocks that pasted HTML says, and what of it did not come in; its own pictures are kept.

    Raises `NotFound`, `Forbidden`, `Conflict`, and what the intake raises for a source without any text.
    """
    form, at = sent.form, runtime_of(request).clock()
    # Before the transaction: a large text takes its time.
    taken = _read(lambda: take_in(Format.HTML, form.text("html"), _TITLE))
    with database_of(request).write() as session:
        draft = service.editable(session, draft_id, sent.actor)
        if isinstance(taken, AppError):
            raise taken
        assets.keep_source(session, draft, taken, filename="", actor=sent.actor, at=at)
    return _answer(taken.document.model_dump(mode="json")["blocks"], taken.left_out)


@router.post("/drafts/{draft_id}/edit/files")
def drop(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Return the blocks of a file that was dropped: a picture as one, a text as what it says.

    Raises `NotFound`, `Forbidden`, `Conflict`, `TooLarge` above 20 MB, `Unsupported`, `Invalid`.
    """
    form, at = sent.form, runtime_of(request).clock()
    if form.file is None:
        raise Invalid("malformed", reasons=[Reason("asset_empty", field="file")])
    file = form.file
    if kinds.kind_of(file.content) in kinds.PICTURES:
        read = upload(file.content, file.name, AssetRole.IMAGE, most=assets.MAX_ASSET_BYTES)
        with database_of(request).write() as session:
            _, held, _ = assets.add(
                session,
                draft_id=draft_id,
                content=read.content,
                filename=file.name,
                role=AssetRole.IMAGE,
                actor=sent.actor,
                at=at,
                reading=read.reading,
            )
            return _answer([{"kind": "image", "sha256": held.sha256}], ())
    taken = _read(lambda: _text(form, file))
    with database_of(request).write() as session:
        draft = service.editable(session, draft_id, sent.actor)
        if isinstance(taken, AppError):
            raise taken
        files.keep(session, draft, taken, file, sent.actor, at)
    return _answer(taken.document.model_dump(mode="json")["blocks"], taken.left_out)


def _text(form: Form, file: SentFile) -> Intake:
    return files.read(form, file, _TITLE)


def _read(read: Callable[[], Intake]) -> Intake | AppError:
    """Return what is read, or why it cannot be: who asks, and whether they may, is told first."""
    try:
        return read()
    except AppError as refusal:
        return refusal


def _answer(blocks: Iterable[Mapping[str, Any]], left_out: Iterable[LeftOut]) -> Response:
    """Return blocks, and what of their source did not come in: its name, its words, why, and how often."""
    lost = [
        {"name": entry.name, "what": entry.what, "why": entry.why, "count": entry.count} for entry in left_out
    ]
    return JSONResponse({"blocks": list(blocks), "left_out": lost})
