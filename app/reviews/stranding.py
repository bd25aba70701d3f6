"""Nobody is stranded: which stages an act would leave with nobody, and who hears of those that are.

Source: decision 114.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.workflow import Case, Participant, Stage, Workflow, extended, seats
from app.domain.workflow.case import DONE
from app.domain.workflow.collaboration import added_by
from app.domain.workflow.commands import AddReviewer, Approve, HandOver, Recuse
from app.reviews.apply import Step
from app.reviews.cases import CaseInHand
from app.reviews.eligibility import Opening, who_could_act

Places = list[tuple[Stage, str]]


def by_recusing(step: Step, _command: Recuse) -> tuple[str, ...]:
    """Return the stages that nobody could pass once the actor has withdrawn, by title."""
    case, me = step.loaded.case, step.own_place
    # What they had claimed is free again for others.
    free = tuple(replace(run, claimed_by=None) if run.claimed_by in me.own else run for run in case.runs)
    without = replace(case, recused=case.recused | me.own, runs=free)
    held = [(stage, line) for stage, line in _to_come(step.loaded) if seats(case, stage, line, me)]
    return _titles(step, without, step.loaded.workflow, held, me.own)


def by_adding(step: Step, command: AddReviewer) -> tuple[str, ...]:
    """Return the stages that nobody but the added reviewer could pass, who may not pass both."""
    loaded = step.loaded
    added = added_by(loaded.case, command, str(step.actor.id))
    case = replace(loaded.case, added=(*loaded.case.added, added))
    workflow = extended(loaded.workflow.version_itself, case.added)
    apart = workflow.distinct_from.get(added.key, frozenset())
    return _titles(step, case, workflow, _apart(loaded, apart), frozenset({command.to}))


def by_handing_over(step: Step, command: HandOver) -> tuple[str, ...]:
    """Return the stages that nobody but who is handed this one could pass, who may not pass both."""
    loaded = step.loaded
    apart = loaded.workflow.distinct_from.get(command.stage, frozenset())
    return _titles(step, loaded.case, loaded.workflow, _apart(loaded, apart), frozenset({command.to}))


def by_approving(step: Step, command: Approve, me: Participant) -> tuple[str, ...]:
    """Return the stages that nobody but the actor could pass, who passes this one. Mostly no statement."""
    loaded = step.loaded
    apart = loaded.workflow.distinct_from.get(command.stage, frozenset())
    held = [place for place in _apart(loaded, apart) if seats(loaded.case, *place, me)]
    return _titles(step, loaded.case, loaded.workflow, held, me.persons)


def with_nobody(session: Session, openings: Sequence[Opening], at: datetime) -> tuple[Opening, ...]:
    """Return those of these open stages at which too few people can act. Five statements at most."""
    return _short(session, openings, frozenset(), at)


def _to_come(loaded: CaseInHand) -> Places:
    current, case = loaded.case.current(), loaded.case
    return [
        (stage, line)
        for stage, line in case.places(loaded.workflow)
        if stage.by_people
        and ((run := current.get((stage.key, line))) is None or run.state not in DONE)
        and case.meets(stage.applies_if, line)
    ]


def _apart(loaded: CaseInHand, keys: Iterable[str]) -> Places:
    wanted = set(keys)
    return [(stage, line) for stage, line in _to_come(loaded) if stage.key in wanted] if wanted else []


def _titles(
    step: Step, case: Case, workflow: Workflow, places: Places, without: frozenset[str]
) -> tuple[str, ...]:
    walking = CaseInHand(step.loaded.row, step.loaded.draft, workflow, case)
    openings = [Opening(walking, stage, line) for stage, line in places]
    short = _short(step.session, openings, without, step.at)
    return tuple(dict.fromkeys(opening.stage.title for opening in short))


def _short(
    session: Session, openings: Sequence[Opening], without: frozenset[str], at: datetime
) -> tuple[Opening, ...]:
    """Return the places at which fewer people could act than the stage still needs."""
    asked = [opening for opening in openings if not any(who.outside for who in opening.stage.who)]
    if not asked:
        return ()
    gone = frozenset(map(UUID, without))
    short = []
    for opening, able in zip(asked, who_could_act(session, asked, at), strict=True):
        run = opening.walking.case.current().get((opening.stage.key, opening.line))
        needed = opening.stage.least - (len(run.votes) if run is not None else 0)
        if len(able.persons - gone) < max(needed, 1):
            short.append(opening)
    return tuple(short)
