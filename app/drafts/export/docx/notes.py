"""Comments and suggestions in a Word file: real comments in threads, suggestions as tracked changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from app.drafts.export.docx.names import Attribute, Element, children, element, part
from app.drafts.export.docx.package import Parts


class Said(NamedTuple):
    """What one person said, and when."""

    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A thread on `text[start:end]` of a place such as `blocks/3`; the empty place is the whole document.

    `replacement` is what a suggestion puts in the place of the words; `None` for a comment, and for a
    suggestion that a tracked change cannot say.
    """

    place: str
    start: int
    end: int
    said: tuple[Said, ...]
    replacement: str | None = None
    settled: bool = False


@dataclass(slots=True)
class Notes:
    """The notes of a document by their places; the comments are numbered as they are come upon."""

    by_place: dict[str, list[Note]] = field(default_factory=dict)
    _comments: list[Element] = field(default_factory=list)
    _threads: list[Element] = field(default_factory=list)
    _changes: int = 0

    @classmethod
    def of(cls, given: Sequence[Note]) -> "Notes":
        """Return the notes by their places, in reading order.

        Of suggestions that overlap only the first is a tracked change, the others are comments alone.
        """
        notes = cls()
        for note in sorted(given, key=lambda placed: (placed.start, placed.end)):
            held = notes.by_place.setdefault(note.place, [])
            taken = any(
                other.replacement is not None and other.start < note.end and note.start < other.end
                for other in held
            )
            if note.replacement is not None and taken:
                held.append(replace(note, replacement=None))
            else:
                held.append(note)
        return notes

    def at(self, place: str) -> Sequence[Note]:
        """Return the notes of a place, those that begin first first."""
        return self.by_place.get(place, ())

    def number(self, note: Note) -> list[int]:
        """Write what was said of a note as comments, and return their numbers."""
        first, numbers = "", list[int]()
        for said in note.said:
            number = len(self._comments)
            key = f"{number + 1:08X}"
            words = [element("w:r", element("w:t", text=line)) for line in said.text.split("\n")]
            lines = [element("w:p", word) for word in words] or [element("w:p")]
            lines[-1].set("{http://schemas.microsoft.com/office/word/2010/wordml}paraId", key)
            about: dict[str, Attribute] = {"id": number, "initials": said.author[:1], **_by(said)}
            self._comments.append(children(element("w:comment", **about), lines))
            thread: dict[str, Attribute] = {"w15_paraId": key, "w15_done": int(note.settled)}
            if first:
                thread["w15_paraIdParent"] = first
            self._threads.append(element("w15:commentEx", **thread))
            first = first or key
            numbers.append(number)
        return numbers

    def changed(self, note: Note, kind: str, runs: Iterable[Element]) -> Element:
        """Return runs as a tracked change of a note: `ins` or `del`."""
        self._changes += 1
        return children(element(f"w:{kind}", id=self._changes, **_by(note.said[0])), runs)

    def write(self, parts: Parts) -> None:
        """Add the parts of the comments; none where there is no comment."""
        if not self._comments:
            return
        parts.add("comments.xml", "comments", part(children(element("w:comments"), self._comments)))
        extended = part(children(element("w15:commentsEx"), self._threads))
        parts.add("commentsExtended.xml", "commentsExtended", extended)


def _by(said: Said) -> dict[str, Attribute]:
    return {"author": said.author, "date": said.at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def starts(numbers: Iterable[int]) -> list[Element]:
    """Return the signs before words that comments are about."""
    return [element("w:commentRangeStart", id=number) for number in numbers]


def ends(numbers: Iterable[int]) -> list[Element]:
    """Return the signs behind words that comments are about."""
    return [
        sign
        for number in numbers
        for sign in (
            element("w:commentRangeEnd", id=number),
            element("w:r", element("w:commentReference", id=number)),
        )
    ]
