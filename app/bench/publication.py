"""`sanshen bench publication`: clearance beside a bare read, what the record costs, how fast it is verified.

All in this process, by the services, without HTTP: what is compared differs in what it asks of the database
and of the processor, and in nothing else.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session, select

from app.audit import seals, verification
from app.audit import service as audit
from app.audit.service import SYSTEM
from app.bench import databases
from app.bench.bureau import LINE, PROOFREADERS, REVIEWERS, Desk, counted, desk
from app.bench.databases import KINDS, NO_POSTGRES, Place
from app.bench.figures import Bar, Broken, Figure, Options, middle
from app.bench.load import percentile
from app.domain.vocabulary import Event, ReleaseState
from app.domain.workflow.commands import Approve
from app.drafts.models import Draft
from app.events.emit import emit
from app.events.payloads.accounts import AtAddress
from app.infra.ids import new_id
from app.jobs.kinds import JobKind
from app.publication import clearance
from app.publication import service as publication
from app.publication.commands import SignLine
from app.publication.models import Publication, Release
from app.publication.publishers import Publisher
from app.reviews.commands import perform
from app.webhooks import inbound
from app.webhooks import service as webhooks

STATEMENTS = Bar(8)
#: The slowest of a hundred clearances, in milliseconds.
SLOWEST = Bar(50)
#: Writes a second with the record, as a share of those without: it may cost a tenth.
OF_UNRECORDED = Bar(0.9, at_least=True, of_ratio=True)
#: A million events in two minutes.
EVENTS_PER_SECOND = Bar(1_000_000 / 120, at_least=True)
_STREAMS = 200


def run(options: Options) -> Iterator[Figure]:
    """Measure on both databases."""
    with databases.place(options) as place:
        for kind in KINDS:
            if not place.has(kind):
                yield Figure(
                    f"publication.clearance.{kind}",
                    "放行问询",
                    None,
                    "毫秒",
                    SLOWEST,
                    on=KINDS[kind],
                    note=NO_POSTGRES,
                )
                continue
            yield from _clearance(place, options, kind)
            yield from _record(place, options, kind)
            yield from _verifying(place, options, kind)


def _clearance(place: Place, options: Options, kind: str) -> Iterator[Figure]:
    stored, rounds = (50, 5) if options.quick else (100_000, 400)
    with desk(place, kind) as hand:
        release = released(hand)
        publisher = _tool(hand, release)
        options.say(f"放行问询（{KINDS[kind]}）：存入 {stored} 条发布记录")
        _publish(hand, release, publisher, stored)
        ours: list[float] = []
        bare: list[float] = []
        asked: list[str] = []
        numbers = count(1)

        def ask() -> None:
            with counted() as statements:
                _ask(hand, release, publisher, f"msg_{next(numbers)}")
            asked[:] = statements

        def read() -> None:
            with hand.runtime.database.read() as session:
                query = select(Release).where(Release.channel == LINE, Release.digest == release.digest)
                if session.exec(query).first() is None:
                    raise Broken("签发的内容没有读到")

        options.say(f"放行问询（{KINDS[kind]}）")
        for _ in range(3):
            ask()
        for _ in range(rounds):
            ours.append(_milliseconds(ask))
            bare.append(_milliseconds(read))
    title = f"放行问询：按摘要，已有 {stored} 条发布记录"
    shared: dict[str, Any] = {"on": KINDS[kind]}
    yield Figure(
        f"publication.clearance.{kind}",
        title,
        middle(ours),
        "毫秒",
        peer="只读一次签发记录",
        peer_value=middle(bare),
        samples=ours,
        **shared,
    )
    yield Figure(
        f"publication.clearance_p99.{kind}",
        f"{title}，最慢的百分之一",
        percentile(ours, 99),
        "毫秒",
        SLOWEST,
        **shared,
    )
    # The sender is proved by one statement, which is not asked here.
    yield Figure(
        f"publication.clearance_statements.{kind}", title, float(len(asked) + 1), "条", STATEMENTS, **shared
    )


def _record(place: Place, options: Options, kind: str) -> Iterator[Figure]:
    drafts = 2 if options.quick else 60
    recorded: list[float] = []
    unrecorded: list[float] = []
    with desk(place, kind) as hand:
        hand.hand_in()
        for number in range(2 * drafts):
            if number % 20 == 0:
                options.say(f"留痕的代价（{KINDS[kind]}）：{number}/{2 * drafts}")
            if number % 2:
                recorded.append(_milliseconds(lambda: _reviewed(hand)))
            else:
                with _unrecorded():
                    unrecorded.append(_milliseconds(lambda: _reviewed(hand)))
    writes = 2 + len(REVIEWERS)
    yield Figure(
        f"publication.record.{kind}",
        "写入：起草、送审、三次审批，有留痕",
        writes * 1000 / (middle(recorded) or 1),
        "次/秒",
        OF_UNRECORDED,
        on=KINDS[kind],
        peer="同样的写入，不留痕",
        peer_value=writes * 1000 / (middle(unrecorded) or 1),
        samples=recorded,
        raw={"unrecorded_ms": unrecorded},
    )


def _verifying(place: Place, options: Options, kind: str) -> Iterator[Figure]:
    events = 400 if options.quick else 100_000
    with desk(place, kind) as hand:
        options.say(f"核验留痕（{KINDS[kind]}）：写入 {events} 条")
        _write_events(hand, events)
        options.say(f"核验留痕（{KINDS[kind]}）")
        began = time.perf_counter()
        with hand.runtime.database.read() as session:
            verified = verification.verify(session, signer=hand.runtime.signer)
        took = time.perf_counter() - began
        if verified.faults or verified.events < events:
            raise Broken(f"留痕核验不通过：{verified.faults[:3]}")
    yield Figure(
        f"publication.verify.{kind}",
        f"核验留痕：{verified.events} 条，{verified.streams} 条链",
        verified.events / took,
        "条/秒",
        EVENTS_PER_SECOND,
        on=KINDS[kind],
        raw={"seconds": took, "events": verified.events},
    )


def released(hand: Desk) -> Release:
    """Walk a draft through everything until it is signed; return what may be published."""
    handed = hand.hand_in()
    for stage in REVIEWERS:
        hand.approve(handed, stage, handed.digest)
    hand.work(JobKind.LAY_OUT)
    proof = hand.proof_of(handed)
    for stage in PROOFREADERS:
        hand.approve(handed, stage, proof)
    runtime = hand.runtime
    with runtime.database.write() as session:
        perform(
            session,
            handed.case_id,
            Approve("confirm_marks", LINE, proof),
            actor=hand.people[REVIEWERS["initial_review"]],
            runtime=runtime,
            at=runtime.clock(),
        )
    with runtime.database.write() as session:
        release = publication.sign(
            session,
            handed.case_id,
            SignLine(LINE, proof),
            actor=hand.people["qianfa"],
            runtime=runtime,
            at=runtime.clock(),
        )
    if release is None:
        raise Broken("签发没有完成")
    return release


def _tool(hand: Desk, release: Release) -> Publisher:
    runtime, admin = hand.runtime, hand.people["xitong"]
    with runtime.database.write() as session:
        made = webhooks.create_tool(
            session,
            unit_id=session.get_one(Draft, release.draft_id).unit_id,
            name="测速工具",
            channel_codes=[LINE],
            actor=admin,
            master=runtime.secret,
            at=runtime.clock(),
        )
    tool = made.tool
    return Publisher(tool.id, tool.name, tool.unit_id, tool.unit_path, frozenset(json.loads(tool.channels)))


def _ask(hand: Desk, release: Release, publisher: Publisher, message_id: str) -> None:
    runtime, wish = hand.runtime, clearance.Wish(LINE, digest=release.digest)
    at = runtime.clock()

    def act(session: Session) -> tuple[int, Any]:
        return 200, clearance.clear(session, wish, publisher=publisher, runtime=runtime, at=at)

    said = inbound.answered(
        runtime.database,
        inbound.Proved(publisher, message_id),
        place="clearance",
        body=message_id.encode(),
        at=at,
        act=act,
    )
    if json.loads(said.body)["statement"]["outcome"] != "cleared":
        raise Broken(f"放行被拒绝：{said.body[:300]}")


def _publish(hand: Desk, release: Release, publisher: Publisher, stored: int) -> None:
    """Store so many publications beside this release: rows alone, as they lie there after years."""
    at = hand.runtime.clock()
    for start in range(0, stored, 5000):
        releases, done = [], []
        for number in range(start, min(start + 5000, stored)):
            release_id = new_id()
            digest = f"{number:064x}"
            releases.append(
                {
                    **release.model_dump(),
                    "id": release_id,
                    "digest": digest,
                    "state": ReleaseState.PUBLISHED,
                    "nonce": f"bench-{number}",
                    "expires_at": at + timedelta(days=1),
                }
            )
            done.append(
                {
                    "id": new_id(),
                    "release_id": release_id,
                    "draft_id": release.draft_id,
                    "channel": LINE,
                    "digest": digest,
                    "external_id": str(number),
                    "url": f"https://example.gov.cn/{number}",
                    "tool_id": publisher.id,
                    "published_at": at,
                }
            )
        with hand.runtime.database.engine.begin() as connection:
            connection.execute(insert(Release), releases)
            connection.execute(insert(Publication), done)


def _reviewed(hand: Desk) -> None:
    handed = hand.hand_in()
    for stage in REVIEWERS:
        hand.approve(handed, stage, handed.digest)


@contextmanager
def _unrecorded() -> Iterator[None]:
    """Let the verbs of the block write everything but the record: no event, no chain, no seal."""
    numbers = count(1)

    def record(_session: Session, event: Event, *, stream: str, **_rest: object) -> audit.Receipt:
        number = next(numbers)
        waiting = audit._Waiting(None, UUID(int=0), number, None, event, SYSTEM, {}, {})  # type: ignore[arg-type]  # noqa: SLF001
        return audit.Receipt(UUID(int=0), stream, number, waiting)

    with patch.object(audit, "record", record), patch.object(seals, "gathered", lambda _session: {}):
        yield


def _write_events(hand: Desk, events: int) -> None:
    """Append events to many chains, as many to a transaction as a busy day would bring in a minute."""
    admin = hand.people["xitong"].as_audit()
    for start in range(0, events, 1000):
        with hand.runtime.database.write() as session:
            for number in range(start, min(start + 1000, events)):
                payload = AtAddress(address="127.0.0.1")
                about = UUID(int=number % _STREAMS)
                emit(
                    session, Event.USER_SIGNED_IN, payload, about=about, actor=admin, at=hand.runtime.clock()
                )


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
