"""The API of links by which people outside sign: made by reviewers, used by whoever holds one."""

from collections.abc import Callable
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import FastAPI, Header, Path, Request
from sqlmodel import Session

from app.domain.guests import LinkState
from app.drafts import queries as drafts
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession, database_of
from app.infra.errors import Forbidden, NotFound
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.reviews.cases import load
from app.reviews.guest_links import dispatching
from app.reviews.guest_links import service as links
from app.reviews.guest_links.guesses import Guesses
from app.reviews.guest_links.schemas import (
    AnsweredOut,
    AnswerIn,
    InvitationIn,
    LinkMade,
    LinkOut,
    LinkSent,
    SeenOut,
    SendingIn,
)
from app.reviews.models import SignLink
from app.reviews.schemas import OutcomeOut

router = ApiRouter(tags=["outside signing"])

Token = Annotated[str, Path(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
#: The code of a link, as who invited said it to its holder.
Code = Annotated[str, Header(alias="Signing-Code", max_length=40)]
Result = TypeVar("Result")


@router.post(
    "/cases/{case_id}/links", status_code=201, responses={201: made("list_links", case_id="path.case_id")}
)
def create_link(
    case_id: UUID, body: InvitationIn, request: Request, session: WriteSession, actor: CurrentActor
) -> LinkMade:
    """Ask somebody outside. The answer has the code that the asker says to them, and no address.

    Another reviewer sends the address (`/links/{link_id}/sending`); neither can sign alone.
    """
    runtime = runtime_of(request)
    at = runtime.clock()
    invitation = links.Invitation(
        body.stage, body.line or "", body.name, body.post, body.phone, body.note, body.days, body.namesake
    )
    link, code = links.ask(
        session, case_id=case_id, invitation=invitation, actor=actor, runtime=runtime, at=at
    )
    return LinkMade(**_shown(link, request).model_dump(), code=code)


@router.post("/links/{link_id}/sending")
def send_link(
    link_id: UUID, body: SendingIn, request: Request, session: WriteSession, actor: CurrentActor
) -> LinkSent:
    """Make the address of a link that somebody else asked for; it is in this answer and nowhere else."""
    at = runtime_of(request).clock()
    link, token = dispatching.send(session, link_id=link_id, namesake=body.namesake, actor=actor, at=at)
    return LinkSent(**_shown(link, request).model_dump(), address=address(request, token))


@router.get("/cases/{case_id}/links")
def list_links(case_id: UUID, request: Request, session: ReadSession, actor: CurrentActor) -> list[LinkOut]:
    """List the links of a case, the newest first."""
    load(session, case_id, actor, lock=False)
    return [_shown(link, request) for link in links.listing(session, case_id)]


@router.post("/links/{link_id}/revocation")
def revoke_link(link_id: UUID, request: Request, session: WriteSession, actor: CurrentActor) -> LinkOut:
    """Take back a link that was not used; only who asked may."""
    link = links.revoke(session, link_id=link_id, actor=actor, at=runtime_of(request).clock())
    return _shown(link, request)


@router.get("/signing/{token}")
def show_signing(token: Token, request: Request, code: Code = "") -> SeenOut:
    """Show what the holder of a link is to decide on, who says its code. Changes nothing."""

    def read(session: Session) -> SeenOut:
        runtime = runtime_of(request)
        seen = links.look(session, token, code, runtime=runtime, at=runtime.clock())
        return SeenOut(
            title=seen.loaded.draft.title,
            subject=seen.stage.acts_on,
            stage_title=seen.stage.title,
            duty=seen.stage.duty,
            post=seen.link.post,
            asked_by=seen.asker,
            note=seen.link.note,
            digest=seen.link.digest,
            expires_at=seen.link.expires_at,
            document=drafts.document_of(seen.loaded.revision).model_dump(mode="json"),
            outcomes=[
                OutcomeOut(
                    key=outcome.key,
                    title=outcome.title,
                    verb=outcome.verb,
                    comment_required=outcome.comment,
                    reasons=list(outcome.reasons),
                    reason_required=outcome.one_of_reasons,
                    basis_required=outcome.basis,
                )
                for outcome in seen.outcomes
            ],
            checklist=list(seen.stage.checklist),
        )

    def reading() -> SeenOut:
        with database_of(request).read() as session:
            return read(session)

    return guarded(request, reading, token)


@router.post("/signing/{token}")
def sign_by_link(token: Token, body: AnswerIn, request: Request) -> AnsweredOut:
    """Decide by a link, once."""
    runtime = runtime_of(request)

    def writing() -> AnsweredOut:
        at = runtime.clock()
        answer = links.Answer(body.outcome, body.name, body.comment, tuple(body.checklist))
        with database_of(request).write() as session:
            links.decide(session, token, body.code, answer, runtime=runtime, at=at)
        return AnsweredOut(state=LinkState.USED, outcome=body.outcome, decided_at=at)

    return guarded(request, writing, token)


def guarded(request: Request, act: Callable[[], Result], token: str) -> Result:
    """Do something with a token for an address that has not guessed too often, nor at its code.

    Raises `TooMany`.
    """
    guesses: Guesses = request.app.state.guesses
    at, where = runtime_of(request).clock(), request.client.host if request.client else ""
    codes = f"code of {links.hashed(token)}"
    guesses.admit(where, at)
    guesses.admit(codes, at)
    try:
        return act()
    except Forbidden as error:
        if error.code == "link_code_differs":
            guesses.missed(codes, at)
        raise
    except NotFound:
        guesses.missed(where, at)
        raise


def address(request: Request, token: str) -> str:
    """Return the address that is sent to the invited person."""
    return f"{runtime_of(request).settings.public_url.rstrip('/')}/links/{token}"


def _shown(link: SignLink, request: Request) -> LinkOut:
    state = links.state_of(link, runtime_of(request).clock())
    return LinkOut(**{**link.model_dump(include=set(LinkOut.model_fields)), "state": state})


def install(app: FastAPI) -> None:
    """Add these routes, and the memory of wrong tokens."""
    app.state.guesses = Guesses()
    app.include_router(router)
