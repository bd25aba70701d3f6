"""What is owed since a line went out by the urgent lane, and what settles it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, literal, or_
from sqlmodel import Session, col, select

from app.domain.owed_reviews import Owed, settled
from app.domain.vocabulary import Event, Level
from app.domain.workflow.case import Spot
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.events.emit import emit
from app.events.payloads.publication import OfDebts
from app.identity.queries import SYSTEM, Actor
from app.infra.db import UtcDateTime
from app.publication.models import ReviewDebt
from app.reviews.cases import as_case, load, runs_of
from app.reviews.models import ReviewCase

#: Where a page of debts ended: when the last one is due, and its id.
Cursor = tuple[datetime, UUID]


def open_places(session: Session, case_id: UUID, channel: str) -> frozenset[Spot]:
    """Return the places of the stages that are owed for this line of a case; empty when none are."""
    query = select(ReviewDebt.stage, ReviewDebt.line).where(is_open(case_id, channel))
    return frozenset((stage, line) for stage, line in session.exec(query).all())


def is_open(case_id: UUID | ColumnElement[UUID], channel: str | ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition of `open_places`, for values or for parameters of a statement."""
    return and_(
        col(ReviewDebt.case_id) == case_id,
        col(ReviewDebt.channel) == channel,
        col(ReviewDebt.settled_at).is_(None),
    )


def of_unit(session: Session, unit_id: UUID) -> tuple[ReviewDebt, ...]:
    """Return the open debts of a unit's own drafts, the one that is due first in front."""
    query = (
        select(ReviewDebt)
        .where(ReviewDebt.unit_id == unit_id, col(ReviewDebt.settled_at).is_(None))
        .order_by(col(ReviewDebt.due_at), col(ReviewDebt.id))
    )
    return tuple(session.exec(query).all())


def of_draft(session: Session, draft_id: UUID) -> tuple[ReviewDebt, ...]:
    """Return every debt of a draft, settled ones too, in the order of their making; perhaps none."""
    query = select(ReviewDebt).where(ReviewDebt.draft_id == draft_id).order_by(col(ReviewDebt.id))
    return tuple(session.exec(query).all())


def in_sight(
    session: Session, actor: Actor, *, after: Cursor | None = None, limit: int = 50
) -> tuple[tuple[tuple[ReviewDebt, Draft], ...], Cursor | None]:
    """Return open debts of drafts that the actor may see, the longest overdue first; and where the next are.

    Those whose stages were passed and only wait for the record are left out. Nothing is changed.
    """
    query = (
        select(ReviewDebt, Draft)
        .join(Draft, col(Draft.id) == col(ReviewDebt.draft_id))
        .where(col(ReviewDebt.settled_at).is_(None), drafts.visible_to(actor))
        .order_by(col(ReviewDebt.due_at), col(ReviewDebt.id))
        .limit(limit + 1)
    )
    if after is not None:
        due, last = literal(after[0], UtcDateTime()), literal(after[1], Uuid())
        query = query.where(
            or_(
                col(ReviewDebt.due_at) > due,
                and_(col(ReviewDebt.due_at) == due, col(ReviewDebt.id) > last),
            )
        )
    found = session.exec(query).all()
    shown = found[:limit]
    left = {row.id for row in undone(session, [row for row, _ in shown])}
    following = (shown[-1][0].due_at, shown[-1][0].id) if len(found) > limit else None
    return tuple((row, draft) for row, draft in shown if row.id in left), following


