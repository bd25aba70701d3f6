"""The API of posts and professional titles."""

from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.domain.vocabulary import Role
from app.domain.workflow.needs import Qualification
from app.identity.access import CurrentActor
from app.identity.models import User
from app.identity.posts.service import Held, set_posts, version_of
from app.identity.service import user_in_reach
from app.infra.db import ReadSession, WriteSession
from app.infra.http.etags import IfMatch, etag, seen_versions
from app.infra.http.examples import ID, taken
from app.infra.http.links import TAGGED
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of

router = ApiRouter(tags=["identity"])


class PostIn(BaseModel):
    """A post over a unit and all below it, in the words of the workflow files; `heads`: it heads the unit."""

    model_config = ConfigDict(extra="forbid")

    unit_id: UUID
    post: Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]
    heads: bool = False


class PostsIn(BaseModel):
    """All posts that somebody holds from now on, and their title."""

    model_config = taken(posts=[{"unit_id": ID, "post": "宣传科长", "heads": True}])

    posts: list[PostIn] = Field(max_length=20)
    qualification: Qualification = "none"


class PostsOut(BaseModel):
    """The posts that somebody holds, and their title."""

    posts: list[PostIn]
    qualification: Qualification


@router.get("/users/{user_id}/posts", responses={200: TAGGED})
def show_posts(user_id: UUID, response: Response, session: ReadSession, actor: CurrentActor) -> PostsOut:
    """Show the posts of somebody whose roles one keeps or audits."""
    user, _ = user_in_reach(session, user_id, actor, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)
    response.headers["ETag"] = etag(version_of(user))
    return _shown(user)


@router.put("/users/{user_id}/posts", responses={200: TAGGED})
def replace_posts(
    request: Request,
    response: Response,
    user_id: UUID,
    body: PostsIn,
    actor: CurrentActor,
    session: WriteSession,
    if_match: IfMatch = None,
) -> PostsOut:
    """Say which posts and which title somebody has; If-Match says which ones were seen: they are replaced."""
    user = set_posts(
        session,
        user_id=user_id,
        posts=[Held(post.unit_id, post.post, post.heads) for post in body.posts],
        qualification=body.qualification,
        seen=seen_versions(if_match),
        actor=actor,
        at=runtime_of(request).clock(),
    )
    response.headers["ETag"] = etag(version_of(user))
    return _shown(user)


def _shown(user: User) -> PostsOut:
    held = [{"unit_id": post["unit"], "post": post["post"], "heads": post["heads"]} for post in user.posts]
    return PostsOut.model_validate({"posts": held, "qualification": user.qualification})


def install(app: FastAPI) -> None:
    """Add these routes."""
    app.include_router(router)
