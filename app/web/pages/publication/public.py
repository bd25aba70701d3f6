"""The public part of the proof of a publication: where the code on a sheet (审签单) leads, for anybody."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.domain.vocabulary import OrderKind
from app.drafts import queries as drafts
from app.infra.db import ReadSession
from app.infra.runtime import runtime_of
from app.publication import queries
from app.publication.orders import queries as orders
from app.web.shell.render import page

router = APIRouter()


@router.get("/published/{publication_id}")
def published(request: Request, session: ReadSession, publication_id: UUID) -> Response:
    """Show what was published, when and with which digest; of what was retracted no title and no address.

    Raises `NotFound` for what was never published.
    """
    done = queries.publication(session, publication_id)
    standing = orders.of_publications(session, [done.id]).get(done.id, ())
    kinds = {OrderKind(order.kind) for order in standing}
    names = drafts.channel_names(session, done.draft_id)
    return page(
        request,
        "published.html",
        viewer=None,
        done=done,
        number=drafts.number_of(session, done.draft_id),
        title="" if OrderKind.RETRACT in kinds else queries.title_of(session, done),
        channel=names.get(done.channel, done.channel),
        kinds=[kind for kind in OrderKind if kind in kinds],
        key=runtime_of(request).signer.key_id,
    )
