"""A case: one walk of one draft through one workflow version, as the transition function sees it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.domain.vocabulary import CaseState, ChannelKind, Role, StageState, Subject
from app.domain.workflow.conditions import When
from app.domain.workflow.definition import AddedStage, Stage, Workflow
from app.domain.workflow.needs import Qualification

#: A natural person by id, that of their first account; never a role or an account shared by several. Where a
#: person has more accounts, `Participant.same_as` says whose an account is.
Person = str
#: A class of drafts; A is the heaviest.
Grade = Literal["A", "B", "C"] | None
#: A run's place: stage key and line; a line is a channel code, or "" for stages of the whole draft.
Spot = tuple[str, str]
#: Where a reviewer is added: the open stage waits for them, they follow it, or both go on together.
Place = Literal["before", "after", "beside"]

#: The states that every step asks for, by a name of their own: Python 3.11 takes 0.15 µs to find a member in
#: its enum, three times as long as for what is then done with it.
OPEN, PASSED, WAITING, SKIPPED = StageState.OPEN, StageState.PASSED, StageState.WAITING, StageState.SKIPPED
RUNNING = CaseState.RUNNING
_REVISION = Subject.REVISION
DONE = frozenset({PASSED, SKIPPED, StageState.OVERRIDDEN})
PENDING = frozenset({OPEN, WAITING})
#: States in which a case has come to its end.
CLOSED = frozenset({CaseState.RECALLED, CaseState.DECLINED, CaseState.CLEARED})


@dataclass(frozen=True, slots=True)
class Target:
    """Where the draft is to go: one channel is one line."""

    channel: str
    kind: ChannelKind
    section: str


@dataclass(frozen=True, slots=True)
class Vote:
    """One approval in a run; `principal` is whom the person acted for, `group` the bench they sat on.

    `through` is who stands between the two in a delegation that was passed on. `round` is the round in which
    it was given where that is an earlier one: somebody else took theirs back, and this one was kept.
    Members of a committee may vote against, or abstain; everybody else approves.
    """

    person: Person
    principal: Person | None = None
    group: str | None = None
    through: Person | None = None
    round: int | None = None
    says: Literal["yes", "no", "abstain"] = "yes"
    #: The other accounts of the persons behind it.
    also: frozenset[Person] = frozenset()

    @property
    def accounts(self) -> frozenset[Person]:
        """The accounts behind it: of who voted, of whom they acted for, and of who stands between."""
        return _behind(self)

    @property
    def persons(self) -> frozenset[Person]:
        """The natural persons behind it, by every account that they have."""
        return _behind(self) | self.also if self.also else _behind(self)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one stage on one line; a stage that is walked again gets the next round.

    `digest` names what the run stands for: the text or the proof; `None` while a proof is being laid out.
    """

    stage: str
    line: str
    round: int
    state: StageState
    digest: str | None
    opened_at: datetime | None = None
    due_at: datetime | None = None
    claimed_by: Person | None = None
    votes: tuple[Vote, ...] = ()

    @property
    def spot(self) -> Spot:
        """Its place."""
        return self.stage, self.line

    @property
    def persons(self) -> frozenset[Person]:
        """The natural persons behind its approvals; empty when nobody has approved."""
        if not self.votes:
            return _NOBODY
        return frozenset([person for vote in self.votes for person in vote.persons])

    def approved(self, vote: Vote, *, passed: bool) -> "Run":
        """Return the run with one approval more: passed by it, or open and free for the next to claim."""
        votes = (*self.votes, vote)
        state, claimed_by = (PASSED, self.claimed_by) if passed else (OPEN, None)
        return Run(
            self.stage,
            self.line,
            self.round,
            state,
            self.digest,
            self.opened_at,
            self.due_at,
            claimed_by,
            votes,
        )


@dataclass(frozen=True, slots=True)
class BoundProof:
    """The proof of a line: its digest, and the revision that it was laid out from."""

    line: str
    digest: str
    revision: str


_NOBODY: frozenset[Person] = frozenset()


def _behind(act: "Vote | Participant") -> frozenset[Person]:
    if act.principal is None:
        return frozenset((act.person,))
    if act.through is None:
        return frozenset((act.person, act.principal))
    return frozenset((act.person, act.principal, act.through))


@dataclass(frozen=True, slots=True)
class Added:
    """A reviewer added to one case (加签) at the place of `anchor`: whom, and who asked for them."""

    key: str
    anchor: str
    line: str
    place: Place
    person: Person
    by: Person


