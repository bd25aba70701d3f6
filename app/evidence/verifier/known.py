"""What the verifier knows of events and tables: made from their catalogues, never kept by hand.

In the one file that goes into packages these are written out as they stand (`build`).
"""

from __future__ import annotations

from app.audit.vouched_tables import VOUCHED
from app.events.catalogue import CATALOGUE
from app.events.payloads.base import Content, shape_of
from app.words.tables import TABLES as TITLES

#: Table → folder of a package where content of it lies under its SHA-256.
FOLDERS: dict[str, str] = {
    "revision": "revisions",
    "proof": "proofs",
    "workflow_version": "workflows",
    "check_report": "reports",
    "release_ticket": "tickets",
    "asset": "assets",
}


def _packed(event: str) -> dict[str, Content]:
    payload = next(entry.payload for entry in CATALOGUE.values() if entry.event == event)
    shape = shape_of(payload).content if payload is not None else {}
    return {name: held for name, held in shape.items() if held.packed}


#: Event → field of its data → folders of the package, one of which holds what the field names.
NAMED: dict[str, dict[str, tuple[str, ...]]] = {
    str(event): {
        name: tuple(FOLDERS[table] for table in held.tables) for name, held in _packed(event).items()
    }
    for event in CATALOGUE
    if _packed(event)
}
#: Event → what is done at it: the step of the walk of that name.
STEPS: dict[str, str] = {str(entry.event): entry.verifier for entry in CATALOGUE.values() if entry.verifier}
#: Event of a decision → its verdict.
VERDICTS: dict[str, str] = {
    str(entry.event): str(entry.decides) for entry in CATALOGUE.values() if entry.decides is not None
}
#: The tables of which every row is in the package; others are sealed as well, and stay where they are.
TABLES: dict[str, str] = {name: TITLES[name] for name, known in VOUCHED.items() if known.packed}
