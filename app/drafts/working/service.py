"""Keeping what somebody writes before it is saved, and that they write; nothing of it is on record.

A working copy is its writer's alone: no query gives it to anybody else, and saving the draft ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from json import dumps, loads
from uuid import UUID

from sqlmodel import Session, col, delete

from app.drafts.working import errors as _words  # noqa: F401 – the words of the code below
from app.drafts.working.models import EditorPresence, WorkingCopy
from app.drafts.working.queries import PRESENT
from app.infra.errors import Conflict


@dataclass(frozen=True, slots=True)
class KeepCopy:
    """What is to be kept: the fields of the form, and the revision that they were written upon.

    `seen` is the version of the copy that the window knows, 0 for none.
    """

    draft_id: UUID
    revision: int
    fields: Sequence[tuple[str, str]]
    seen: int


def keep(session: Session, command: KeepCopy, *, user_id: UUID, at: datetime) -> WorkingCopy:
    """Keep a working copy in place of the one that the window knows.

    Raises `Conflict` where another window of the same person has kept, saved or dropped one meanwhile.
    """
    copy = session.get(WorkingCopy, (command.draft_id, user_id), with_for_update=True)
    if (copy.version if copy is not None else 0) != command.seen:
        raise Conflict("working_copy_elsewhere")
    if copy is None:
        copy = WorkingCopy(
            draft_id=command.draft_id, user_id=user_id, revision=0, fields="[]", version=0, updated_at=at
        )
    copy.revision, copy.fields = command.revision, dumps(list(command.fields), ensure_ascii=False)
    copy.version += 1
    copy.updated_at = at
    session.add(copy)
    session.flush()
    return copy


def fields_of(copy: WorkingCopy) -> tuple[tuple[str, str], ...]:
    """Return what a working copy holds, as the form sent it."""
    return tuple((name, value) for name, value in loads(copy.fields))


def drop(session: Session, draft_id: UUID, *, user_id: UUID) -> None:
    """End a working copy: it was saved, or its writer does not want it. Without one nothing is done."""
    copy = session.get(WorkingCopy, (draft_id, user_id))
    if copy is not None:
        session.delete(copy)
        session.flush()


def be_present(session: Session, draft_id: UUID, *, user_id: UUID, at: datetime) -> None:
    """Note that somebody has the edit page open, and forget who was last heard of more than a minute ago."""
    session.exec(
        delete(EditorPresence).where(
            col(EditorPresence.draft_id) == draft_id, col(EditorPresence.seen_at) <= at - PRESENT
        )
    )
    here = session.get(EditorPresence, (draft_id, user_id))
    if here is None:
        session.add(EditorPresence(draft_id=draft_id, user_id=user_id, seen_at=at))
    else:
        here.seen_at = at
    session.flush()


def leave(session: Session, draft_id: UUID, *, user_id: UUID) -> None:
    """Note that somebody has closed the edit page."""
    session.exec(
        delete(EditorPresence).where(
            col(EditorPresence.draft_id) == draft_id, col(EditorPresence.user_id) == user_id
        )
    )
