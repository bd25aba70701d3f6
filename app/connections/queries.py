"""Reading what this service publishes itself, and what it is still to publish or take down."""

from uuid import UUID

from sqlmodel import Session, col, select

from app.channels.connections import KEY
from app.channels.models import Channel
from app.connections.adapters.base import File
from app.connections.models import ChannelPush
from app.domain.vocabulary import OrderKind, OrderState, PushState, ReleaseState
from app.drafts import queries as drafts
from app.drafts.models import Draft, DraftTarget
from app.identity.actors import Actor
from app.infra.errors import NotFound
from app.publication.models import Publication, Release
from app.publication.orders import queries as orders
from app.publication.orders.models import ChannelOrder
from app.publication.packages.queries import Package

#: So many are taken up at a time.
AT_ONCE = 200


def not_taken_up(session: Session) -> list[tuple[UUID, UUID]]:
    """Return signed releases on connected channels that have no push, with the channel, the oldest first."""
    query = (
        select(Release.id, Channel)
        .join(DraftTarget, col(DraftTarget.draft_id) == col(Release.draft_id))
        .join(
            Channel, (col(Channel.id) == col(DraftTarget.channel_id)) & (col(Channel.code) == Release.channel)
        )
        .outerjoin(ChannelPush, col(ChannelPush.release_id) == col(Release.id))
        .where(Release.state == ReleaseState.SIGNED, col(ChannelPush.id).is_(None))
        .order_by(col(Release.id))
    )
    rows = session.exec(query).all()
    return [(release_id, channel.id) for release_id, channel in rows if KEY in channel.config][:AT_ONCE]


def to_take_down(session: Session) -> list[tuple[UUID, UUID]]:
    """Return open orders to take down what was published here, each with its push, the most urgent first."""
    query = (
        select(ChannelOrder.id, ChannelPush.id)
        .join(Publication, col(Publication.id) == col(ChannelOrder.publication_id))
        .join(ChannelPush, col(ChannelPush.release_id) == col(Publication.release_id))
        .where(
            ChannelOrder.state == OrderState.WAITING,
            col(ChannelOrder.kind) != OrderKind.CORRECT,
            ChannelPush.state == PushState.PUBLISHED,
        )
        .order_by(col(ChannelOrder.due_at))
    )
    return [(order, push) for order, push in session.exec(query.limit(AT_ONCE)).all()]


def of_release(session: Session, release_id: UUID) -> ChannelPush | None:
    """Return the push of a release, if there is one."""
    return session.exec(select(ChannelPush).where(ChannelPush.release_id == release_id)).one_or_none()


def corrected(session: Session, release: Release) -> Publication | None:
    """Return what a release takes the place of on its channel; `None` for what corrects nothing there."""
    mine = [order for order in orders.of_remedy(session, release.draft_id) if order.release_id == release.id]
    found = next((order for order in mine if order.kind == OrderKind.CORRECT), None)
    return None if found is None else session.get_one(Publication, found.publication_id)


def files(package: Package) -> tuple[File, ...]:
    """Return the files of a package as adapters know them."""
    return tuple(
        File(file.sha256, file.kind, file.filename, file.media_type, file.size) for file in package.files
    )


def visible_push(session: Session, push_id: UUID, actor: Actor) -> tuple[ChannelPush, Draft]:
    """Return a push of a draft that the actor may see, with that draft. Raises `NotFound`."""
    push = session.get(ChannelPush, push_id)
    if push is None:
        raise NotFound("not_found")
    return push, drafts.visible(session, push.draft_id, actor)


def pushes(
    session: Session,
    actor: Actor,
    *,
    state: PushState | None = None,
    draft_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[tuple[ChannelPush, Draft, str]]:
    """Return up to `limit` pushes of drafts that one may see, the newest first, with channels' names."""
    query = (
        select(ChannelPush, Draft, Channel.name)
        .join(Draft, col(Draft.id) == col(ChannelPush.draft_id))
        .join(Channel, col(Channel.id) == col(ChannelPush.channel_id))
        .where(drafts.visible_to(actor))
        .order_by(col(ChannelPush.id).desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(ChannelPush.state == state)
    if draft_id is not None:
        query = query.where(ChannelPush.draft_id == draft_id)
    if before is not None:
        query = query.where(col(ChannelPush.id) < before)
    return [(push, draft, name) for push, draft, name in session.exec(query).all()]
