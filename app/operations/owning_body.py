"""Which body (root unit) a piece of work belongs to: administrators of another body hear nothing of it."""

import re
from collections.abc import Sequence
from uuid import UUID

import sqlmodel
from sqlalchemy import Select, select, union_all
from sqlmodel import Session, SQLModel, col

from app.domain.vocabulary import Role
from app.identity import queries as identity
from app.identity.models import Unit

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def of_own_body(session: Session, reader_id: UUID | None, texts: Sequence[str]) -> list[bool]:
    """Say of each text whether it names nothing that belongs to a body where the reader is no administrator.

    Named is by id: a draft or what is of one, an account, a unit, a tool, an endpoint, a robot. What names
    nothing of any body is everybody's.
    """
    roots = session.exec(sqlmodel.select(Unit.id).where(col(Unit.parent_id).is_(None))).all()
    if len(roots) < 2:
        return [True] * len(texts)
    reader = identity.user_actor(session, reader_id) if reader_id else None
    grants = () if reader is None else reader.grants
    own = {_root(grant.unit_path) for grant in grants if grant.role is Role.SYSTEM_ADMIN}
    named = [{UUID(text_id) for text_id in _ID.findall(text)} for text in texts]
    bodies = _bodies(session, set().union(*named))
    return [
        bodies.keys().isdisjoint(some) or {bodies[thing] for thing in some & bodies.keys()} <= own
        for some in named
    ]


def _root(path: str) -> str:
    return path.strip("/").partition("/")[0]


def _bodies(session: Session, ids: set[UUID]) -> dict[UUID, str]:
    """Return the body of each id that has one: every table is asked that says whose its rows are."""
    units, drafts, ends = (
        SQLModel.metadata.tables[table].c for table in ("unit", "draft", "webhook_endpoint")
    )
    asked: list[Select[tuple[UUID, str]]] = []
    for name, table in SQLModel.metadata.tables.items():
        there = table.c
        if "id" not in there:
            continue
        asked_of = None
        if name == "unit":
            asked_of = select(there.id, there.path)
        elif "unit_path" in there:
            asked_of = select(there.id, there.unit_path)
        elif "unit_id" in there:
            asked_of = select(there.id, units.path).join(units.id.table, units.id == there.unit_id)
        elif "draft_id" in there:
            asked_of = select(there.id, drafts.unit_path).join(drafts.id.table, drafts.id == there.draft_id)
        elif "endpoint_id" in there:
            asked_of = select(there.id, ends.unit_path).join(ends.id.table, ends.id == there.endpoint_id)
        if asked_of is not None:
            asked.append(asked_of.where(there.id.in_(ids)))
    rows = session.connection().execute(union_all(*asked)).mappings()
    return {row["id"]: _root(next(value for name, value in row.items() if name != "id")) for row in rows}
