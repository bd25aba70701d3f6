"""The book of a case: typed in hand, and stored byte for byte as it always was."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.vocabulary import CaseState, ChannelKind, StageState
from app.domain.workflow import Added, BoundProof, Case, Consult, Run, Target, Vote
from app.domain.workflow.case import ClassWish
from app.reviews.case_book import CaseBook

#: As it lies in the table, with everything that a book can hold.
STORED: dict[str, Any] = {
    "targets": [{"channel": "wechat", "kind": "wechat", "section": "news"}],
    "authors": ["a", "b"],
    "proofs": [{"line": "wechat", "digest": "d", "revision": "r"}],
    "carriers": ["c"],
    "grade": "A",
    "flags": ["urgent"],
    "found": ["privacy.mobile"],
    "added": [
        {"key": "added_1", "anchor": "final_review", "line": "", "place": "after", "person": "p", "by": "q"}
    ],
    "recused": ["r"],
    "copied": ["s"],
    "consults": [
        {
            "stage": "final_review",
            "line": "",
            "round": 1,
            "asked": "t",
            "by": "u",
            "waits": True,
            "answered": False,
        }
    ],
    "reminded": [["final_review", "", "2026-03-02T01:00:00+00:00"]],
    "instead": [["login", "v"]],
    "kept": [
        {
            "stage": "final_review",
            "line": "",
            "round": 2,
            "votes": [{"person": "w", "principal": None, "group": None, "through": None, "round": 1}],
        }
    ],
    "ever_found": ["wording.canfei"],
    "routes": ["standard"],
    "rounds_before": [["final_review", "", 2]],
    "units": ["城关镇", "清河市"],
    "author_posts": ["办公室主任"],
    "class_wish": {"grade": "B", "by": "y", "persons": ["y", "z"]},
    "open_marks": {"wechat": 3},
}
SPOT = ("final_review", "")
CASE = Case(
    state=CaseState.RUNNING,
    revision="r",
    targets=(Target("wechat", ChannelKind.WECHAT, "news"),),
    authors=frozenset({"a", "b"}),
    runs=(Run(*SPOT, 2, StageState.OPEN, None, votes=(Vote("w", round=1), Vote("x"))),),
    proofs=(BoundProof("wechat", "d", "r"),),
    carriers=frozenset({"c"}),
    grade="A",
    flags=frozenset({"urgent"}),
    found=frozenset({"privacy.mobile"}),
    added=(Added("added_1", "final_review", "", "after", "p", "q"),),
    recused=frozenset({"r"}),
    copied=frozenset({"s"}),
    consults=(Consult(*SPOT, 1, "t", "u", waits=True),),
    reminded=((SPOT, datetime(2026, 3, 2, 1, tzinfo=UTC)),),
    instead=frozenset({("login", "v")}),
    ever_found=frozenset({"privacy.mobile", "wording.canfei"}),
    routes=frozenset({"standard"}),
    rounds_before=((SPOT, 2),),
    units=frozenset({"清河市", "城关镇"}),
    author_posts=frozenset({"办公室主任"}),
    class_wish=ClassWish("B", "y", frozenset({"y", "z"})),
)


def test_a_case_is_stored_as_it_always_was() -> None:
    assert json.dumps(CaseBook.of(CASE, open_marks={"wechat": 3}).stored()) == json.dumps(STORED)


def test_what_is_stored_is_read_and_stored_again_byte_for_byte() -> None:
    assert json.dumps(CaseBook.read(STORED).stored()) == json.dumps(STORED)


def test_a_book_of_nothing_holds_what_every_book_holds() -> None:
    empty = {
        "targets": [],
        "authors": [],
        "proofs": [],
        "carriers": [],
        "grade": None,
        "flags": [],
        "found": [],
    }
    assert json.dumps(CaseBook().stored()) == json.dumps(empty)
    assert CaseBook.read({}) == CaseBook.read(empty) == CaseBook()


@pytest.mark.parametrize("name", [one.name for one in fields(CaseBook)])
def test_nothing_in_a_book_is_lost(name: str) -> None:
    """Each entry is read as what was stored, and changes what is stored."""
    full, without = CaseBook.read(STORED), replace(CaseBook.read(STORED), **{name: getattr(CaseBook(), name)})
    assert getattr(full, name) == getattr(CaseBook.of(CASE, open_marks={"wechat": 3}), name)
    assert full.stored() != without.stored()


def test_votes_that_were_kept_stand_before_those_of_their_round() -> None:
    (run,) = CaseBook.read(STORED).with_kept((Run(*SPOT, 2, StageState.OPEN, None, votes=(Vote("x"),)),))
    assert run.votes == (Vote("w", round=1), Vote("x"))


def test_marks_are_counted_by_line() -> None:
    assert CaseBook().marked("wechat", 2).marked("website", 1).marked("wechat", -1).open_marks == {
        "wechat": 1,
        "website": 1,
    }
