import base64
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import Response

from app.domain.vocabulary import ReleaseState, Role
from app.drafts import queries as drafts
from app.identity.access import CurrentActor
from app.identity.queries import Actor
from app.infra.db import ReadSession, WriteSession
from app.infra.http import idempotency
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.infra.signing import ALGORITHM
from app.publication import queries, service, tickets
from app.publication.end_times import router as ends_router
from app.publication.issues import router as issues_router
from app.publication.models import Release
from app.publication.orders import router as orders_router
from app.publication.packages import router as packages_router
from app.publication.remedies import router as remedies_router
from app.publication.schedule import router as timing_router
from app.publication.schemas import (
    PublicationOut,
    PublicationsOut,
    ReleaseOut,
    SignedOut,
    SignIn,
    SigningKeyOut,
    SigningKeysOut,
)
from app.publication.urgent import router as urgent_router

router = ApiRouter(tags=["publication"])


def _release(release: Release, actor: Actor, unit_path: str) -> ReleaseOut:
    # The ticket lets its bearer publish: only those who sign for the channel get to see it, while it is
    # unused.
    shown = release.state == ReleaseState.SIGNED and actor.has(
        Role.PUBLISHER, unit_path=unit_path, channel=release.channel
    )
    ticket = tickets.stored(release.ticket) if shown else None
    return ReleaseOut(**release.model_dump(exclude={"ticket", "nonce"}), ticket=ticket)


@router.post(
    "/cases/{case_id}/releases",
    status_code=201,
    response_model=SignedOut,
    responses={201: made("list_publications", draft_id="release.draft_id")},
)
def sign_release(
    request: Request,
    actor: CurrentActor,
    session: WriteSession,
    case_id: UUID,
    wish: SignIn,
    key: idempotency.Key = None,
) -> Response:
    """Sign a line off (签发): everything is checked again, and the answer holds the ticket.

    With `release_at` there is no ticket yet: the line goes out then, if nothing stands in the way.
    """
    runtime = runtime_of(request)
    at = runtime.clock()

    def act() -> SignedOut:
        if wish.release_at is not None:
            return timing_router.sign_later(session, case_id, wish, actor=actor, runtime=runtime, at=at)
        release = service.sign(session, case_id, wish.command(), actor=actor, runtime=runtime, at=at)
        if release is None:
            return SignedOut(release=None)
        draft = drafts.visible(session, release.draft_id, actor)
        return SignedOut(release=_release(release, actor, draft.unit_path))

    asked: Any = {"post": f"cases/{case_id}/releases", "body": wish.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.post(
    "/releases/{release_id}/tickets",
    status_code=201,
    responses={201: made("list_publications", draft_id="draft_id")},
)
def renew_ticket(
    request: Request, actor: CurrentActor, session: WriteSession, release_id: UUID
) -> ReleaseOut:
    """Give an unused release a fresh ticket, when the old one has run out or was lost.

    The old one is void.
    """
    runtime = runtime_of(request)
    queries.visible_release(session, release_id, actor)
    release = service.renew(session, release_id, actor=actor, runtime=runtime, at=runtime.clock())
    draft = drafts.visible(session, release.draft_id, actor)
    return _release(release, actor, draft.unit_path)


@router.get("/signing-keys")
def list_signing_keys(request: Request) -> SigningKeysOut:
    """List the public keys that tickets, clearances and evidence are verified with. For everybody."""
    signer = runtime_of(request).signer
    return SigningKeysOut(
        keys=[
            SigningKeyOut(
                key_id=signer.key_id,
                algorithm=ALGORITHM,
                public_key=signer.public_key,
                x=base64.urlsafe_b64encode(signer.public_bytes).rstrip(b"=").decode(),
                kid=signer.key_id,
            )
        ]
    )


@router.get("/drafts/{draft_id}/publications")
def list_publications(actor: CurrentActor, session: ReadSession, draft_id: UUID) -> PublicationsOut:
    """List where a draft was released and published, and what waits for its time."""
    draft = drafts.visible(session, draft_id, actor)
    return PublicationsOut(
        releases=[
            _release(release, actor, draft.unit_path) for release in queries.releases_of(session, draft_id)
        ],
        scheduled=[timing_router.shown(row) for row in queries.scheduled_of(session, draft_id)],
        publications=[
            PublicationOut.model_validate(publication, from_attributes=True)
            for publication in queries.publications_of(session, draft_id)
        ],
    )


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
    app.include_router(urgent_router.router)
    app.include_router(timing_router.router)
    app.include_router(packages_router.router)
    app.include_router(remedies_router.router)
    app.include_router(issues_router.router)
    app.include_router(orders_router.router)
    app.include_router(ends_router.router)
