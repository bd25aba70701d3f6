"""What people write on a text beside their decisions."""

from enum import StrEnum


class ThreadState(StrEnum):
    """What became of a comment or a suggestion: open and disputed ones wait for an answer."""

    OPEN = "open"
    RESOLVED = "resolved"
    ACCEPTED = "accepted"
    DISPUTED = "disputed"


#: A thread that somebody still has to say something to.
UNSETTLED = frozenset({ThreadState.OPEN, ThreadState.DISPUTED})
