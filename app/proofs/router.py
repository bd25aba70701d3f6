from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Path, Query, Request, Response

from app.drafts.intake import kinds
from app.drafts.word_answer import pdf_file, word_file
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession, database_of
from app.infra.http import idempotency
from app.infra.http.links import BYTES, made, tagged_bytes
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.proofs import previews, queries, service, word_export
from app.proofs.content_policy import CONTENT_POLICY, framed
from app.proofs.models import Proof, ProofMark
from app.proofs.quality_in_force import quality_of
from app.proofs.schemas import (
    CarriedOut,
    CarryOutIn,
    DisputeIn,
    MarkIn,
    MarkOut,
    MarksOut,
    ProofOut,
    ProofsOut,
)
from app.proofs.service import NewMark
from app.reviews.guest_links import service as links
from app.reviews.guest_links.router import Code, Token, guarded

router = ApiRouter(tags=["proofs"])
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[str, Path(max_length=40)]


@router.get("/cases/{case_id}/proofs")
def list_proofs(case_id: UUID, session: ReadSession, actor: CurrentActor) -> ProofsOut:
    """List the proofs of a case, the newest of each line first."""
    proofs = queries.proofs_of(session, case_id, actor)
    return ProofsOut(items=[_proof(view.proof, view.revision) for view in proofs])


@router.get("/proofs/{digest}")
def show_proof(digest: Digest, session: ReadSession, actor: CurrentActor) -> ProofOut:
    """Say what a proof is: of which text, for which line, how large."""
    proof = queries.proof(session, digest, actor)
    return _proof(proof, queries.revision_of(session, proof).digest)


@router.get(
    "/proofs/{digest}/content",
    response_class=Response,
    responses={200: tagged_bytes("text/html")},
)
def show_proof_content(digest: Digest, session: ReadSession, actor: CurrentActor) -> Response:
    """Give exactly the bytes that the digest names, to be shown in a frame that can do nothing."""
    proof = queries.proof(session, digest, actor)
    return framed(proof.content, proof.media_type, digest)


@router.get("/proofs/{digest}/docx", response_class=Response, responses={200: tagged_bytes(kinds.Kind.DOCX)})
def export_proof(digest: Digest, session: ReadSession, actor: CurrentActor) -> Response:
    """Give a proof's text as a Word file, its marks as tracked changes and comments."""
    return word_file(*word_export.proof_as_word(session, digest, actor))


@router.get("/proofs/{digest}/pdf", response_class=Response, responses={200: tagged_bytes(kinds.Kind.PDF)})
def print_proof(digest: Digest, session: ReadSession, actor: CurrentActor) -> Response:
    """Give a proof on paper: of an internal journal its page, of other channels a sheet that names the proof.

    Refused with the characters that the fonts lack.
    """
    return pdf_file(*previews.proof_on_paper(session, digest, actor))


@router.get(
    "/drafts/{draft_id}/previews/{line}",
    response_class=Response,
    responses={200: tagged_bytes("text/html")},
)
def preview_draft(draft_id: UUID, line: Line, session: ReadSession, actor: CurrentActor) -> Response:
    """Give the newest text as it would look on one of its channels now. It is no proof and is not kept.

    At any time, also before it is submitted; limits of the channel that it exceeds are told at submission.
    """
    made = previews.preview(session, draft_id, line, actor).rendered
    return framed(made.content, made.media_type, made.digest)


@router.get(
    "/signing/{token}/proof",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": BYTES}}}},
)
def show_proof_by_link(token: Token, request: Request, code: Code = "") -> Response:
    """Give the bytes of the proof that a link is bound to, to who says its code. Changes nothing."""

    def read() -> Proof:
        runtime = runtime_of(request)
        with database_of(request).read() as session:
            link = links.look(session, token, code, runtime=runtime, at=runtime.clock()).link
            return queries.bound(session, link.case_id, link.line, link.digest)

    proof = guarded(request, read, token)
    headers = {
        "Content-Security-Policy": CONTENT_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }
    return Response(proof.content, media_type=proof.media_type, headers=headers)


