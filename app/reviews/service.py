"""What happens to cases: submitted, decided, recalled, held. The domain decides, here it is stored."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.document.changes import Change, classify
from app.domain.document.model import Document
from app.domain.limits import exceeded
from app.domain.refusals import Refusal, RefusalCode
from app.domain.vocabulary import WITH_AUTHOR, CaseState, StageKind, Verb
from app.domain.workflow import SYSTEM, Act, Actor, BoundProof, Case, Effects, Facts, Target, Workflow
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.identity.queries import SYSTEM as SYSTEM_PERSON
from app.identity.queries import Actor as Person
from app.infra.errors import Conflict
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.reviews import calendar, eligibility, resubmission, routing, screening, workflows
from app.reviews.apply import record_routing, take
from app.reviews.case_book import CaseBook
from app.reviews.cases import Loaded, acting, as_actor, load, may_write
from app.reviews.errors import refused
from app.reviews.models import ReviewCase
from app.reviews.risks import service as accepting

ENDED = (CaseState.RECALLED, CaseState.DECLINED, CaseState.CLEARED)


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody fills in at a stage.

    `digest` names what they read; `outcome` is the key of an outcome, "" for the only one of the verb;
    `send_back_to` is a stage's key, `None` the author; `then` says whether the stages between are walked
    again; `checklist` holds the items ticked; `on_behalf_of` is for whom they act, `None` to act in their own
    place where they have one.
    """

    stage: str
    line: str
    digest: str
    comment: str = ""
    outcome: str = ""
    send_back_to: str | None = None
    then: Literal["walk_again", "continue_here"] = "walk_again"
    checklist: Sequence[str] = ()
    on_behalf_of: UUID | None = None


