"""Checking any text or file against the negative list, and storing nothing."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session
from starlette.datastructures import UploadFile

from app.channels import queries as channels
from app.domain.document.model import MAX_CONTENT_BYTES
from app.drafts.assets import MAX_ASSET_BYTES
from app.drafts.file_readings import in_turn
from app.drafts.intake import kinds
from app.drafts.intake.files import WORD_ENDINGS, FileRead
from app.drafts.intake.service import Format, decode, file_parts, word_parts
from app.drafts.intake.subprocess_reader import read_file as read_apart
from app.drafts.schemas import LeftOutOut
from app.identity.access import Actor, CurrentActor
from app.infra.clock import beijing
from app.infra.db import ReadSession
from app.infra.errors import Invalid, Reason, TooLarge, Unsupported
from app.infra.http.contract import form_with_file
from app.infra.http.problems import malformed
from app.infra.http.routing import ApiRouter
from app.infra.runtime import Runtime, runtime_of
from app.negative_list import Policy, Report, Scope, check
from app.negative_list.engine.report import FileReport, as_sarif, located
from app.negative_list.source.files import KINDS, READ_AS, line_starts
from app.policies import service as policies
from app.policies.in_use import policy_of
from app.policies.schemas import Digest
from app.screening.checks import service as checks
from app.screening.checks.files import report_on
from app.screening.schemas import CheckIn, CheckOut, Code, NotCheckedOut, grouped, listed

router = ApiRouter(tags=["screening"])

SARIF = "application/sarif+json"
_SUFFIX = {Format.TEXT: ".txt", Format.MARKDOWN: ".md", Format.HTML: ".html"}
#: Longer names are cut in answers.
_MAX_NAME = 200


class _FileIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channel: Code | None = None
    section: Code | None = None
    stage: str = Field(default="", max_length=40)
    policy: Digest | None = None


class Asked(BaseModel):
    """What is to be checked: a text with its format, or a file with its name and bytes."""

    text: CheckIn | None = None
    name: str = ""
    content: bytes = b""
    channel: str | None = None
    section: str | None = None
    stage: str = ""
    policy: str | None = None


async def _asked(request: Request) -> Asked:
    """Read a JSON body or a multipart form. Raises `Invalid` with every fault, `Unsupported`, `TooLarge`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            return await _file(request)
        if kind == "application/json" or kind.endswith("+json"):
            text = CheckIn.model_validate_json(await request.body())
            return Asked(
                text=text, channel=text.channel, section=text.section, stage=text.stage, policy=text.policy
            )
    except ValidationError as error:
        raise malformed(error, prefix="body.") from error
    raise Unsupported("unsupported_media_type")


async def _file(request: Request) -> Asked:
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        fields = _FileIn.model_validate({name: value for name, value in form.items() if name != "file"})
        if not isinstance(file, UploadFile):
            raise Invalid("malformed", reasons=[Reason("file_missing", field="body.file")])
        name = file.filename or ""
        is_file = _is_held(name) or PurePath(name).suffix.lower() in WORD_ENDINGS
        limit = MAX_ASSET_BYTES if is_file else MAX_CONTENT_BYTES
        content = await file.read(limit + 1)
        if len(content) > limit:
            raise TooLarge("content_too_large", data={"bytes": len(content), "limit": limit})
        return Asked(name=(file.filename or "")[-_MAX_NAME:], content=content, **fields.model_dump())


def _body() -> dict[str, Any]:
    """Return what the body may be, for the API's description: it comes in two kinds."""
    text = CheckIn.model_json_schema(ref_template="#/components/schemas/{model}")
    text.pop("$defs", None)
    kinds = {
        "application/json": {"schema": text},
        "multipart/form-data": {"schema": form_with_file(_FileIn)},
    }
    return {"requestBody": {"required": True, "content": kinds}}


@router.post(
    "/checks",
    response_model=CheckOut,
    responses={200: {"content": {SARIF: {"schema": {"type": "object"}}}}},
    openapi_extra=_body(),
)
def check_text(
    # Who asks is settled first: nobody else's five megabytes are read.
    request: Request,
    actor: CurrentActor,
    asked: Annotated[Asked, Depends(_asked)],
    session: ReadSession,
) -> Any:  # noqa: ANN401 – the report, or SARIF
    """Check a text or a file against the negative list in force, or any stored version of it.

    Nothing is stored. A file (`txt`, `md`, `html`, in UTF-8, `docx`, or one that is checked as an attachment
    is: `xlsx`, `csv`, `pdf`, a picture) comes as multipart.
    `Accept: application/sarif+json` gives SARIF 2.1.0.
    """
    runtime = runtime_of(request)
    scope = _scope(session, asked, actor)
    policy = policies.loaded(runtime, asked.policy) if asked.policy else policy_of(session, runtime)
    wants_sarif = SARIF in request.headers.get("accept", "")
    if asked.text is None and _is_held(asked.name):
        held = _check_held(policy, asked, scope, runtime)
        if wants_sarif:
            return JSONResponse(as_sarif(policy, [held], version=version("sanshen")), media_type=SARIF)
        return CheckOut(**report_out(held.report), left_out=[])
    if asked.text is None or wants_sarif:
        report, file = _check_file(policy, *_as_file(asked), scope, runtime)
        if wants_sarif:
            return JSONResponse(as_sarif(policy, [file], version=version("sanshen")), media_type=SARIF)
        return CheckOut(**report_out(report), left_out=[])
    report, left_out = checks.loose(
        policy,
        asked.text.format,
        asked.text.content,
        asked.text.fields(),
        scope=scope,
        at=runtime.clock(),
        key=runtime.secret,
        changes=asked.text.tracked_changes,
    )
    return CheckOut(**report_out(report), left_out=[LeftOutOut(**entry) for entry in left_out])


