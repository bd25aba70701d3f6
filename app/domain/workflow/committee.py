"""How a committee votes: who is in favour, against, abstains; when it closes, and what comes of it. Pure.

Members vote on what they read, each once. The vote closes as the scheme says: as soon as nothing can change
its result, when everybody has voted, or at the time that the stage is due. Whoever took their vote back
before that has not voted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from app.domain.workflow.case import Vote
    from app.domain.workflow.needs import Committee

Result = Literal["passed", "failed"]
#: The seat of the chair, as votes name it.
CHAIR = "chair"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many members there are, and how they voted."""

    members: int
    yes: int = 0
    no: int = 0
    abstain: int = 0

    @property
    def voted(self) -> int:
        """How many have voted, in whatever way."""
        return self.yes + self.no + self.abstain

    @property
    def left(self) -> int:
        """How many have not voted yet."""
        return max(self.members - self.voted, 0)


def each_once(votes: Iterable["Vote"]) -> tuple["Vote", ...]:
    """Return votes without what a person voted again by another account: the first one stands."""
    counted: list[Vote] = []
    seen: set[str] = set()
    for vote in votes:
        if seen.isdisjoint(persons := vote.persons):
            counted.append(vote)
        seen |= persons
    return tuple(counted)


def needed(committee: "Committee", base: int) -> int:
    """Return how many votes in favour pass, of `base` members or votes; at least one."""
    if isinstance(committee.in_favour, int):
        return committee.in_favour
    share = {"majority": base // 2 + 1, "two_thirds": -(-base * 2 // 3), "all": base}
    return max(share[committee.in_favour], 1)


def least(committee: "Committee") -> int:
    """Return how many people it takes at least to pass a vote, as far as the scheme itself says."""
    if isinstance(committee.in_favour, int) or committee.members is not None:
        yes = needed(committee, committee.members or 1) if committee.of == "members" else 1
        yes = committee.in_favour if isinstance(committee.in_favour, int) else yes
        return max(yes, committee.present)
    return max(1, committee.present)


def tally(committee: "Committee", votes: Sequence["Vote"], members: int) -> Tally:
    """Return how the votes stand; `members` may vote or did, where the scheme names no number."""
    said = Counter(vote.says for vote in each_once(votes))
    return Tally(committee.members or members, said["yes"], said["no"], said["abstain"])


def result(
    committee: "Committee", votes: Sequence["Vote"], members: int, *, time_is_up: bool = False
) -> Result | None:
    """Return what came of a vote; `None` while it goes on."""
    counted = tally(committee, votes, members)
    if _vetoed(committee, votes):
        return "failed"
    if time_is_up or counted.left == 0:
        return _closed(committee, counted, votes)
    if committee.closes != "at_majority":
        return None
    return _settled(committee, counted, votes)


def _vetoed(committee: "Committee", votes: Sequence["Vote"]) -> bool:
    if committee.veto == "nobody":
        return False
    return any(vote.says == "no" and (committee.veto == "anybody" or vote.group == CHAIR) for vote in votes)


def _closed(committee: "Committee", counted: Tally, votes: Sequence["Vote"]) -> Result:
    base = counted.members if committee.of == "members" else counted.yes + counted.no
    if counted.voted < committee.present:
        return "failed"
    if counted.yes >= needed(committee, base):
        return "passed"
    chair = next((vote.says for vote in votes if vote.group == CHAIR), None)
    tie = counted.yes == counted.no > 0 and committee.in_favour == "majority"
    return "passed" if tie and chair == "yes" else "failed"


def _settled(committee: "Committee", counted: Tally, votes: Sequence["Vote"]) -> Result | None:
    """Return the result where it is the same however those who are left will vote, or stay away."""
    least, most = counted.yes, counted.yes + counted.left
    if committee.of == "members":
        base_if_no = base_if_yes = counted.members
    else:
        base_if_no, base_if_yes = counted.yes + counted.no + counted.left, most + counted.no
    # Whose no would be a veto and who has not voted may still end it.
    free = committee.veto == "nobody" or (
        committee.veto == "chair" and any(vote.group == CHAIR for vote in votes)
    )
    if free and least >= needed(committee, base_if_no) and counted.voted >= committee.present:
        return "passed"
    tie = committee.chair is not None and committee.in_favour == "majority" and most >= counted.no
    return "failed" if most < needed(committee, base_if_yes) and not tie else None