@dataclass(frozen=True, slots=True)
class Consult:
    """An opinion asked for at one run (征求意见); nobody approves there while it `waits` for an answer."""

    stage: str
    line: str
    round: int
    asked: Person
    by: Person
    waits: bool = False
    answered: bool = False

    def at(self, run: Run) -> bool:
        """Tell whether it was asked for at this run."""
        return (self.stage, self.line, self.round) == (run.stage, run.line, run.round)


@dataclass(frozen=True, slots=True)
class ClassWish:
    """A lighter class that somebody asked for and another is to agree to; all accounts of who asked."""

    grade: Grade
    by: Person
    persons: frozenset[Person]


@dataclass(frozen=True, slots=True)
class Case:
    """One walk. Before submission it has no runs and is with its author.

    `authors` are all who wrote any part of the text, and the submitter; `carriers` those who carried out
    marks, and so may not confirm them; `found` the names of facts that rules found in the text. `added` are
    reviewers added to this case, `recused` who may not act on it any more, `copied` who was sent a copy,
    `reminded` when each open stage was last reminded of, `instead` who stands in for a person that the
    workflow names by sign-in name. `scheduled` are the lines that are signed for a later instant, with it:
    while there are any the text is read-only; before `embargo_until` nothing goes out. `ever_found` are the
    facts of this text and of all before it, for choosing its workflow, and `routes` the keys of the workflows
    that were chosen by them; `rounds_before` how often each place sent back in earlier cases of the draft,
    which were recalled. `units` are the names of the draft's unit and of all above it, `author_posts` what
    its authors hold as posts: both as they were when it was last handed in.
    """

    state: CaseState
    revision: str
    targets: tuple[Target, ...]
    authors: frozenset[Person]
    runs: tuple[Run, ...] = ()
    proofs: tuple[BoundProof, ...] = ()
    carriers: frozenset[Person] = frozenset()
    grade: Grade = None
    flags: frozenset[str] = frozenset()
    found: frozenset[str] = frozenset()
    held_at: datetime | None = None
    added: tuple[Added, ...] = ()
    recused: frozenset[Person] = frozenset()
    copied: frozenset[Person] = frozenset()
    consults: tuple[Consult, ...] = ()
    reminded: tuple[tuple[Spot, datetime], ...] = ()
    instead: frozenset[tuple[str, Person]] = frozenset()
    scheduled: tuple[tuple[str, datetime], ...] = ()
    embargo_until: datetime | None = None
    ever_found: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()
    rounds_before: tuple[tuple[Spot, int], ...] = ()
    units: frozenset[str] = frozenset()
    author_posts: frozenset[str] = frozenset()
    class_wish: ClassWish | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """Its lines, in the order of its targets."""
        return tuple([target.channel for target in self.targets])

    def with_runs(self, runs: tuple[Run, ...]) -> "Case":
        """Return the case with other runs: what `replace` does, without a look at each field's name."""
        copied = object.__new__(Case)
        for slot in _SLOTS:
            slot.__set__(copied, slot.__get__(self))
        object.__setattr__(copied, "runs", runs)
        return copied

    def current(self) -> dict[Spot, Run]:
        """Return the newest run of each place."""
        newest: dict[Spot, Run] = {}
        for run in self.runs:
            spot = run.stage, run.line
            known = newest.get(spot)
            if known is None or run.round > known.round:
                newest[spot] = run
        return newest

    def proof_of(self, line: str) -> str | None:
        """Return the digest of the line's proof of the present revision; `None` while there is none."""
        for proof in self.proofs:
            if proof.line == line and proof.revision == self.revision:
                return proof.digest
        return None

    def subject_of(self, stage: Stage, line: str) -> str | None:
        """Return the digest that a run of this stage on this line stands for now."""
        return self.revision if stage.acts_on is _REVISION else self.proof_of(line)

    def scheduled_at(self, line: str) -> datetime | None:
        """Return the instant that a line is scheduled for; `None` for a line that is not."""
        return next((instant for on, instant in self.scheduled if on == line), None)

    def embargoed_until(self, at: datetime) -> datetime | None:
        """Return before when nothing may go out, asked at `at`; `None` without an embargo or after it."""
        return self.embargo_until if self.embargo_until is not None and at < self.embargo_until else None

    def sent_back(self, spot: Spot) -> int:
        """Return how often this place has sent back, also before the draft was recalled."""
        here = sum(run.state is StageState.SENT_BACK and run.spot == spot for run in self.runs)
        return here + dict(self.rounds_before).get(spot, 0)

    def lines_of(self, stage: Stage) -> tuple[str, ...]:
        """Return the lines that a stage has runs on: every channel, or the draft as a whole."""
        if stage.per != "channel":
            return ("",)
        return (stage.on_line,) if isinstance(stage, AddedStage) else self.lines

    def places(self, workflow: Workflow) -> Iterator[tuple[Stage, str]]:
        """Yield every place of the walk, stage and line, so that each comes after all that it waits for."""
        lines = self.lines
        for stage in workflow.ordered:
            if stage.per != "channel":
                yield stage, ""
            elif isinstance(stage, AddedStage):
                yield stage, stage.on_line
            else:
                for line in lines:
                    yield stage, line

    def awaited(self, run: Run) -> tuple[Person, ...]:
        """Return whose opinion a run waits for; empty when it waits for nobody's."""
        return tuple(
            consult.asked
            for consult in self.consults
            if consult.waits and not consult.answered and consult.at(run)
        )

    def meets(self, when: When | None, line: str = "") -> bool:
        """Tell whether a condition holds; on a line it is asked of that channel only."""
        if when is None:
            return True
        # The cheap questions first: most conditions ask one thing only.
        if (
            (when.flags and self.flags.isdisjoint(when.flags))
            or (when.facts and self.found.isdisjoint(when.facts))
            or (when.classes and self.grade not in when.classes)
        ):
            return False
        there = [target for target in self.targets if line in {"", target.channel}]
        return (
            (not when.channels or any(target.channel in when.channels for target in there))
            and (not when.channel_kinds or any(target.kind in when.channel_kinds for target in there))
            and (not when.sections or any(target.section in when.sections for target in there))
            and not (when.unless is not None and self.meets(when.unless, line))
            and (when.is_plain or self._meets_more(when, line))
        )

    def _meets_more(self, when: When, line: str) -> bool:
        return (
            (not when.units or not self.units.isdisjoint(when.units))
            and (not when.author_posts or not self.author_posts.isdisjoint(when.author_posts))
            and (not when.measured or when.text_holds(self.found))
            and all(self.meets(part, line) for part in when.all_of)
            and (not when.any_of or any(self.meets(part, line) for part in when.any_of))
            and not any(self.meets(part, line) for part in when.none_of)
        )

    def done_before(self, workflow: Workflow, spot: Spot, current: dict[Spot, Run]) -> bool:
        """Tell whether everything that this place waits for is passed or skipped."""
        stage = workflow.by_key[spot[0]]
        on_line = stage.per == "channel"
        for before in workflow.waits_for[stage.key]:
            key = before.key
            if not on_line or before.per != "channel":
                lines = self.lines_of(before)
            elif isinstance(before, AddedStage) and before.on_line != spot[1]:
                continue
            else:
                lines = (spot[1],)
            for line in lines:
                run = current.get((key, line))
                if run is None or run.state not in DONE:
                    return False
        return True


