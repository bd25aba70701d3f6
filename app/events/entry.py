"""What the catalogue says of one event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel

from app.domain.vocabulary import Event, NoticeKind, Verdict
from app.events.payloads.base import Payload, shape_of
from app.events.payloads.cases import Step
from app.events.sentences import Sentence


class Stream(StrEnum):
    """The kinds of stream; a stream is named `kind:<whom or what it is about>`."""

    DRAFT = "draft"
    USER = "user"
    UNIT = "unit"
    POLICY = "policy"
    WORKFLOW = "workflow"
    WEBHOOK = "webhook"
    TOOL = "tool"
    ROBOT = "robot"
    JOBS = "jobs"
    RECORD = "record"


class Recipients(StrEnum):
    """The rules of who is told inside; notifications know whom each means at the time of telling."""

    AUTHORS = "authors"
    AUTHORS_IF_THEIRS = "authors_if_theirs"
    AT_STAGE = "at_stage"
    AT_WORK_AT_STAGE = "at_work_at_stage"
    AT_FREED_STAGES = "at_freed_stages"
    AT_OPEN_STAGES = "at_open_stages"
    PREVIOUS_SIGNERS = "previous_signers"
    ASKERS = "askers"
    MAY_GRANT_WAIVER = "may_grant_waiver"
    PUBLISHERS = "publishers"


@dataclass(frozen=True, slots=True)
class Named:
    """The rule that whoever a field of the payload names is told: an id, or a list of them."""

    field: str


@dataclass(frozen=True, slots=True, init=False)
class Told:
    """A notice of this kind for everybody whom any of the rules means."""

    kind: NoticeKind
    rules: tuple[Recipients | Named, ...]

    def __init__(self, kind: NoticeKind, *rules: Recipients | Named) -> None:
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "rules", rules)


@dataclass(frozen=True, slots=True)
class Account:
    """The sentence by which persons hear that something was done to their account, by its code.

    `words` gives for each word that the sentence asks for the field of the payload that holds it.
    """

    sentence: str
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: what it carries, and everything that follows from it.

    `streams` are those that it may be recorded on; none for what stands in logs alone. `refused`: it says
    that something was not done. `told` are notices inside, `account` those to persons whose
    account it was done to. `announced` is the form of its message outside,
    `subject` the field of the payload that names there what it is about, if not its stream does. `verifier`
    names what the verifier of evidence packages does at it; `""`: it only walks the chain past it. `decides`
    is the verdict of a decision, which the verifier looks for among the decisions of the package.
    `sentence` is what the timeline says of it, if the label does not say it.
    `first`: its message outside goes before any other that waits for the same receiver.
    `foreseen`: nothing emits it yet, and nobody can ask to be told of it.
    """

    event: Event
    payload: type[Payload] | None
    streams: tuple[Stream, ...]
    refused: bool = False
    told: tuple[Told, ...] = ()
    account: Account | None = None
    announced: type[BaseModel] | None = None
    subject: str = ""
    verifier: str = ""
    decides: Verdict | None = None
    sentence: Sentence | None = None
    first: bool = False
    foreseen: bool = False

    @property
    def is_step(self) -> bool:
        """Whether it is a step of a case: notices of work that it ended are laid aside."""
        return self.payload is not None and issubclass(self.payload, Step)

    @property
    def content(self) -> dict[str, tuple[str, ...]]:
        """Field on record → tables where the content lies that it names."""
        if self.payload is None:
            return {}
        return {name: held.tables for name, held in shape_of(self.payload).content.items()}
