"""Signing without an account: the page on which reviewers ask people outside, and the one that these get.

The page behind a link needs no session and no script; its code, once typed, is kept in a cookie. It tells no
other site where it is and is not to be indexed. Reading it changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.document.model import Image
from app.domain.guests import LinkState
from app.domain.vocabulary import ChannelKind, Subject
from app.drafts import queries as drafts
from app.drafts.models import Asset
from app.identity import queries as identity
from app.identity.models import Unit
from app.infra.db import database_of
from app.infra.errors import AppError, Conflict, NotFound
from app.infra.runtime import runtime_of
from app.proofs import queries as proofs
from app.proofs.content_policy import CONTENT_POLICY
from app.proofs.models import Proof
from app.reviews import queries as reviews
from app.reviews.guest_links import dispatching
from app.reviews.guest_links import service as links
from app.reviews.guest_links.errors import GONE
from app.reviews.guest_links.router import address, guarded
from app.reviews.models import SignLink
from app.reviews.queries import CaseView
from app.web.components.text_view import page as present
from app.web.forms import limits
from app.web.pages.draft.panels.guest_links import may_ask, places
from app.web.pages.draft.verbs.forms import case_of
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import BareForm, Form, SentForm, Viewer, Visitor
from app.words.labels import label

router = APIRouter()

Token = Annotated[str, Path(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
#: What the page behind a link may do: show itself, its pictures and its style, and send its one form.
LINK_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: On a proof it may also frame that proof.
FRAME_POLICY = f"{LINK_POLICY}; frame-src 'self'"
HEADERS = {
    "Content-Security-Policy": LINK_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Invited:
    """A link in the list of those that were sent."""

    id: UUID
    name: str
    post: str
    stage: str
    state: str
    open: bool
    outcome: str
    by: str
    expires_at: datetime
    mine: bool
    sent: str
    sendable: bool
    namesake: bool


@router.get("/drafts/{draft_id}/links")
def asking(request: Request, viewer: Visitor, draft_id: UUID) -> Response:
    """Show whom one may ask outside, and the links that were sent. Raises `NotFound`."""
    return _asking(request, viewer, draft_id)


@router.post("/drafts/{draft_id}/links")
def ask(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Ask somebody outside, and show the code that is to be said to them, this once."""
    runtime, form = runtime_of(request), sent.form
    stage, _, line = form.word("place").partition("/")

    def verb(session: Session) -> tuple[SignLink, str]:
        form.all_within(limits.INVITATION)
        invitation = links.Invitation(
            stage=stage,
            line=line,
            name=form.word("name"),
            post=form.word("post"),
            phone=form.word("phone"),
            note=form.word("note"),
            days=form.number("days", default=links.DAYS) if form.word("days") else None,
            namesake=form.word("namesake") == "yes",
        )
        case_id = case_of(session, sent, draft_id).id
        return links.ask(
            session,
            case_id=case_id,
            invitation=invitation,
            actor=sent.actor,
            runtime=runtime,
            at=runtime.clock(),
        )

    made = attempt(request, verb)
    if isinstance(made, AppError):
        return _asking(request, sent.viewer, draft_id, error=made, form=form)
    link, code = made
    return _asking(request, sent.viewer, draft_id, made=link, code=code)


@router.post("/drafts/{draft_id}/links/{link_id}/sending")
def send(request: Request, sent: SentForm, draft_id: UUID, link_id: UUID) -> Response:
    """Make the address of a link that somebody else asked for and show it, this once."""
    namesake = sent.form.word("namesake") == "yes"

    def verb(session: Session) -> tuple[SignLink, str]:
        at = runtime_of(request).clock()
        return dispatching.send(session, link_id=link_id, namesake=namesake, actor=sent.actor, at=at)

    made = attempt(request, verb)
    if isinstance(made, AppError):
        return _asking(request, sent.viewer, draft_id, error=made)
    link, token = made
    return _asking(request, sent.viewer, draft_id, made=link, address=address(request, token))


