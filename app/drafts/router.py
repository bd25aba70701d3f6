import json
from typing import Annotated, NamedTuple
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, FastAPI, File, Form, Query, Request, UploadFile
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import DraftState
from app.drafts import assets, queries, service
from app.drafts import idempotency as _guards  # noqa: F401 – asked before a stored answer is given again
from app.drafts.export.docx.service import docx_of
from app.drafts.export.pdf import Paper, pdf_of
from app.drafts.export.queries import exported
from app.drafts.file_readings import Uploaded, upload
from app.drafts.intake import kinds
from app.drafts.intake.service import Intake, take_in
from app.drafts.intake.sheets.delimited import encoding_of
from app.drafts.models import AssetRole, Draft, Revision
from app.drafts.schemas import (
    AssetOut,
    DraftIn,
    DraftListed,
    DraftOut,
    DraftsOut,
    DraftWithContent,
    LeftOutOut,
    RevisionIn,
    RevisionOut,
    RevisionWithContent,
    TargetOut,
    TargetsIn,
)
from app.drafts.uploads import body_of, draft_in, revision_in
from app.drafts.word_answer import pdf_file, word_file
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http.bounds import Digest, Ordinal
from app.infra.http.etags import IfMatch, etag, seen_versions
from app.infra.http.idempotency import Key, once
from app.infra.http.links import TAGGED, made, tagged_bytes
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of

router = ApiRouter(tags=["drafts"])


def _new_draft(body: Annotated[DraftIn, Depends(draft_in)]) -> tuple[DraftIn, Intake]:
    return body, take_in(body.format, body.content, body.fields(), changes=body.tracked_changes)


def _new_content(body: Annotated[RevisionIn, Depends(revision_in)]) -> tuple[RevisionIn, Intake]:
    return body, take_in(body.format, body.content, body.fields(), changes=body.tracked_changes)


# Text is read before the transaction begins: on SQLite nobody else writes while it lasts.
NewDraftRead = Annotated[tuple[DraftIn, Intake], Depends(_new_draft)]
NewContentRead = Annotated[tuple[RevisionIn, Intake], Depends(_new_content)]


class _FileIn(NamedTuple):
    """A file as it is to be stored, and whether the place where it was taken was removed from it."""

    file: Uploaded
    position_removed: bool


def _file(
    actor: CurrentActor,
    file: Annotated[UploadFile, File()],
    role: Annotated[AssetRole, Form()] = AssetRole.ATTACHMENT,
) -> _FileIn:
    del actor  # who asks is settled before anything is read
    given = file.file.read(assets.MAX_ASSET_BYTES + 1)
    read = upload(given, file.filename or "", role, most=assets.MAX_ASSET_BYTES)
    return _FileIn(read, read.content != given)


@router.post(
    "/drafts",
    status_code=201,
    response_model=DraftOut,
    responses={201: made("show_draft", tagged=True, draft_id="id")},
    openapi_extra=body_of(DraftIn),
)
def create_draft(
    request: Request, actor: CurrentActor, read: NewDraftRead, session: WriteSession, key: Key = None
) -> Response:
    """Hand in a new draft as text, Markdown, HTML, blocks or a Word file; what is not its text is listed.

    A file (`txt`, `md`, `html` in UTF-8, `docx`) may come as multipart, with the other fields beside it.
    """
    at, (body, taken) = runtime_of(request).clock(), read

    def act() -> DraftOut:
        new = service.NewDraft(
            document=taken.document,
            targets=tuple((target.channel, target.section) for target in body.targets),
            unit_id=body.unit_id,
            left_out=taken.listed(),
            pictures=taken.brings(),
        )
        draft = service.create(session, new=new, actor=actor, at=at)
        kept = assets.keep_source(session, draft, taken, filename=body.filename, actor=actor, at=at)
        return _draft(session, kept)

    asked = {"post": "/drafts", "body": body.model_dump(mode="json")}
    return _tagged(once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201))


