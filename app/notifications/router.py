from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Query, Request

from app.domain.vocabulary import Role
from app.identity.access import CurrentActor, authorize
from app.identity.models import User
from app.infra.db import ReadSession, WriteSession
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.notifications import queries, service
from app.notifications.models import NoticeRobot
from app.notifications.queries import Told
from app.notifications.robots import service as robots
from app.notifications.schemas import (
    NoticeOut,
    NoticesOut,
    PreferencesIn,
    PreferencesOut,
    ReadIn,
    ReadOut,
    RobotIn,
    RobotOut,
)
from app.webhooks.addresses.targets import AllowList

router = ApiRouter(tags=["notifications"])


@router.get("/notices")
def list_notices(
    actor: CurrentActor,
    session: ReadSession,
    unread: bool = False,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NoticesOut:
    """List one's notices, newest first; of drafts only those that one may still see."""
    notices = queries.listing(session, actor, only_unread=unread, before=cursor, limit=limit + 1)
    return NoticesOut(
        items=[_notice(notice) for notice in notices[:limit]],
        unread=queries.unread(session, actor),
        next=str(notices[limit - 1].notice.id) if len(notices) > limit else None,
    )


@router.post("/notices/{notice_id}/read", status_code=204)
def mark_notice_read(request: Request, notice_id: UUID, actor: CurrentActor, session: WriteSession) -> None:
    """Note that one has read a notice."""
    service.mark_read(session, notice_id, actor=actor, at=runtime_of(request).clock())


@router.post("/notices/read")
def mark_notices_read(request: Request, body: ReadIn, actor: CurrentActor, session: WriteSession) -> ReadOut:
    """Note that one has read everything up to the newest notice that one saw."""
    at = runtime_of(request).clock()
    return ReadOut(read=service.mark_all_read(session, until=body.until, actor=actor, at=at))


@router.get("/notification-preferences")
def show_notification_preferences(actor: CurrentActor, session: ReadSession) -> PreferencesOut:
    """Show which notices go to the caller by mail, and when. In the application they are always there."""
    user = session.get_one(User, actor.id)
    return PreferencesOut(email=user.email, mail=queries.preferences(session, actor.id))


@router.put("/notification-preferences")
def set_notification_preferences(
    body: PreferencesIn, actor: CurrentActor, session: WriteSession
) -> PreferencesOut:
    """Say which notices one wants by mail, and when."""
    service.prefer(session, body.mail, actor=actor)
    user = session.get_one(User, actor.id)
    return PreferencesOut(email=user.email, mail=queries.preferences(session, actor.id))


@router.get("/notice-robots")
def list_robots(actor: CurrentActor, session: ReadSession) -> list[RobotOut]:
    """List the robots of the units that one administers (system administrator)."""
    authorize(actor, Role.SYSTEM_ADMIN)
    return [_robot(robot) for robot in queries.robots(session, actor)]


@router.post("/notice-robots", status_code=201, responses={201: made("list_robots")})
def create_robot(request: Request, body: RobotIn, actor: CurrentActor, session: WriteSession) -> RobotOut:
    """Register the robot of a group (system administrator). Its address is kept sealed."""
    runtime = runtime_of(request)
    made = robots.create(
        session,
        unit_id=body.unit_id,
        name=body.name,
        url=body.url,
        kinds=body.kinds,
        titles=body.titles,
        actor=actor,
        allowed=AllowList.of(runtime.settings),
        master=runtime.secret,
        at=runtime.clock(),
    )
    return _robot(made)


@router.post("/notice-robots/{robot_id}/deactivation")
def deactivate_robot(
    request: Request, robot_id: UUID, actor: CurrentActor, session: WriteSession
) -> RobotOut:
    """Tell a robot nothing any more (system administrator)."""
    return _robot(robots.deactivate(session, robot_id, actor=actor, at=runtime_of(request).clock()))


def _notice(told: Told) -> NoticeOut:
    return NoticeOut(
        id=told.notice.id,
        kind=told.kind,
        text=told.text,
        path=told.path,
        draft_id=told.notice.draft_id,
        number=told.draft.number if told.draft else None,
        title=told.draft.title if told.draft else None,
        case_id=told.notice.case_id,
        stage=told.notice.stage,
        line=told.notice.line,
        created_at=told.notice.created_at,
        read_at=told.notice.read_at,
    )


def _robot(row: NoticeRobot) -> RobotOut:
    return RobotOut.model_validate(row, from_attributes=True)


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
