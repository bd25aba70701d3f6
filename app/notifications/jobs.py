"""What the notifications feature does in the background: tell, mail, let robots speak."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.audit import log
from app.domain.vocabulary import NoticeKind
from app.identity.models import User
from app.identity.queries import user_actor
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.jobs.registry import JobContext, Lane, end_together, handles, handles_together
from app.notifications import mail, queries, service
from app.notifications.models import MailState, Notice
from app.notifications.robots import service as robots
from app.notifications.scenes import Step
from app.notifications.sentences import sentence
from app.webhooks.addresses.targets import AllowList


class RobotFailed(Exception):
    """A robot's message was not taken; it says the service's code and no address."""


@handles_together(JobKind.NOTIFY, at_once=20)
def _tell(promised: Sequence[JobContext]) -> None:
    runtime = promised[0].runtime
    with runtime.database.write() as session:
        end_together(session, promised)
        service.tell(
            session,
            [Step.promised(job.payload) for job in promised],
            with_mail=bool(runtime.settings.smtp_host),
            at=runtime.clock(),
        )


@handles(JobKind.ALARM)
def _alarm(job: JobContext) -> None:
    runtime = job.runtime
    with runtime.database.write() as session:
        job.end(session)
        service.alarm(
            session,
            _people(session, job.payload.get("people")),
            kind=NoticeKind(job.payload["kind"]),
            data=job.payload["data"],
            source=job.payload["source"],
            with_mail=bool(runtime.settings.smtp_host),
            at=runtime.clock(),
        )


def _people(session: Session, ids: list[str] | None) -> Sequence[User]:
    """Return those of these people who are active; without a list, who administers the system."""
    if ids is None:
        return queries.administrators(session)
    wanted = [UUID(person) for person in ids]
    return session.exec(select(User).where(col(User.id).in_(wanted), col(User.active).is_(True))).all()


@handles(JobKind.TELL_ACCOUNT)
def _account(job: JobContext) -> None:
    runtime, told = job.runtime, job.payload
    with_mail, at = bool(runtime.settings.smtp_host), runtime.clock()
    with runtime.database.write() as session:
        job.end(session)
        people = session.exec(
            select(User).where(col(User.id).in_([UUID(person) for person in told["people"]]))
        ).all()
        data = {"what": told["what"], **told["data"]}
        service.alarm(
            session,
            [person for person in people if person.active],
            kind=NoticeKind.ACCOUNT,
            data=data,
            source=told["source"],
            with_mail=with_mail,
            at=at,
            whatever_they_chose=True,
        )
        if told["old_address"] and with_mail:
            jobs.enqueue(session, JobKind.MAIL_AWAY, {"to": told["old_address"], "data": data}, at=at)


@handles(JobKind.MAIL_AWAY, lane=Lane.MAIL, tries=20)
def _mail_away(job: JobContext) -> None:
    settings = job.runtime.settings
    if settings.smtp_host:
        letter = mail.plain_letter(
            sentence(NoticeKind.ACCOUNT, job.payload["data"], None),
            to=job.payload["to"],
            name=str(job.id),
            settings=settings,
            at=job.runtime.clock(),
        )
        mail.send(letter, settings)


@handles(JobKind.CHECKPOINT_MAIL, lane=Lane.MAIL, every=timedelta(days=1))
def _mail_checkpoint(job: JobContext) -> None:
    """Send the newest checkpoint out of the house: against one that is kept outside, a cut-off tail shows."""
    settings, at = job.runtime.settings, job.runtime.clock()
    with job.runtime.database.read() as session:
        note = log.newest(session)
    if note is None or not settings.smtp_host:
        return
    for to in sorted(settings.checkpoint_mail):
        mail.send(mail.checkpoint_letter(note, to=to, name=str(job.id), settings=settings, at=at), settings)


@handles(JobKind.MAIL, lane=Lane.MAIL, tries=20)
def _mail(job: JobContext) -> None:
    runtime, settings = job.runtime, job.runtime.settings
    state = MailState.GATHERING if job.payload["daily"] else MailState.WAITING
    at = runtime.clock()
    with runtime.database.read() as session:
        actor = user_actor(session, UUID(job.payload["user_id"]), at=at)
        user = session.get(User, UUID(job.payload["user_id"]))
        if actor is None or user is None or not user.email or not settings.smtp_host:
            return
        told = queries.to_mail(session, actor, state=state)
        kept = queries.confidential(session, {notice.draft.id for notice in told if notice.draft is not None})
    if not told:
        return
    mail.send(mail.letter(told, to=user.email, confidential=kept, settings=settings, at=at), settings)
    with runtime.database.write() as session:
        session.exec(
            update(Notice)
            .where(col(Notice.id).in_([notice.notice.id for notice in told]))
            .values(mail=MailState.SENT)
            .execution_options(synchronize_session=False)
        )
        if len(told) == queries.MOST_IN_LETTER:
            jobs.enqueue(session, JobKind.MAIL, job.payload, at=at)


@handles(JobKind.ROBOT, lane=Lane.ROBOTS)
def _robot(job: JobContext) -> None:
    runtime, settings = job.runtime, job.runtime.settings
    robot_id = UUID(job.payload["robot_id"])
    with runtime.database.write() as session:
        message = robots.prepare(
            session, robot_id, public_url=settings.public_url, master=runtime.secret, at=runtime.clock()
        )
        if message is None:
            return
        if not isinstance(message, robots.Speech):
            _again(session, robot_id, message, at=runtime.clock())
            return
    answer = robots.send(
        message, allowed=AllowList.of(settings), timeout_seconds=settings.webhook_timeout_seconds
    )
    with runtime.database.write() as session:
        again_at = robots.settle(session, message, answer, at=runtime.clock())
        if again_at is not None:
            _again(session, robot_id, again_at, at=runtime.clock())
    if answer.code not in {robots.GOOD, robots.TOO_MANY, robots.NO_SUCH_ROBOT}:
        raise RobotFailed(answer.error)


def _again(session: Session, robot_id: UUID, run_at: datetime, *, at: datetime) -> None:
    jobs.enqueue(session, JobKind.ROBOT, {"robot_id": str(robot_id)}, at=at, run_at=run_at, key=str(robot_id))
