"""A text that two people changed at once, in a form: what each did, what to choose, what comes of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import Session

from app.domain.document.merging import Collision, Merged
from app.domain.document.model import FIELDS, TEXT_BLOCKS, Block, Document, texts_of
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.infra.errors import PreconditionFailed, Reason
from app.web.components.text_view import place_name
from app.web.forms.sealed_input import closed, unclosed
from app.web.shell.viewer import Form
from app.words.differences import Difference
from app.words.stretches import Stretch, stretches

_BLOCK: TypeAdapter[Block] = TypeAdapter(Block)


class Apart(PreconditionFailed):
    """The text was changed by others since it was read: what both sides did, brought together, to be seen."""

    def __init__(self, merged: Merged) -> None:
        super().__init__("edited_meanwhile" if not merged.collisions else "edited_apart")
        self.merged = merged


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What others did between the revision that was read and the newest: who, when, and what."""

    by: str
    at: datetime
    revision: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A collision as the form shows it: both texts, how they differ, and what was chosen so far."""

    place: str
    name: str
    mine: str
    theirs: str
    differences: tuple[Stretch, ...]
    chosen: str
    edit: str
    editable: bool


def quoted(session: Session, draft: Draft, form: Form) -> Revision | None:
    """Return the revision that a form says it was written upon; `None` where it names none of the draft's."""
    return _numbered(session, draft, form.number("onto", default=0)) or opened(session, draft, form)


def opened(session: Session, draft: Draft, form: Form) -> Revision | None:
    """Return the revision that was first read with a form; `None` where it names none of the draft's."""
    return _numbered(session, draft, form.number("revision", default=0))


def _numbered(session: Session, draft: Draft, number: int) -> Revision | None:
    return next((one for one in drafts.revisions(session, draft.id) if one.number == number), None)


def choices(merged: Merged, form: Form) -> tuple[Choice, ...]:
    """Return what people have to choose, with what `form` says of it."""
    return tuple(
        Choice(
            one.place,
            place_name(one.place),
            mine := _words(one.mine),
            theirs := _words(one.theirs),
            stretches(theirs, mine),
            form.word(f"choice:{one.place}"),
            form.text(f"edit:{one.place}") or mine or theirs,
            all(side is None or isinstance(side, (str, *TEXT_BLOCKS)) for side in (one.mine, one.theirs)),
        )
        for one in merged.collisions
    )


def _words(side: Block | str | None) -> str:
    if side is None or isinstance(side, str):
        return side or ""
    return " / ".join(text for _, text in texts_of(side) if text)


def packed(secret: bytes, merged: Merged) -> str:
    """Return what was brought together, sealed, for the form to carry."""
    content = {
        "document": merged.document.model_dump(mode="json"),
        "collisions": [[one.place, _plain(one.mine), _plain(one.theirs)] for one in merged.collisions],
    }
    return closed(secret, json.dumps(content, ensure_ascii=False).encode())


def _plain(side: Block | str | None) -> Any:  # noqa: ANN401 – JSON
    return side if side is None or isinstance(side, str) else side.model_dump(mode="json")


def unpacked(secret: bytes, parcel: str) -> Merged | None:
    """Return what a form carries; `None` for what this installation did not seal."""
    raw = unclosed(secret, parcel) if parcel else None
    if raw is None:
        return None
    held = json.loads(raw)
    return Merged(
        Document.model_validate(held["document"]),
        tuple(Collision(place, _side(mine), _side(theirs)) for place, mine, theirs in held["collisions"]),
    )


def _side(held: Any) -> Block | str | None:  # noqa: ANN401 – JSON
    return held if held is None or isinstance(held, str) else _BLOCK.validate_python(held)


@dataclass(frozen=True, slots=True)
class Settled:
    """A document after the choices, the texts that they put in it, and the blocks that they take out."""

    document: Document
    texts: dict[str, str]
    dropped: frozenset[int]


def settled(merged: Merged, form: Form) -> Settled | list[Reason]:
    """Return the document as it was chosen, or a reason for each collision where nothing was chosen."""
    if missing := list(_missing(merged, form)):
        return missing
    blocks, texts, dropped = list(merged.document.blocks), {}, set()
    fields = {}
    for one in merged.collisions:
        chosen = form.word(f"choice:{one.place}")
        side = one.theirs if chosen == "theirs" else one.mine
        edit = form.text(f"edit:{one.place}")
        if one.place in FIELDS:
            fields[one.place] = edit.strip() if chosen == "edit" else str(side)
            texts[one.place] = fields[one.place]
            continue
        index = int(one.place.rpartition("/")[2])
        if chosen == "edit" and side is None:
            side = one.theirs
        if side is None or isinstance(side, str):
            dropped.add(index)
            continue
        blocks[index] = side
        if chosen == "edit":
            texts[one.place] = edit
    document = merged.document.model_copy(update={"blocks": tuple(blocks), **fields})
    return Settled(document, texts, frozenset(dropped))


def _missing(merged: Merged, form: Form) -> Iterator[Reason]:
    for one in merged.collisions:
        if form.word(f"choice:{one.place}") not in {"mine", "theirs", "edit"}:
            message = f"{place_name(one.place)}两边都改了：请选择用哪一种。"
            yield Reason("field", {"message": message}, field=f"choice:{one.place}")
