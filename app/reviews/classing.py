"""The class of a draft under review, corrected by its reviewers; see `domain.workflow.classing`."""

from dataclasses import replace

from app.domain.routing.rules import Routed
from app.domain.workflow import NewClass
from app.domain.workflow.classing import is_lighter, takes_effect
from app.domain.workflow.commands import Reclass
from app.drafts import queries as drafts
from app.drafts.remedies import queries as remedies
from app.reviews import routing
from app.reviews.apply import Step, record_routing
from app.reviews.cases import acting_at_case


def reclass(step: Step, command: Reclass) -> None:
    """Set another class, ask for a lighter one, or answer who asked; the draft is routed anew by it."""
    loaded, policies = step.loaded, step.runtime.policies
    place, known = acting_at_case(step.actor, loaded), step.assess()
    names, _ = routing.classes(policies)
    facts = NewClass(known.blockers, known.due, names)
    if (routed := _routed(step, command)) is not None:
        ways, case = routing.routes_of(routed), loaded.case
        document = drafts.document_of(loaded.revision)
        told = routing.facts_of(policies, document, rules=case.found)
        record_routing(step.session, loaded, routed, told, at=step.at)
        lightens = is_lighter(command.grade, case.grade)
        loaded.case = replace(case, routes=ways if lightens else case.routes | ways)
        again = {"rule": routed.rule, "facts": dict(routed.facts)}
        facts = replace(facts, moves_to=routed.workflow, routed=again)
    step.apply(command, place, facts)


def _routed(step: Step, command: Reclass) -> Routed | None:
    case, policies = step.loaded.case, step.runtime.policies
    names, _ = routing.classes(policies)
    if command.grade not in names or command.grade == case.grade or not takes_effect(case, command.grade):
        return None
    if remedies.of_draft(step.session, step.loaded.draft.id) is not None:
        # What puts right what is out walks what it is, whatever its class.
        return None
    return routing.reclassed(policies, case, command.grade, step.loaded.workflow.version_itself)
