"""A text on its way in: handed in, handed in again, recalled, corrected by marks, laid out, let go on.

Of each verb two functions: what stands against it, also while no form is filled in (`None`), and doing it.
What no person asks about, because the service or a whole form does it, is always given its command.
"""

from app.domain.refusals import Refusal, RefusalCode, Refusals
from app.domain.vocabulary import CaseState, ChangeClass, Event, StageKind, StageState
from app.domain.workflow import checks
from app.domain.workflow.case import CLOSED, Spot
from app.domain.workflow.commands import (
    BindSubject,
    CarryOut,
    LayOutFailed,
    Recall,
    Reconsider,
    Resubmit,
    Submit,
)
from app.domain.workflow.effects import Walk
from app.domain.workflow.facts import Facts, HandedIn, NewText
from app.domain.workflow.rerouting import move
from app.domain.workflow.revisions import apply_edit
from app.domain.workflow.scheduling import close, read_only


def against_submitting(walk: Walk[HandedIn], _spot: Spot, form: Submit | None) -> Refusals:
    """Refuse a draft that is in review, is another's, is another text than was meant, or is too long."""
    case, refusals = walk.case, []
    if case.runs:
        refusals.append(Refusal(RefusalCode.ALREADY_SUBMITTED, {"state": case.state}))
    refusals += checks.by_author(case.authors, walk.actor)
    refusals += _meant(form, case.revision)
    refusals += checks.within_limits(walk.facts)
    return tuple(refusals)


def submit(walk: Walk[HandedIn], command: Submit) -> None:
    """Begin the walk."""
    walk.set(state=CaseState.RUNNING)
    walk.say(Event.DRAFT_SUBMITTED, digest=command.digest, comment=command.comment)
    walk.say(Event.CASE_OPENED, workflow=walk.workflow.digest, lines=list(walk.case.lines))
    walk.advance()


def against_resubmitting(walk: Walk[NewText], _spot: Spot, form: Resubmit | None) -> Refusals:
    """Refuse a draft that is not with its author, or in which nothing was changed and nothing is said."""
    case, facts = walk.case, walk.facts
    new = facts.revision or case.revision
    refusals: list[Refusal] = []
    if not case.runs:
        refusals.append(Refusal(RefusalCode.NOT_SUBMITTED))
    elif case.state not in {CaseState.RETURNED, CaseState.BLOCKED}:
        code = RefusalCode.CASE_CLOSED if case.state in CLOSED else RefusalCode.NOT_WITH_AUTHOR
        refusals.append(Refusal(code, {"state": case.state}))
    refusals += checks.by_author(case.authors | facts.authors, walk.actor)
    refusals += _meant(form, new)
    if new != case.revision:
        refusals += read_only(case)
    elif case.state is CaseState.BLOCKED:
        refusals += checks.blocked(facts)
    elif case.state is CaseState.RETURNED and form is not None and not form.comment.strip():
        refusals.append(Refusal(RefusalCode.NOTHING_CHANGED, {"digest": new}))
    refusals += checks.within_limits(facts)
    return tuple(refusals)


def resubmit(walk: Walk[NewText], command: Resubmit) -> None:
    """Go on with the new text, on another workflow where it asks for one."""
    case, facts = walk.case, walk.facts
    new = facts.revision or case.revision
    walk.set(state=CaseState.RUNNING)
    walk.say(Event.DRAFT_SUBMITTED, digest=new, was=case.revision, comment=command.comment)
    if facts.moves_to is not None and new != case.revision:
        move(walk, facts.moves_to, facts.routed or {})
    apply_edit(walk)
    walk.advance()


def against_recalling(walk: Walk[Facts], _spot: Spot, _form: Recall | None) -> Refusals:
    """Refuse to recall another's draft, or one that is signed."""
    case = walk.case
    refusals = list(checks.by_author(case.authors, walk.actor))
    if not case.runs:
        refusals.append(Refusal(RefusalCode.NOT_SUBMITTED))
    # A signed line may be on its way out: then the text is retracted, not recalled.
    signed = any(
        walk.workflow.by_key[run.stage].kind is StageKind.SIGN_OFF and run.state is StageState.PASSED
        for run in walk.current.values()
    )
    if case.state in CLOSED or signed:
        refusals.append(Refusal(RefusalCode.CASE_CLOSED, {"state": case.state, "signed": signed}))
    return tuple(refusals)


def recall(walk: Walk[Facts], command: Recall) -> None:
    """End the case: the draft is in its author's hands."""
    walk.say(Event.DRAFT_RECALLED, comment=command.comment)
    close(walk, CaseState.RECALLED, "recalled")


