"""What happens to cases: submitted, decided, recalled, held. The domain decides, here it is stored."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.document.changes import Change, classify
from app.domain.document.model import Document
from app.domain.files.policy_files import PolicyFiles
from app.domain.limits import exceeded
from app.domain.refusals import Refusal, RefusalCode, Refusals, Refused
from app.domain.routing.rules import Routed
from app.domain.vocabulary import WITH_AUTHOR, CaseState, ChannelKind, StageKind
from app.domain.workflow import (
    SERVICE,
    BoundProof,
    Case,
    Command,
    Effects,
    Facts,
    HandedIn,
    NewText,
    Participant,
    Target,
    Workflow,
)
from app.domain.workflow.commands import (
    AnswerHold,
    Approve,
    BindSubject,
    CarryOut,
    Claim,
    Decide,
    Free,
    Hold,
    LayOutFailed,
    Recall,
    Reconsider,
    Recuse,
    Remind,
    Resubmit,
    Submit,
    Unclaim,
)
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.drafts.remedies import queries as remedies
from app.identity import queries as identity
from app.identity.queries import SYSTEM, Actor
from app.infra.errors import Conflict
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.reviews import (
    after_publication,
    calendar,
    eligibility,
    resubmission,
    routing,
    screening,
    stranding,
    threads,
    workflows,
)
from app.reviews.apply import Step, apply, assessed, attempt, record_routing
from app.reviews.case_book import CaseBook
from app.reviews.cases import OUT, Loaded, acting_at_case, as_participant, load, may_write
from app.reviews.errors import refused
from app.reviews.models import ReviewCase
from app.reviews.risks import service as accepting
from app.typesetting import fonts

ENDED = (CaseState.RECALLED, CaseState.DECLINED, CaseState.CLEARED)


def submit(
    session: Session,
    *,
    draft_id: UUID,
    digest: str,
    comment: str = "",
    grade: Literal["A", "B", "C"] | None = None,
    flags: Collection[str] = (),
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> Loaded:
    """Hand in a draft: open its case, or go on with the one that was returned; run the rules at once.

    `grade` and `flags` say what kind of draft it is, for routing: they stay for the whole walk, also when the
    draft is recalled and handed in again. With open
    blocking findings the case is blocked and the draft back with its author. Raises `NotFound`, and
    `Forbidden`, `Conflict` or `Invalid` with every reason.
    """
    draft = drafts.visible(session, draft_id, actor, lock=True)
    head = drafts.head(session, draft)
    going_on = select(ReviewCase.id).where(
        ReviewCase.draft_id == draft.id, col(ReviewCase.state).not_in(ENDED)
    )
    case_id = session.exec(going_on).one_or_none()
    if case_id is not None:
        marked = (grade, frozenset(flags))
        return _resubmit(session, case_id, head, digest, comment, marked, actor, runtime, at)
    if draft.state not in WITH_AUTHOR:
        # What is signed, scheduled, out or declined is not handed in a second time.
        raise refused([Refusal(RefusalCode.NOT_WITH_AUTHOR, {"state": draft.state})])
    author = _author(session, actor, draft)
    document, policies = drafts.document_of(head), runtime.policies
    case = replace(_new_case(session, draft, head, actor), grade=grade, flags=frozenset(flags))
    case, kept = resubmission.carried_over(session, draft.id, case)
    checked = screening.check_text(session, draft, head, case, runtime=runtime, at=at)
    told = routing.facts_of(policies, document, rules=checked.rules)
    case = routing.with_text(policies, document, case, rules=checked.rules)
    routed = after_publication.route(
        session, draft, head, case, checked, given=frozenset(flags), runtime=runtime, at=at
    )
    case = replace(case, routes=routing.routes_of(routed))
    if accepted := _accepted(session, policies, routed):
        kept |= {"accepted": accepted}
    loaded = _opened(session, draft, head, case, routed.workflow, actor, at)
    facts = HandedIn(checked.blockers, calendar.due_by(runtime.policies), _limits(document, case))
    record_routing(session, loaded, routed, told, at=at, **kept)
    apply(session, loaded, Submit(digest, comment), author, facts, by=actor, at=at)
    return loaded


def decide(step: Step, command: Decide) -> None:
    """Decide at a stage on what was read. A refusal goes on record.

    Raises `Conflict` for the approval of a sign-off: publication asks for that, by `approve_sign_off`.
    """
    stage = step.loaded.workflow.by_key.get(command.stage)
    if isinstance(command, Approve) and stage is not None and StageKind.SIGN_OFF in stage.kinds:
        raise Conflict("use_release")
    _decide(step, command)


def approve_sign_off(step: Step, command: Approve) -> None:
    """Approve the sign-off of a line; what follows from it is publication's. A refusal goes on record."""
    _decide(step, command)


