"""Robots of group chats (企业微信群机器人): who they are, what they say, and saying it.

Source: 企业微信开发者中心, 群机器人配置说明 (markdown content up to 4096 bytes, 20 messages a minute) and
全局错误码 (45009, 93000).
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.domain.vocabulary import Event, NoticeKind, Role
from app.drafts.models import Draft
from app.events.emit import emit
from app.events.payloads.machines import RobotCreated, RobotDisabled
from app.identity import service as identity
from app.identity.queries import Actor
from app.infra.errors import Conflict, Invalid, NotFound, Reason
from app.infra.ids import new_id
from app.infra.outgoing_calls import Call, CallFailed
from app.notifications import errors as _words  # noqa: F401 – the words of the codes below
from app.notifications.models import NoticeRobot, RobotMessage
from app.notifications.queries import confidential
from app.notifications.sentences import About, plain, sentence
from app.webhooks import vault
from app.webhooks.addresses import networks
from app.webhooks.addresses import targets as addresses
from app.webhooks.addresses.targets import AllowList

#: The longest content of one message, in bytes of UTF-8.
MOST_BYTES = 4096
#: Between two messages of one robot: 20 a minute are allowed.
PAUSE = timedelta(seconds=3)
#: After the service said that there were too many.
LONG_PAUSE = timedelta(minutes=1)
GOOD, TOO_MANY, NO_SUCH_ROBOT = 0, 45009, 93000
#: More of an answer is not read.
_MOST_ANSWER = 4096
#: Things said in one message at most; more would not be read by anybody.
MOST_LINES = 20

#: What markdown would take for its own is shown in its full-width form.
_FLAT = str.maketrans("<>[]()*_`#", "＜＞［］（）＊＿｀＃")


@dataclass(frozen=True, slots=True)
class Speech:
    """One message of a robot, ready to be sent, and the things said in it."""

    robot_id: UUID
    url: str
    body: bytes
    said: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: the service's code, or an error's name when it gave none."""

    code: int | None
    error: str = ""


def create(
    session: Session,
    *,
    unit_id: UUID,
    name: str,
    url: str,
    kinds: Collection[NoticeKind],
    titles: bool,
    actor: Actor,
    allowed: AllowList,
    master: bytes,
    at: datetime,
) -> NoticeRobot:
    """Register the robot of a group that hears of a unit's drafts and those below it; no kinds: of all.

    Its address is a secret and is kept sealed. Raises `NotFound` for a unit out of the actor's reach,
    `Forbidden`, `Invalid` with every reason against the address, `Conflict` when the name is taken.
    """
    unit = identity.unit_in_reach(session, unit_id, actor, Role.SYSTEM_ADMIN)
    if reasons := faults(url, allowed=allowed):
        raise Invalid("robot_refused", reasons=reasons)
    taken = select(NoticeRobot.id).where(NoticeRobot.unit_id == unit.id, NoticeRobot.name == name)
    if session.exec(taken).first() is not None:
        raise Conflict("robot_name_taken")
    robot_id = new_id()
    robot = NoticeRobot(
        id=robot_id,
        unit_id=unit.id,
        unit_path=unit.path,
        name=name,
        host=urlsplit(url).hostname or "",
        sealed=vault.seal(url.encode(), owner=robot_id, master=master),
        kinds=sorted(set(kinds)),
        titles=titles,
        created_by=None if actor.via == "system" else actor.id,
        created_at=at,
    )
    session.add(robot)
    session.flush()
    payload = RobotCreated(
        robot=robot.id,
        unit=unit.id,
        name=name,
        host=robot.host,
        kinds=sorted(set(kinds)),
        titles=titles,
    )
    admin = actor.as_audit(Role.SYSTEM_ADMIN)
    emit(session, Event.ROBOT_CREATED, payload, about=robot.id, actor=admin, at=at)
    return robot


def deactivate(session: Session, robot_id: UUID, *, actor: Actor, at: datetime) -> NoticeRobot:
    """Tell a robot nothing any more. Raises `NotFound`, `Forbidden`, `Conflict` when it is disabled."""
    robot = session.exec(
        select(NoticeRobot).where(NoticeRobot.id == robot_id).with_for_update()
    ).one_or_none()
    if robot is None:
        raise NotFound("not_found")
    identity.unit_in_reach(session, robot.unit_id, actor, Role.SYSTEM_ADMIN)
    if not robot.active:
        raise Conflict("robot_inactive")
    _disable(session, robot, "by_administrator", actor.as_audit(Role.SYSTEM_ADMIN), at)
    return robot


def faults(url: str, *, allowed: AllowList) -> list[Reason]:
    """Return every reason why `url` cannot be a robot's address; empty when it can. Looks nothing up."""
    reasons = addresses.faults(url, allowed=allowed)
    if any(reason.code in {"url_not_http", "url_has_unseen"} for reason in reasons):
        return reasons
    parts = urlsplit(url)
    if parts.scheme != "https" and not _is_here(parts.hostname or ""):
        reasons.append(Reason("robot_not_https", field="url"))
    if not parse_qs(parts.query).get("key"):
        reasons.append(Reason("robot_without_key", field="url"))
    return reasons