def against_carrying_out(walk: Walk[NewText], _spot: Spot, _form: CarryOut | None) -> Refusals:
    """Refuse a correction that is none, is too large, or is made by who has judged the text."""
    case, facts = walk.case, walk.facts
    refusals = list(checks.running(case) + read_only(case))
    on_proof = any(
        run.state is StageState.OPEN and walk.is_on_proof(run.spot) for run in walk.current.values()
    )
    if not on_proof:
        refusals.append(Refusal(RefusalCode.STAGE_NOT_OPEN, {"stage": "", "line": "", "state": None}))
    if facts.revision is None or facts.revision == case.revision or facts.change is None:
        refusals.append(Refusal(RefusalCode.NOTHING_CHANGED, {"digest": case.revision}))
    elif facts.change.kind is ChangeClass.SUBSTANTIVE:
        refusals.append(Refusal(RefusalCode.NOT_MARKS_ONLY, {"fields": sorted(facts.change.fields)}))
        refusals += facts.change.objections
    decided = sorted(
        {
            run.stage
            for run in walk.current.values()
            if not walk.workflow.by_key[run.stage].author_may_act
            and not run.persons.isdisjoint(walk.actor.persons)
        }
    )
    if decided:
        # They would become an author of a text that they have judged.
        refusals.append(Refusal(RefusalCode.SAME_PERSON, {"stage": "", "stages": decided}))
    refusals += checks.blocked(facts) + checks.within_limits(facts)
    return tuple(refusals)


def carry_out(walk: Walk[NewText], _command: CarryOut) -> None:
    """Bind the case to the text in which marks were carried out."""
    case, by = walk.case, walk.actor.person
    walk.say(Event.MARKS_CARRIED_OUT, digest=walk.facts.revision, was=case.revision)
    walk.set(carriers=case.carriers | {by}, authors=case.authors | {by})
    apply_edit(walk)
    walk.advance()


def against_binding(walk: Walk[Facts], _spot: Spot, command: BindSubject) -> Refusals:
    """Refuse a proof that comes too late, or for a line that the draft does not go to."""
    case, proof = walk.case, command.proof
    if case.state in CLOSED:
        return (Refusal(RefusalCode.CASE_CLOSED, {"state": case.state}),)
    if proof.line not in case.lines:
        return (Refusal(RefusalCode.LINE_UNKNOWN, {"line": proof.line}),)
    if proof.revision != case.revision:
        return (Refusal(RefusalCode.PROOF_OUTDATED, {"proof": proof.digest, "revision": case.revision}),)
    if (known := case.proof_of(proof.line)) is not None:
        return (Refusal(RefusalCode.PROOF_ALREADY_BOUND, {"line": proof.line, "proof": known}),)
    return ()


def bind(walk: Walk[Facts], command: BindSubject) -> None:
    """Bind a proof to its line, and open what waited for it."""
    proof = command.proof
    walk.bind(proof)
    for run in list(walk.current.values()):
        if run.line == proof.line and run.state is StageState.PASSED and run.digest is None:
            walk.rebind(run, proof.digest)
    walk.say(Event.PROOF_LAID_OUT, line=proof.line, digest=proof.digest, revision=proof.revision)
    if walk.case.state is CaseState.RUNNING:
        walk.advance()


def against_giving_back(walk: Walk[Facts], _spot: Spot, command: LayOutFailed) -> Refusals:
    """Refuse what is past: another text by now, or a proof."""
    refusals, proof = checks.running(walk.case), walk.case.proof_of(command.line)
    if command.line not in walk.case.lines:
        refusals += (Refusal(RefusalCode.LINE_UNKNOWN, {"line": command.line}),)
    elif command.revision != walk.case.revision or proof is not None:
        data = {"proof": proof, "revision": walk.case.revision}
        refusals += (Refusal(RefusalCode.PROOF_OUTDATED, data),)
    return refusals


def give_back(walk: Walk[Facts], command: LayOutFailed) -> None:
    """Give what cannot be laid out back to its author; what was decided waits for the edit."""
    walk.set(state=CaseState.RETURNED)
    walk.say(Event.PROOF_FAILED, line=command.line, revision=command.revision, limits=list(command.limits))


def against_reconsidering(walk: Walk[Facts], _spot: Spot, _command: Reconsider | None) -> Refusals:
    """Refuse a case that is not blocked, or still is."""
    refusals: Refusals = ()
    if walk.case.state is not CaseState.BLOCKED:
        refusals = (Refusal(RefusalCode.NOT_WITH_AUTHOR, {"state": walk.case.state}),)
    return refusals + checks.blocked(walk.facts)


def reconsider(walk: Walk[Facts], _command: Reconsider) -> None:
    """Go on with a text whose findings are waived."""
    walk.set(state=CaseState.RUNNING)
    walk.say(Event.CASE_RECONSIDERED, digest=walk.case.revision)
    walk.advance()


def _meant(form: Submit | None, now: str) -> Refusals:
    if form is None or form.digest == now:
        return ()
    return (Refusal(RefusalCode.STALE_DIGEST, {"quoted": form.digest, "now": now}),)
