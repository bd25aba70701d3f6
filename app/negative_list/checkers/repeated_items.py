"""A list that names one of its items twice."""

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit

#: A run of items, the first and the last with whatever stands before and behind them.
_LIST = re.compile(r"[\u4e00-\u9fffa-z0-9]{1,16}(?:、[\u4e00-\u9fffa-z0-9]{1,16}){2,30}")
#: What stands behind the last item where the item ends there.
_BEHIND = re.compile(r"(?:参加|出席|等|获|荣获|负责|担任|陪同|一同|分别|及其|和|以及|共|的|$)")


class RepeatedItem(Checker):
    """张三、李四、王五、李四: an item of two or more characters that a list of three or more has twice.

    The first item is taken only where the list begins a clause; of the last, what stands before a verb.
    """

    always: ClassVar[bool] = True
    #: Lists are everywhere, and it only advises.
    advisory: ClassVar[bool] = True

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return the second place of each item."""
        del hits
        text = context.view.text
        for listed in _LIST.finditer(text):
            place = listed.start()
            items = listed[0].split("、")
            seen: set[str] = set()
            for number, item in enumerate(items):
                last = number == len(items) - 1
                name = next((one for one in seen if _ends_with(item, one)), "") if last else item
                if len(name) > 1 and name in seen:
                    yield Spot(place, place + len(name))
                if number or not text[:place] or not "\u4e00" <= text[place - 1] <= "\u9fff":
                    seen.add(item)
                place += len(item) + 1


def _ends_with(item: str, name: str) -> bool:
    """Whether the last item of a list is a name, with a verb behind it."""
    return item.startswith(name) and _BEHIND.match(item, len(name)) is not None
