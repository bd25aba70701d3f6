"""The catalogue of events: every event is sent, worded and known to everybody who hears of it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.audit.vouched_tables import CONTENT
from app.domain.vocabulary import Event
from app.events.catalogue import ANNOUNCED, CATALOGUE
from app.events.entry import Named, Recipients
from app.events.page import page
from app.events.payloads.base import shape_of
from app.infra.errors import Invalid
from app.jobs.kinds import JobKind
from app.jobs.registry import handlers
from app.notifications.recipients import RULES
from app.notifications.sentences import _ACCOUNT
from app.webhooks.service import told_outside
from app.words.labels import LABELS

ROOT = Path(__file__).parents[2]
#: The one place that records what verbs did; the record writes of itself below it.
EMIT = ROOT / "app/events/emit.py"
#: Calls by which an event is sent, or said by the domain for a step that is.
SENDS = {"emit", "emit_step", "refusal", "say", "Happened", "record", "info"}
RECORDED = [entry for entry in CATALOGUE.values() if entry.payload is not None]


def _sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        if "bundled" not in path.parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _sent() -> set[str]:
    """Return the events that are named in a module that sends some, but for those that it only reads."""
    found: set[str] = set()
    for path, tree in _sources():
        if path.is_relative_to(ROOT / "app/events") or path.is_relative_to(ROOT / "app/words"):
            continue
        if not any(isinstance(node, ast.Call) and _called(node) in SENDS for node in ast.walk(tree)):
            continue
        found |= {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "Event"
        }
    return found


def test_every_event_stands_in_the_catalogue_once_with_a_label() -> None:
    assert set(CATALOGUE) == set(Event)
    assert set(LABELS[Event]) == set(Event)


def test_no_event_is_unsent() -> None:
    sent = _sent()
    assert {entry.event.name for entry in CATALOGUE.values() if not entry.foreseen} <= sent
    assert not {entry.event.name for entry in CATALOGUE.values() if entry.foreseen} & sent


def _said() -> Iterator[tuple[str, set[str]]]:
    """Yield each event that a step of the domain says, with the fields that stand there in plain."""
    for path in sorted((ROOT / "app/domain/workflow").glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and _called(call) in {"say", "Happened"} and call.args):
                continue
            names = {node.attr for node in ast.walk(call.args[0]) if isinstance(node, ast.Attribute)}
            plain = [one.arg for one in call.keywords]
            keys = [one for arg in call.args[1:] if isinstance(arg, ast.Dict) for one in arg.keys]
            keys += [
                key
                for one in call.keywords
                if one.arg is None and isinstance(one.value, ast.Dict)
                for key in one.value.keys
            ]
            plain += [str(key.value) for key in keys if isinstance(key, ast.Constant)]
            for name in sorted(names & set(Event.__members__)):
                yield name, {field for field in plain if field is not None}


def test_what_the_domain_says_of_a_step_its_payload_holds() -> None:
    said = list(_said())
    assert len(said) > 25
    for name, fields in said:
        payload = CATALOGUE[Event[name]].payload
        assert payload is not None
        assert fields <= set(shape_of(payload).names), name


def test_nobody_can_ask_to_be_told_of_what_is_never_sent() -> None:
    told_outside(sorted(ANNOUNCED))
    for entry in CATALOGUE.values():
        assert not (entry.foreseen and entry.announced), entry.event
        if entry.announced is None:
            with pytest.raises(Invalid):
                told_outside([entry.event])


def test_what_verbs_did_is_recorded_in_one_place() -> None:
    places = {
        path.relative_to(ROOT).as_posix()
        for path, tree in _sources()
        if path != EMIT and not path.is_relative_to(ROOT / "app/audit")
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "record"
            and isinstance(node.value, ast.Name)
            and node.value.id == "audit"
        )
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "app.audit.service"
            and "record" in {alias.name for alias in node.names}
        )
    }
    assert places == set()


def test_notices_know_whom_every_rule_means() -> None:
    assert set(RULES) == set(Recipients)
    for entry in RECORDED:
        assert entry.payload is not None
        shape = shape_of(entry.payload)
        known = {name for _, name in (*shape.recorded, *shape.inside)}
        for told in entry.told:
            assert {rule.field for rule in told.rules if isinstance(rule, Named)} <= known, entry.event
        if entry.account is not None:
            assert entry.account.sentence in _ACCOUNT
            assert set(entry.account.words.values()) <= known, entry.event


def test_every_message_outside_holds_what_its_form_says() -> None:
    for entry in RECORDED:
        assert entry.payload is not None
        if entry.announced is None:
            continue
        shape = shape_of(entry.payload)
        known = {name for _, name in (*shape.recorded, *shape.outside)}
        needed = {name for name, one in entry.announced.model_fields.items() if one.is_required()}
        assert needed <= known, entry.event
        assert not entry.subject or entry.subject in known


def test_content_that_is_named_lies_in_a_table_that_is_looked_through() -> None:
    for entry in RECORDED:
        assert {table for tables in entry.content.values() for table in tables} <= CONTENT.keys()


def test_the_timeline_words_only_what_there_is() -> None:
    worded = [entry for entry in CATALOGUE.values() if entry.sentence is not None]
    assert len(worded) > 40
    assert all("draft" in entry.streams for entry in worded)


def test_a_sentence_names_only_what_the_payload_holds() -> None:
    needs = {"to": {"to"}, "person": {"person"}, "channel": {"channel", "line"}, "place": {"channel", "line"}}
    for entry in RECORDED:
        if not isinstance(entry.sentence, str):
            continue
        assert entry.payload is not None
        known = {name for _, name in shape_of(entry.payload).recorded}
        for name in re.findall(r"\{(\w+)\}", entry.sentence):
            assert name in {"who", "event"} or needs[name] & known, entry.event


def test_every_kind_of_job_is_done_by_somebody() -> None:
    assert set(handlers()) == set(JobKind)


def test_the_page_of_events_is_what_the_catalogue_says() -> None:
    written = (ROOT / "docs/events.md").read_text(encoding="utf-8")
    assert written == page(), "python -m app.events.page > docs/events.md"