@router.post("/drafts/{draft_id}/links/{link_id}/revocation")
def revoke(request: Request, sent: SentForm, draft_id: UUID, link_id: UUID) -> Response:
    """Take back a link that was not used."""

    def verb(session: Session) -> None:
        links.revoke(session, link_id=link_id, actor=sent.actor, at=runtime_of(request).clock())

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _asking(request, sent.viewer, draft_id, error=error)
    return see_other(f"/drafts/{draft_id}/links", "link_revoked")


def _asking(
    request: Request,
    viewer: Viewer,
    draft_id: UUID,
    *,
    error: AppError | None = None,
    form: Form | None = None,
    made: SignLink | None = None,
    address: str = "",
    code: str = "",
) -> Response:
    with database_of(request).read() as session:
        draft = drafts.visible(session, draft_id, viewer.actor)
        row = reviews.case_of_draft(session, draft.id)
        if row is None:
            raise Conflict("not_submitted")
        at = runtime_of(request).clock()
        view = reviews.case_view(session, row.id, viewer.actor, at=at)
        channels = drafts.channel_names(session, draft.id)
        sent = _sent(session, view, channels, viewer, at)
    return page(
        request,
        "links.html",
        viewer=viewer,
        section="/drafts",
        error=error,
        draft=draft,
        places=places(view, channels),
        may=may_ask(view, viewer),
        sent=sent,
        made=made,
        address=address,
        code=f"{code[:4]} {code[4:]}" if code else "",
        form=form or Form(),
        most=links.MAX_DAYS,
    )


def _sent(
    session: Session, view: CaseView, channels: Mapping[str, str], viewer: Viewer, at: datetime
) -> tuple[Invited, ...]:
    found = links.listing(session, view.row.id)
    names = identity.names(session, {who for one in found for who in (one.asked_by, one.sent_by) if who})
    may = links.may_ask(view.case.authors, viewer.actor, view.draft.unit_path)
    return tuple(
        Invited(
            one.id,
            one.name,
            one.post,
            channels.get(one.line, one.line)
            + (stage.title if (stage := view.workflow.by_key.get(one.stage)) else one.stage),
            label(links.state_of(one, at)),
            links.state_of(one, at) is LinkState.OPEN,
            _outcome(view, one),
            names.get(one.asked_by, ""),
            one.expires_at,
            one.asked_by == viewer.actor.id,
            names.get(one.sent_by, "") if one.sent_by else "",
            may and one.asked_by != viewer.actor.id,
            one.namesake,
        )
        for one in found
    )


def _outcome(view: CaseView, link: SignLink) -> str:
    stage = view.workflow.by_key.get(link.stage)
    outcomes = stage.outcomes if stage and link.outcome else ()
    return next((outcome.title for outcome in outcomes if outcome.key == link.outcome), "")


# what the holder of a link sees


@router.get("/links/{token}")
def look(request: Request, token: Token) -> Response:
    """Show the text and the form of a link. Changes nothing."""
    return _signing(request, token)


@router.post("/links/{token}/code")
def enter(request: Request, token: Token, form: BareForm) -> Response:
    """Take the code that opens a link, and keep it in this browser while it is open."""
    runtime, code = runtime_of(request), form.word("code")

    def read() -> None:
        with database_of(request).read() as session:
            links.look(session, token, code, runtime=runtime, at=runtime.clock())

    try:
        guarded(request, read, token)
    except AppError as error:
        return _closed(request, token, error)
    answer = see_other(f"/links/{token}")
    answer.set_cookie(
        _cookie(request, token),
        code,
        path="/",
        httponly=True,
        secure=runtime.settings.secure_cookies,
        samesite="strict",
    )
    return answer


def _cookie(request: Request, token: str) -> str:
    prefix = "__Host-" if runtime_of(request).settings.secure_cookies else ""
    return f"{prefix}link-{links.hashed(token)[:16]}"


def _code(request: Request, token: str) -> str:
    """Return the code that was typed for a link in this browser; empty before it was."""
    return request.cookies.get(_cookie(request, token), "")


def _closed(request: Request, token: str, error: AppError) -> Response:
    """Ask for the code of a link, or tell what became of it."""
    if error.code not in {"link_code_needed", "link_code_differs"}:
        return _gone(request, error)
    return page(
        request,
        "link_code.html",
        viewer=None,
        status=200 if error.code == "link_code_needed" else error.status,
        error=error if error.code == "link_code_differs" else None,
        headers=HEADERS,
        here=f"/links/{token}",
    )


