"""What awaits somebody, as tasks: stages to decide, opinions, drafts that came back, things to grant."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.annotations import queries as annotations
from app.domain.vocabulary import DraftState, MigrationState, Subject
from app.domain.workflow import Stage
from app.drafts import queries as drafts
from app.identity import queries as identity
from app.policies import queries as policies
from app.reviews import progress
from app.reviews import queries as reviews
from app.reviews.migration import plan as versions
from app.reviews.migration import service as migrating
from app.screening.waivers import eligibility
from app.screening.waivers import queries as waivers
from app.web.shell.viewer import Viewer
from app.words.labels import label

#: Tasks of one kind that are looked for at first; whoever pages on, or takes the list along, gets the others.
MOST = 400


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that awaits the viewer. `pick` names what can be done together with others; else empty."""

    address: str
    title: str
    number: str
    author: str
    duty: str
    where: str
    opened_at: datetime
    due_at: datetime | None = None
    overdue: bool = False
    pick: str = ""

    def is_on(self, draft_id: UUID | None) -> bool:
        """Say whether it is to be done on this draft's page or one of its proofs'."""
        return draft_id is not None and f"{self.address}/".replace("#", "/").startswith(
            f"/drafts/{draft_id}/"
        )


@dataclass(frozen=True, slots=True)
class Tasks:
    """What awaits somebody, overdue and oldest first; `more` says that there is more than was looked for."""

    found: tuple[Task, ...]
    more: bool


def tasks_of(session: Session, viewer: Viewer, at: datetime, *, most: int = MOST) -> Tasks:
    """Return what awaits the viewer, of each kind so many at most.

    A fixed number of statements, however many tasks there are, but for those beyond `MOST` open stages: these
    are looked through until `most` wait for the viewer.
    """
    decide = _to_decide(session, viewer, at, most)
    kinds = [
        decide.found,
        tuple(_opinions(session, viewer)),
        tuple(_returned(session, viewer, most)),
        tuple(_to_carry_out(session, viewer)),
        tuple(_to_answer(session, viewer)),
        tuple(_to_waive(session, viewer, most)),
        tuple(_to_migrate(session, viewer, most)),
        tuple(_to_activate(session, viewer)),
    ]
    found = sorted(
        (task for kind in kinds for task in kind), key=lambda task: (not task.overdue, task.opened_at)
    )
    return Tasks(tuple(found), decide.more or any(len(kind) >= most for kind in kinds[1:]))


def address(draft_id: UUID, stage: Stage, line: str) -> str:
    """Return the page on which a stage is decided: the draft's, or its proof's on that line."""
    return f"/drafts/{draft_id}/proofs/{line}" if stage.acts_on is Subject.PROOF else f"/drafts/{draft_id}"


def _to_decide(session: Session, viewer: Viewer, at: datetime, most: int) -> Tasks:
    found, after = reviews.awaiting_page(session, viewer.actor, at, limit=most)
    while after is not None and most > MOST and len(found) < most:
        page, after = reviews.awaiting_page(session, viewer.actor, at, after=after, limit=most - len(found))
        found += page
    places = drafts.targets_of(session, [one.draft.id for one in found])
    names = identity.names(session, [one.draft.submitter_id for one in found])
    tasks = []
    for one in found:
        channels = drafts.names_of(places.get(one.draft.id, ()))
        line = one.run.line
        tasks.append(
            Task(
                address(one.draft.id, one.stage, line),
                one.draft.title,
                one.draft.number,
                names.get(one.draft.submitter_id, ""),
                one.stage.title,
                channels.get(line, line) if line else "、".join(channels.values()),
                one.opened_at,
                one.run.due_at,
                one.overdue,
                f"{one.row.id}:{one.stage.key}:{line}",
            )
        )
    return Tasks(tuple(tasks), after is not None)


def _opinions(session: Session, viewer: Viewer) -> Iterator[Task]:
    """Yield the opinions that are asked of the viewer."""
    found = reviews.asked_of(session, viewer.actor)
    names = identity.names(session, {UUID(one.consult.by) for one in found})
    for one in found:
        yield Task(
            f"/drafts/{one.draft.id}#together",
            one.draft.title,
            one.draft.number,
            names.get(UUID(one.consult.by), ""),
            "反馈意见",
            one.stage.title,
            one.run.opened_at or one.draft.updated_at,
        )


