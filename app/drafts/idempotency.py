"""An answer that tells of a draft is given again only to those who may still see the draft."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, union_all
from sqlmodel import Session, SQLModel, col

from app.drafts.models import Draft
from app.drafts.queries import may_see
from app.identity import queries as identity
from app.infra.errors import NotFound
from app.infra.http.idempotency import guards

#: Rows that are the reader's own, whatever draft they once were about.
_OWN = frozenset({"notice"})


@guards
def still_seen(session: Session, caller_id: UUID, about: frozenset[UUID], at: datetime) -> None:
    """Raise `NotFound` when any of `about` is a draft, or of a draft, that the caller may not see at `at`.

    Every table that says of its rows which draft they belong to is looked through, so that cases, marks,
    waivers, releases and what comes later need not be named here.
    """
    tables = [
        table.c
        for name, table in SQLModel.metadata.tables.items()
        if name not in _OWN and "id" in table.c and "draft_id" in table.c
    ]
    named = union_all(
        *(select(about_table.draft_id).where(about_table.id.in_(about)) for about_table in tables)
    )
    of_drafts = {*session.connection().execute(named).scalars(), *about}
    drafts = session.scalars(select(Draft).where(col(Draft.id).in_(of_drafts))).all()
    if not drafts:
        return
    actor = identity.user_actor(session, caller_id, at=at)
    if actor is None or not all(may_see(session, draft, actor) for draft in drafts):
        raise NotFound("not_found")
