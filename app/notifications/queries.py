"""Reading notices: a person's own, and of drafts only those that they may still see."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_
from sqlmodel import Session, col, select

from app.domain.vocabulary import MailMode, NoticeKind, Role
from app.drafts.models import Draft
from app.drafts.queries import visible_to
from app.identity.models import RoleGrant, User
from app.identity.queries import Actor
from app.notifications import preferences as modes
from app.notifications.models import MailState, Notice, NoticeRobot
from app.notifications.sentences import About, sentence
from app.reviews.case_book import CaseBook
from app.reviews.models import ReviewCase

#: More notices than these make a second letter.
MOST_IN_LETTER = 200
#: A flag of a draft whose title does not leave the house.
CONFIDENTIAL = "confidential"


@dataclass(frozen=True, slots=True)
class Told:
    """A notice and its draft, `None` for what concerns no draft."""

    notice: Notice
    draft: Draft | None

    @property
    def kind(self) -> NoticeKind:
        """Its kind."""
        return NoticeKind(self.notice.kind)

    @property
    def text(self) -> str:
        """The notice in words, for a reader who may see the draft."""
        return sentence(self.kind, self.notice.data, self.about)

    @property
    def about(self) -> About | None:
        """The draft by number and title."""
        return About(self.draft.number, self.draft.title) if self.draft is not None else None

    @property
    def path(self) -> str:
        """The page where one can do something about it."""
        if self.draft is None:
            return "/notices"
        if self.kind is NoticeKind.WAIVER_ASKED:
            return f"/drafts/{self.draft.id}#findings"
        return f"/drafts/{self.draft.id}"


def unread(session: Session, actor: Actor) -> int:
    """Return how many notices somebody has not read, of those that they may see. One statement."""
    query = (
        select(func.count())
        .select_from(Notice)
        .outerjoin(Draft, col(Draft.id) == col(Notice.draft_id))
        .where(Notice.user_id == actor.id, col(Notice.read_at).is_(None), _shown(actor))
    )
    return session.exec(query).one()


def listing(
    session: Session,
    actor: Actor,
    *,
    only_unread: bool = False,
    before: UUID | None = None,
    limit: int = 50,
) -> tuple[Told, ...]:
    """Return somebody's notices, the newest first, older than the one with id `before`; perhaps none."""
    query = (
        select(Notice, Draft)
        .outerjoin(Draft, col(Draft.id) == col(Notice.draft_id))
        .where(Notice.user_id == actor.id, _shown(actor))
        .order_by(col(Notice.id).desc())
        .limit(limit)
    )
    if only_unread:
        query = query.where(col(Notice.read_at).is_(None))
    if before is not None:
        query = query.where(col(Notice.id) < before)
    return tuple(Told(notice, draft) for notice, draft in session.exec(query).all())


def to_mail(
    session: Session, actor: Actor, *, state: MailState, limit: int = MOST_IN_LETTER
) -> tuple[Told, ...]:
    """Return the notices that wait for a mail to this person, the oldest first; read ones need none."""
    query = (
        select(Notice, Draft)
        .outerjoin(Draft, col(Draft.id) == col(Notice.draft_id))
        .where(
            Notice.user_id == actor.id,
            Notice.mail == state,
            col(Notice.read_at).is_(None),
            _shown(actor),
        )
        .order_by(col(Notice.id))
        .limit(limit)
    )
    return tuple(Told(notice, draft) for notice, draft in session.exec(query).all())


def confidential(session: Session, draft_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return which of these drafts are marked so that their titles do not leave the house."""
    rows = session.exec(
        select(ReviewCase.draft_id, ReviewCase.book).where(col(ReviewCase.draft_id).in_(list(draft_ids)))
    ).all()
    return frozenset(draft_id for draft_id, book in rows if CONFIDENTIAL in CaseBook.read(book).flags)


def preferences(session: Session, user_id: UUID) -> dict[NoticeKind, MailMode]:
    """Return when each kind goes to somebody by mail: as they chose, else as usual."""
    wishes = modes.chosen(session, [user_id])
    return {
        kind: wishes.get((user_id, kind), modes.usual(kind))
        for kind in NoticeKind
        if kind is not NoticeKind.ACCOUNT
    }


def robots(session: Session, actor: Actor) -> tuple[NoticeRobot, ...]:
    """Return the robots of the units that the actor administers, oldest first; perhaps none."""
    path = col(NoticeRobot.unit_path)
    reach = [path.startswith(grant.unit_path) for grant in actor.grants if grant.role is Role.SYSTEM_ADMIN]
    if actor.via == "system":
        reach = [path.startswith("/")]
    query = select(NoticeRobot).where(or_(*reach) if reach else false()).order_by(col(NoticeRobot.id))
    return tuple(session.exec(query).all())


def administrators(session: Session) -> tuple[User, ...]:
    """Return every active system administrator, by login."""
    holding = select(RoleGrant.user_id).where(
        RoleGrant.role == Role.SYSTEM_ADMIN, col(RoleGrant.revoked_at).is_(None)
    )
    query = select(User).where(col(User.id).in_(holding), col(User.active).is_(True)).order_by(User.login)
    return tuple(session.exec(query).all())


def _shown(actor: Actor) -> ColumnElement[bool]:
    return or_(col(Notice.draft_id).is_(None), visible_to(actor))