@router.post(
    "/drafts/{draft_id}/revisions",
    response_model=DraftOut,
    responses={200: TAGGED},
    openapi_extra=body_of(RevisionIn),
)
def add_revision(
    request: Request,
    draft_id: UUID,
    actor: CurrentActor,
    read: NewContentRead,
    session: WriteSession,
    if_match: IfMatch = None,
    key: Key = None,
) -> Response:
    """Revise a draft in its author's hands; If-Match says what was seen. The same content adds nothing."""
    at, (body, taken), seen = runtime_of(request).clock(), read, seen_versions(if_match)

    def act() -> DraftOut:
        draft = service.revise(
            session,
            draft_id=draft_id,
            document=taken.document,
            seen=seen,
            actor=actor,
            at=at,
            left_out=taken.listed(),
            pictures=taken.brings(),
        )
        kept = assets.keep_source(session, draft, taken, filename=body.filename, actor=actor, at=at)
        return _draft(session, kept)

    asked = {
        "post": f"/drafts/{draft_id}/revisions",
        "seen": sorted(seen),
        "body": body.model_dump(mode="json"),
    }
    return _tagged(once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act))


@router.put("/drafts/{draft_id}/targets", responses={200: TAGGED})
def change_targets(
    request: Request,
    response: Response,
    draft_id: UUID,
    body: TargetsIn,
    actor: CurrentActor,
    session: WriteSession,
    if_match: IfMatch = None,
) -> DraftOut:
    """Bind a draft that was never submitted to other channels and sections."""
    draft = service.retarget(
        session,
        draft_id=draft_id,
        targets=tuple((target.channel, target.section) for target in body.targets),
        seen=seen_versions(if_match),
        actor=actor,
        at=runtime_of(request).clock(),
    )
    response.headers["ETag"] = etag(draft.version)
    return _draft(session, draft)


