"""The page of events in the docs: `python -m app.events.page > docs/events.md`. A test holds it to this."""

import sys
from collections.abc import Iterable, Iterator

from app.events.catalogue import CATALOGUE
from app.events.entry import Entry, Named, Told
from app.events.payloads.base import Payload, shape_of
from app.words.labels import label

_HEAD = """\
# Events

Everything that happens, once: what is recorded of it and on which stream, who is told inside, what is said
outside, what the verifier of evidence packages does at it. Made from `app/events/catalogue.py` by
`python -m app.events.page > docs/events.md`; a test holds this page to it. How to add one is in
[architecture.md](architecture.md).

A field in *italics* may name a person: the record holds its commitment, and the words can be erased by law.
A field in **bold** names content by its SHA-256, and verifying the record looks for it. `+` fields are told
outside only, `~` fields only make notices. A refusal is recorded once the refused transaction is undone.
"""


def page() -> str:
    """Return the page, in Markdown."""
    streams: dict[str, list[Entry]] = {}
    for entry in CATALOGUE.values():
        streams.setdefault(str(entry.streams[0]) if entry.streams else "", []).append(entry)
    return "\n".join([_HEAD, *(line for name, entries in streams.items() for line in _part(name, entries))])


def _part(stream: str, entries: Iterable[Entry]) -> Iterator[str]:
    yield f"## On the stream `{stream}:…`" if stream else "## On no stream: logged, or foreseen"
    yield ""
    yield "| event | in words | carries | told inside | told outside | verifier |"
    yield "|---|---|---|---|---|---|"
    for entry in entries:
        cells = (
            f"`{entry.event}`" + (" (refusal)" if entry.refused else ""),
            label(entry.event),
            _fields(entry.payload),
            _inside(entry),
            f"`{entry.announced.__name__}`" if entry.announced else "",
            f"`{entry.verifier}`" if entry.verifier else "",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _fields(payload: type[Payload] | None) -> str:
    if payload is None:
        return ""
    shape = shape_of(payload)
    fields = [f"**{name}**" if name in shape.content else name for _, name in shape.recorded]
    fields += [f"*{name}*" for _, name in shape.private]
    fields += [f"+{name}" for _, name in shape.outside]
    fields += [f"~{name}" for _, name in shape.inside]
    return ", ".join(fields)


def _inside(entry: Entry) -> str:
    if entry.foreseen:
        return "foreseen"
    told = [f"{label(told.kind)}: {_rules(told)}" for told in entry.told]
    return "; ".join([*told, *(["the account's owner, or whom the verb names"] if entry.account else [])])


def _rules(told: Told) -> str:
    names = (
        f"whom `{rule.field}` names" if isinstance(rule, Named) else rule.replace("_", " ")
        for rule in told.rules
    )
    return ", ".join(names)


if __name__ == "__main__":
    sys.stdout.write(page())
