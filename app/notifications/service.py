"""Telling people: who is concerned, who may know, and what is promised to mail and robots."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import case as case_of
from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from app.domain.vocabulary import MailMode, NoticeKind
from app.drafts import queries as drafts
from app.events.catalogue import CATALOGUE
from app.identity import staff
from app.identity.models import User
from app.identity.queries import Actor
from app.infra.errors import Conflict, NotFound, Reason
from app.infra.ids import new_id
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.notifications import preferences, queries
from app.notifications.models import MailState, Notice, NoticePreference, NoticeRobot, RobotMessage
from app.notifications.recipients import AWAITING
from app.notifications.recipients import concerned as whom
from app.notifications.scenes import Said, Scene, Step, read
from app.reviews.cases import CaseInHand
from app.words.labels import label

#: How long notices are gathered before they go out together.
GATHER = timedelta(minutes=1)


@dataclass(slots=True)
class _Word:
    """What one transition says under one kind: the places that each person hears of, and all of them."""

    kind: NoticeKind
    source: str
    data: dict[str, Any]
    places: list[dict[str, str]] = field(default_factory=list)
    people: dict[UUID, list[dict[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Telling:
    """What is said of one step of a draft that `by` took."""

    by: UUID | None
    scene: Scene
    words: list[_Word]

    @property
    def concerned(self) -> set[UUID]:
        return {person for word in self.words for person in word.people} - {self.by}


def tell(session: Session, steps: Sequence[Step], *, with_mail: bool, at: datetime) -> int:
    """Tell everybody concerned of what happened to drafts in these steps; return how many notices are new.

    Nobody hears of their own act, and who may not see the draft hears nothing. What several events of a step
    say to one person under one kind is one notice. Doing it twice tells once. Notices of work that waits for
    nobody any more are read by that. The number of statements depends neither on the steps nor on the people.
    """
    told = [_Telling(step.by, scene, _words(scene, step.said)) for step, scene in read(session, steps, at)]
    seeing = _seeing(session, told, at=at)
    wishes = preferences.chosen(session, {user_id for users in seeing for user_id in users})
    rows = [
        _row(
            users[person],
            word.kind,
            {**word.data, "places": places},
            word.source,
            wishes=wishes,
            with_mail=with_mail,
            at=at,
            scene=telling.scene,
        )
        for telling, users in zip(told, seeing, strict=True)
        for word in telling.words
        for person, places in sorted(word.people.items())
        if person in users
    ]
    fresh = _store(session, rows, at=at)
    _tell_robots(session, told, at=at)
    _lay_aside(session, {case.row.id: case for telling in told if (case := telling.scene.loaded)}, at=at)
    return fresh


def alarm(
    session: Session,
    people: Sequence[User],
    *,
    kind: NoticeKind,
    data: Mapping[str, Any],
    source: str,
    with_mail: bool,
    at: datetime,
    whatever_they_chose: bool = False,
) -> int:
    """Tell these people of something that concerns no draft; return how many hear it newly.

    `whatever_they_chose`: by mail at once, also to who wants no mail of this kind.
    """
    wishes = {} if whatever_they_chose else preferences.chosen(session, [user.id for user in people])
    rows = [_row(user, kind, data, source, wishes=wishes, with_mail=with_mail, at=at) for user in people]
    return _store(session, rows, at=at)


def mark_read(session: Session, notice_id: UUID, *, actor: Actor, at: datetime) -> Notice:
    """Note that somebody has read a notice of theirs; a second time changes nothing. Raises `NotFound`."""
    notice = session.exec(
        select(Notice).where(Notice.id == notice_id, Notice.user_id == actor.id).with_for_update()
    ).one_or_none()
    if notice is None:
        raise NotFound("not_found")
    if notice.read_at is None:
        notice.read_at = at
        session.add(notice)
    return notice


def mark_all_read(session: Session, *, until: UUID, actor: Actor, at: datetime) -> int:
    """Note that somebody has read all their notices up to the one they saw first; return how many were new.

    What came since their page was shown stays unread.
    """
    unread = (
        update(Notice)
        .where(col(Notice.user_id) == actor.id, col(Notice.read_at).is_(None), col(Notice.id) <= until)
        .values(read_at=at)
        .execution_options(synchronize_session=False)
    )
    return int(session.exec(unread).rowcount)


def prefer(
    session: Session,
    wishes: Mapping[NoticeKind, MailMode],
    *,
    seen: Mapping[NoticeKind, MailMode] | None = None,
    actor: Actor,
) -> None:
    """Store when somebody wants notices of these kinds by mail; kinds that are not named stay as they are.

    Raises `Conflict` with each kind for which another choice than the one `seen` was made meanwhile.
    """
    now = queries.preferences(session, actor.id)
    overtaken = [
        Reason("preference_overtaken", {"kind": label(kind), "now": label(now[kind])}, field=kind)
        for kind, mode in sorted(wishes.items())
        if seen and kind in seen and now[kind] not in {seen[kind], mode}
    ]
    if overtaken:
        raise Conflict("preferences_overtaken", reasons=overtaken)
    for kind, mode in sorted(wishes.items()):
        row = session.get(NoticePreference, (actor.id, kind)) or NoticePreference(
            user_id=actor.id, kind=kind, mail=mode
        )
        row.mail = mode
        session.add(row)
    session.flush()


def _words(scene: Scene, said: Sequence[Said]) -> list[_Word]:
    """Return what is to be said, each kind once, with the places that each person hears of."""
    channels = drafts.names_of(scene.together.targets.get(scene.draft.id, ()))
    words: dict[NoticeKind, _Word] = {}
    for step in said:
        for line in CATALOGUE[step.event].told:
            source = f"draft:{scene.draft.id}#{step.seq}:{line.kind}"
            word = words.setdefault(line.kind, _Word(line.kind, source, _kept(step.data)))
            places = _places(scene, step.data, channels)
            word.places += places
            for person in whom(scene, line, step.data):
                word.people.setdefault(person, []).extend(places)
    return list(words.values())


#: What of an event's data a notice keeps, beside the places; codes and instants, no words of persons.
_KEPT = ("to_stage", "due_at", "rung", "absent", "rule", "limits", "release_at", "reasons")


def _kept(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in _KEPT if key in data}


def _places(scene: Scene, data: Mapping[str, Any], channels: Mapping[str, str]) -> list[dict[str, str]]:
    stages = scene.loaded.workflow.by_key if scene.loaded is not None else {}
    here = any(data.get(key) for key in ("stage", "line", "channel"))
    spots = data.get("freed") or data.get("debts") or ([data] if here else [])
    places = []
    for spot in spots:
        stage, line = str(spot.get("stage", "")), str(spot.get("line") or spot.get("channel") or "")
        title = stages[stage].title if stage in stages else ""
        places.append({"stage": stage, "line": line, "title": channels.get(line, line) + title})
    return places


def _seeing(session: Session, told: Sequence[_Telling], *, at: datetime) -> list[dict[UUID, User]]:
    """Return for each telling those concerned who are active and may see the draft now (知悉范围)."""
    actors = staff.with_stand_ins(session, {person for telling in told for person in telling.concerned}, at)
    seen = drafts.seen(
        session,
        (
            (telling.scene.draft, actors[person])
            for telling in told
            for person in telling.concerned
            if person in actors
        ),
    )
    people = {person for _, person in seen}
    users = session.exec(select(User).where(col(User.id).in_(people))).all() if people else ()
    by_id = {user.id: user for user in users}
    return [
        {person: by_id[person] for person in telling.concerned if (telling.scene.draft.id, person) in seen}
        for telling in told
    ]


def _row(
    user: User,
    kind: NoticeKind,
    data: Mapping[str, Any],
    source: str,
    *,
    wishes: Mapping[tuple[UUID, NoticeKind], MailMode],
    with_mail: bool,
    at: datetime,
    scene: Scene | None = None,
) -> dict[str, Any]:
    mode = wishes.get((user.id, kind), preferences.usual(kind))
    first = next(iter(data.get("places", ())), {"stage": "", "line": ""})
    return {
        "id": new_id(),
        "user_id": user.id,
        "kind": kind,
        "draft_id": scene.draft.id if scene else None,
        "case_id": scene.loaded.row.id if scene and scene.loaded else None,
        "stage": first["stage"],
        "line": first["line"],
        "data": dict(data),
        "source": source,
        "mail": _mail_state(mode) if with_mail and user.email else MailState.NONE,
        "created_at": at,
        "read_at": None,
    }


def _store(session: Session, rows: Sequence[dict[str, Any]], *, at: datetime) -> int:
    """Store the notices that are new and promise their mails; return how many are new."""
    fresh = set(_insert(session, Notice, rows, ["user_id", "source"]))
    for mail in (MailState.WAITING, MailState.GATHERING):
        _promise_mails(
            session,
            {row["user_id"] for row in rows if row["id"] in fresh and row["mail"] == mail},
            mail,
            at=at,
        )
    return len(fresh)


def _mail_state(mode: MailMode) -> MailState:
    return {
        MailMode.NEVER: MailState.NONE,
        MailMode.AT_ONCE: MailState.WAITING,
        MailMode.DAILY: MailState.GATHERING,
    }[mode]


def _promise_mails(session: Session, people: Collection[UUID], mail: MailState, *, at: datetime) -> None:
    daily = mail == MailState.GATHERING
    promises = {
        f"{user_id}:{'daily' if daily else 'now'}": {"user_id": str(user_id), "daily": daily}
        for user_id in people
    }
    run_at = preferences.next_daily(at) if daily else at + GATHER
    jobs.enqueue_each(session, JobKind.MAIL, promises, at=at, run_at=run_at)


def _tell_robots(session: Session, told: Sequence[_Telling], *, at: datetime) -> None:
    if not any(telling.words for telling in told):
        return
    robots = session.exec(select(NoticeRobot).where(col(NoticeRobot.active).is_(True))).all()
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "robot_id": robot.id,
            "kind": word.kind,
            "draft_id": telling.scene.draft.id,
            "data": {**word.data, "places": word.places},
            "source": word.source,
            "created_at": at,
            "sent_at": None,
        }
        for telling in told
        for robot in robots
        if telling.scene.draft.unit_path.startswith(robot.unit_path)
        for word in telling.words
        if not robot.kinds or word.kind in robot.kinds
    ]
    fresh = set(_insert(session, RobotMessage, rows, ["robot_id", "source"]))
    spoken: set[UUID] = {row["robot_id"] for row in rows if row["id"] in fresh}
    promises = {str(robot_id): {"robot_id": str(robot_id)} for robot_id in spoken}
    jobs.enqueue_each(session, JobKind.ROBOT, promises, at=at, run_at=at + GATHER / 6)


def _lay_aside(session: Session, cases: Mapping[UUID, CaseInHand], *, at: datetime) -> None:
    """Take notices of work that waits no more, or for somebody else by now, off people's lists and mails."""
    if not cases:
        return
    waiting = {
        case_id: {run.spot: run.claimed_by for _, run in case.open_runs} for case_id, case in cases.items()
    }
    query = select(Notice).where(
        col(Notice.case_id).in_(cases), col(Notice.read_at).is_(None), col(Notice.kind).in_(AWAITING)
    )
    over = [
        notice.id
        for notice in session.exec(query).all()
        if notice.case_id is not None and not _waits(notice, waiting[notice.case_id])
    ]
    if over:
        mail = case_of((col(Notice.mail) == MailState.SENT, MailState.SENT), else_=MailState.NONE)
        ended = update(Notice).where(col(Notice.id).in_(over)).values(read_at=at, mail=mail)
        session.exec(ended.execution_options(synchronize_session=False))


