"""The unit's board (看板): every open case that somebody may see, by stage, what is late first."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, case, false, func, literal, literal_column, or_
from sqlmodel import Session, col, select

from app.domain.deadlines import is_late
from app.domain.vocabulary import CaseState, StageState
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import permissions
from app.identity import queries as identity
from app.identity.absences import service as absences
from app.identity.models import Unit
from app.identity.queries import Actor
from app.infra.db import UtcDateTime
from app.infra.http import cursors
from app.reviews import workflows
from app.reviews.models import ReviewCase, StageRun

#: What has no deadline, or none that runs now, comes behind everything that has one.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
#: Cases that have not ended. Written out and in this order: it is the condition of a partial index.
GOING_ON = col(ReviewCase.state).not_in(
    [literal_column(f"'{one}'") for one in (CaseState.RECALLED, CaseState.DECLINED, CaseState.CLEARED)]
)
#: Where a page of the board ended: deadline, since when, and the id of the run or case.
Cursor = tuple[datetime, datetime, UUID]
_OPEN: ColumnElement[str] = literal_column(f"'{StageState.OPEN}'")
Claimed = Literal["nobody", "somebody", "me"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the board is asked for; what is not given does not filter. `unit_id` takes in units below."""

    unit_id: UUID | None = None
    stage: str = ""
    state: CaseState | None = None
    claimed: Claimed | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """An open stage of a case; or a case without one, which is with its author, blocked, or at the layout."""

    case_id: UUID
    draft: Draft
    state: CaseState
    stage: str
    stage_title: str
    line: str
    round: int
    since: datetime
    due_at: datetime | None
    overdue: bool
    claimed_by: UUID | None
    claimed_by_name: str
    claimed_by_absent: bool
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Claimers:
    """Those who have claimed what is on a page: their names, and who of them is away."""

    names: dict[UUID, str]
    away: frozenset[UUID]


def cards(
    session: Session,
    actor: Actor,
    at: datetime,
    *,
    wanted: Wanted | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> tuple[tuple[Card, ...], Cursor | None]:
    """Return a page of the board, what is late first, then by deadline and waiting; and where the next is.

    Only drafts that the actor may see, as everywhere. Two statements, four where stages are claimed.
    Raises `Forbidden` for who reviews, proofreads and publishes nowhere.
    """
    permissions.require_board(actor)
    wanted = wanted or Wanted()
    never = literal(NEVER, UtcDateTime())
    due = case((col(ReviewCase.state) == CaseState.HELD, never), else_=func.coalesce(StageRun.due_at, never))
    since = func.coalesce(StageRun.opened_at, ReviewCase.updated_at)
    place = func.coalesce(StageRun.id, ReviewCase.id)
    query = (
        select(ReviewCase, Draft, StageRun)
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .outerjoin(
            StageRun,
            and_(col(StageRun.case_id) == col(ReviewCase.id), col(StageRun.state) == _OPEN),
        )
        .where(
            GOING_ON,
            drafts.visible_to(actor),
            *_filters(session, wanted, actor, at),
        )
        .order_by(due, since, place)
        .limit(limit + 1)
    )
    if after is not None:
        late, opened, last = (
            literal(after[0], UtcDateTime()),
            literal(after[1], UtcDateTime()),
            literal(after[2], Uuid()),
        )
        query = query.where(
            or_(due > late, and_(due == late, or_(since > opened, and_(since == opened, place > last))))
        )
    rows = session.exec(query).all()
    shown = rows[:limit]
    claimers = {run.claimed_by for _, _, run in shown if run and run.claimed_by}
    people = Claimers(identity.names(session, claimers), absences.away(session, claimers, at))
    found = tuple(_card(session, row, draft, run, people, at) for row, draft, run in shown)
    return found, found[-1].cursor if len(rows) > limit else None


def stages(session: Session) -> dict[str, str]:
    """Return the stages of the versions that open cases walk, by key with their titles."""
    digests = session.scalars(select(ReviewCase.workflow_digest).where(GOING_ON).distinct()).all()
    found: dict[str, str] = {}
    for digest in digests:
        for stage in workflows.version(session, digest).ordered:
            if stage.by_people:
                found.setdefault(stage.key, stage.title)
    return found


def read_cursor(cursor: str | None) -> Cursor | None:
    """Return what a cursor says; `None` for none. Raises `Invalid` for one that we never gave."""
    if cursor is None:
        return None
    return cast("Cursor", cursors.read(cursor, datetime, datetime, UUID))


def written(cursor: Cursor | None) -> str | None:
    """Return a cursor in words; `None` for none."""
    return None if cursor is None else cursors.written(*cursor)


def _filters(session: Session, wanted: Wanted, actor: Actor, at: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.unit_id is not None:
        unit = session.get(Unit, wanted.unit_id)
        below = select(Unit.id).where(col(Unit.path).startswith(unit.path)) if unit else None
        found.append(false() if below is None else col(Draft.unit_id).in_(below))
    if wanted.stage:
        found.append(col(StageRun.stage) == wanted.stage)
    if wanted.state is not None:
        found.append(col(ReviewCase.state) == wanted.state)
    if wanted.claimed == "nobody":
        found += [col(StageRun.id).is_not(None), col(StageRun.claimed_by).is_(None)]
    elif wanted.claimed == "somebody":
        found.append(col(StageRun.claimed_by).is_not(None))
    elif wanted.claimed == "me":
        found.append(col(StageRun.claimed_by) == actor.id)
    if wanted.overdue:
        found += [col(StageRun.due_at) < at, col(ReviewCase.state) != CaseState.HELD]
    return found


def _card(
    session: Session,
    row: ReviewCase,
    draft: Draft,
    run: StageRun | None,
    people: Claimers,
    at: datetime,
) -> Card:
    state, held = CaseState(row.state), row.state == CaseState.HELD
    due_at = run.due_at if run else None
    since = (run.opened_at if run else None) or row.updated_at
    title = ""
    if run is not None:
        stage = workflows.version(session, row.workflow_digest).by_key.get(run.stage)
        title = stage.title if stage else "加签"
    claimed = run.claimed_by if run else None
    place = run.id if run else row.id
    return Card(
        row.id,
        draft,
        state,
        run.stage if run else "",
        title,
        run.line if run else "",
        run.round if run else 0,
        since,
        due_at,
        is_late(due_at, at, held=held),
        claimed,
        people.names.get(claimed, "") if claimed else "",
        claimed in people.away,
        (NEVER if held or due_at is None else due_at, since, place),
    )
