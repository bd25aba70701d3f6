"""Content handed in as a file: a multipart form becomes the same request as its JSON.

`curl -F file=@通知.docx -F targets=wechat/news …` says what the JSON says with the file in Base64.
"""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile

from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.service import MAX_FILE_BYTES, Format, decode
from app.drafts.schemas import ContentIn, DraftIn, RevisionIn
from app.infra.errors import Invalid, Reason, TooLarge, Unsupported
from app.infra.http.contract import Schema, described, form_with_file
from app.infra.http.problems import malformed
from app.negative_list.source.files import READ_AS

Model = TypeVar("Model", bound=BaseModel)
#: Tools are told its form; what is wrong with one is told by the field that is missing or too long.
Target = Annotated[str, Field(json_schema_extra={"pattern": r"^[^/]{1,40}/[^/]{1,40}$"})]
_FORMATS = {".txt": Format.TEXT, ".md": Format.MARKDOWN, ".html": Format.HTML}
_MULTIPART = "multipart/form-data"
#: More fields than a form has, so that a wrong one is told by its name.
_MOST_FIELDS = 60


class _Beside(BaseModel):
    """The fields of a form beside its file."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(default="", max_length=200)
    subtitle: str = Field(default="", max_length=200)
    summary: str = Field(default="", max_length=2000)
    byline: str = Field(default="", max_length=200)
    source: str = Field(default="", max_length=200)
    source_url: str = Field(default="", max_length=2000)
    tracked_changes: TrackedChanges = TrackedChanges.ORIGINAL


class _BesideDraft(_Beside):
    targets: list[Target] = Field(max_length=20, description="`channel/section`, once for each")
    unit_id: UUID | None = None


async def draft_in(request: Request) -> DraftIn:
    """Return a new draft from JSON or from a form with a file.

    Raises `Invalid` with every fault, `Unsupported`, `TooLarge`.
    """
    if not _is_form(request):
        return await _from_json(request, DraftIn)
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as form:
        beside = _read(_BesideDraft, form, lists=("targets",))
        content = await _content(form)
    targets = [
        dict(zip(("channel", "section"), target.split("/", 1), strict=False)) for target in beside.targets
    ]
    return _checked(DraftIn, {**beside.model_dump(exclude={"targets"}), **content, "targets": targets})


async def revision_in(request: Request) -> RevisionIn:
    """Return new content of a draft from JSON or from a form with a file. Raises what `draft_in` raises."""
    if not _is_form(request):
        return await _from_json(request, RevisionIn)
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as form:
        beside = _read(_Beside, form)
        content = await _content(form)
    return _checked(RevisionIn, {**beside.model_dump(), **content})


def body_of(model: type[ContentIn]) -> Schema:
    """Describe a body that comes as JSON or as a form with a file."""
    form = form_with_file(_BesideDraft if model is DraftIn else _Beside)
    content = {"application/json": {"schema": described(model)}, _MULTIPART: {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


def format_of(name: str) -> Format:
    """Return how a file is read, by the end of its name: as Word where it is none of a text."""
    return _FORMATS.get(READ_AS.get(PurePath(name).suffix.lower() or ".docx", ""), Format.DOCX)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_form(request: Request) -> bool:
    return _kind(request) == _MULTIPART


async def _from_json(request: Request, model: type[Model]) -> Model:
    kind = _kind(request)
    if kind != "application/json" and not kind.endswith("+json"):
        raise Unsupported("unsupported_media_type")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise malformed(error, prefix="body.") from error


def _read(model: type[Model], form: FormData, *, lists: tuple[str, ...] = ()) -> Model:
    given: Mapping[str, Any] = {
        name: form.getlist(name) if name in lists else value for name, value in form.items() if name != "file"
    }
    return _checked(model, given)


def _checked(model: type[Model], given: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise malformed(error, prefix="body.") from error


async def _content(form: FormData) -> dict[str, Any]:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid("malformed", reasons=[Reason("file_missing", field="body.file")])
    content = await file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise TooLarge("file_too_large", data={"limit": MAX_FILE_BYTES // 1_000_000})
    name = (file.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    kind = format_of(name)
    said = b64encode(content).decode() if kind is Format.DOCX else decode(content)
    return {"format": kind, "content": said, "filename": name}
