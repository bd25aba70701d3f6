"""The unit's board, what the viewer has decided, and what was copied to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import CaseState, DraftState, Verdict
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import permissions
from app.identity import queries as identity
from app.identity.models import Unit
from app.identity.queries import Actor
from app.infra.db import ReadSession
from app.infra.http.cursors import written
from app.infra.runtime import runtime_of
from app.reviews import queries as reviews
from app.reviews import workflows
from app.reviews.board import queries as board
from app.reviews.board.queries import Card, Claimed, Wanted
from app.reviews.case_book import CaseBook
from app.reviews.cursors import read_copies
from app.reviews.deadlines import stranded, unattended
from app.reviews.models import Decision, ReviewCase
from app.web.pages.draft.panels.scheduled import waiting_rows
from app.web.pages.draft.panels.tracks import TONES
from app.web.shell.render import page
from app.web.shell.viewer import Reader
from app.words.labels import label

router = APIRouter()

PAGE = 40
#: Cards read in one statement where all of them are wanted.
_AT_ONCE = 500
#: What stands for the title of a draft that the viewer decided on and may not know any more.
OUT_OF_SIGHT = "稿件已不在您的知悉范围"
#: Stages are told in a select box; a board's filter for who has claimed a stage in words.
CLAIMED = (("nobody", "没人认领"), ("somebody", "已有人认领"), ("me", "我认领的"))
#: States that a case on the board can be in.
_GOING_ON = (CaseState.RUNNING, CaseState.HELD, CaseState.RETURNED, CaseState.BLOCKED)


@dataclass(frozen=True, slots=True)
class Row:
    """An open case on the board."""

    draft_id: UUID
    title: str
    number: str
    unit: str
    stage: str
    where: str
    state: str
    tone: str
    since: datetime
    due_at: datetime | None
    overdue: bool
    claimed_by: str


@dataclass(frozen=True, slots=True)
class Done:
    """A decision that the viewer made; of a draft that they may not see any more it tells nothing."""

    address: str
    title: str
    number: str
    stage: str
    verdict: str
    tone: str
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Copied:
    """A draft of which the viewer was sent a copy."""

    draft_id: UUID
    title: str
    number: str
    state: str
    tone: str
    by: str
    at: datetime


@router.get("/board")
def show(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    unit: str = "",
    stage: Annotated[str, Query(max_length=40)] = "",
    state: str = "",
    claimed: str = "",
    overdue: bool = False,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show the open cases that the viewer may see, what is late first; the filters stand in the address."""
    units = units_of(session, viewer.actor)
    wanted = wished(units, unit, stage, state, claimed, overdue=overdue)
    at = runtime_of(request).clock()
    found, following = board.cards(
        session, viewer.actor, at, wanted=wanted, after=board.read_cursor(after), limit=PAGE
    )
    asked = {
        "unit": str(wanted.unit_id or ""),
        "stage": stage,
        "state": str(wanted.state or ""),
        "claimed": wanted.claimed or "",
        "overdue": "1" if overdue else "",
    }
    return page(
        request,
        "board.html",
        viewer=viewer,
        section="/board",
        rows=_rows(session, found, {one.id: one.name for one in units}),
        late=sum(one.overdue for one in found),
        stuck=()
        if after is not None
        else (*unattended.stuck(session, viewer.actor, at), *stranded.stuck(session, viewer.actor, at)),
        units=[(str(one.id), one.name) for one in units],
        stages=sorted(board.stages(session).items(), key=lambda pair: pair[1]),
        states=[(str(one), label(one)) for one in _GOING_ON],
        claims=CLAIMED,
        asked=asked,
        filtered=any(asked.values()),
        tables={form: _address(f"/board.{form}", asked) for form in ("csv", "xlsx")},
        first=after is None,
        scheduled=waiting_rows(session, viewer) if after is None and not any(asked.values()) else (),
        more=_address("/board", {**asked, "after": board.written(following) or ""}) if following else "",
    )


def units_of(session: Session, actor: Actor) -> tuple[Unit, ...]:
    """Return the units by which somebody may filter their board."""
    return identity.units_within(session, permissions.board_units(actor))


