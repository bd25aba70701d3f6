"""A candidate version beside its base over the archive: asked for, run in pieces behind the scenes, kept."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_
from sqlmodel import Session, col, select

from app.domain.document.model import sha256
from app.domain.vocabulary import BackTestState, DraftState, Event, PolicyKind, Role, WaiverState
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.events.emit import emit
from app.events.payloads.policies import BackTested
from app.identity.queries import Actor
from app.infra.db import Database
from app.infra.errors import Conflict, NotFound
from app.infra.ids import new_id
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.negative_list.quality.backtest import Item
from app.policies.models import BackTest, PolicyVersion
from app.policies.service import GRANTERS, admit
from app.policies.versions import digest_in_use
from app.screening import service
from app.screening.checks import service as checks
from app.screening.checks.files import content_of
from app.screening.models import Waiver

#: Which drafts are read: those that went out, those that may go out as well, or all.
Which = Literal["published", "cleared", "all"]
_OUT = (DraftState.PUBLISHED, DraftState.PUBLISHED_WITH_DEBT, DraftState.RETRACTED)
_STATES = {"published": _OUT, "cleared": (*_OUT, DraftState.CLEARED), "all": tuple(DraftState)}
#: Drafts that are held in memory at a time.
_CHUNK = 50
_DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Sampled:
    """A finding that changes, in its context, for somebody who may see its draft."""

    change: str
    rule: str
    draft_id: UUID
    title: str
    ref: str
    before: str
    excerpt: str
    after: str
    message: str


def ask(
    session: Session,
    *,
    candidate: str,
    base: str | None = None,
    which: Which = "all",
    since: date | None = None,
    actor: Actor,
    at: datetime,
) -> BackTest:
    """Ask that a version be tried beside `base` (what is in force, when not given) over the archive.

    The newest texts of the drafts of the asker's bureau are read. One that is asked for already and not over
    is returned instead. Raises `Forbidden`, `NotFound` for an unknown version, `Conflict` for the same twice.
    """
    admit(actor, *GRANTERS)
    base = base or digest_in_use(session)
    for digest in (base, candidate):
        version = session.get(PolicyVersion, digest) if digest else None
        if version is None or version.kind != PolicyKind.NEGATIVE_LIST:
            raise NotFound("policy_unknown")
    if base == candidate:
        raise Conflict("back_test_same")
    waiting = session.exec(
        select(BackTest).where(
            BackTest.base == base,
            BackTest.candidate == candidate,
            BackTest.drafts == which,
            BackTest.since == since,
            BackTest.asked_by == actor.id,
            col(BackTest.state).in_([BackTestState.QUEUED, BackTestState.RUNNING]),
        )
    ).first()
    if waiting is not None:
        return waiting
    test = BackTest(
        id=new_id(),
        base=base or "",
        candidate=candidate,
        drafts=which,
        since=since,
        asked_by=actor.id,
        asked_at=at,
        state=BackTestState.QUEUED,
    )
    session.add(test)
    session.flush()
    jobs.enqueue(session, JobKind.BACK_TEST, {"back_test": str(test.id)}, at=at)
    return test


def shown(session: Session, test_id: UUID, actor: Actor) -> BackTest:
    """Return a back-test to whoever may read one. Raises `Forbidden`, `NotFound`."""
    admit(actor, *GRANTERS)
    test = session.get(BackTest, test_id)
    if test is None:
        raise NotFound("not_found")
    return test


def listing(session: Session, *, candidate: str | None = None, limit: int = 50) -> tuple[BackTest, ...]:
    """Return back-tests, the newest first, perhaps only those of one candidate."""
    query = select(BackTest).order_by(col(BackTest.id).desc()).limit(limit)
    if candidate is not None:
        query = query.where(BackTest.candidate == candidate)
    return tuple(session.exec(query).all())


def newest_done(session: Session, base: str, candidate: str) -> BackTest | None:
    """Return the newest finished back-test of these two versions; None when there is none."""
    return session.exec(
        select(BackTest)
        .where(BackTest.base == base, BackTest.candidate == candidate, BackTest.state == BackTestState.DONE)
        .order_by(col(BackTest.id).desc())
        .limit(1)
    ).first()


def samples(session: Session, report: dict[str, Any], actor: Actor) -> tuple[tuple[Sampled, ...], int]:
    """Return the samples of a report that the actor may see, and how many others there are.

    What went out is seen by everybody; of other drafts only whoever may see them sees anything.
    """
    listed = report["samples"]
    ids = {UUID(sample["item"]) for sample in listed}
    seen = {
        draft.id: draft
        for draft in session.exec(
            select(Draft).where(
                col(Draft.id).in_(ids), or_(drafts.visible_to(actor), col(Draft.state).in_(_OUT))
            )
        )
    }
    readable = tuple(
        Sampled(
            change=sample["change"],
            rule=sample["rule"],
            draft_id=draft.id,
            title=draft.title,
            ref=sample["ref"],
            before=sample["before"],
            excerpt=sample["excerpt"],
            after=sample["after"],
            message=(sample["candidate"] or sample["base"])["message"],
        )
        for sample in listed
        if (draft := seen.get(UUID(sample["item"]))) is not None
    )
    return readable, len(listed) - len(readable)


# What the job asks.


def archive(test: BackTest, actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Draft` that keeps what a back-test reads: the asker's bureau."""
    paths = {grant.unit_path for grant in actor.grants if grant.role in GRANTERS}
    within = or_(false(), *(col(Draft.unit_path).startswith(path) for path in sorted(paths)))
    chosen = within & col(Draft.state).in_(_STATES[test.drafts])
    if test.since is not None:
        chosen &= col(Draft.created_at) >= datetime.combine(test.since, time(), UTC)
    return chosen