def undone(session: Session, rows: Iterable[ReviewDebt]) -> tuple[ReviewDebt, ...]:
    """Return those of these debts whose stages are not passed yet, in the order given. Nothing is changed.

    Two statements, however many cases there are.
    """
    kept = [row for row in rows if row.settled_at is None]
    case_ids = {row.case_id for row in kept}
    if not case_ids:
        return ()
    cases = session.exec(select(ReviewCase).where(col(ReviewCase.id).in_(case_ids))).all()
    runs, _ = runs_of(session, case_ids)
    done: set[UUID] = set()
    for stored in cases:
        of_case = [row for row in kept if row.case_id == stored.id]
        passed = {one.spot for one in settled(as_case(stored, runs[stored.id]), map(_owed, of_case))}
        done |= {row.id for row in of_case if (row.stage, row.line) in passed}
    return tuple(row for row in kept if row.id not in done)


def refresh(session: Session, rows: Iterable[ReviewDebt], *, at: datetime) -> tuple[ReviewDebt, ...]:
    """Settle those whose stages were passed, each with its event; return what is owed still."""
    left: list[ReviewDebt] = []
    by_case: dict[UUID, list[ReviewDebt]] = {}
    for row in rows:
        by_case.setdefault(row.case_id, []).append(row)
    for case_id, of_case in sorted(by_case.items()):
        case = load(session, case_id, SYSTEM).case
        done = {one.spot for one in settled(case, map(_owed, of_case))}
        for row in of_case:
            session.refresh(row)
            if row.settled_at is not None:
                continue
            if (row.stage, row.line) not in done:
                left.append(row)
                continue
            row.settled_at = at
            session.add(row)
            payload = OfDebts.of(data_of([row]))
            emit(session, Event.DEBT_SETTLED, payload, about=row.draft_id, actor=SYSTEM.as_audit(), at=at)
    return tuple(left)


def open_of_draft(session: Session, draft_id: UUID) -> bool:
    """Tell whether anything is still owed for a draft."""
    query = select(ReviewDebt.id).where(ReviewDebt.draft_id == draft_id, col(ReviewDebt.settled_at).is_(None))
    return session.exec(query.limit(1)).first() is not None


def answer(session: Session, draft_id: UUID, channel: str, *, remedy: UUID, at: datetime) -> None:
    """Settle what is owed for a line of a draft that was corrected, with reviews of its own, or retracted."""
    query = select(ReviewDebt).where(
        ReviewDebt.draft_id == draft_id,
        ReviewDebt.channel == channel,
        col(ReviewDebt.settled_at).is_(None),
    )
    for row in session.exec(query.order_by(col(ReviewDebt.id))).all():
        row.settled_at = at
        session.add(row)
        payload = OfDebts.of({**data_of([row]), "remedy": remedy})
        emit(session, Event.DEBT_SETTLED, payload, about=draft_id, actor=SYSTEM.as_audit(), at=at)


def call_overdue(session: Session, row: ReviewDebt, *, at: datetime) -> None:
    """Put on record, and tell, that a debt has run out; once."""
    row.overdue_told_at = at
    session.add(row)
    payload = OfDebts.of(data_of([row]))
    emit(session, Event.DEBT_OVERDUE, payload, about=row.draft_id, actor=SYSTEM.as_audit(), at=at)


def overdue(session: Session, rows: Iterable[ReviewDebt], *, at: datetime) -> tuple[str, ...]:
    """Return the numbers of the drafts whose debts among these have run out, in order; perhaps none."""
    ids = {row.draft_id for row in rows if row.due_at < at}
    numbers = session.exec(select(Draft.number).where(col(Draft.id).in_(ids))).all() if ids else ()
    return tuple(sorted(numbers))


def data_of(rows: Sequence[ReviewDebt]) -> dict[str, object]:
    """Return debts of one line as the record names them."""
    return {
        "draft": rows[0].draft_id,
        "case": rows[0].case_id,
        "release": rows[0].release_id,
        "channel": rows[0].channel,
        "due_at": rows[0].due_at,
        "debts": [{"stage": row.stage, "line": row.line, "levels": row.levels} for row in rows],
    }


def _owed(row: ReviewDebt) -> Owed:
    return Owed(row.stage, row.line, row.title, tuple(Level(level) for level in row.levels))