def _returned(session: Session, viewer: Viewer, most: int) -> Iterator[Task]:
    """Yield what to do about the viewer's own drafts that came back: all of them, however old."""
    if not viewer.writes:
        return
    back = drafts.listing(
        session, viewer.actor, states=[DraftState.RETURNED], submitter_id=viewer.actor.id, limit=most
    )
    places = drafts.targets_of(session, [draft.id for draft in back])
    for draft in back:
        yield Task(
            f"/drafts/{draft.id}",
            draft.title,
            draft.number,
            "我",
            "修改后重新提交",
            "、".join(target.channel_name for target in places.get(draft.id, ())),
            draft.updated_at,
        )


def _to_carry_out(session: Session, viewer: Viewer) -> Iterator[Task]:
    """Yield what 核红 waits for on the viewer's own drafts: marks to carry out."""
    if not viewer.writes:
        return
    found = progress.confirming(session, viewer.actor.id)
    places = drafts.targets_of(session, [one.draft.id for one in found])
    for one in found:
        names = drafts.names_of(places.get(one.draft.id, ()))
        for stage, run in one.open_runs:
            if not stage.confirms_marks or not one.marks_of(run.line):
                continue
            yield Task(
                address(one.draft.id, stage, run.line),
                one.draft.title,
                one.draft.number,
                "我",
                "改样",
                names.get(run.line, run.line),
                run.opened_at or one.draft.updated_at,
            )


def _to_answer(session: Session, viewer: Viewer) -> Iterator[Task]:
    """Yield the drafts in which comments or suggestions wait for a word of the viewer."""
    for one in annotations.to_answer(session, viewer.actor):
        yield Task(
            f"/drafts/{one.draft_id}#comments",
            one.title,
            one.number,
            "",
            "答复批注",
            f"{one.threads} 条",
            one.since,
        )


def _to_waive(session: Session, viewer: Viewer, most: int) -> Iterator[Task]:
    """Yield the waivers that the viewer may grant or refuse."""
    asked = waivers.asked(session, viewer.actor, limit=most)
    awaited = eligibility.awaited_of(eligibility.requests_of(session, asked).values(), viewer.actor)
    names = identity.names(session, {row.asked_by for row, _ in asked if row.id in awaited})
    for row, draft in asked:
        if row.id in awaited:
            yield Task(
                f"/drafts/{draft.id}#findings",
                draft.title,
                draft.number,
                names.get(row.asked_by, ""),
                "批豁免",
                "",
                row.asked_at,
            )


def _to_activate(session: Session, viewer: Viewer) -> Iterator[Task]:
    """Yield the versions of policies whose activation the viewer may grant or refuse."""
    found = policies.to_grant(session, viewer.actor)
    names = identity.names(session, {row.asked_by for row in found if row.asked_by})
    kinds = policies.kinds_of(session, [row.digest for row in found])
    for row in found:
        yield Task(
            f"/policies/{row.digest}",
            f"启用{label(kinds[row.digest])}的新版本",
            row.digest[:12],
            names.get(row.asked_by, "") if row.asked_by else "",
            "批准启用",
            "",
            row.asked_at,
        )


def _to_migrate(session: Session, viewer: Viewer, most: int) -> Iterator[Task]:
    """Yield the migrations of open cases that the viewer may grant or decline."""
    if not migrating.sees_wishes(viewer.actor):
        return
    found = versions.wishes(session, state=MigrationState.ASKED, limit=most)
    grantable = migrating.grantable(session, found, viewer.actor)
    names = identity.names(session, {one.asked_by for one in found})
    for one in found:
        if one.id in grantable:
            yield Task(
                f"/workflows/{one.key}#wishes",
                f"{len(one.cases)} 件审签案改走现行流程",
                one.key,
                names.get(one.asked_by, ""),
                "批准迁移",
                "",
                one.asked_at,
            )
