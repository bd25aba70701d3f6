"""What the rest of the service asks of the negative list, whoever keeps it."""

from typing import Protocol

from app.domain.files.faults import Fault
from app.negative_list.source.policy import Policy


class NegativeList(Protocol):
    """What the rest of the service asks of the negative list."""

    @property
    def current(self) -> Policy:
        """The policy in use."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the folder as it is now."""
