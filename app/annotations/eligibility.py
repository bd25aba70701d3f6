"""Who may comment, settle a thread and answer suggestions: the one answer for service and pages."""

from dataclasses import replace

from sqlmodel import Session

from app.annotations.models import Thread
from app.domain.vocabulary import Role
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import permissions
from app.identity.queries import Actor


def may_comment(session: Session, draft: Draft, actor: Actor) -> bool:
    """Say whether somebody may comment on a draft: whoever sees it by more than a copy or a reader's role."""
    if permissions.may_write(actor, draft.unit_path):
        return drafts.may_see(session, draft, actor)
    working = tuple(grant for grant in actor.grants if grant.role is not Role.READER)
    return drafts.may_see(session, draft, replace(actor, grants=working), by_copy=False)


def may_settle(draft: Draft, thread: Thread, actor: Actor) -> bool:
    """Say whether somebody may resolve or reopen a thread: who began it, and who edits the draft."""
    return thread.started_by == actor.id or permissions.may_write(actor, draft.unit_path)


def may_answer_suggestions(draft: Draft, actor: Actor) -> bool:
    """Say whether somebody accepts or disputes suggestions: who edits the draft."""
    return permissions.may_write(actor, draft.unit_path)
