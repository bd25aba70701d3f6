"""What a new text does to the stages that stood on the old one."""

from app.domain.document.changes import Change
from app.domain.vocabulary import ChangeClass, Event, StageKind, StageState
from app.domain.workflow.case import DONE, PENDING, Run
from app.domain.workflow.effects import Walk
from app.domain.workflow.facts import NewText

_KEEPS = {
    "void": frozenset({ChangeClass.NONE}),
    "keep_trivial": frozenset({ChangeClass.NONE, ChangeClass.LAYOUT}),
    "keep_marks_only": frozenset({ChangeClass.NONE, ChangeClass.LAYOUT, ChangeClass.MARKS_ONLY}),
}


def apply_edit(walk: Walk[NewText]) -> None:
    """Bind the case to the new text, and void exactly the passed stages that the edit touches.

    A stage falls when a field that it watches changed and its rule does not keep it; otherwise it stays, and
    an event says so. A decision of somebody who now counts as an author falls too. Open runs without a say
    are bound to the new text; proofs are laid out anew for every line that has come so far. Without a new
    text only conditional stages are looked at again.
    """
    facts = walk.facts
    if facts.revision is not None and facts.revision != walk.case.revision and facts.change is not None:
        walk.set(revision=facts.revision, authors=walk.case.authors | facts.authors)
        for run in list(walk.current.values()):
            if run.state is StageState.PASSED or (run.state is StageState.OPEN and run.votes):
                _judge(walk, run, facts.change)
            elif run.state is StageState.OVERRIDDEN:
                # Who let the text go on without a decision did so for that text alone.
                fields = sorted(facts.change.fields)
                walk.void(run, "edited", change=facts.change.kind, fields=fields, by=walk.actor.person)
            elif run.state is StageState.OPEN:
                walk.rebind(run, None if walk.is_on_proof(run.spot) else facts.revision)
        walk.close_orphans()
        for run in walk.current.values():
            if (
                run.state in PENDING | DONE
                and walk.is_on_proof(run.spot)
                and run.state is not StageState.SKIPPED
            ):
                walk.need_proof(run.line)
    walk.look_again()


def _judge(walk: Walk[NewText], run: Run, change: Change) -> None:
    stage = walk.workflow.by_key[run.stage]
    touched = sorted(change.fields & set(stage.watches))
    if stage.kind is StageKind.RULE_CHECK:
        # The caller ran the rules on the new text; what they found decides.
        if walk.facts.blockers:
            walk.void(run, "blocking_findings")
        else:
            walk.rebind(run, walk.case.revision)
        return
    if touched and change.kind not in _KEEPS[stage.on_edit]:
        walk.void(run, "edited", change=change.kind, fields=touched, by=walk.actor.person)
        return
    if not stage.author_may_act and not run.persons.isdisjoint(walk.case.authors):
        walk.void(run, "decided_by_author", change=change.kind, fields=touched, by=walk.actor.person)
        return
    now = None if walk.is_on_proof(run.spot) else walk.case.revision
    walk.say(
        Event.CASE_STAGE_KEPT,
        stage=run.stage,
        line=run.line,
        round=run.round,
        change=change.kind,
        fields=touched,
        was=run.digest,
        now=now,
        persons=sorted(run.persons),
    )
    walk.rebind(run, now)
