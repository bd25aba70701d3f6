"""Who may not act: separation of duties, over natural persons.

Source: 《图书质量保障体系》 art. 8 (any two of the three reviews may not be done by one person).
"""

from collections.abc import Mapping

from app.domain.refusals import Refusal, RefusalCode
from app.domain.vocabulary import StageState
from app.domain.workflow.case import DONE, Case, Participant, Run, Spot
from app.domain.workflow.committee import each_once
from app.domain.workflow.definition import Stage, Workflow
from app.domain.workflow.needs import AtLeast

#: States in which a run's persons have their say in it.
_STANDS = frozenset({StageState.PASSED, StageState.OPEN, StageState.OVERRIDDEN})


def meet(one: Spot, other: Spot) -> bool:
    """Tell whether two places lie on one way to publication: same line, or one is the whole draft's."""
    return one[1] == other[1] or "" in {one[1], other[1]}


def own_draft(case: Case, stage: Stage, actor: Participant) -> tuple[Refusal, ...]:
    """Refuse an author, or somebody who acts for one, at a stage where authors may not act.

    Whoever wrote any part of the text, and whoever submitted it, counts as an author, also after a hand-over.
    """
    if stage.author_may_act or actor.persons.isdisjoint(case.authors):
        return ()
    return (Refusal(RefusalCode.OWN_DRAFT, {"stage": stage.key}),)


def head_of_author(stage: Stage, actor: Participant) -> tuple[Refusal, ...]:
    """Refuse who heads the author's department, or acts for who does, where the stage wants somebody else."""
    if not stage.not_head_of_author or not (actor.heads_author or actor.heads_author_themself):
        return ()
    return (Refusal(RefusalCode.HEAD_OF_AUTHOR, {"stage": stage.key, "title": stage.title}),)


def same_person(
    workflow: Workflow, current: Mapping[Spot, Run], stage: Stage, line: str, actor: Participant
) -> tuple[Refusal, ...]:
    """Refuse a person who already stands behind another passed stage of a distinct set.

    Who acts and their principal count alike. Approvals that were voided do not count; approvals already given
    in an open run of a quorum do. Returns one refusal naming all such stages, or none.
    """
    apart = workflow.distinct_from[stage.key]
    others = [run for spot, run in current.items() if spot[0] in apart and run.state in _STANDS]
    if not others:
        return ()
    here, persons = (stage.key, line), actor.persons
    taken = {run.stage for run in others if meet(run.spot, here) and not run.persons.isdisjoint(persons)}
    if not taken:
        return ()
    return (Refusal(RefusalCode.SAME_PERSON, {"stage": stage.key, "stages": sorted(taken)}),)


def another_person(
    workflow: Workflow, current: Mapping[Spot, Run], stage: Stage, line: str, actor: Participant
) -> tuple[Refusal, ...]:
    """Refuse who did not pass the stage whose person is to act here too; nobody where it was skipped."""
    if stage.same_person_as is None:
        return ()
    here = (stage.key, line)
    passed = [
        run
        for run in current.values()
        if run.stage == stage.same_person_as and meet(run.spot, here) and run.votes and run.state in DONE
    ]
    if not passed or any(not run.persons.isdisjoint(actor.persons) for run in passed):
        return ()
    other = workflow.by_key[stage.same_person_as]
    data = {"stage": stage.key, "title": stage.title, "as": other.key, "as_title": other.title}
    return (Refusal(RefusalCode.ANOTHER_PERSON, data),)


def violations(case: Case, workflow: Workflow) -> tuple[Refusal, ...]:
    """Return every pair of passed stages that one person stands behind against a distinct set.

    It is asked again at release; the transition function never lets one come about, so the answer is empty
    unless two accounts turned out to be one person's, or somebody changed the record.
    """
    done = [run for run in case.current().values() if run.state in DONE]
    return tuple(
        Refusal(RefusalCode.SAME_PERSON, {"stage": one.stage, "line": one.line, "stages": [other.stage]})
        for index, one in enumerate(done)
        for other in done[index + 1 :]
        if other.stage in workflow.distinct_from[one.stage]
        and meet(one.spot, other.spot)
        and not one.persons.isdisjoint(other.persons)
    )


def twice(case: Case, workflow: Workflow) -> tuple[Refusal, ...]:
    """Return every stage that several had to pass and that one person passed with two accounts.

    Nobody votes twice; but two who had voted may turn out to be one. A stage that asks for so many approvals
    and has them without the second is none of them.
    """
    found = []
    for run in case.current().values():
        counted = each_once(run.votes)
        if run.state not in DONE or len(counted) == len(run.votes):
            continue
        need = workflow.by_key[run.stage].need
        if not isinstance(need, AtLeast) or len(counted) < need.at_least:
            data = {"stage": run.stage, "line": run.line, "stages": [run.stage]}
            found.append(Refusal(RefusalCode.SAME_PERSON, data))
    return tuple(found)


def by_authors(case: Case, workflow: Workflow) -> tuple[Refusal, ...]:
    """Return every passed stage behind which an author stands, by whatever account, who may not act there."""
    return tuple(
        Refusal(RefusalCode.OWN_DRAFT, {"stage": run.stage, "line": run.line})
        for run in case.current().values()
        if run.state in DONE
        and not workflow.by_key[run.stage].author_may_act
        and not run.persons.isdisjoint(case.authors)
    )
