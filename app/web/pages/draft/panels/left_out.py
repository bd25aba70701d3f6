"""What a text's source held and the text does not, for those who read it."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.drafts import queries as drafts
from app.drafts.intake.left_out import LeftOut
from app.drafts.models import Revision

#: On pages nothing can be uploaded: what a program is told to do is no advice to whoever sits there.
_PICTURES = frozenset({"image", "background_image", "svg"})
_BY_A_PROGRAM = "网页上不能上传图片；请用接口或者写稿工具连同图片交稿，或者在发布渠道排版时插入"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is not in the text: what kind of thing, its words, how often, and why."""

    name: str
    what: str
    count: int
    why: str


def _for_people(one: LeftOut) -> Entry:
    return Entry(one.name, one.what, one.count, _BY_A_PROGRAM if one.kind in _PICTURES else one.why)


@dataclass(frozen=True, slots=True)
class Missing:
    """What did not come into the text when `revision` was taken in; `total` counts equal things, too."""

    revision: int
    entries: tuple[Entry, ...]

    @property
    def total(self) -> int:
        """How many things they are."""
        return sum(one.count for one in self.entries)


def missing(revisions: Sequence[Revision]) -> tuple[Missing, ...]:
    """Return what was left out of each revision, the newest in front; what repeats is told once.

    A text mended in the form comes from the one before, so what that lacked is still lacking.
    """
    found: list[Missing] = []
    told: set[LeftOut] = set()
    for revision in sorted(revisions, key=lambda one: -one.number):
        left = [LeftOut(**one) for one in drafts.left_out_of(revision)]
        entries = tuple(_for_people(one) for one in left if one not in told)
        told.update(left)
        if entries:
            found.append(Missing(revision.number, entries))
    return tuple(found)