def submit(
    session: Session,
    *,
    draft_id: UUID,
    digest: str,
    comment: str = "",
    grade: Literal["A", "B", "C"] | None = None,
    flags: Collection[str] = (),
    actor: Person,
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
    author = _author(actor, draft)
    document, policies = drafts.document_of(head), runtime.policies
    case = replace(_new_case(session, draft, head, actor), grade=grade, flags=frozenset(flags))
    case, kept = resubmission.carried_over(session, draft.id, case)
    checked = screening.check_text(session, draft, head, case, runtime=runtime, at=at)
    told = routing.facts_of(policies, document, rules=checked.rules)
    found = checked.rules | told.keys()
    case = replace(case, found=found, ever_found=found)
    routed = routing.route(policies, case, given=frozenset(flags))
    case = replace(case, routes=frozenset({routed.chosen}))
    if accepted := accepting.must_be_accepted(session, routed.workflow):
        kept |= {"accepted": accepted}
    loaded = _opened(session, draft, head, case, routed.workflow, actor, at)
    facts = replace(facts_of(checked, runtime), channel_limits=_limits(document, case))
    act = Act(Verb.SUBMIT, digest=digest, comment=comment)
    record_routing(session, loaded, routed, told, at=at, **kept)
    take(session, loaded, act, author, facts, by=actor, at=at)
    return loaded


def decide(
    session: Session,
    *,
    case_id: UUID,
    verdict: Literal["approve", "send_back", "decline"],
    form: Form,
    actor: Person,
    runtime: Runtime,
    at: datetime,
    by_release: bool = False,
) -> Loaded:
    """Decide at a stage on what was read. Approving a sign-off is publication's, which says `by_release`.

    Raises `NotFound`, and `Forbidden`, `Conflict` or `Invalid` with every reason; the refusal goes on record.
    """
    loaded = load(session, case_id, actor)
    stage = loaded.workflow.by_key.get(form.stage)
    verb = Verb(verdict)
    if verb is Verb.APPROVE and stage is not None and StageKind.SIGN_OFF in stage.kinds and not by_release:
        raise Conflict("use_release")
    checked = screening.check(session, loaded, runtime=runtime, at=at)
    loaded.known = checked.known
    facts = replace(facts_of(checked, runtime), open_marks=loaded.marks_of(form.line))
    if stage is not None and stage.need == "all":
        facts = replace(facts, candidates=eligibility.body_of(session, loaded, stage, form.line))
    take(session, loaded, _act(verb, form), place_of(actor, loaded, form), facts, by=actor, at=at)
    return loaded


def hold(session: Session, *, case_id: UUID, form: Form, actor: Person, at: datetime) -> Loaded:
    """Stop the clock until an answer comes from outside. Raises as `decide`."""
    loaded = load(session, case_id, actor)
    take(session, loaded, _act(Verb.HOLD, form), place_of(actor, loaded, form), Facts(), by=actor, at=at)
    return loaded


def answer(
    session: Session, *, case_id: UUID, comment: str, actor: Person, runtime: Runtime, at: datetime
) -> Loaded:
    """Attach the answer from outside, and go on, also with proofs laid out meanwhile. Raises as `decide`."""
    loaded = load(session, case_id, actor)
    facts = facts_of(screening.check(session, loaded, runtime=runtime, at=at), runtime)
    act = Act(Verb.ANSWER, comment=comment)
    take(session, loaded, act, place_of(actor, loaded, Form("", "", "")), facts, by=actor, at=at)
    return loaded


def recall(session: Session, *, case_id: UUID, comment: str, actor: Person, at: datetime) -> Loaded:
    """Take the draft back before it is signed; it is then in its author's hands. Raises as `decide`."""
    loaded = load(session, case_id, actor)
    act = Act(Verb.RECALL, comment=comment)
    take(session, loaded, act, as_actor(actor, loaded.draft.unit_path), Facts(), by=actor, at=at)
    return loaded


def claim(session: Session, *, case_id: UUID, stage: str, line: str, actor: Person, at: datetime) -> Loaded:
    """Take an open stage upon oneself, so that nobody else works on it too. Raises as `decide`."""
    return _claiming(session, case_id, Act(Verb.CLAIM, stage, line), actor, at)


def unclaim(session: Session, *, case_id: UUID, stage: str, line: str, actor: Person, at: datetime) -> Loaded:
    """Give a claimed stage back to all. Raises as `decide`."""
    return _claiming(session, case_id, Act(Verb.UNCLAIM, stage, line), actor, at)


def reconsider(session: Session, *, case_id: UUID, runtime: Runtime, at: datetime) -> Loaded | None:
    """Let a blocked case go on when its findings are waived.

    `None` when it is not blocked any more, or still is. Raises `NotFound` for an unknown case.
    """
    loaded = load(session, case_id, SYSTEM_PERSON)
    checked = screening.check(session, loaded, runtime=runtime, at=at)
    if loaded.case.state is not CaseState.BLOCKED or checked.blockers:
        return None
    # The author may be at work on a newer text already: then their resubmission decides.
    if loaded.draft.head_id != loaded.row.revision_id:
        return None
    take(
        session,
        loaded,
        Act(Verb.RECONSIDER),
        SYSTEM,
        facts_of(checked, runtime),
        by=SYSTEM_PERSON,
        at=at,
    )
    return loaded


def bind_subject(
    session: Session, *, case_id: UUID, line: str, digest: str, revision: str, runtime: Runtime, at: datetime
) -> bool:
    """Bind the proof `digest`, laid out from the text `revision`, to its line; open what waited for it.

    False when it comes too late: the text has changed, the case has ended, or the line has its proof.
    """
    loaded = load(session, case_id, SYSTEM_PERSON)
    checked = screening.check(session, loaded, runtime=runtime, at=at)
    facts = replace(facts_of(checked, runtime), proof=BoundProof(line, digest, revision))
    act = Act(Verb.BIND_SUBJECT, line=line, digest=digest)
    return take(session, loaded, act, SYSTEM, facts, by=SYSTEM_PERSON, at=at, quietly=True) is not None


def lay_out_failed(
    session: Session, *, case_id: UUID, line: str, revision: str, limits: Sequence[str], at: datetime
) -> bool:
    """Give a text that cannot be laid out for its channel back to its author. False when that is past."""
    loaded = load(session, case_id, SYSTEM_PERSON)
    act = Act(Verb.LAY_OUT_FAILED, line=line, digest=revision)
    facts = Facts(channel_limits=tuple(limits))
    return take(session, loaded, act, SYSTEM, facts, by=SYSTEM_PERSON, at=at, quietly=True) is not None


def carry_out(
    session: Session,
    loaded: Loaded,
    *,
    revision: Revision,
    document: Document,
    actor: Person,
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
    loaded.case = routing.with_text(policies, document, earlier, rules=now.rules)
    if routed := routing.again(policies, earlier, loaded.case, loaded.workflow.version_itself):
        change = change.not_small(Refusal(RefusalCode.CHANGES_ROUTE, {"workflow": routed.workflow.title}))
    facts = replace(
        facts_of(now, runtime),
        revision=revision.digest,
        change=change,
        authors=frozenset({str(actor.id)}),
        channel_limits=_limits(document, loaded.case),
    )
    person = as_actor(actor, loaded.draft.unit_path)
    effects = take(
        session, loaded, Act(Verb.CARRY_OUT, digest=revision.digest), person, facts, by=actor, at=at
    )
    assert effects is not None
    return effects


def count_marks(session: Session, loaded: Loaded, *, line: str, change: int, at: datetime) -> None:
    """Note in a locked case that a line has so many more, or fewer, marks to carry out."""
    loaded.row.book = loaded.book.marked(line, change).stored()
    loaded.row.version, loaded.row.updated_at = loaded.row.version + 1, at
    session.add(loaded.row)


def _new_case(session: Session, draft: Draft, head: Revision, actor: Person) -> Case:
    writers = drafts.authors(session, draft.id) | {actor.id}
    return Case(
        state=CaseState.RETURNED,
        revision=head.digest,
        targets=tuple(
            Target(one.channel, one.kind, one.section) for one in drafts.targets(session, draft.id)
        ),
        authors=frozenset(str(one) for one in writers),
    )


def _opened(
    session: Session,
    draft: Draft,
    head: Revision,
    case: Case,
    workflow: Workflow,
    actor: Person,
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
        submitter_id=actor.id,
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
    actor: Person,
    runtime: Runtime,
    at: datetime,
) -> Loaded:
    loaded = load(session, case_id, actor)
    author = _author(actor, loaded.draft)
    routing.same_marks(loaded.case, *marked)
    before = loaded.revision
    old, new = drafts.document_of(before), drafts.document_of(head)
    was = screening.check(session, loaded, runtime=runtime, at=at)
    loaded.revision = head
    now = was if head.id == before.id else screening.check(session, loaded, runtime=runtime, at=at)
    policies, earlier, routed = runtime.policies, loaded.case, None
    if head.id != before.id:
        loaded.case = routing.with_text(policies, new, earlier, rules=now.rules)
        routed = routing.again(policies, earlier, loaded.case, loaded.workflow.version_itself)
    limits = loaded.workflow.marks_only if routed is None else routed.workflow.marks_only
    change: Change = classify(old, new, limits=limits, new_findings=now.more_than(was))
    facts = replace(
        facts_of(now, runtime),
        moves_to=None if routed is None else routed.workflow,
        routed=None if routed is None else {"rule": routed.rule, "facts": dict(routed.facts)},
        revision=head.digest,
        change=change,
        authors=frozenset(str(one) for one in drafts.authors(session, loaded.draft.id)),
        channel_limits=_limits(new, loaded.case),
    )
    act = Act(Verb.RESUBMIT, digest=digest, comment=comment)
    if routed is not None:
        loaded.case = replace(loaded.case, routes=loaded.case.routes | {routed.chosen})
        told = routing.facts_of(policies, new, rules=now.rules)
        accepted = accepting.must_be_accepted(session, routing.laid_out(policies, routed.chosen))
        more = {"accepted": accepted} if accepted else {}
        record_routing(session, loaded, routed, told, at=at, **more)
    take(session, loaded, act, author, facts, by=actor, at=at)
    return loaded


def _claiming(session: Session, case_id: UUID, act: Act, actor: Person, at: datetime) -> Loaded:
    loaded = load(session, case_id, actor)
    place = place_of(actor, loaded, Form(act.stage, act.line, ""))
    take(session, loaded, act, place, Facts(), by=actor, at=at)
    return loaded


def place_of(actor: Person, loaded: Loaded, form: Form) -> Actor:
    """Return in whose place somebody acts at a stage. Raises `Forbidden` without the delegation named."""
    place = acting(actor, loaded, form.stage, form.line, on_behalf_of=form.on_behalf_of)
    if place is None:
        raise refused([Refusal(RefusalCode.NO_DELEGATION, {"principal": str(form.on_behalf_of)})])
    return place


def facts_of(checked: screening.Checked, runtime: Runtime) -> Facts:
    """Return what the rules and the calendar say, for a step."""
    return Facts(blockers=checked.blockers, findings=checked.findings, due=calendar.due_by(runtime.policies))


def _author(actor: Person, draft: Draft) -> Actor:
    # Somebody without an editor's role does not write for this unit, whatever they once wrote.
    if not may_write(actor, draft):
        raise refused([Refusal(RefusalCode.NOT_AN_AUTHOR)])
    return as_actor(actor, draft.unit_path)


def _act(verb: Verb, form: Form) -> Act:
    return Act(
        verb,
        form.stage,
        form.line,
        form.digest,
        form.comment,
        form.outcome,
        form.send_back_to,
        form.then,
        frozenset(form.checklist),
    )


def _limits(document: Document, case: Case) -> tuple[str, ...]:
    return exceeded(document, (target.kind for target in case.targets))
