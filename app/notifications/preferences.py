"""When notices go out by mail: what each kind does by itself, and what a person has chosen."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.deadlines import BEIJING
from app.domain.vocabulary import MailMode, NoticeKind
from app.notifications.models import NoticePreference

#: When the one mail of the day goes out, in Beijing: before people begin to work.
DAILY_AT = time(8, 30)

_USUAL: Mapping[NoticeKind, MailMode] = {
    NoticeKind.HELD: MailMode.NEVER,
    NoticeKind.COPIED: MailMode.DAILY,
    NoticeKind.CLEARED: MailMode.DAILY,
    NoticeKind.SCHEDULED: MailMode.DAILY,
    NoticeKind.PUBLISHED: MailMode.DAILY,
    NoticeKind.WAIVER_DECIDED: MailMode.DAILY,
    NoticeKind.COMMENTED: MailMode.DAILY,
    NoticeKind.SUGGESTION_ANSWERED: MailMode.DAILY,
}


def usual(kind: NoticeKind) -> MailMode:
    """Return what a kind does for whoever has not chosen: what waits for somebody is mailed at once."""
    return _USUAL.get(kind, MailMode.AT_ONCE)


def chosen(session: Session, user_ids: Collection[UUID]) -> dict[tuple[UUID, NoticeKind], MailMode]:
    """Return what these people have chosen, by person and kind; kinds left alone are left out."""
    query = select(NoticePreference).where(col(NoticePreference.user_id).in_(list(user_ids)))
    return {(row.user_id, NoticeKind(row.kind)): MailMode(row.mail) for row in session.exec(query).all()}


def next_daily(at: datetime) -> datetime:
    """Return when the next mail of the day goes out, in UTC; later than `at`."""
    local = at.astimezone(BEIJING)
    today = datetime.combine(local.date(), DAILY_AT, BEIJING)
    return (today if local < today else today + timedelta(days=1)).astimezone(UTC)