def _decide(step: Step, command: Decide) -> None:
    stage = step.loaded.workflow.by_key.get(command.stage)
    facts = step.assess(open_marks=step.loaded.marks_of(command.line))
    place = step.place_at(*command.spot)
    if stage is not None and stage.requires:
        facts = replace(facts, own_threads=threads.own_unsettled(step.session, step.loaded, place))
    if stage is not None and (stage.need == "all" or stage.committee is not None):
        everybody = eligibility.body_of(step.session, step.loaded, stage, command.line)
        facts = replace(facts, candidates=everybody)
    if isinstance(command, Approve) and stage is not None and not command.knowing:
        facts = replace(facts, stranded=stranding.by_approving(step, command, place))
    step.apply(command, place, facts)


def at_stage(step: Step, command: Hold | Claim | Unclaim) -> None:
    """Hold the case for an answer from outside, claim a stage, or give it back to all."""
    step.apply(command, step.place_at(*command.spot), Facts())


def answer(step: Step, command: AnswerHold) -> None:
    """Attach the answer from outside, and go on, also with proofs laid out meanwhile."""
    step.apply(command, acting_at_case(step.actor, step.loaded), step.assess())


def in_own_place(step: Step, command: Recall | Recuse | Remind) -> None:
    """Take the draft back, withdraw from the case, or remind those whom a stage waits for.

    Raises `Conflict` for taking back what is out already, by the urgent lane too.
    """
    if isinstance(command, Recall) and step.loaded.draft.state in OUT:
        raise refused([Refusal(RefusalCode.OUT_ALREADY)])
    facts = Facts()
    if isinstance(command, Recuse) and not command.knowing:
        facts = replace(facts, stranded=stranding.by_recusing(step, command))
    step.apply(command, step.own_place, facts)


def reconsider(session: Session, *, case_id: UUID, runtime: Runtime, at: datetime) -> Loaded | None:
    """Let a blocked case go on when its findings are waived.

    `None` when it is not blocked any more, or still is. Raises `NotFound` for an unknown case.
    """
    loaded = load(session, case_id, SYSTEM)
    checked = screening.check(session, loaded, runtime=runtime, at=at)
    if loaded.case.state is not CaseState.BLOCKED or checked.blockers:
        return None
    # The author may be at work on a newer text already: then their resubmission decides.
    if loaded.draft.head_id != loaded.row.revision_id:
        return None
    apply(session, loaded, Reconsider(), SERVICE, assessed(checked, runtime), by=SYSTEM, at=at)
    return loaded


def bind_subject(
    session: Session, *, case_id: UUID, proof: BoundProof, runtime: Runtime, at: datetime
) -> Refusals:
    """Bind a proof to its line; open what waited for it.

    Returns why it comes too late: the text has changed, the case has ended, or the line has its proof; empty
    when it is bound.
    """
    loaded = load(session, case_id, SYSTEM)
    facts = assessed(screening.check(session, loaded, runtime=runtime, at=at), runtime)
    return _behind_the_scenes(session, loaded, BindSubject(proof), facts, at)


def lay_out_failed(session: Session, *, case_id: UUID, failed: LayOutFailed, at: datetime) -> Refusals:
    """Give a text that cannot be laid out for its channel back to its author.

    Returns why that is past; empty when it is given back.
    """
    return _behind_the_scenes(session, load(session, case_id, SYSTEM), failed, Facts(), at)


def free(session: Session, *, case_id: UUID, user_id: UUID, at: datetime) -> Refusals:
    """Free what waits at a case for somebody who can act no more. Returns why nothing does; else empty."""
    loaded = load(session, case_id, SYSTEM)
    return _behind_the_scenes(session, loaded, Free(str(user_id)), Facts(), at)


def _behind_the_scenes(
    session: Session, loaded: Loaded, command: Command, facts: Facts, at: datetime
) -> Refusals:
    done = attempt(session, loaded, command, SERVICE, facts, by=SYSTEM, at=at)
    return done.refusals if isinstance(done, Refused) else ()


