"""Publishing on connected channels: taken up, begun by a hand or by itself, tried, reported."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from app.channels.models import Channel
from app.connections import errors as _words  # noqa: F401 – the words of the codes below
from app.connections import queries
from app.connections.adapters.base import LaidIn, Later, Parcel, Pending, Published, Refused, Tools
from app.connections.connected import Connected, adapter, connected
from app.connections.models import ChannelPush
from app.domain.vocabulary import Event, PushState, ReleaseState, Role
from app.drafts import service as draft_service
from app.events.emit import emit
from app.events.payloads.base import ABSENT
from app.events.payloads.publication import Pushed, PushEnded
from app.identity.access import SYSTEM
from app.identity.actors import Actor
from app.infra.errors import AppError, Conflict, Invalid, Reason
from app.infra.http.problems import sentence
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.publication import clearance, tickets
from app.publication.models import Publication, Release
from app.publication.packages import forms
from app.publication.packages import queries as packages
from app.publication.remedies import eligibility

#: Waits after failures that may pass: a day in all.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480, 480))
#: What may be begun by a hand, and what a person reports.
STARTS = frozenset({PushState.WAITING, PushState.FAILED})
REPORTED = frozenset({PushState.LAID_IN, PushState.FAILED})
#: What was submitted and is not over after so long is looked into by people.
LONGEST_POLL = timedelta(hours=24)


class Overtaken(Exception):
    """Another try has begun: this one writes no more."""


def take_up(runtime: Runtime, *, at: datetime) -> int:
    """Make a push of each release on a connected channel that has none; return how many were made.

    Those whose connection publishes by itself begin at once, the others wait for a hand.
    """
    made = 0
    with runtime.database.read() as session:
        waiting = queries.not_taken_up(session)
    for release_id, channel_id in waiting:
        with runtime.database.write() as session:
            release, channel = session.get_one(Release, release_id), session.get_one(Channel, channel_id)
            draft_service.lock(session, release.draft_id)
            session.refresh(release)
            there = connected(session, channel)
            if (
                release.state != ReleaseState.SIGNED
                or there is None
                or queries.of_release(session, release_id)
            ):
                continue
            push = ChannelPush(
                id=new_id(),
                release_id=release.id,
                draft_id=release.draft_id,
                channel_id=channel.id,
                channel=channel.code,
                created_at=at,
                changed_at=at,
            )
            session.add(push)
            session.flush()
            made += 1
            if there.connection.by_itself:
                _begin(session, push, by=None, there=there, at=at)
    return made


def begin(session: Session, push_id: UUID, *, actor: Actor, at: datetime) -> ChannelPush:
    """Have something published that waits for a hand, or that failed, by a publisher of the channel.

    Raises `NotFound`, `Forbidden`, `Conflict` for what is under way, is over, or whose channel is no more
    connected.
    """
    push, draft = queries.visible_push(session, push_id, actor)
    draft_service.lock(session, draft.id)
    session.refresh(push)
    eligibility.require_confirming(actor, draft, push.channel)
    if push.state == PushState.WORKING:
        raise Conflict("push_under_way")
    if push.state not in STARTS:
        raise Conflict("push_over")
    there = connected(session, session.get_one(Channel, push.channel_id))
    if there is None:
        raise Conflict("push_disconnected")
    _begin(session, push, by=actor, there=there, at=at)
    return push


def report(
    session: Session,
    push_id: UUID,
    *,
    url: str,
    external_id: str,
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> Publication:
    """Record that a person has let out what lay ready at the channel, or has found it there.

    Raises `NotFound`, `Forbidden`, `Invalid` for an address that is none, `Conflict` for what does not wait
    for a person, and with every reason when the gate has closed since.
    """
    push, draft = queries.visible_push(session, push_id, actor)
    draft_service.lock(session, draft.id)
    session.refresh(push)
    eligibility.require_confirming(actor, draft, push.channel)
    if url and not url.startswith(("http://", "https://")):
        raise Invalid("malformed", reasons=[Reason("push_address", field="body.url")])
    if push.state not in REPORTED:
        raise Conflict("push_not_laid_in")
    there = connected(session, session.get_one(Channel, push.channel_id))
    if there is None:
        raise Conflict("push_disconnected")
    payload = PushEnded(
        draft=draft.id, release=push.release_id, push=push.id, channel=push.channel, url=url or ABSENT
    )
    as_publisher = actor.as_audit(Role.PUBLISHER)
    emit(session, Event.RELEASE_SEEN_OUT, payload, about=draft.id, actor=as_publisher, at=at)
    return _publish(session, push, there, external_id or push.external_id, url, runtime=runtime, at=at)


def work(runtime: Runtime, push_id: UUID) -> None:
    """Make one try of a push. What comes of it is stored; a failure that may pass is tried again later."""
    at = runtime.clock()
    with runtime.database.write() as session:
        push = session.get(ChannelPush, push_id)
        if push is None or push.state != PushState.WORKING:
            return
        push.attempt += 1
        push.changed_at = at
        session.add(push)
        attempt = push.attempt
    try:
        outcome = _try(runtime, push_id, attempt)
    except Overtaken:
        return
    except (Later, Refused) as error:
        _end(runtime, push_id, attempt, error)
    else:
        _end(runtime, push_id, attempt, outcome)


def _try(runtime: Runtime, push_id: UUID, attempt: int) -> Published | LaidIn | Pending:
    with runtime.database.read() as session:
        push = session.get_one(ChannelPush, push_id)
        there = connected(session, session.get_one(Channel, push.channel_id))
        progress, release_id, channel = dict(push.progress), push.release_id, push.channel
        if there is None:
            raise Refused("阵地已不再接入，或所用的发布工具已停用。")
        submitted = "task" in progress
        parcel = None if submitted else _parcel(session, release_id, there)
        replaces = _replaced(session, release_id, there) if submitted else ""
    if parcel is None:
        # What was submitted is only asked after: it may have been voided since, and is out all the same.
        parcel = Parcel(str(release_id), "", "", "", "", "", b"", b"", replaces=replaces)

    def content_of(digest: str) -> bytes:
        with runtime.database.read() as session:
            return packages.bytes_of(session, digest)

    def keep(done: dict[str, Any]) -> None:
        with runtime.database.write() as session:
            kept = _mine(session, push_id, attempt)
            kept.progress = done
            session.add(kept)

    def ask(text: bytes, lies: Mapping[str, str]) -> None:
        wish = clearance.Wish(channel=channel, payload=text, release_id=release_id, addresses=lies)
        with runtime.database.write() as session:
            _mine(session, push_id, attempt)
            said = clearance.clear(
                session, wish, publisher=there.publisher, runtime=runtime, at=runtime.clock()
            ).statement
        if said["outcome"] != "cleared":
            told = "；".join(reason["message"] for reason in said["reasons"])
            raise Refused(f"发布前核对未获准许：{told}")

    tools = Tools(content_of, keep, ask, progress)
    return adapter(there.connection, runtime.settings).publish(parcel, tools)


def _parcel(session: Session, release_id: UUID, there: Connected) -> Parcel:
    release = session.get_one(Release, release_id)
    if release.state not in packages.RELEASED:
        raise Refused("这次签发已经失效，不能发布。")
    package = packages.package(session, release_id, SYSTEM)
    document = package.document
    return Parcel(
        release=str(release_id),
        number=package.draft.number,
        title=document.title,
        author=document.byline,
        summary=document.summary,
        source_url=document.source_url,
        page=package.page,
        fragment=forms.fragment_of(package.page),
        files=queries.files(package),
        cover=package.cover,
        replaces=_replaced(session, release_id, there),
    )


def _replaced(session: Session, release_id: UUID, there: Connected) -> str:
    """Return how the channel names what a release corrects there, if this connection published it."""
    release = session.get_one(Release, release_id)
    found = queries.corrected(session, release)
    return found.external_id if found is not None and found.tool_id == there.publisher.id else ""


def _begin(session: Session, push: ChannelPush, *, by: Actor | None, there: Connected, at: datetime) -> None:
    push.state, push.words, push.tries, push.next_at = PushState.WORKING, "", 0, None
    push.begun_by, push.begun_at, push.changed_at = None if by is None else by.id, at, at
    session.add(push)
    payload = Pushed(
        draft=push.draft_id,
        release=push.release_id,
        push=push.id,
        channel=push.channel,
        by_hand=by is not None,
    )
    actor = there.publisher.as_audit() if by is None else by.as_audit(Role.PUBLISHER)
    emit(session, Event.RELEASE_PUSHED, payload, about=push.draft_id, actor=actor, at=at)
    _promise(session, push, at=at, run_at=at)


def _promise(session: Session, push: ChannelPush, *, at: datetime, run_at: datetime) -> None:
    party = f"channel:{push.channel_id}"
    payload = {"push_id": str(push.id)}
    jobs.enqueue(
        session, JobKind.PUSH, payload, at=at, run_at=run_at, key=f"{push.id}:{push.attempt}", party=party
    )


def _mine(session: Session, push_id: UUID, attempt: int) -> ChannelPush:
    """Return a push whose row this try may still write. Raises `Overtaken`."""
    query = select(ChannelPush).where(ChannelPush.id == push_id).with_for_update()
    push = session.exec(query.execution_options(populate_existing=True)).one()
    if push.state != PushState.WORKING or push.attempt != attempt:
        raise Overtaken
    return push


def _end(
    runtime: Runtime, push_id: UUID, attempt: int, outcome: Published | LaidIn | Pending | Later | Refused
) -> None:
    at = runtime.clock()
    try:
        with runtime.database.write() as session:
            draft_id = session.get_one(ChannelPush, push_id).draft_id
            draft_service.lock(session, draft_id)
            push = _mine(session, push_id, attempt)
            _store(session, push, outcome, runtime=runtime, at=at)
    except Overtaken:
        return
    except AppError as error:
        # It is out, and may not be: whoever looks at the channel has to know.
        told = "；".join(sentence(reason) for reason in error.reasons) or error.code
        with runtime.database.write() as session:
            push = _mine(session, push_id, attempt)
            _failed(session, push, f"内容已在阵地发布，但是回报未被接受：{told}", at=at)


def _store(
    session: Session,
    push: ChannelPush,
    outcome: Published | LaidIn | Pending | Later | Refused,
    *,
    runtime: Runtime,
    at: datetime,
) -> None:
    push.changed_at, push.next_at = at, None
    session.add(push)
    if isinstance(outcome, Published):
        there = connected(session, session.get_one(Channel, push.channel_id))
        if there is None:
            raise Conflict("push_disconnected", reasons=[Reason("push_disconnected")])
        _publish(session, push, there, outcome.external_id, outcome.url, runtime=runtime, at=at)
    elif isinstance(outcome, LaidIn):
        push.state, push.external_id = PushState.LAID_IN, outcome.external_id
        payload = PushEnded(draft=push.draft_id, release=push.release_id, push=push.id, channel=push.channel)
        emit(session, Event.RELEASE_LAID_IN, payload, about=push.draft_id, actor=SYSTEM.as_audit(), at=at)
    elif isinstance(outcome, Pending):
        if at - (push.begun_at or at) > LONGEST_POLL:
            _failed(session, push, "提交已超过一天，阵地仍没有结果，请到后台核对后回报。", at=at)
            return
        push.next_at = at + outcome.wait
        push.words = "已提交，等待阵地的处理结果"
        _promise(session, push, at=at, run_at=push.next_at)
    elif isinstance(outcome, Later) and push.tries < len(WAITS):
        push.next_at = at + max(WAITS[push.tries], outcome.wait)
        push.tries += 1
        push.words = outcome.words
        _promise(session, push, at=at, run_at=push.next_at)
    else:
        _failed(session, push, outcome.words, at=at)


def _failed(session: Session, push: ChannelPush, words: str, *, at: datetime) -> None:
    push.state, push.words, push.next_at, push.changed_at = PushState.FAILED, words, None, at
    session.add(push)
    payload = PushEnded(
        draft=push.draft_id, release=push.release_id, push=push.id, channel=push.channel, why=words
    )
    emit(session, Event.RELEASE_PUSH_FAILED, payload, about=push.draft_id, actor=SYSTEM.as_audit(), at=at)


def _publish(
    session: Session,
    push: ChannelPush,
    there: Connected,
    external_id: str,
    url: str,
    *,
    runtime: Runtime,
    at: datetime,
) -> Publication:
    release = session.get_one(Release, push.release_id)
    done = clearance.report_published(
        session,
        ticket=tickets.stored(release.ticket),
        external_id=external_id,
        url=url,
        digest=release.digest,
        publisher=there.publisher,
        runtime=runtime,
        at=at,
    ).publication
    push.state, push.external_id, push.words, push.next_at = PushState.PUBLISHED, external_id, "", None
    push.changed_at = at
    session.add(push)
    return done


__all__ = ["begin", "report", "take_up", "work"]
