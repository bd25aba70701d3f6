"""What can be done to a case: one command a verb, with just what its maker fills in.

The form of a page and the body of a request both become one of these; `transition` says what it does. Lines
are channel codes, "" is the whole draft; digests name what the maker read; comments are perhaps empty.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal

from app.domain.vocabulary import Verb
from app.domain.workflow.case import BoundProof, Person, Place, Spot


@dataclass(frozen=True, slots=True)
class Command:
    """Something to be done to a case."""

    verb: ClassVar[Verb]

    @property
    def spot(self) -> Spot:
        """The stage and line that it is done at, each empty where it is done to all of the case."""
        return "", ""


@dataclass(frozen=True, slots=True)
class Submit(Command):
    """Hand a draft in for the first time: the digest that is meant."""

    verb = Verb.SUBMIT
    digest: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Resubmit(Submit):
    """Hand a returned or blocked draft in again."""

    verb = Verb.RESUBMIT


@dataclass(frozen=True, slots=True)
class Recall(Command):
    """Take the draft back before it is signed."""

    verb = Verb.RECALL
    comment: str = ""


@dataclass(frozen=True, slots=True)
class AnswerHold(Command):
    """Attach the answer that came from outside, and go on."""

    verb = Verb.ANSWER
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Recuse(Command):
    """Withdraw from a case for good (回避); `knowing` that a stage may be left with nobody."""

    verb = Verb.RECUSE
    comment: str = ""
    knowing: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Reclass(Command):
    """Set the class of the draft, ask for a lighter one, or answer who asked (改定分类)."""

    verb = Verb.RECLASS
    grade: Literal["A", "B", "C"]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class AtStage(Command):
    """Something to be done at one stage on one line."""

    stage: str
    line: str

    @property
    def spot(self) -> Spot:
        """The stage and line that it is done at."""
        return self.stage, self.line


@dataclass(frozen=True, slots=True)
class Claim(AtStage):
    """Take an open stage upon oneself (认领)."""

    verb = Verb.CLAIM


@dataclass(frozen=True, slots=True)
class Unclaim(AtStage):
    """Give a claimed stage back to all."""

    verb = Verb.UNCLAIM


@dataclass(frozen=True, slots=True)
class TakeBack(AtStage):
    """Take one's own approval back (拿回)."""

    verb = Verb.TAKE_BACK
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Remind(AtStage):
    """Remind those whom an open stage waits for (催办)."""

    verb = Verb.REMIND
    comment: str = ""


@dataclass(frozen=True, slots=True)
class OnReading(AtStage):
    """Something to be said of what was read at a stage."""

    digest: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class GiveOpinion(OnReading):
    """Give the opinion that was asked for (反馈意见)."""

    verb = Verb.ADVISE


@dataclass(frozen=True, slots=True)
class Override(OnReading):
    """Let the text go past an open stage without a decision (越过)."""

    verb = Verb.OVERRIDE


@dataclass(frozen=True, slots=True)
class ByOutcome(OnReading):
    """Something that ends in one of a stage's outcomes: its key, or "" for the only one of the verb."""

    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Hold(ByOutcome):
    """Stop the clock while somebody outside is asked (请示)."""

    verb = Verb.HOLD


@dataclass(frozen=True, slots=True)
class Decide(ByOutcome):
    """A decision at a stage; `ticked` are the items of its checklist that were ticked off by then."""

    ticked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Approve(Decide):
    """Pass a stage, or give one of the approvals that it asks for.

    `knowing`: that nobody else could act at a later stage that another person has to pass.
    """

    verb = Verb.APPROVE
    knowing: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class ConfirmMarks(Approve):
    """Pass the stage at which carried-out marks are checked (核红)."""

    verb = Verb.CONFIRM_MARKS


@dataclass(frozen=True, slots=True)
class Oppose(Decide):
    """Vote against, as a member of a committee (不同意)."""

    verb = Verb.OPPOSE


@dataclass(frozen=True, slots=True)
class Abstain(Decide):
    """Vote neither way, as a member of a committee (弃权)."""

    verb = Verb.ABSTAIN


@dataclass(frozen=True, slots=True)
class CloseVote(AtStage):
    """Close the vote of a committee whose time is up."""

    verb = Verb.CLOSE_VOTE


@dataclass(frozen=True, slots=True)
class Decline(Decide):
    """End the case: the draft is not used (退稿)."""

    verb = Verb.DECLINE


@dataclass(frozen=True, slots=True)
class SendBack(Decide):
    """Send the draft back: to an earlier stage by key, or with `None` to its author.

    `then` says whether the stages between are walked again, or the walk goes on at the stage that sent back.
    """

    verb = Verb.SEND_BACK
    send_back_to: str | None = None
    then: Literal["walk_again", "continue_here"] = "walk_again"


@dataclass(frozen=True, slots=True)
class HandOver(AtStage):
    """Give an open stage to a named person (转办); `knowing` that another may be left with nobody."""

    verb = Verb.HAND_OVER
    to: Person
    comment: str = ""
    knowing: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class HandOverForLeaver(HandOver):
    """Give what waits for somebody who leaves to a named person: done by who administers the accounts.

    `login` is the sign-in name of who leaves: where a stage names them, that place is given on.
    """

    login: str = ""


@dataclass(frozen=True, slots=True)
class AskOpinion(AtStage):
    """Ask a named person for an opinion that is no vote (征求意见); the stage `waits` for it or not."""

    verb = Verb.CONSULT
    to: Person
    comment: str = ""
    waits: bool = False


@dataclass(frozen=True, slots=True)
class AddReviewer(AtStage):
    """Add a stage for a named reviewer before, after or beside an open one (加签)."""

    verb = Verb.ADD_REVIEWER
    to: Person
    comment: str = ""
    place: Place = "after"
    knowing: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Copy(Command):
    """Let a named person see the draft and its case from now on (抄送)."""

    verb = Verb.COPY
    to: Person
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Free(Command):
    """Free what waits for somebody who can act no more."""

    verb = Verb.FREE
    person: Person


@dataclass(frozen=True, slots=True)
class OnLine(Command):
    """Something to be done to one line."""

    line: str

    @property
    def spot(self) -> Spot:
        """No stage, and the line."""
        return "", self.line


@dataclass(frozen=True, slots=True)
class Schedule(OnLine):
    """Set a line that is signed on a digest to go out at an instant (定时)."""

    verb = Verb.SCHEDULE
    digest: str
    release_at: datetime
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Unschedule(OnLine):
    """Take a line back from its time (取消定时)."""

    verb = Verb.UNSCHEDULE
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Withhold(OnLine):
    """Let a scheduled line not go out at its time: the codes of what stood in the way."""

    verb = Verb.WITHHOLD
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Embargo(Command):
    """Let nothing go out before an instant (不早于); `None` lifts that."""

    verb = Verb.EMBARGO
    until: datetime | None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class CarryOut(Command):
    """Bind the case to the text in which marks were carried out (改样)."""

    verb = Verb.CARRY_OUT


@dataclass(frozen=True, slots=True)
class BindSubject(Command):
    """Bind a proof that was laid out to its line."""

    verb = Verb.BIND_SUBJECT
    proof: BoundProof


@dataclass(frozen=True, slots=True)
class LayOutFailed(OnLine):
    """Give a text back that cannot be laid out for a line: which revision, and the limits that it exceeds."""

    verb = Verb.LAY_OUT_FAILED
    revision: str
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconsider(Command):
    """Let a blocked case go on whose findings are waived."""

    verb = Verb.RECONSIDER
