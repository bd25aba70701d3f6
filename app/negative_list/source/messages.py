"""What a rule says of a hit: its message with the hit filled in."""

import re
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

#: What a message can show of a hit, in the order in which `fill` has it.
_FIELDS = ("match", "suggestion", "note")
_FIELD = re.compile(f"{{({'|'.join(_FIELDS)})}}")


class Message(NamedTuple):
    """A message made ready: `template` is for `%`, `pick` takes what it shows out of all that there is."""

    template: str
    pick: Callable[[tuple[str, str, str]], Any]


def message(text: str, title: str) -> Message:
    """Make ready a message with `{title}`, `{match}`, `{suggestion}` and `{note}` in it.

    They are filled in together, so that a hit with such a sign in it is shown as it is.
    """
    # Between the plain pieces stand the names of the fields.
    pieces = _FIELD.split(text.replace("{title}", title).replace("%", "%%"))
    shown = [_FIELDS.index(name) for name in pieces[1::2]]
    return Message("%s".join(pieces[::2]), itemgetter(*shown) if shown else _nothing)


def fill(ready: Message, match: str, suggestions: tuple[str, ...], note: str) -> str:
    """Return a message about one hit."""
    suggestion = "”或“".join(suggestions) if suggestions else "其他说法"
    filled: str = ready.template % ready.pick((match, suggestion, note))
    return filled


def _nothing(_: tuple[str, str, str]) -> tuple[()]:
    return ()
