"""Workflows: their definition, the linter, and the transition function over cases."""

from app.domain.files.faults import Fault
from app.domain.workflow.added_stages import extended
from app.domain.workflow.case import (
    SERVICE,
    Added,
    BoundProof,
    Case,
    Consult,
    Grant,
    Participant,
    Run,
    Target,
    Vote,
)
from app.domain.workflow.checks import bars, concerned, seats, ways_back
from app.domain.workflow.commands import Command
from app.domain.workflow.definition import AddedStage, Outcome, Stage, Workflow, workflow_schema
from app.domain.workflow.effects import Decided, Effects, Happened
from app.domain.workflow.facts import AssessedText, Facts, HandedIn, NamedPerson, NewClass, NewText
from app.domain.workflow.lint import Linted, lint, read_workflow
from app.domain.workflow.needs import Who
from app.domain.workflow.rerouting import combined
from app.domain.workflow.transition import objections, transition

__all__ = [
    "SERVICE",
    "Added",
    "AddedStage",
    "AssessedText",
    "BoundProof",
    "Case",
    "Command",
    "Consult",
    "Decided",
    "Effects",
    "Facts",
    "Fault",
    "Grant",
    "HandedIn",
    "Happened",
    "Linted",
    "NamedPerson",
    "NewClass",
    "NewText",
    "Outcome",
    "Participant",
    "Run",
    "Stage",
    "Target",
    "Vote",
    "Who",
    "Workflow",
    "bars",
    "combined",
    "concerned",
    "extended",
    "lint",
    "objections",
    "read_workflow",
    "seats",
    "transition",
    "ways_back",
    "workflow_schema",
]