@router.get("/drafts")
def list_drafts(
    actor: CurrentActor,
    session: ReadSession,
    state: Annotated[list[DraftState], Query()] = [],  # noqa: B006 – FastAPI copies it
    unit: UUID | None = None,
    channel: Annotated[str | None, Query(max_length=40)] = None,
    q: Annotated[str, Query(max_length=100, description="words of the title, or of the number")] = "",
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> DraftsOut:
    """List the drafts that the caller may see, the newest first; filters narrow the list."""
    drafts = queries.listing(
        session,
        actor,
        states=state,
        unit_id=unit,
        channel=channel,
        conditions=[queries.named(word) for word in q.split()],
        before=cursor,
        limit=limit + 1,
    )
    page = drafts[:limit]
    bound = queries.targets_of(session, [draft.id for draft in page])
    return DraftsOut(
        items=[
            DraftListed.model_validate({**draft.model_dump(), "targets": _targets(bound.get(draft.id, ()))})
            for draft in page
        ],
        next=str(page[-1].id) if len(drafts) > limit else None,
    )


@router.get("/drafts/{draft_id}", responses={200: TAGGED})
def show_draft(
    response: Response, draft_id: UUID, actor: CurrentActor, session: ReadSession
) -> DraftWithContent:
    """Show a draft with its newest content and its files."""
    draft = queries.visible(session, draft_id, actor)
    response.headers["ETag"] = etag(draft.version)
    revision = queries.head(session, draft)
    return DraftWithContent(
        **_draft(session, draft, revision).model_dump(),
        document=queries.document_of(revision),
        assets=[
            _asset(held.sha256, held.filename, held.role, kind, size)
            for held, kind, size in assets.described(session, draft.id)
        ],
    )


@router.get("/drafts/{draft_id}/revisions")
def list_revisions(draft_id: UUID, actor: CurrentActor, session: ReadSession) -> list[RevisionOut]:
    """List every revision of a draft, the first one first."""
    draft = queries.visible(session, draft_id, actor)
    return [
        RevisionOut.model_validate({**revision.model_dump(), "left_out": queries.left_out_of(revision)})
        for revision in queries.revisions(session, draft.id)
    ]


@router.get("/drafts/{draft_id}/revisions/{number}")
def show_revision(
    draft_id: UUID, number: Ordinal, actor: CurrentActor, session: ReadSession
) -> RevisionWithContent:
    """Show one revision with its content."""
    revision = queries.revision(session, queries.visible(session, draft_id, actor), number)
    return RevisionWithContent.model_validate(
        {
            **revision.model_dump(),
            "left_out": queries.left_out_of(revision),
            "document": queries.document_of(revision),
        }
    )


@router.get(
    "/drafts/{draft_id}/revisions/{number}/docx",
    response_class=Response,
    responses={200: tagged_bytes(kinds.Kind.DOCX)},
)
def export_revision(
    draft_id: UUID,
    number: Ordinal,
    actor: CurrentActor,
    session: ReadSession,
    red_head: Annotated[
        str, Query(max_length=40, description="The red words above the first page; none by default.")
    ] = "",
) -> Response:
    """Give one revision as a Word file in the layout of official documents (GB/T 9704-2012).

    The same content is the same bytes. Handed in again as it is, it is the same content. `red_head` are the
    red words above the first page (某某局文件); without it there are none.
    """
    draft = queries.visible(session, draft_id, actor)
    document, pictures, names = exported(session, draft, number)
    return word_file(document.title, docx_of(document, pictures, names, red_head=red_head))


@router.get(
    "/drafts/{draft_id}/revisions/{number}/pdf",
    response_class=Response,
    responses={200: tagged_bytes(kinds.Kind.PDF)},
)
def print_revision(draft_id: UUID, number: Ordinal, actor: CurrentActor, session: ReadSession) -> Response:
    """Give one revision as a PDF in the layout of official documents, to be read on paper.

    The same content is the same bytes. Refused with the characters that the fonts lack.
    """
    draft = queries.visible(session, draft_id, actor)
    source = exported(session, draft, number)
    paper = Paper(imprint=(f"{draft.number} 修订 {number}",))
    return pdf_file(source.document.title, pdf_of(source, paper))


@router.post(
    "/drafts/{draft_id}/assets",
    status_code=201,
    responses={201: made("show_asset", tagged=True, sha256="sha256")},
)
def add_asset(
    request: Request,
    response: Response,
    draft_id: UUID,
    actor: CurrentActor,
    uploaded: Annotated[_FileIn, Depends(_file)],
    session: WriteSession,
) -> AssetOut:
    """Upload a picture or an attachment (PNG, JPEG, WebP, GIF, PDF, DOCX, XLSX, CSV, TXT; at most 20 MB).

    What it says is read at once and checked with the text. Where a camera noted the place in a picture, that
    is taken out: then `position_removed` is true, and `sha256` names the bytes without it.
    """
    draft, held, asset = assets.add(
        session, draft_id=draft_id, actor=actor, at=runtime_of(request).clock(), **uploaded.file._asdict()
    )
    response.headers["ETag"] = etag(draft.version)
    made_of = _asset(held.sha256, held.filename, held.role, asset.media_type, asset.size)
    return made_of.model_copy(update={"position_removed": uploaded.position_removed})


@router.get(
    "/assets/{sha256}",
    response_class=Response,
    responses={200: tagged_bytes(*assets.TYPES)},
)
def show_asset(sha256: Digest, actor: CurrentActor, session: ReadSession) -> Response:
    """Give the bytes of a file to whoever may see a draft that holds it."""
    asset, filename = assets.content_of(session, sha256, actor)
    shown = "inline" if asset.media_type in assets.IMAGES else "attachment"
    kind = asset.media_type
    if kind.startswith("text/"):
        kind = f"{kind}; charset={(encoding_of(asset.content) or 'utf-8').removesuffix('-sig')}"
    return Response(
        asset.content,
        media_type=kind,
        headers={
            "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(filename)}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, no-store",
            "ETag": f'"{asset.sha256}"',
        },
    )


def _draft(session: Session, draft: Draft, revision: Revision | None = None) -> DraftOut:
    newest = revision or queries.head(session, draft)
    return DraftOut.model_validate(
        {
            **draft.model_dump(),
            "revision": newest.number,
            "digest": newest.digest,
            "targets": _targets(queries.targets(session, draft.id)),
            "left_out": [LeftOutOut(**entry) for entry in queries.left_out_of(newest)],
        }
    )


def _targets(bound: tuple[queries.Target, ...]) -> list[TargetOut]:
    return [
        TargetOut(
            channel=target.channel,
            kind=target.kind,
            channel_name=target.channel_name,
            section=target.section,
            section_name=target.section_name,
        )
        for target in bound
    ]


def _asset(sha256: str, filename: str, role: str, kind: str, size: int) -> AssetOut:
    return AssetOut(
        sha256=sha256,
        filename=filename,
        role=AssetRole(role),
        media_type=kind,
        size=size,
        url=f"/api/v1/assets/{sha256}",
    )


def _tagged(answer: Response) -> Response:
    answer.headers["ETag"] = etag(json.loads(bytes(answer.body))["version"])
    return answer


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