def wished(
    units: Iterable[Unit], unit: str, stage: str, state: str, claimed: str, *, overdue: bool
) -> Wanted:
    """Return the filters as the address of the page says them; what it does not know does not filter."""
    return Wanted(
        next((one.id for one in units if str(one.id) == unit), None),
        stage,
        next((one for one in _GOING_ON if one == state), None),
        _claimed(claimed),
        overdue,
    )


def every_row(session: Session, actor: Actor, at: datetime, wanted: Wanted, *, most: int) -> tuple[Row, ...]:
    """Return the rows of the whole board, not of one page, in its order; at most so many.

    Raises `Forbidden` as the board does.
    """
    found: list[Row] = []
    after = None
    while len(found) < most:
        cards, after = board.cards(
            session, actor, at, wanted=wanted, after=after, limit=min(_AT_ONCE, most - len(found))
        )
        found += _rows(session, cards, {})
        if after is None:
            break
    return tuple(found)


@router.get("/done")
def done(request: Request, viewer: Reader, session: ReadSession, before: UUID | None = None) -> Response:
    """Show what the viewer has decided, the newest first."""
    found = reviews.done_by(session, viewer.actor.id, before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    rows = tuple(_done(session, decision, draft, viewer.actor) for decision, draft in shown)
    more = f"/done?before={shown[-1][0].id}" if len(found) > PAGE else ""
    return page(request, "done.html", viewer=viewer, section="/done", rows=rows, more=more)


@router.get("/copies")
def copies(request: Request, viewer: Reader, session: ReadSession, before: str | None = None) -> Response:
    """Show the drafts of which the viewer was sent a copy, the newest first."""
    found = drafts.copied_to(session, viewer.actor, before=read_copies(before), limit=PAGE + 1)
    shown = found[:PAGE]
    names = identity.names(session, {reader.by for reader, _ in shown})
    rows = tuple(
        Copied(
            draft.id,
            draft.title,
            draft.number,
            label(DraftState(draft.state)),
            TONES[DraftState(draft.state)],
            names.get(reader.by, ""),
            reader.at,
        )
        for reader, draft in shown
    )
    more = (
        _address("/copies", {"before": written(shown[-1][0].at, shown[-1][0].draft_id)})
        if len(found) > PAGE
        else ""
    )
    return page(request, "copies.html", viewer=viewer, section="/copies", rows=rows, more=more)


def _rows(session: Session, found: Iterable[Card], units: dict[UUID, str]) -> tuple[Row, ...]:
    cards = tuple(found)
    places = drafts.targets_of(session, [card.draft.id for card in cards])
    unknown = {card.draft.unit_id for card in cards} - units.keys()
    names = {**units, **{one: row.name for one in unknown if (row := session.get(Unit, one)) is not None}}
    rows = []
    for one in cards:
        channels = drafts.names_of(places.get(one.draft.id, ()))
        rows.append(
            Row(
                one.draft.id,
                one.draft.title,
                one.draft.number,
                names.get(one.draft.unit_id, ""),
                one.stage_title,
                channels.get(one.line, one.line) if one.line else "、".join(channels.values()),
                label(one.state),
                "go" if one.state is CaseState.RUNNING else "warn",
                one.since,
                one.due_at,
                one.overdue,
                f"{one.claimed_by_name}（外出）" if one.claimed_by_absent else one.claimed_by_name,
            )
        )
    return tuple(rows)


def _done(session: Session, decision: Decision, draft: Draft, actor: Actor) -> Done:
    seen = drafts.may_see(session, draft, actor)
    return Done(
        f"/drafts/{draft.id}" if seen else "",
        draft.title if seen else OUT_OF_SIGHT,
        draft.number if seen else "",
        _stage(session, decision),
        label(Verdict(decision.verdict)),
        "good" if decision.verdict == Verdict.APPROVED else "warn",
        decision.comment,
        decision.decided_at,
    )


def _stage(session: Session, decision: Decision) -> str:
    stage = workflows.version(session, decision.workflow_digest).by_key.get(decision.stage)
    if stage is not None:
        return stage.title
    row = session.get_one(ReviewCase, decision.case_id)
    return "加签" if CaseBook.read(row.book).added else decision.stage


def _claimed(given: str) -> Claimed | None:
    known: dict[str, Claimed] = {"nobody": "nobody", "somebody": "somebody", "me": "me"}
    return known.get(given)


def _address(path: str, asked: dict[str, str]) -> str:
    return f"{path}?" + urlencode({key: value for key, value in asked.items() if value})
