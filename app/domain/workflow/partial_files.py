"""What can be said of a workflow file that has not the right form: the faults of the rest, all at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.domain.files.faults import Fault
from app.domain.files.yaml_tree import Path
from app.domain.workflow.definition import Workflow

#: Faults that one stage has by itself, or that two keys make: true whatever the malformed values should be.
_STANDS_ALONE = frozenset(
    {
        "duplicate_stage",
        "duplicate_outcome",
        "unknown_stage",
        "named_twice",
        "loop",
        "no_way_on",
        "no_way_out",
        "no_exit_after_rounds",
        "nobody",
        "nobody_needed",
        "group_missing",
        "author_may_not_act",
        "too_few_people",
        "all_of_outside",
        "outside_signs",
        "role_cannot_decide",
        "watches_nothing",
        "never_applies",
        "raises_without_approval",
        "two_reviews_in_one",
        "proof_without_channel",
        "no_proof_to_confirm",
        "deadline_of_zero",
        "not_to_be_overridden",
    }
)
#: Of a stage that is malformed itself, only these: what was left out of it is no fault.
_OF_ITS_KEYS = frozenset({"duplicate_stage", "unknown_stage", "loop", "deadline_of_zero"})
#: What a stage is given where its own value cannot be read.
_STAND_IN = {"title": "?", "kind": "review"}
_UNREAD = "unread_"
#: Parts of a file on which no other part hangs.
_HEAD = frozenset({"version", "key", "title", "about", "source"})
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Readable:
    """The workflow that a file makes without its malformed values.

    `stages` are the places of those that had one; `elsewhere` tells whether any stood outside of the stages.
    """

    workflow: Workflow
    stages: frozenset[int]
    elsewhere: bool

    def standing(self, faults: Iterable[Fault]) -> Iterator[Fault]:
        """Yield those of the workflow's faults that do not hang on what was left out."""
        unread = any(stage.key.startswith(_UNREAD) for stage in self.workflow.stages)
        for fault in faults:
            place = fault.key.split(".")
            malformed = place[0] == "stages" and len(place) > 1 and int(place[1]) in self.stages
            allowed = _OF_ITS_KEYS if malformed else _STANDS_ALONE
            if fault.code == "unknown_stage" and unread:
                continue  # it may name the stage whose key could not be read
            if fault.code in allowed or not (self.stages or self.elsewhere):
                yield fault


def readable(content: Any) -> Readable | None:  # noqa: ANN401 – raw YAML
    """Return what a file's content makes without its malformed values; `None` when too little is left.

    They are taken out of `content`, in which nothing is shared.
    """
    stages: set[int] = set()
    elsewhere = False
    for _ in range(_ROUNDS):
        try:
            return Readable(Workflow.model_validate(content), frozenset(stages), elsewhere)
        except ValidationError as error:
            if not isinstance(content, dict):
                return None
            content.update({"version": 1, "title": "?", "key": "unread"})
            faults = [(one["loc"], one["type"]) for one in error.errors(include_url=False)]
            stages |= {int(where[1]) for where, _ in faults if where[0] == "stages" and len(where) > 1}
            elsewhere = elsewhere or any(where[0] not in {"stages", *_HEAD} for where, _ in faults)
            # From the end, so that what is left out of a list moves nothing that is looked for later.
            for where in sorted({_there(content, *one) for one in faults}, key=_position, reverse=True):
                _leave_out(content, where)
    return None


def _position(where: Path) -> tuple[tuple[bool, int, str], ...]:
    return tuple((isinstance(step, str), step if isinstance(step, int) else 0, str(step)) for step in where)


def _there(content: Any, where: Path, kind: str) -> Path:  # noqa: ANN401 – raw YAML
    """Return the part of an error's place that the file has; the rest of it are the model's own steps."""
    known: list[str | int] = []
    for step in where[:-1] if kind == "missing" else where:
        if _has(content, step):
            content = content[step]
            known.append(step)
    return (*known, where[-1]) if kind == "missing" else tuple(known)


def _has(content: Any, step: str | int) -> bool:  # noqa: ANN401 – raw YAML
    if isinstance(content, list):
        return isinstance(step, int) and step < len(content)
    return isinstance(content, dict) and step in content


def _leave_out(content: Any, where: Path) -> None:  # noqa: ANN401 – raw YAML
    if len(where) < 2:
        content.pop(*where, None)
        return
    around = content
    for step in where[:-1]:
        if not _has(around, step):
            return  # left out with what is around it
        around = around[step]
    last = where[-1]
    if len(where) == 3 and where[0] == "stages" and last in {"key", *_STAND_IN}:
        around[last] = _STAND_IN.get(str(last), f"{_UNREAD}{where[1]}")
    elif _has(around, last):
        del around[last]
    else:
        # Something is missing in an entry: the entry is left out.
        _leave_out(content, where[:-1])
