"""What the caller found out for a step: each verb asks for no more than it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.document.changes import Change
from app.domain.workflow.case import Grade, Participant, Person
from app.domain.workflow.definition import Stage, Workflow


@dataclass(frozen=True, slots=True)
class Facts:
    """What any step may come to ask, because stages may open by it.

    `blockers`: rule ids of blocking findings open on the present text under the newest active policy; `due`:
    the calendar, adding working days to an instant, `None` where it does not know the year; `stranded`:
    titles of stages at which nobody could act any more if the step were taken, where the verb asks that.
    """

    blockers: tuple[str, ...] = ()
    due: Callable[[datetime, int], datetime | None] | None = None
    stranded: tuple[str, ...] = field(default=(), kw_only=True)

    def due_at(self, stage: Stage, grade: Grade, at: datetime) -> datetime | None:
        """Return when a stage that opens at `at` is due; `None` without a limit or a known calendar."""
        if stage.within is None or self.due is None:
            return None
        return self.due(at, stage.within.days(grade))


@dataclass(frozen=True, slots=True)
class AssessedText(Facts):
    """What is left to mend in the text that is decided on, and whose say is asked for.

    `findings`: how many findings that do not block; `open_marks`: marks not yet carried out on the line, or
    on all lines where an approval is taken back; `candidates`: everybody who may act at the stage, asked for
    only where all must; `own_threads`: unsettled comments of whoever decides,
    asked for only where the stage asks it.
    """

    findings: int = 0
    own_threads: int = 0
    open_marks: int = 0
    candidates: frozenset[Person] = frozenset()


@dataclass(frozen=True, slots=True)
class HandedIn(Facts):
    """What is known of a text that is handed in: the limits of its channels that it exceeds."""

    channel_limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewText(HandedIn):
    """The new text of a resubmission or of carried-out marks; without a `revision` it is the old one.

    `change` is what the author or the marks did to it, `authors` who wrote it; `moves_to` what the case walks
    from it on, with the rule and the facts of that in `routed`.
    """

    revision: str | None = None
    change: Change | None = None
    authors: frozenset[Person] = frozenset()
    moves_to: Workflow | None = None
    routed: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class NewClass(Facts):
    """The classes that there are, by letter with their names, and what the case walks with another one.

    `moves_to` is `None` where it is what the case walks now, with the rule and the facts of that in `routed`.
    """

    classes: Mapping[str, str] = field(default_factory=dict)
    moves_to: Workflow | None = None
    routed: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class NamedPerson(Facts):
    """The person whom a command names, in the draft's unit; `None` for nobody who could take part."""

    person: Participant | None = None
    absent: bool = False
