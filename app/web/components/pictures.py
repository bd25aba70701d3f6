"""Pictures of workflows, as pages show them."""

from collections.abc import Mapping

from markupsafe import Markup

from app.domain.files.faults import Fault
from app.domain.files.policy_files import PolicyFiles
from app.domain.workflow import Case, Workflow
from app.domain.workflow.svg import svg
from app.infra.errors import Unavailable
from app.reviews import routing as choosing
from app.words.labels import label


def picture(
    workflow: Workflow,
    policies: PolicyFiles,
    *,
    case: Case | None = None,
    channels: Mapping[str, str] | None = None,
) -> Markup:
    """Return the picture of a workflow as SVG for a page; what a file says is escaped in it."""
    names = {**words(policies), **(channels or {})}
    return Markup(svg(workflow, label, case=case, names=names))  # noqa: S704 – every text in it is escaped


def words(policies: PolicyFiles) -> dict[str, str]:
    """Return words for rules, facts and flags of the routing in force; empty when it cannot be read."""
    try:
        routing = choosing.routing_in_force(policies)
    except Unavailable:
        return {}
    rules = {one.rule: one.title for one in routing.add}
    return {**rules, **{key: fact.title for key, fact in routing.facts.items()}, **routing.flags}


def loops(faults: tuple[Fault, ...]) -> bool:
    """Say whether stages wait for each other in a ring, or for none there is: no picture can show that."""
    return bool({one.code for one in faults} & {"loop", "duplicate_stage"})