def _waits(notice: Notice, waiting: Mapping[tuple[str, str], str | None]) -> bool:
    """Say whether a notice still tells of work that waits for its reader; `waiting` has who claimed it."""
    spots = [(place["stage"], place["line"]) for place in notice.data.get("places", ())]
    if any(spot in waiting and waiting[spot] in {None, str(notice.user_id)} for spot in spots):
        return True
    others = notice.kind in {NoticeKind.CONSULTED, NoticeKind.STAGE_ESCALATED}
    return others and any(spot in waiting for spot in spots)


def _insert(
    session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]], unique: Sequence[str]
) -> list[UUID]:
    """Insert the rows that are new; return their ids."""
    if not rows:
        return []
    connection = session.connection()
    insert = _unless_there(table, tuple(unique), connection.dialect.name)
    return list(connection.execute(insert, list(rows)).scalars())


@cache
def _unless_there(table: type[SQLModel], unique: tuple[str, ...], dialect: str) -> Any:  # noqa: ANN401 – of either dialect
    """Return the INSERT of rows that are not there yet, which gives the ids of those that were new."""
    columns = table.__table__  # type: ignore[attr-defined]
    insert: Any = (sqlite if dialect == "sqlite" else postgresql).insert(columns)
    return insert.on_conflict_do_nothing(index_elements=unique).returning(columns.c.id)


__all__ = [
    "GATHER",
    "Said",
    "Step",
    "alarm",
    "mark_all_read",
    "mark_read",
    "prefer",
    "tell",
]
