"""Fields: what they show is text, what they are told is not, and nothing that they ask for is done."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from app.drafts.intake.runs import Mark

_NAME = re.compile(r"\s*([A-Za-z]+)")
_LINK = re.compile(r'\s*HYPERLINK\s+(?:\\[lnotm]\s+)*(?:"([^"]*)"|(\S+))', re.IGNORECASE)
_HINT = re.compile(r'\\o\s+"([^"]*)"', re.IGNORECASE)
_BUTTON = re.compile(r"\s*(?:MACROBUTTON|GOTOBUTTON)\s+\S+\s+(.*)", re.IGNORECASE | re.DOTALL)
_SYMBOL = re.compile(r"\s*SYMBOL\s+(0x[0-9A-Fa-f]+|\d+)", re.IGNORECASE)
_QUOTED = re.compile(r'\s*QUOTE\s+"?([^"]*)"?', re.IGNORECASE)
#: Switches of an equation field: `\o\ac(○,1)` lays signs over each other, `\f(1,2)` is a fraction.
_SWITCH = re.compile(r"\\[a-zA-Z]+\d*")
_FRACTION = re.compile(r"\\f\(([^(),]*),([^(),]*)\)", re.IGNORECASE)
_CIRCLED = re.compile(
    r"\\o\s*(?:\\a[clrd]\s*)*\(\s*[○〇◯]\s*[,，;；]\s*(?:\\s\\up\d+\()?\s*(\d{1,2})\s*\)+", re.IGNORECASE
)

#: A phonetic guide as older files write it: `EQ \* jc2 \* "Font:宋体" \* hps10 \o\ad(\s\up 9(hóng),㼆)`.
_PHONETIC = re.compile(
    r"\s*EQ\s+(?:\\\*\s*(?:\"[^\"]*\"|\S+)\s*)+\\o\s*(?:\\a[clrd]\s*)?\(\s*\\s\s*\\up\s*\d+\s*"
    r"\((?P<reading>[^()]*)\)\s*[,;，；]\s*(?P<words>.*)\)\s*",
    re.IGNORECASE | re.DOTALL,
)


class Phonetic(NamedTuple):
    """Words and the reading above them."""

    words: str
    reading: str


def phonetic_of(code: str) -> Phonetic | None:
    """Return what an equation field sets as a phonetic guide; `None` for every other one."""
    guide = _PHONETIC.fullmatch(code)
    return Phonetic(guide["words"].strip(), guide["reading"].strip()) if guide else None


@dataclass(slots=True)
class Field:
    """One field: what it is told so far, and whether its result has begun."""

    words: str = ""
    is_separated: bool = False
    mark: Mark | None = None

    @property
    def address(self) -> str:
        """Where a field that links leads; empty for any other."""
        link = _LINK.match(self.words)
        if link is None or re.match(r"\s*HYPERLINK\s+\\l", self.words, re.IGNORECASE):
            return ""
        return (link[1] or link[2] or "").strip()

    @property
    def hint(self) -> str:
        """What is shown while the mouse rests on a field that links; empty for none."""
        hint = _HINT.search(self.words) if _LINK.match(self.words) else None
        return hint[1].strip() if hint else ""


@dataclass(slots=True)
class Fields:
    """The fields around what is being read."""

    opened: list[Field] = field(default_factory=list)

    @property
    def in_code(self) -> bool:
        """Whether what is read now tells a field what to do, and is no text."""
        return any(not field.is_separated for field in self.opened)

    def begin(self) -> None:
        """Open a field."""
        self.opened.append(Field())

    def code(self, text: str) -> None:
        """Take what a field is told."""
        if self.opened:
            self.opened[-1].words += text

    def separate(self) -> Field | None:
        """Let the result of the innermost field begin; `None` outside any."""
        if not self.opened:
            return None
        self.opened[-1].is_separated = True
        return self.opened[-1]

    def end(self) -> Field | None:
        """Close the innermost field and return it; `None` outside any."""
        return self.opened.pop() if self.opened else None


def name_of(code: str) -> str:
    """Return which field it is, in capitals; empty for none."""
    named = _NAME.match(code)
    return named[1].upper() if named else ""


def shown_by(code: str) -> str:
    """Return what Word shows for a field that has no result of its own; empty for one that shows nothing."""
    if button := _BUTTON.match(code):
        return button[1].strip()
    if sign := _SYMBOL.match(code):
        number = int(sign[1], 0)
        return chr(number) if 31 < number < 0xD800 else ""
    if quoted := _QUOTED.match(code):
        return quoted[1].strip()
    return (
        _equation(code[len(name_of(code)) + len(code) - len(code.lstrip()) :])
        if name_of(code) == "EQ"
        else ""
    )


def _equation(code: str) -> str:
    """Return the signs of an equation field: a number in a circle as one character, a fraction in a line."""
    if circled := _CIRCLED.search(code):
        number = int(circled[1])
        if 1 <= number <= 20:
            return code[: circled.start()].strip() + chr(0x245F + number) + code[circled.end() :].strip()
    text = _FRACTION.sub(r"\1/\2", code)
    return re.sub(r"\s+", " ", re.sub(r"[()]", "", _SWITCH.sub("", text))).strip(" ,")
