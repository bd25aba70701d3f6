"""Work that only people who are away could do: found for the chain to hear of it, and shown on the board."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, literal_column
from sqlmodel import Session, col, select

from app.domain.vocabulary import CaseState, Role, StageState
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import permissions
from app.identity import queries as identity
from app.identity.absences import service as absences
from app.identity.queries import SYSTEM, Actor
from app.reviews import eligibility, workflows
from app.reviews.cases import load
from app.reviews.models import ReviewCase, StageRun

#: Open stages looked at for one list; those that are due first.
WINDOW = 400
_OPEN: ColumnElement[str] = literal_column(f"'{StageState.OPEN}'")


@dataclass(frozen=True, slots=True)
class Place:
    """An open stage; whoever is back by `until` can still act in time."""

    run_id: UUID
    case_id: UUID
    workflow: str
    stage: str
    line: str
    unit_path: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stuck:
    """An open stage at which everybody who may act is away; `names` are theirs, none where nobody may act.

    `waits_for`: whom the stage asks for, in words; empty where there are names.
    """

    draft: Draft
    case_id: UUID
    stage: str
    stage_title: str
    line: str
    due_at: datetime | None
    names: tuple[str, ...]
    waits_for: str = ""


def only_away(session: Session, places: Iterable[Place], at: datetime) -> dict[UUID, frozenset[UUID]]:
    """Return who is awaited at those of these stages where everybody who may act is away, by run.

    One or two statements while nobody is away; else a few for each stage that somebody who is away might
    hold.
    """
    out = absences.away(session, None, at)
    if not out:
        return {}
    holders: dict[tuple[Role, str], frozenset[UUID]] = {}
    found = {}
    for place in places:
        if not _concerned(session, place, out, holders):
            continue
        loaded = load(session, place.case_id, SYSTEM, lock=False)
        stage = loaded.workflow.by_key[place.stage]
        away = eligibility.only_away(session, loaded, stage, place.line, at=at, until=place.until)
        if away:
            found[place.run_id] = away
    return found


def stuck(session: Session, actor: Actor, at: datetime) -> tuple[Stuck, ...]:
    """Return the open stages in the actor's sight at which only people who are away could act, due first.

    Raises `Forbidden` for who reviews, proofreads and publishes nowhere, as the board does.
    """
    permissions.require_board(actor)
    query = (
        select(StageRun, ReviewCase, Draft)
        .join(ReviewCase, col(ReviewCase.id) == col(StageRun.case_id))
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .where(
            col(StageRun.state) == _OPEN,
            ReviewCase.state == CaseState.RUNNING,
            drafts.visible_to(actor),
        )
        .order_by(col(StageRun.due_at), col(StageRun.id))
        .limit(WINDOW)
    )
    rows = session.exec(query).all() if absences.away(session, None, at) else ()
    places = (
        Place(run.id, row.id, row.workflow_digest, run.stage, run.line, draft.unit_path)
        for run, row, draft in rows
    )
    away = only_away(session, places, at)
    names = identity.names(session, {person for people in away.values() for person in people})
    found = []
    for run, row, draft in rows:
        if run.id in away:
            stage = workflows.version(session, row.workflow_digest).by_key.get(run.stage)
            title = stage.title if stage else "加签"
            people = tuple(sorted(names.get(one, "") for one in away[run.id]))
            found.append(Stuck(draft, row.id, run.stage, title, run.line, run.due_at, people))
    return tuple(found)


def _concerned(
    session: Session, place: Place, out: frozenset[UUID], holders: dict[tuple[Role, str], frozenset[UUID]]
) -> bool:
    """Say whether somebody who is away might be awaited at a stage; true where its roles alone do not say."""
    stage = workflows.version(session, place.workflow).by_key.get(place.stage)
    if stage is None or any(who.role is None for who in stage.who):
        return True
    for who in stage.who:
        assert who.role is not None
        key = who.role, place.unit_path
        if key not in holders:
            people = identity.holders(session, who.role, unit_path=place.unit_path)
            holders[key] = frozenset(user.id for user in people)
        if holders[key] & out:
            return True
    return False
