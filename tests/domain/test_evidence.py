"""The chain: every way of touching it is found and named with its place.

What was not touched raises no alarm.
"""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.record import chain as evidence
from app.domain.record.chain import NOTHING, FaultCode, Head, Opening, StoredEvent, walk

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
STREAM = "draft:1"
F = FaultCode


def body(seq: int, prev: str, **more: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "alg": "sha256",
        "id": f"e{seq}",
        "ts": evidence.timestamp(AT + timedelta(minutes=seq)),
        "actor": {"id": f"p{seq}", "role": "editor", "unit": None},
        "on_behalf_of": None,
        "action": "draft.revised",
        "stream": STREAM,
        "seq": seq,
        "prev": prev,
        "outcome": "done",
        "reason": None,
        "data": {"n": seq},
        **more,
    }


def event(seq: int, prev: str, **more: Any) -> StoredEvent:
    opening = Opening(hashlib.sha256(str(seq).encode()).hexdigest()[:32], f"张{seq}")
    said = body(seq, prev, private={"actor_name": evidence.commitment("actor_name", opening)}, **more)
    raw = evidence.body_bytes(said)
    columns = {
        **{name: said[name] for name in ("id", "ts", "action", "stream", "seq", "prev", "outcome")},
        "actor_id": said["actor"]["id"],
        "actor_role": "editor",
    }
    return StoredEvent(raw, evidence.leaf_hash(raw), columns, {"actor_name": opening})


def chain(length: int) -> list[StoredEvent]:
    events: list[StoredEvent] = []
    for seq in range(1, length + 1):
        events.append(event(seq, events[-1].leaf if events else NOTHING))
    return events


def head(events: list[StoredEvent]) -> Head:
    return Head(len(events), events[-1].leaf if events else NOTHING)


def faults(events: list[StoredEvent], end: Head | None = None) -> list[tuple[FaultCode, int]]:
    return [(one.code, one.seq) for one in walk(STREAM, events, head=end).faults]


@pytest.mark.parametrize("length", [0, 1, 2, 50])
def test_a_chain_that_nobody_touched_is_whole(length: int) -> None:
    events = chain(length)
    walked = walk(STREAM, events, head=head(events))
    assert (walked.faults, walked.head, walked.redacted) == ((), head(events), ())


def rewritten(found: StoredEvent, **fields: Any) -> StoredEvent:
    """The event with other words in its body, its columns and its leaf made to fit."""
    said = {**json.loads(found.body), **fields}
    raw = evidence.body_bytes(said)
    columns = {**found.columns, **{name: value for name, value in fields.items() if name in found.columns}}
    return replace(found, body=raw, leaf=evidence.leaf_hash(raw), columns=columns)


def test_an_edited_body_is_found_where_it_is() -> None:
    events = chain(5)
    events[2] = replace(events[2], body=events[2].body.replace(b'"n":3', b'"n":4'))
    assert faults(events, head(chain(5))) == [(F.LEAF_DIFFERS, 3), (F.PREV_DIFFERS, 4)]


def test_an_edited_body_with_a_fitting_leaf_breaks_the_next_one() -> None:
    events = chain(5)
    events[2] = rewritten(events[2], data={"n": 4})
    assert faults(events, head(chain(5))) == [(F.PREV_DIFFERS, 4)]


def test_the_last_event_edited_is_found_by_the_head() -> None:
    events = chain(5)
    events[4] = rewritten(events[4], data={"n": 0})
    assert faults(events, head(chain(5))) == [(F.HEAD_DIFFERS, 5)]
    assert faults(events) == []


def test_a_deleted_event() -> None:
    events = chain(5)
    walked = walk(STREAM, [*events[:1], *events[3:]], head=head(events))
    assert [(one.code, one.seq, one.data) for one in walked.faults] == [
        (F.EVENTS_MISSING, 4, {"first": 2, "last": 3}),
        (F.PREV_DIFFERS, 4, {}),
    ]


def test_a_cut_off_tail_is_found_by_the_head_alone() -> None:
    events = chain(5)
    walked = walk(STREAM, events[:3], head=head(events))
    assert [(one.code, one.seq, one.data) for one in walked.faults] == [
        (F.TAIL_MISSING, 3, {"first": 4, "last": 5})
    ]
    assert faults([], head(events)) == [(F.TAIL_MISSING, 0)]


def test_an_event_beyond_the_head() -> None:
    events = chain(5)
    assert faults(events, head(events[:4])) == [(F.TAIL_UNKNOWN, 5)]


def test_swapped_events() -> None:
    events = chain(4)
    events[1], events[2] = events[2], events[1]
    assert {code for code, _ in faults(events, head(chain(4)))} == {
        F.EVENTS_MISSING,
        F.PREV_DIFFERS,
        F.OUT_OF_ORDER,
        F.TIME_GOES_BACK,
    }


def test_renumbered_events() -> None:
    events = chain(4)
    events[1], events[2] = rewritten(events[1], seq=3), rewritten(events[2], seq=2)
    found = {code for code, _ in faults(events, head(chain(4)))}
    assert {F.EVENTS_MISSING, F.OUT_OF_ORDER, F.PREV_DIFFERS} <= found


def test_an_inserted_event() -> None:
    events = chain(4)
    events.insert(2, event(2, events[0].leaf, reason="put in later"))
    assert faults(events, head(chain(4))) == [(F.EVENT_REPEATED, 2), (F.PREV_DIFFERS, 2), (F.PREV_DIFFERS, 3)]