_SLOTS = tuple(getattr(Case, name) for name in Case.__slots__)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that a person holds in the draft's unit, for one channel or section or, with `None`, for all."""

    role: Role
    channel: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    """Who acts. With a `principal` the grants, posts and qualification are those of the principal."""

    person: Person
    name: str = ""
    grants: tuple[Grant, ...] = ()
    posts: frozenset[str] = frozenset()
    qualification: Qualification = "none"
    heads_author: bool = False
    #: The same of who acts, also where they act for another.
    heads_author_themself: bool = False
    outside: bool = False
    principal: Person | None = None
    through: Person | None = None
    #: Of each account behind the act whose person has several: the account, and whose it is.
    same_as: tuple[tuple[Person, Person], ...] = ()
    #: All other accounts of these persons, and those among them of who acts.
    others: frozenset[Person] = frozenset()
    own_others: frozenset[Person] = frozenset()

    @property
    def persons(self) -> frozenset[Person]:
        """The natural persons behind the act, by every account that they have."""
        return _behind(self) | self.others if self.others else _behind(self)

    @property
    def own(self) -> frozenset[Person]:
        """All accounts of who acts, without those of whom they act for."""
        return frozenset((self.person,)) | self.own_others

    @property
    def counts_as(self) -> Person:
        """The natural person who acts, as one among several who could."""
        return dict(self.same_as).get(self.person, self.person)

    @property
    def capacity(self) -> Person:
        """Whose place they take: their own, or their principal's."""
        return self.principal or self.person


#: The service itself, for what no person does.
SERVICE = Participant(person="system")
