"""What a text is measured to be, as far as the conditions of routing and of workflows ask it."""

from collections.abc import Iterable, Iterator

from app.domain.document.model import Document
from app.domain.routing.rules import Routing
from app.domain.workflow.conditions import Cuts, When
from app.domain.workflow.definition import Workflow
from app.domain.workflow.text_measures import measures


def asked(routing: Routing, workflows: Iterable[Workflow] = ()) -> Iterator[When]:
    """Yield every condition that a routing and these workflows ask of a text, those of added stages too."""
    yield from (choice.when for choice in routing.choose if choice.when is not None)
    yield from (addition.condition for addition in routing.add)
    for workflow in workflows:
        for stage in workflow.stages:
            for when in (stage.applies_if, *(who.when for who in (*stage.who, *stage.override))):
                if when is not None:
                    yield when


def measured(
    document: Document, routing: Routing, workflows: Iterable[Workflow], cuts: Cuts | None = None
) -> frozenset[str]:
    """Return what a text is measured to be, as far as any condition asks: names beside `facts_in`."""
    return measures(document, list(asked(routing, workflows)), cuts)
