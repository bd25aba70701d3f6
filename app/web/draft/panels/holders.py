"""Who could decide the open stages, by name."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from app.identity import absences
from app.identity import queries as identity
from app.reviews import queries as reviews


def holders(
    session: Session,
    view: reviews.CaseView,
    at: datetime,
    stages: Iterable[reviews.StageView] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Return the names of those who could decide each stage by their role, and whether they are away.

    `stages` are the open ones where none are given. One statement a role.
    """
    found: dict[str, tuple[str, ...]] = {}
    for one in view.open if stages is None else stages:
        roles = [who.role for who in one.stage.who if who.role is not None]
        people = {
            user.id: user.name
            for role in roles
            for user in identity.holders(session, role, unit_path=view.draft.unit_path)
        }
        posts = {who.post for who in one.stage.who if who.post is not None}
        for user in identity.posted(session, unit_path=view.draft.unit_path) if posts else ():
            if any(
                view.draft.unit_path.startswith(held["path"]) and held["post"] in posts for held in user.posts
            ):
                people[user.id] = user.name
        apart = view.case.authors if not one.stage.author_may_act else frozenset()
        away = absences.away(session, people, at)
        found[one.stage.key] = tuple(
            f"{name}（外出）" if key in away else name
            for key, name in people.items()
            if str(key) not in apart
        )
    return found
