"""Which workflow walks what corrects or retracts something that is out, and what must be said in it."""

from datetime import datetime

from sqlmodel import Session

from app.domain import remedies as texts
from app.domain.document.changes import Change
from app.domain.document.model import Document
from app.domain.files.policy_files import PolicyFiles
from app.domain.routing.rules import Choice, Routed, routed
from app.domain.vocabulary import DraftState, RemedyKind, RemedyReason
from app.domain.workflow import Case, Workflow, combined
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.drafts.remedies import queries as remedies
from app.drafts.remedies.models import Remedy
from app.infra.errors import Invalid, Reason
from app.infra.runtime import Runtime
from app.reviews import routing, screening
from app.reviews.screening import Checked

#: The names of the rules that choose, as they stand on record.
_SMALL, _LARGE, _RETRACTION = "small_correction", "correction", "retraction"


def route(
    session: Session,
    draft: Draft,
    head: Revision,
    case: Case,
    checked: Checked,
    *,
    given: frozenset[str],
    runtime: Runtime,
    at: datetime,
) -> Routed:
    """Return the workflow of a draft that is handed in, and what decided it.

    A draft that stands by itself is routed as the policy says; what corrects or retracts another, by what it
    is. Raises what `routing.route` raises, and `Invalid` for a correction that changes nothing, or that owes
    the public a note and has none.
    """
    remedy = remedies.of_draft(session, draft.id)
    if remedy is None:
        return routing.route(runtime.policies, case, given=given)
    choice = _choice(session, remedy, head, case, checked, runtime=runtime, at=at)
    if choice is None:
        return routing.route(runtime.policies, case, given=given)
    return routed(case, choice, routing.laid_out(runtime.policies, choice.workflow))


def again(
    session: Session,
    draft: Draft,
    head: Revision,
    before: Case,
    now: Case,
    version: Workflow,
    checked: Checked,
    *,
    runtime: Runtime,
    at: datetime,
) -> Routed | None:
    """Return where a new text sends a case that goes on, if that is elsewhere than before; else `None`.

    A correction that has grown leaves the short lane for all that a larger one asks for, and never comes
    back. Raises as `routing.again`, and `Invalid` as `route` does.
    """
    remedy = remedies.of_draft(session, draft.id)
    if remedy is not None and remedy.kind == RemedyKind.CORRECTION:
        choice = _choice(session, remedy, head, now, checked, runtime=runtime, at=at)
        if version.purpose == "small_correction" and (choice is None or choice.rule != _SMALL):
            if choice is None:
                return routing.whole(runtime.policies, now, version)
            joint = combined(version, routing.laid_out(runtime.policies, choice.workflow))
            return routed(now, choice, joint)
    if remedy is not None and remedy.kind == RemedyKind.RETRACTION:
        return None
    return routing.again(runtime.policies, before, now, version)


def change_of(
    session: Session,
    remedy: Remedy,
    document: Document,
    case: Case,
    checked: Checked,
    *,
    runtime: Runtime,
    at: datetime,
) -> Change:
    """Return what a correction changes in what is out, as the short lane judges it."""
    of, was = session.get_one(Draft, remedy.of_draft_id), session.get_one(Revision, remedy.of_revision_id)
    before = screening.check_text(session, of, was, case, runtime=runtime, at=at)
    key = routing.routing_in_force(runtime.policies).after_publication.small_correction
    limits = routing.laid_out(runtime.policies, key).marks_only
    return texts.changed(
        drafts.document_of(was), document, limits=limits, new_findings=checked.more_than(before)
    )


def _choice(
    session: Session,
    remedy: Remedy,
    head: Revision,
    case: Case,
    checked: Checked,
    *,
    runtime: Runtime,
    at: datetime,
) -> Choice | None:
    policy = routing.routing_in_force(runtime.policies).after_publication
    if remedy.kind == RemedyKind.RETRACTION:
        return Choice(rule=_RETRACTION, title="撤稿", workflow=policy.retraction)
    document = drafts.document_of(head)
    change = change_of(session, remedy, document, case, checked, runtime=runtime, at=at)
    published = session.get_one(Revision, remedy.of_revision_id)
    _says_enough(runtime.policies, remedy, document, is_new=head.digest != published.digest)
    # What went out without its three reviews gets them now, however little is changed in it.
    of = session.get_one(Draft, remedy.of_draft_id)
    if texts.is_small(change) and of.state != DraftState.PUBLISHED_WITH_DEBT:
        return Choice(rule=_SMALL, title="更正（小改）", workflow=policy.small_correction)
    if policy.correction is None:
        return None
    return Choice(rule=_LARGE, title="更正", workflow=policy.correction)


def _says_enough(policies: PolicyFiles, remedy: Remedy, document: Document, *, is_new: bool) -> None:
    owed = RemedyReason(remedy.reason) in routing.routing_in_force(policies).after_publication.note_for
    reasons = []
    if not is_new:
        reasons.append(Reason("correction_changes_nothing"))
    if owed and not texts.note_of(document):
        reasons.append(Reason("correction_note_missing", {"begins": texts.NOTE}))
    if reasons:
        raise Invalid("correction_unfinished", reasons=reasons)
