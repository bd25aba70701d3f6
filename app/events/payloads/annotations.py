"""What the events of comments and suggestions carry."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.events.payloads.base import Payload, content, inside, private


@dataclass(frozen=True, slots=True, kw_only=True)
class OfThread(Payload):
    """A comment or suggestion on words of a text. Its words are kept apart, they may name persons."""

    draft: UUID
    thread: UUID
    digest: str = content("revision", packed=True)
    place: str
    start: int
    end: int
    kind: str | None
    quote: str | None = private()
    new_text: str | None = private()
    text: str | None = private()
    told: Sequence[str] = inside()
    called: Sequence[str] = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionsAccepted(Payload):
    """Suggestions carried out in a new text; whoever made them is told."""

    draft: UUID
    threads: Sequence[UUID]
    digest: str = content("revision", packed=True)
    makers: Sequence[str] = inside()