@router.get("/cases/{case_id}/marks")
def list_marks(
    case_id: UUID,
    session: ReadSession,
    actor: CurrentActor,
    line: Annotated[str | None, Query(max_length=40)] = None,
) -> MarksOut:
    """List the marks of a case, and the error rate that they make."""
    marks = queries.marks_of(session, case_id, actor, line=line)
    return MarksOut(
        items=[_mark(row, marks.names.get(row.marked_by, "")) for row in marks.rows],
        open=len(marks.open),
        weighted_errors=marks.weighted_errors,
        characters=marks.characters,
        error_rate=marks.error_rate,
    )


@router.post(
    "/cases/{case_id}/marks",
    status_code=201,
    response_model=MarkOut,
    responses={201: made("list_marks", case_id="path.case_id")},
)
def add_mark(
    case_id: UUID,
    body: MarkIn,
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    key: idempotency.Key = None,
) -> Response:
    """Mark an error on the line's present proof."""
    runtime = runtime_of(request)
    at = runtime.clock()

    def act() -> MarkOut:
        new, quality = NewMark(**body.model_dump()), quality_of(runtime.policies)
        mark = service.add_mark(session, case_id=case_id, new=new, quality=quality, actor=actor, at=at)
        return _mark(mark, actor.name)

    asked = {"mark": str(case_id), **body.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.post("/marks/{mark_id}/withdrawal")
def withdraw_mark(mark_id: UUID, request: Request, session: WriteSession, actor: CurrentActor) -> MarkOut:
    """Take back a mark of one's own that was not carried out."""
    mark = service.withdraw_mark(session, mark_id=mark_id, actor=actor, at=runtime_of(request).clock())
    return _mark(mark, actor.name)


@router.post("/marks/{mark_id}/dispute")
def dispute_mark(
    mark_id: UUID, body: DisputeIn, request: Request, session: WriteSession, actor: CurrentActor
) -> MarkOut:
    """Say why a mark is not carried out. By an editor of the draft's unit."""
    at = runtime_of(request).clock()
    mark = service.dispute_mark(session, mark_id=mark_id, answer=body.answer, actor=actor, at=at)
    return _mark(mark, queries.maker_of(session, mark))


@router.post("/marks/{mark_id}/upholding")
def uphold_mark(mark_id: UUID, request: Request, session: WriteSession, actor: CurrentActor) -> MarkOut:
    """Open a disputed mark again. By whoever may proofread or confirm its line now."""
    mark = service.uphold_mark(session, mark_id=mark_id, actor=actor, at=runtime_of(request).clock())
    return _mark(mark, queries.maker_of(session, mark))


@router.post(
    "/cases/{case_id}/carry-out",
    status_code=201,
    response_model=CarriedOut,
    responses={201: made("show_case", case_id="path.case_id")},
)
def carry_out_marks(
    case_id: UUID,
    body: CarryOutIn,
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    key: idempotency.Key = None,
) -> Response:
    """Carry out all open marks in one new text. Refused with every reason when it is no small correction."""
    runtime = runtime_of(request)
    at = runtime.clock()

    def act() -> CarriedOut:
        revision, count = service.carry_out(
            session, case_id=case_id, marks=body.marks, actor=actor, runtime=runtime, at=at
        )
        return CarriedOut(draft_id=revision.draft_id, revision=revision.digest, marks=count)

    asked = {"carry_out": str(case_id), **body.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


def _proof(proof: Proof, revision: str) -> ProofOut:
    return ProofOut(
        digest=proof.digest,
        case_id=proof.case_id,
        draft_id=proof.draft_id,
        line=proof.line,
        kind=proof.kind,
        media_type=proof.media_type,
        size=proof.size,
        characters=proof.characters,
        renderer=proof.renderer,
        revision=revision,
        created_at=proof.created_at,
        content_url=f"/api/v1/proofs/{proof.digest}/content",
    )


def _mark(mark: ProofMark, name: str) -> MarkOut:
    return MarkOut(
        id=mark.id,
        case_id=mark.case_id,
        line=mark.line,
        stage=mark.stage,
        digest=mark.digest,
        kind=mark.kind,
        place=mark.place,
        start=mark.position_start,
        end=mark.position_end,
        start16=mark.start16,
        end16=mark.end16,
        quote=mark.quote,
        new_text=mark.new_text,
        move_to=mark.move_to,
        error_type=mark.error_type,
        weight=mark.weight,
        remark=mark.remark,
        state=mark.state,
        marked_by=mark.marked_by,
        marked_by_name=name,
        marked_at=mark.marked_at,
        answer=mark.answer,
        carried_into=mark.carried_into,
    )


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
