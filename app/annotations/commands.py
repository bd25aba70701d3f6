"""What somebody fills in to begin a thread."""

from dataclasses import dataclass

from app.domain.vocabulary import MarkKind


@dataclass(frozen=True, slots=True)
class NewThread:
    """A comment or, with a `kind`, a suggestion on words of the revision with this digest.

    `quote` stands at `start:end` of `place` there; without a place it is about the whole draft. `new_text` is
    what the words are to read, `move_to` where they are to go. A suggestion may come without a word.
    """

    digest: str
    text: str = ""
    place: str = ""
    start: int = 0
    end: int = 0
    quote: str = ""
    kind: MarkKind | None = None
    new_text: str = ""
    move_to: int | None = None
