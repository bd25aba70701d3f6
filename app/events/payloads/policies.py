"""What the events of policies carry: the negative list, workflows, what is asked and granted of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.events.payloads.base import Payload, content, private


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProposed(Payload):
    """A version of a kind of policy files, stored."""

    policy: str
    kind: str
    base: str | None
    source: str
    engine: int
    files: str
    rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationAsked(Payload):
    """The wish to bring a version into force."""

    policy: str
    kind: str
    base: str | None
    activation: UUID
    note: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRefused(Payload):
    """The wish, refused by a second person."""

    policy: str
    activation: UUID
    comment: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyActivated(Payload):
    """A version that is in force from now on; `number` counts these of its kind."""

    policy: str
    kind: str
    asked: str
    base: str | None
    activation: UUID
    asked_by: UUID | None
    back_test: str | None
    shadowed: Any
    number: int
    comment: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTested(Payload):
    """What a version would have hit."""

    back_test: UUID
    base: str | None
    policy: str
    report: str = content("back_test")
    drafts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowActivated(Payload):
    """A version of a workflow, stored when the first case began on it."""

    workflow: str = content("workflow_version")
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfRisk(Payload):
    """Warnings on a workflow that a second person is asked to accept."""

    wish: UUID
    asked_by: UUID
    warnings: Sequence[Any]
    comment: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMigration(Payload):
    """The wish to move open cases to another version."""

    migration: UUID
    to: str
    cases: Sequence[Any]
    comment: str | None = private()