def carry_out(
    session: Session,
    loaded: Loaded,
    *,
    revision: Revision,
    document: Document,
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> Effects:
    """Bind a locked case to the text in which marks were carried out, if it is a small correction.

    Raises `Forbidden` or `Conflict` with every reason, among them what makes the change too large.
    """
    before = loaded.revision
    was = screening.check(session, loaded, runtime=runtime, at=at)
    loaded.revision = revision
    now = screening.check(session, loaded, runtime=runtime, at=at)
    change = classify(
        drafts.document_of(before),
        document,
        limits=loaded.workflow.marks_only,
        new_findings=now.more_than(was),
    )
    policies, earlier = runtime.policies, loaded.case
    walks = loaded.workflow.version_itself
    loaded.case = routing.with_text(policies, document, earlier, rules=now.rules, walks=walks)
    routed = after_publication.again(
        session, loaded.draft, revision, earlier, loaded.case, walks, now, runtime=runtime, at=at
    )
    if routed is not None:
        change = change.not_small(Refusal(RefusalCode.CHANGES_ROUTE, {"workflow": routed.workflow.title}))
    facts = NewText(
        now.blockers,
        calendar.due_by(policies),
        _limits(document, loaded.case),
        revision=revision.digest,
        change=change,
        authors=frozenset({str(actor.id)}),
    )
    place = as_participant(actor, loaded.draft.unit_path)
    return apply(session, loaded, CarryOut(), place, facts, by=actor, at=at)


def count_marks(session: Session, loaded: Loaded, *, line: str, change: int, at: datetime) -> None:
    """Note in a locked case that a line has so many more, or fewer, marks to carry out."""
    loaded.row.book = loaded.book.marked(line, change).stored()
    loaded.row.version, loaded.row.updated_at = loaded.row.version + 1, at
    session.add(loaded.row)


def _new_case(session: Session, draft: Draft, head: Revision, actor: Actor) -> Case:
    writers = drafts.authors(session, draft.id) | {actor.id}
    return Case(
        state=CaseState.RETURNED,
        revision=head.digest,
        units=frozenset(identity.names_above(session, draft.unit_path)),
        author_posts=identity.posts_of(session, writers, unit_path=draft.unit_path),
        targets=tuple(
            Target(target.channel, target.kind, target.section)
            for target in drafts.targets(session, draft.id)
        ),
        authors=frozenset(str(writer) for writer in writers),
    )


def _opened(
    session: Session,
    draft: Draft,
    head: Revision,
    case: Case,
    workflow: Workflow,
    actor: Actor,
    at: datetime,
) -> Loaded:
    workflows.keep(session, workflow, at=at)
    row = ReviewCase(
        id=new_id(),
        draft_id=draft.id,
        workflow_digest=workflow.digest,
        state=case.state,
        revision_id=head.id,
        revision_digest=head.digest,
        submitter_id=draft.submitter_id if actor.via == "system" else actor.id,
        book=CaseBook.of(case).stored(),
        version=0,
        opened_at=at,
        updated_at=at,
        embargo_until=case.embargo_until,
    )
    session.add(row)
    session.flush()
    return Loaded(row, draft, workflow, case, head)


def _resubmit(
    session: Session,
    case_id: UUID,
    head: Revision,
    digest: str,
    comment: str,
    marked: tuple[Literal["A", "B", "C"] | None, frozenset[str]],
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> Loaded:
    loaded = load(session, case_id, actor)
    author = _author(session, actor, loaded.draft)
    routing.same_marks(loaded.case, *marked)
    before = loaded.revision
    old, new = drafts.document_of(before), drafts.document_of(head)
    was = screening.check(session, loaded, runtime=runtime, at=at)
    loaded.revision = head
    now = was if head.id == before.id else screening.check(session, loaded, runtime=runtime, at=at)
    policies, earlier, routed = runtime.policies, loaded.case, None
    if head.id != before.id:
        walks = loaded.workflow.version_itself
        loaded.case = routing.with_text(policies, new, earlier, rules=now.rules, walks=walks)
        routed = after_publication.again(
            session, loaded.draft, head, earlier, loaded.case, walks, now, runtime=runtime, at=at
        )
    limits = loaded.workflow.marks_only if routed is None else routed.workflow.marks_only
    change: Change = classify(old, new, limits=limits, new_findings=now.more_than(was))
    facts = NewText(
        now.blockers,
        calendar.due_by(policies),
        _limits(new, loaded.case),
        revision=head.digest,
        change=change,
        authors=frozenset(str(author) for author in drafts.authors(session, loaded.draft.id)),
        moves_to=None if routed is None else routed.workflow,
        routed=None if routed is None else {"rule": routed.rule, "facts": dict(routed.facts)},
    )
    if routed is not None:
        loaded.case = replace(loaded.case, routes=loaded.case.routes | routing.routes_of(routed))
        told = routing.facts_of(policies, new, rules=now.rules)
        accepted = _accepted(session, policies, routed)
        more = {"accepted": accepted} if accepted else {}
        record_routing(session, loaded, routed, told, at=at, **more)
    apply(session, loaded, Resubmit(digest, comment), author, facts, by=actor, at=at)
    return loaded


def _accepted(session: Session, policies: PolicyFiles, routed: Routed) -> list[dict[str, Any]]:
    """Return what was accepted about the workflows that a draft was sent to; empty for safe ones."""
    found = (accepting.must_be_accepted(session, workflow) for workflow in routing.chosen(policies, routed))
    return [accepted for of_one in found for accepted in of_one]


def _author(session: Session, actor: Actor, draft: Draft) -> Participant:
    # Somebody without an editor's role does not write for this unit, whatever they once wrote; but whoever
    # may have something taken down hands that wish in.
    system = actor.via == "system"
    if not (system or may_write(actor, draft) or remedies.is_opened_by(session, draft.id, actor.id)):
        raise refused([Refusal(RefusalCode.NOT_AN_AUTHOR)])
    return as_participant(actor, draft.unit_path)


def _limits(document: Document, case: Case) -> tuple[str, ...]:
    kinds = {target.kind for target in case.targets}
    found = exceeded(document, kinds)
    if ChannelKind.JOURNAL not in kinds:
        return found
    lacking = "".join(fonts.missing("".join(text for _, text in document.texts())))
    return (*found, f"journal.glyphs:{lacking}") if lacking else found
