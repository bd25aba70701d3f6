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


def missing(revisions: Sequence[Revision]) -> Missing | None:
    """Return what was left out of the newest revision that something was left out of; `None` for nothing.

    A text mended in the form comes from the one before, so what that lacked is still lacking.
    """
    for revision in sorted(revisions, key=lambda one: -one.number):
        if entries := drafts.left_out_of(revision):
            return Missing(revision.number, tuple(_for_people(LeftOut(**one)) for one in entries))
    return None