def _is_held(name: str) -> bool:
    """Tell whether a file is checked as an attachment is, by the end of its name."""
    return PurePath(name).suffix.lower() in kinds.HELD_ENDINGS


def _check_held(policy: Policy, asked: Asked, scope: Scope, runtime: Runtime) -> FileReport:
    """Return the report on a file as an attachment. Raises `Unsupported` with what it is, `Unavailable`."""
    if kinds.kind_of(asked.content) is None:
        data = {"media_type": None, "why": kinds.trouble_of(asked.content)}
        raise Unsupported("asset_type_refused", data=data)
    with in_turn():
        reading = read_apart(asked.content)
    on = beijing(runtime.clock()).date()
    return report_on(policy, asked.name, reading, scope=scope, on=on, key=runtime.secret)


def _as_file(asked: Asked) -> tuple[str, str, FileRead]:
    """Return name, text and parts of what is checked as a file. Raises `Unsupported`, `Invalid`."""
    if asked.text is None:
        ending = PurePath(asked.name).suffix.lower()
        if ending in WORD_ENDINGS:
            return asked.name, *word_parts(asked.content)
        suffix = READ_AS.get(ending)
        if suffix is None:
            known = f"{KINDS}、docx、{kinds.HELD_NAMES}"
            raise Unsupported("file_kind_unknown", data={"name": asked.name, "kinds": known})
        text = decode(asked.content)
        return asked.name or "file", text, file_parts(text, suffix)
    given = asked.text
    if not isinstance(given.content, str) or given.format not in _SUFFIX:
        raise Invalid("malformed", reasons=[Reason("sarif_needs_text", field="body.format")])
    suffix = _SUFFIX[given.format]
    return f"content{suffix}", given.content, file_parts(given.content, suffix)


def _check_file(
    policy: Policy, name: str, text: str, taken: FileRead, scope: Scope, runtime: Runtime
) -> tuple[Report, FileReport]:
    read = taken.parts
    report = check(
        policy,
        read.parts,
        scope=scope,
        on=beijing(runtime.clock()).date(),
        key=runtime.secret,
        structure=read.structure,
        not_checked=taken.not_checked(),
    )
    lines = line_starts(text)
    places = sorted(
        (located(finding, read, lines) for finding in report.findings),
        key=lambda place: (place.start, place.end),
    )
    return report, FileReport(name, places, report)


def _scope(session: Session, asked: Asked, actor: Actor) -> Scope:
    """Return the scope that a check names. Raises `Invalid` for a channel or section that there is not."""
    if asked.channel is None:
        if asked.section is not None:
            raise Invalid("malformed", reasons=[Reason("section_without_channel", field="section")])
        return Scope(stage=asked.stage)
    channel = channels.open_to(session, actor.unit_path).get(asked.channel)
    if channel is None:
        raise Invalid(
            "malformed", reasons=[Reason("unknown_channel", {"channel": asked.channel}, field="channel")]
        )
    sections = {
        section_row.code for section_row in channels.sections_of(session, [channel.id]).get(channel.id, ())
    }
    if asked.section is not None and asked.section not in sections:
        data = {"channel": asked.channel, "section": asked.section}
        raise Invalid("malformed", reasons=[Reason("unknown_section", data, field="section")])
    return Scope(frozenset({channel.kind}), frozenset({asked.section} if asked.section else ()), asked.stage)


def report_out(report: Report, files: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """Return a report as it goes over the wire; `files` gives the file names of attachments by place."""
    return {
        "policy": report.policy,
        "counts": dict(report.counts),
        "groups": grouped(report.findings),
        "findings": listed(report.findings, files),
        "not_checked": [NotCheckedOut.model_validate(entry._asdict()) for entry in report.not_checked],
        "truncated": report.truncated,
        "elapsed_us": report.elapsed_us,
    }
