"""When something goes out, as pages show it: what waits for its time, what was withheld, and embargoes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.vocabulary import ScheduledState, StageState, Verb
from app.domain.workflow import scheduling as rules
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import queries as identity
from app.infra.errors import Reason
from app.infra.http.problems import sentence
from app.publication import queries as publication
from app.publication.models import ScheduledRelease
from app.reviews.cases import acting
from app.reviews.queries import CaseView
from app.web.shell.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Waits:
    """A line that is signed and waits for its time."""

    line: str
    channel: str
    due_at: datetime
    by: str
    may_take_back: bool


@dataclass(frozen=True, slots=True)
class Withheld:
    """A line that did not go out at its time, and why."""

    channel: str
    due_at: datetime
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """All of it for one viewer; no `embargo_until`: something may go out at any time."""

    waits: tuple[Waits, ...]
    withheld: tuple[Withheld, ...]
    embargo_until: datetime | None
    may_embargo: bool
    may_lift: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line that waits for its time, in a list of drafts."""

    draft_id: UUID
    title: str
    number: str
    channel: str
    due_at: datetime
    by: str


def timing_of(
    session: Session, view: CaseView, viewer: Viewer, channels: Mapping[str, str], at: datetime
) -> Timing:
    """Return what a case's time is, and what the viewer may do about it."""
    rows = publication.scheduled_of(session, view.draft.id)
    by_line = {row.channel: row for row in rows if row.case_id == view.row.id}
    names = identity.names(session, {row.signed_by for row in by_line.values()})
    stopping = {option.line for option in view.options if option.verb is Verb.UNSCHEDULE and option.allowed}
    waits = tuple(
        Waits(
            line,
            channels.get(line, line),
            due,
            names.get(by_line[line].signed_by, "") if line in by_line else "",
            line in stopping,
        )
        for line, due in view.case.scheduled
    )
    may_set = any(option.verb is Verb.EMBARGO and option.allowed for option in view.options)
    until = view.case.embargoed_until(at)
    return Timing(
        waits,
        tuple(_withheld(by_line.values(), view, channels)),
        until,
        may_set,
        until is not None and _may_sign(view, viewer),
    )


def _withheld(
    newest: Iterable[ScheduledRelease], view: CaseView, channels: Mapping[str, str]
) -> Iterable[Withheld]:
    """Yield what was withheld last on lines that are neither signed nor scheduled since."""
    for row in newest:
        if row.state != ScheduledState.WITHHELD or _is_signed(view, row.channel):
            continue
        why = tuple(sentence(Reason(reason["code"], reason["data"])) for reason in row.reasons)
        yield Withheld(channels.get(row.channel, row.channel), row.release_at, why)


def _is_signed(view: CaseView, line: str) -> bool:
    stage = rules.signing(view.workflow)
    return any(
        one.line == line
        and stage is not None
        and one.stage.key == stage.key
        and one.state is StageState.PASSED
        for one in view.stages
    )


def _may_sign(view: CaseView, viewer: Viewer) -> bool:
    stage = rules.signing(view.workflow)
    for line in view.case.lines if stage else ():
        me = acting(viewer.actor, view, stage.key if stage else "", line)
        if me is not None and rules.may_sign(view.case, view.workflow, line, me):
            return True
    return False


def waiting_rows(session: Session, viewer: Viewer, *, mine: bool = False, limit: int = 50) -> tuple[Row, ...]:
    """Return what waits for its time among the drafts that the viewer may see, the next to go out in front.

    `mine`: only what they signed or handed in.
    """
    found, _ = publication.scheduled(session, viewer.actor, mine=mine, limit=limit)
    names = identity.names(session, {row.signed_by for row, _ in found})
    places = drafts.targets_of(session, [draft.id for _, draft in found])
    return tuple(
        Row(
            draft.id,
            draft.title,
            draft.number,
            _channel(row, draft, places),
            row.release_at,
            names.get(row.signed_by, ""),
        )
        for row, draft in found
    )


def _channel(row: ScheduledRelease, draft: Draft, places: Mapping[UUID, Iterable[drafts.Target]]) -> str:
    known = drafts.names_of(places.get(draft.id, ()))
    return known.get(row.channel, row.channel)