def prepare(
    session: Session,
    robot_id: UUID,
    *,
    public_url: str,
    master: bytes,
    at: datetime,
) -> Speech | datetime | None:
    """Return the next message of a robot, its turn taken; when it may speak, if that is later; else `None`.

    The robot's row is locked, so that two processes never speak within one pause.
    """
    robot = session.exec(
        select(NoticeRobot).where(NoticeRobot.id == robot_id).with_for_update()
    ).one_or_none()
    if robot is None or not robot.active:
        return None
    if robot.next_at is not None and robot.next_at > at:
        return robot.next_at
    query = (
        select(RobotMessage, Draft)
        .join(Draft, col(Draft.id) == col(RobotMessage.draft_id))
        .where(RobotMessage.robot_id == robot.id, col(RobotMessage.sent_at).is_(None))
        .order_by(col(RobotMessage.id))
        .limit(MOST_LINES)
    )
    rows = session.exec(query).all()
    if not rows:
        return None
    robot.next_at = at + PAUSE
    session.add(robot)
    kept = confidential(session, {draft.id for _, draft in rows})
    url = vault.unseal(robot.sealed, owner=robot.id, master=master).decode()
    lines = [_line(message, draft, titled=robot.titles and draft.id not in kept) for message, draft in rows]
    content, count = compose(lines, public_url=public_url)
    body = json.dumps({"msgtype": "markdown", "markdown": {"content": content}}, ensure_ascii=False)
    return Speech(robot.id, url, body.encode(), tuple(message.id for message, _ in rows[:count]))


def compose(lines: Sequence[str], *, public_url: str) -> tuple[str, int]:
    """Return the content of a message and how many of the lines are in it: as many as it may hold."""
    end = f"\n[打开三审]({public_url.rstrip('/')}/)"
    content, count = "**三审通知**", 0
    for line in lines:
        longer = f"{content}\n> {line}"
        if len((longer + end).encode()) > MOST_BYTES:
            break
        content, count = longer, count + 1
    return content + end, count


def send(speech: Speech, *, allowed: AllowList, timeout_seconds: float) -> Answer:
    """Send one message as webhooks are: looked up once, no redirects, no proxy, all within its time.

    Never raises for what the network or the service does.
    """
    with Call(timeout_seconds) as call:
        try:
            target = addresses.resolve(speech.url, allowed=allowed, call=call)
            headers = {
                "Host": target.host_header,
                "Content-Type": "application/json",
                "User-Agent": "Sanshen/1",
            }
            answer = call.post(
                target.url, server_name=target.host, headers=headers, body=speech.body, most=_MOST_ANSWER
            )
        except (addresses.Unreachable, CallFailed) as error:
            return Answer(None, str(error))
    if answer.status != 200:
        return Answer(None, f"http_{answer.status}")
    return _understood(answer.body) if answer.whole else Answer(None, "answer_too_long")


def settle(session: Session, speech: Speech, answer: Answer, *, at: datetime) -> datetime | None:
    """Write down what came of a message; return when the robot is to speak again, `None` when not.

    Too many messages: everything waits for a minute. A robot that is no more is switched off.
    """
    robot = session.exec(select(NoticeRobot).where(NoticeRobot.id == speech.robot_id).with_for_update()).one()
    if answer.code == GOOD:
        messages = session.exec(select(RobotMessage).where(col(RobotMessage.id).in_(speech.said))).all()
        for message in messages:
            message.sent_at = at
            session.add(message)
        session.flush()
        more = select(RobotMessage.id).where(
            RobotMessage.robot_id == robot.id, col(RobotMessage.sent_at).is_(None)
        )
        return robot.next_at if session.exec(more.limit(1)).first() is not None else None
    if answer.code == TOO_MANY:
        robot.next_at = at + LONG_PAUSE
        session.add(robot)
        return robot.next_at
    if answer.code == NO_SUCH_ROBOT and robot.active:
        _disable(session, robot, "no_such_robot", audit.SYSTEM, at)
    # Nothing was said, so the next try need not wait.
    robot.next_at = None
    session.add(robot)
    return None


def _disable(
    session: Session, robot: NoticeRobot, reason: str, actor: audit.AuditActor, at: datetime
) -> None:
    robot.active, robot.disabled_reason = False, reason
    session.add(robot)
    payload = RobotDisabled(robot=robot.id, reason=reason)
    emit(session, Event.ROBOT_DISABLED, payload, about=robot.id, actor=actor, at=at)


def _line(message: RobotMessage, draft: Draft, *, titled: bool) -> str:
    about = About(draft.number, draft.title.translate(_FLAT) if titled else "")
    return plain(sentence(NoticeKind(message.kind), message.data, about, group=True))


def _understood(body: bytes) -> Answer:
    try:
        said = json.loads(body)
        code = said["errcode"]
    except (ValueError, TypeError, KeyError):
        return Answer(None, "answer_not_understood")
    if not isinstance(code, int):
        return Answer(None, "answer_not_understood")
    return Answer(code, "" if code == GOOD else f"errcode_{code}")


def _is_here(host: str) -> bool:
    """Say whether a host is this machine's own loopback address: nobody listens on the way there."""
    try:
        return networks.is_loopback(host)
    except ValueError:
        return False