def size(session: Session, test: BackTest, actor: Actor) -> tuple[int, float]:
    """Return how many drafts a back-test reads, and how many of those a month brings."""
    count, first, last = session.exec(
        select(func.count(), func.min(Draft.created_at), func.max(Draft.created_at)).where(
            archive(test, actor)
        )
    ).one()
    months = max(1.0, (last - first).days / _DAYS_A_MONTH) if count else 1.0
    return count, count / months


def items(
    database: Database, test: BackTest, actor: Actor, *, at_most: int, seen: Callable[[UUID], None]
) -> Iterator[Item]:
    """Yield the newest texts of the archive from the test's cursor on, a few in memory at a time.

    `seen` is told of each draft before its item is yielded.
    """
    after, left = test.cursor, at_most
    while left > 0:
        with database.read() as session:
            query = select(Draft, Revision).join(Revision, col(Revision.id) == col(Draft.head_id))
            query = query.where(archive(test, actor)).order_by(col(Draft.id)).limit(min(_CHUNK, left))
            rows = session.exec(query.where(col(Draft.id) > after) if after else query).all()
            places = drafts.targets_of(session, [draft.id for draft, _ in rows])
            made = [
                (draft.id, _item(session, draft, revision, places.get(draft.id, ())))
                for draft, revision in rows
            ]
        if not made:
            return
        for draft_id, item in made:
            seen(draft_id)
            yield item
        after, left = made[-1][0], left - len(made)


def _item(session: Session, draft: Draft, revision: Revision, places: tuple[drafts.Target, ...]) -> Item:
    document = drafts.document_of(revision)
    content = content_of(document, service.attached(session, draft.id, document))
    return Item(
        str(draft.id), content.parts, content.structure, checks.scope_of(places), document_id=str(draft.id)
    )


def waived(session: Session) -> frozenset[str]:
    """Return the fingerprints of all findings that were ever let through."""
    return frozenset(
        session.exec(select(Waiver.fingerprint).where(Waiver.state == WaiverState.GRANTED)).all()
    )


def finish(session: Session, test: BackTest, report: dict[str, Any], *, actor: Actor, at: datetime) -> None:
    """Keep the report of a back-test and put it on record."""
    test.state, test.finished_at, test.partial = BackTestState.DONE, at, None
    test.report = json.dumps(report, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    test.report_digest = sha256(test.report.encode())
    session.add(test)
    payload = BackTested(
        back_test=test.id,
        base=test.base,
        policy=test.candidate,
        report=test.report_digest,
        drafts=report["items"],
    )
    keeper = actor.as_audit(Role.POLICY_KEEPER)
    emit(session, Event.POLICY_BACK_TESTED, payload, about=test.candidate, actor=keeper, at=at)


def fail(session: Session, test: BackTest, error: str, *, at: datetime) -> None:
    """Give a back-test up."""
    test.state, test.finished_at, test.partial, test.error = BackTestState.FAILED, at, None, error[:500]
    session.add(test)
