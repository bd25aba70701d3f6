"""What a text's source held and the text does not, for those who read it."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.drafts import queries as drafts
from app.drafts.intake.left_out import LeftOut
from app.drafts.models import Revision


@dataclass(frozen=True, slots=True)
class Missing:
    """What did not come into the text when `revision` was taken in; `total` counts equal things, too."""

    revision: int
    entries: tuple[LeftOut, ...]

    @property
    def total(self) -> int:
        """How many things they are."""
        return sum(one.count for one in self.entries)


def missing(revisions: Sequence[Revision]) -> Missing | None:
    """Return what was left out of the newest revision that something was left out of; `None` for nothing.

    A text mended in the form comes from the one before, so what that lacked is still lacking.
    """
    for revision in sorted(revisions, key=lambda one: -one.number):
        if entries := drafts.left_out_of(revision):
            return Missing(revision.number, tuple(LeftOut(**one) for one in entries))
    return None
