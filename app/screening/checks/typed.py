"""A text as somebody is writing it: read at the places of the text that it is written upon. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from app.domain.document.model import FIELDS
from app.negative_list import Part, PartKind
from app.negative_list.text.content import kind_of
from app.screening.checks.files import Content

#: The place of what is added after the last block.
ADDED = "added"


def retyped(content: Content, typed: Mapping[str, str]) -> Content:
    """Return what is checked, with the texts of `typed` at their places; those that it does not name stay.

    A paragraph that was broken into several lines is read as one text, so that findings keep to the place
    where it is written. What is at `added` is read after everything else; an empty text is not read.
    """
    if not typed:
        return content
    there = {part.ref for part in content.parts}
    fields = [
        Part(kind_of(name), name, typed[name]) for name in FIELDS if name in typed and name not in there
    ]
    parts = [part._replace(text=typed.get(part.ref, part.text)) for part in content.parts]
    added = [Part(PartKind.BODY, ADDED, typed.get(ADDED, ""))]
    given = {name: typed.get(name, value) for name, value in content.structure.fields.items()}
    return Content(
        tuple(part for part in (*fields, *parts, *added) if part.text.strip()),
        replace(content.structure, fields=given),
        content.not_checked,
    )
