"""Who is called by name in a comment: `@` and a name or a sign-in name."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col

from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import queries as identity
from app.identity.models import User

_CALL = re.compile(r"@([\w·.\-]{1,40})")


@dataclass(frozen=True, slots=True)
class Mentions:
    """Who is called and may see the draft, by id; and what stands behind an `@` that names none of them."""

    people: frozenset[UUID]
    unreached: tuple[str, ...]


def mentioned(session: Session, draft: Draft, text: str) -> Mentions:
    """Return whom a text calls. Of several names that begin what follows an `@` the longest is meant.

    People who may not see the draft are not told apart from people who are not there: nobody learns of
    either. Two of the same name are both meant. A statement for the people, and what `drafts.seen` asks.
    """
    calls = tuple(dict.fromkeys(_CALL.findall(text)))
    if not calls:
        return Mentions(frozenset(), ())
    known = _visible(session, draft, {call[:end] for call in calls for end in range(1, len(call) + 1)})
    people: set[UUID] = set()
    unreached = []
    for call in calls:
        name = next((call[:end] for end in range(len(call), 0, -1) if call[:end] in known), None)
        if name is None:
            unreached.append(call)
        else:
            people |= known[name]
    return Mentions(frozenset(people), tuple(unreached))


def _visible(session: Session, draft: Draft, names: Collection[str]) -> dict[str, set[UUID]]:
    asked = or_(col(User.name).in_(names), col(User.login).in_(names))
    actors = identity.actors_where(session, asked)
    seen = drafts.seen(session, ((draft, actor) for actor in actors.values()))
    by_name: dict[str, set[UUID]] = {}
    for actor in actors.values():
        if (draft.id, actor.id) in seen:
            for name in {actor.name, actor.login} & set(names):
                by_name.setdefault(name, set()).add(actor.id)
    return by_name