@router.post("/links/{token}")
def sign(request: Request, token: Token, form: BareForm) -> Response:
    """Take down the one decision of a link."""
    runtime = runtime_of(request)

    def decide() -> None:
        form.all_within(limits.ANSWER)
        answer = links.Answer(
            form.word("outcome"), form.word("name"), form.word("comment"), form.all("ticked")
        )
        with database_of(request).write() as session:
            links.decide(session, token, _code(request, token), answer, runtime=runtime, at=runtime.clock())

    try:
        guarded(request, decide, token)
    except AppError as error:
        if error.code in {"link_code_needed", "link_code_differs"}:
            return _closed(request, token, error)
        if error.code in GONE or error.status in {404, 429}:
            return _gone(request, error)
        return _signing(request, token, error=error, form=form)
    return see_other(f"/links/{token}")


@router.get("/links/{token}/assets/{sha256}")
def picture(
    request: Request, token: Token, sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
) -> Response:
    """Give a picture of the text that a link shows. Raises `NotFound`, and what became of the link."""

    def read() -> Asset:
        runtime = runtime_of(request)
        with database_of(request).read() as session:
            seen = links.look(session, token, _code(request, token), runtime=runtime, at=runtime.clock())
            blocks = drafts.document_of(seen.loaded.revision).blocks
            shown = {block.sha256 for block in blocks if isinstance(block, Image)}
            asset = session.get(Asset, sha256) if sha256 in shown else None
            if asset is None:
                raise NotFound("not_found")
            return asset

    asset = guarded(request, read, token)
    policy = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
    return Response(asset.content, media_type=asset.media_type, headers={**HEADERS, **policy})


@router.get("/links/{token}/proof")
def proof(request: Request, token: Token) -> Response:
    """Show the proof that a link is bound to, in a frame of its own where nothing runs.

    Its pictures are looked for below the link, for its holder has no session; nothing else is changed.
    """

    def read() -> Proof:
        runtime = runtime_of(request)
        with database_of(request).read() as session:
            seen = links.look(session, token, _code(request, token), runtime=runtime, at=runtime.clock())
            link = seen.link
            return proofs.bound(session, link.case_id, link.line, link.digest)

    found = guarded(request, read, token)
    content = found.content.replace(b"/api/v1/assets/", f"/links/{token}/assets/".encode())
    headers = {**HEADERS, "Content-Security-Policy": CONTENT_POLICY}
    return Response(content, media_type=found.media_type, headers=headers)


def _signing(
    request: Request, token: str, *, error: AppError | None = None, form: Form | None = None
) -> Response:
    def read() -> Response:
        runtime = runtime_of(request)
        with database_of(request).read() as session:
            seen = links.look(session, token, _code(request, token), runtime=runtime, at=runtime.clock())
            unit = session.get(Unit, seen.loaded.draft.unit_id)
            bound = drafts.targets(session, seen.loaded.draft.id)
        on_proof = seen.stage.acts_on is Subject.PROOF
        return page(
            request,
            "link.html",
            viewer=None,
            error=error,
            headers={**HEADERS, "Content-Security-Policy": FRAME_POLICY} if on_proof else HEADERS,
            seen=seen,
            on_proof=on_proof,
            channel=next((one.channel_name for one in bound if one.channel == seen.link.line), ""),
            phone=any(one.channel == seen.link.line and one.kind is ChannelKind.WECHAT for one in bound),
            unit=unit.name if unit else "",
            text=present(drafts.document_of(seen.loaded.revision)),
            here=f"/links/{token}",
            form=form or Form(),
        )

    try:
        return guarded(request, read, token)
    except AppError as gone:
        return _closed(request, token, gone)


def _gone(request: Request, error: AppError) -> Response:
    done = error.code == "link_used" and request.method == "GET"
    return page(
        request,
        "link_gone.html",
        viewer=None,
        status=200 if done else error.status,
        error=None if done else error,
        headers={**HEADERS, **error.headers},
        done=done,
        code=error.code,
    )
