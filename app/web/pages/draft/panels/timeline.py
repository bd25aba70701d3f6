"""The record of a draft as sentences."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.audit.queries import RecordedEvent
from app.domain.vocabulary import Event
from app.events import sentences
from app.events.catalogue import CATALOGUE
from app.events.sentences import Names
from app.publication import errors as _gate  # noqa: F401 – the words of what stood in the way
from app.reviews import errors as _words  # noqa: F401 – the words of the refusals on record


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record: when, what in a sentence, and the words that were written then."""

    at: datetime
    text: str
    note: str
    refused: bool


def entries(events: Iterable[RecordedEvent], names: Names) -> tuple[Entry, ...]:
    """Return the record as sentences, in its order."""
    return tuple(_entry(event, names) for event in events)


def _entry(event: RecordedEvent, names: Names) -> Entry:
    body, data = event.body, event.body.get("data", {})
    who = event.private.get("actor_name") or ("有人" if body["actor"]["id"] else "系统")
    if principal := event.private.get("principal_name"):
        who = f"{who}（代{principal}）"
    known = next((name for name in Event if name == event.action), None)
    if known is None:
        text = f"{who} {event.action}"
    else:
        text = sentences.told(known, CATALOGUE[known].sentence, who, data, names)
    note = event.private.get("comment") or event.private.get("explanation") or ""
    refused = body.get("outcome") == "refused"
    return Entry(datetime.fromisoformat(body["ts"]), text, note, refused)
