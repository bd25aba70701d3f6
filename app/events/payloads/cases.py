"""What the steps of a case carry. The domain says what happened in JSON values, see `Payload.of`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.events.payloads.base import ABSENT, Absent, Payload, content, named, outside, private

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Payload):
    """One step of a case; told outside with where the case stands after it, and what opened.

    `through` is who stood between, where somebody acts for another who acts for a third; `same_as` says of
    each account behind the step that is not its person's first which that is.
    """

    draft: UUID
    case: UUID
    revision: str
    through: str | Absent = ABSENT
    same_as: Mapping[str, str] | Absent = ABSENT
    workflow: str
    comment: str | None = private()
    state: str | Absent = outside()
    opened: Sequence[Json] | Absent = outside()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted(Step):
    """A text handed in; `was` is the one that the case had before."""

    digest: str = content("revision", packed=True)
    was: str | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(Step):
    """A case begun, with the lines that it goes on."""

    revision: str = content("revision", packed=True)
    workflow: str = content("workflow_version", packed=True)
    lines: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRouted(Payload):
    """Which rule chose the workflow and which stages rules may add; `told` says what told of each fact."""

    case: UUID
    rule: Any
    workflow: str
    facts: Json
    stages: Sequence[Json]
    told: Mapping[str, Sequence[str]]
    accepted: Any = ABSENT
    after_recall: Any = ABSENT
    channels: Mapping[str, str] | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMigrated(Step):
    """A case moved to another version: by a wish that was granted, or by the facts of a new text."""

    was: str = named("from", "workflow_version", packed=True)
    to: str = content("workflow_version", packed=True)
    added: Sequence[str]
    removed: Sequence[str]
    changed: Mapping[str, Sequence[str]]
    sets: Sequence[str]
    limits: bool
    rule: Any = ABSENT
    facts: Json | Absent = ABSENT
    migration: UUID | Absent = ABSENT
    asked_by: UUID | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class AtStage(Step):
    """A step at one stage of one line."""

    stage: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseBlocked(AtStage):
    """Findings that stop the case, by their rules."""

    rules: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSkipped(AtStage):
    """A stage that does not apply: its condition, and the facts that it was asked of."""

    rule: Any = ABSENT
    added_by: str | Absent = ABSENT
    facts: Json | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOpened(StageSkipped):
    """A stage that waits for people, on this digest."""

    round: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageVoided(AtStage):
    """A stage whose outcome counts no more; `by` is a person, or the stage that sent back."""

    round: int
    reason: str
    persons: Sequence[str]
    by: str | Absent = ABSENT
    change: str | Absent = ABSENT
    fields: Sequence[str] | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class StageKept(AtStage):
    """A stage that stays passed over a later text, by the kind of the change."""

    round: int
    change: str
    fields: Sequence[str]
    was: str | None
    now: str | None
    persons: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCalled(Payload):
    """A stage that is due or late: who of the chain was told, and who was away."""

    draft: UUID
    case: UUID
    workflow: str
    stage: str
    line: str
    round: int
    due_at: Any
    rung: str | Absent = ABSENT
    told: Sequence[UUID] | Absent = ABSENT
    absent: Sequence[UUID] | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStranded(Payload):
    """A stage at which nobody can act: who of the chain was told, nobody where no rung is at work."""

    draft: UUID
    case: UUID
    workflow: str
    stage: str
    line: str
    round: int
    told: Sequence[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOverridden(AtStage):
    """A stage gone past without a decision, by a person's word."""

    round: int
    digest: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack(AtStage):
    """A decision taken back by who had made it; the votes of others stay."""

    round: int
    digest: str
    persons: Sequence[str]
    kept: Sequence[Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(AtStage):
    """A stage given to another person (转办)."""

    to: str
    was: str | None
    by_office: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerAdded(AtStage):
    """A reviewer added before, after or beside a stage (加签), and the sets that they must differ in."""

    anchor: str
    place: str
    to: str
    title: str
    subject: str
    distinct: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed(Step):
    """Places that somebody left: recused, or able to act no more."""

    person: str
    freed: Sequence[Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded(AtStage):
    """Those whom a stage waits for, reminded (催办)."""

    round: int
    holder: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedTo(Step):
    """Somebody let in to read (抄送)."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consulted(AtStage):
    """Somebody asked for an opinion (征求意见); `waits`: the stage waits for it."""

    round: int
    digest: str
    to: str
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised(AtStage):
    """The opinion that was asked for."""

    round: int
    digest: str
    asked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(AtStage):
    """An answer from outside is waited for (请示)."""

    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Step):
    """The answer came; the clock had stood still for so long."""

    waited_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconsidered(Step):
    """A blocked case looked at anew."""

    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Embargoed(Step):
    """Not to go out before `until`; `was` is what held before."""

    until: str | None
    was: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfClass(Step):
    """The class of the draft: changed, asked for, or kept; `asked_by` who had asked for it."""

    grade: str = named("class")
    was: str | None
    title: str
    was_title: str | None
    asked_by: str | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(AtStage):
    """One person's decision on what they read; `reasons` are the preset ones that it gives."""

    round: int
    digest: str = content("revision", "proof", packed=True)
    outcome: str
    reasons: Sequence[str] | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(Decided):
    """An approval; `final` when the stage needs no other."""

    final: bool
    raised: Sequence[str] | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteClosed(AtStage):
    """How the vote of a committee ended; `to` whom the draft goes where it failed."""

    round: int
    digest: str = content("revision", "proof", packed=True)
    result: str
    yes: int
    no: int
    abstained: int
    members: int
    to: str | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBack(Decided):
    """Sent back to an earlier stage or to the author, then on from here or the whole way again."""

    to: str
    then: str
    raised: Sequence[str] | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRefused(Payload):
    """A decision that was not taken, with every reason."""

    draft: UUID
    case: UUID
    verb: str
    stage: str
    line: str
    digest: str
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLaidOut(Step):
    """A text laid out for one channel."""

    revision: str = content("revision", packed=True)
    line: str
    digest: str = content("proof", packed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFailed(Step):
    """A text that cannot be laid out within the limits of a channel."""

    line: str
    limits: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOut(Step):
    """All open marks carried out in one new text."""

    digest: str = content("revision", packed=True)
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled(Step):
    """A line that was signed and set for an instant."""

    line: str
    digest: str
    release_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unscheduled(Step):
    """A line taken back from its time."""

    line: str
    release_at: str
    reason: str
    signed_by: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld(Step):
    """A line that did not go out at its time, and what stood against it."""

    line: str
    release_at: str
    reasons: Sequence[str]
    signed_by: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfLink(Payload):
    """A link by which somebody outside signs."""

    draft: UUID
    case: UUID
    link: UUID
    person: UUID
    stage: str
    line: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMade(OfLink):
    """Whom it is for, and until when."""

    expires_at: Any
    namesake: bool
    name: str | None = private()
    post: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSent(OfLink):
    """Sent by another person than asked for it."""

    asked_by: UUID
    namesake: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUsed(OfLink):
    """What was decided by it, under the name that was typed."""

    outcome: str
    asked_by: UUID
    typed: str | None = private()
    post: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRefused(OfLink):
    """Why it did not open."""

    reasons: Sequence[str]