def test_back_dating_shows() -> None:
    events = chain(2)
    late = event(3, events[1].leaf, ts=evidence.timestamp(AT))
    events.append(replace(late, columns={**late.columns, "ts": evidence.timestamp(AT)}))
    assert faults(events) == [(F.TIME_GOES_BACK, 3)]


def test_an_event_of_another_stream() -> None:
    events = chain(1)
    events.append(rewritten(event(2, events[0].leaf), stream="draft:2"))
    assert faults(events) == [(F.STREAM_DIFFERS, 2)]


def test_columns_that_say_something_else() -> None:
    events = chain(3)
    events[1] = replace(events[1], columns={**events[1].columns, "actor_id": "p9", "action": "draft.created"})
    walked = walk(STREAM, events)
    assert [(one.code, one.seq, one.data["column"]) for one in walked.faults] == [
        (F.COLUMN_DIFFERS, 2, "action"),
        (F.COLUMN_DIFFERS, 2, "actor_id"),
    ]


def test_an_unknown_version_or_algorithm() -> None:
    events = [event(1, NOTHING, v=2)]
    assert faults(events) == [(F.VERSION_UNKNOWN, 1)]


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[1]", b"nonsense", b"{" * 10_000, b'{"a":1e400}'])
def test_a_body_that_is_none(raw: bytes) -> None:
    events = chain(3)
    events[1] = StoredEvent(raw, evidence.leaf_hash(raw), {"seq": 2})
    found = faults(events, head(chain(3)))
    assert (F.BODY_UNREADABLE, 2) in found
    assert (F.PREV_DIFFERS, 3) in found


def test_a_body_that_is_not_read_and_has_no_number() -> None:
    assert faults([StoredEvent(b"x", evidence.leaf_hash(b"x"))]) == [
        (F.BODY_UNREADABLE, 0),
        (F.OUT_OF_ORDER, 0),
    ]


def test_a_body_in_another_spelling() -> None:
    raw = json.dumps(json.loads(chain(1)[0].body)).encode()
    found = replace(chain(1)[0], body=raw, leaf=evidence.leaf_hash(raw))
    assert faults([found]) == [(F.BODY_NOT_CANONICAL, 1)]


def with_opening(change: Callable[[Opening], Opening | None]) -> StoredEvent:
    found = event(1, NOTHING)
    changed = change(found.private["actor_name"])
    return replace(found, private={} if changed is None else {"actor_name": changed})


@pytest.mark.parametrize(
    "change",
    [
        lambda one: replace(one, value="李四"),
        lambda one: replace(one, salt="00" * 16),
        lambda one: replace(one, salt="not hexadecimal"),
        lambda one: replace(one, value="\ud800"),
    ],
)
def test_forged_personal_data(change: Callable[[Opening], Opening]) -> None:
    walked = walk(STREAM, [with_opening(change)])
    assert [(one.code, one.seq, one.data) for one in walked.faults] == [
        (F.PRIVATE_DIFFERS, 1, {"field": "actor_name"})
    ]


@pytest.mark.parametrize("change", [lambda one: replace(one, salt="", value=None), lambda _: None])
def test_erased_personal_data_is_redacted_where_an_event_says_so_and_else_a_fault(
    change: Callable[[Opening], Opening | None],
) -> None:
    gone = with_opening(change)
    walked = walk(STREAM, [gone])
    assert [(one.code, one.seq, one.data["field"]) for one in walked.faults] == [
        (F.ERASED_UNRECORDED, 1, "actor_name")
    ]
    assert walked.redacted == ()
    for data, outcome, whole in (
        ({"seq": 1, "fields": ["actor_name"]}, "done", True),
        ({"seq": 1, "fields": ["comment"]}, "done", False),
        ({"seq": 2, "fields": ["actor_name"]}, "done", False),
        ({"seq": 1, "fields": ["actor_name"]}, "refused", False),
        ({"seq": 1, "fields": "actor_name"}, "done", False),
    ):
        said = body(2, gone.leaf, action="record.erased", data=data, outcome=outcome, private={})
        raw = evidence.body_bytes(said)
        walked = walk(STREAM, [gone, StoredEvent(raw, evidence.leaf_hash(raw))])
        assert (walked.faults == ()) is whole, data
        assert (walked.redacted == ((1, "actor_name"),)) is whole, data


def test_an_opening_that_nothing_commits_to() -> None:
    found = event(1, NOTHING)
    found = replace(found, private={**found.private, "extra": Opening("00", "x")})
    assert faults([found]) == [(F.PRIVATE_UNKNOWN, 1)]


def test_an_erased_opening_has_no_commitment() -> None:
    with pytest.raises(ValueError, match="erased"):
        evidence.commitment("name", Opening("00", None))


def test_a_body_whose_actor_is_nobody() -> None:
    said = body(1, NOTHING, actor=None)
    raw = evidence.body_bytes(said)
    assert faults([StoredEvent(raw, evidence.leaf_hash(raw), {"actor_id": None})]) == []


def test_leaves_and_inner_nodes_cannot_be_mixed_up() -> None:
    assert evidence.leaf_hash(b"") == hashlib.sha256(b"\x00").hexdigest()


def test_every_flipped_bit_is_found() -> None:
    events = chain(6)
    end = head(events)
    chance = random.Random(20260302)
    for _ in range(3000):
        at = chance.randrange(len(events))
        raw = bytearray(events[at].body)
        bit = chance.randrange(len(raw) * 8)
        raw[bit // 8] ^= 1 << bit % 8
        touched = [*events]
        touched[at] = replace(events[at], body=bytes(raw))
        found = faults(touched, end)
        assert (F.LEAF_DIFFERS, at + 1) in found or any(code is F.LEAF_DIFFERS for code, _ in found), (
            at,
            bit,
        )
