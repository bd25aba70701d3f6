"""The page of security names for each row the tests that try it, and they are there."""

import ast
import re
from pathlib import Path

from app.infra.http import bodies, connections, json_bounds
from app.infra.http.problems import MOST_REASONS

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.*) \|$", PAGE, re.MULTILINE)


def test_every_row_names_tests_that_are_there() -> None:
    assert [number for number, _ in ROWS] == [str(number) for number in range(1, len(ROWS) + 1)]
    assert len(ROWS) >= 23
    there = {
        node.name
        for path in TESTS.rglob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    for number, row in ROWS:
        cells = row.split(" | ")
        assert len(cells) == 3, number
        named = set(re.findall(r"`(test_[a-z0-9_]+)`", cells[-1]))
        assert named, number
        assert named <= there, (number, named - there)


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    rows = dict(ROWS)
    assert (bodies.MAX_UNKNOWN, bodies.MAX_SIGNED, bodies.MAX_JSON) == (65_536, 1_100_000, 31_000_000)
    assert bodies.MOST_OF_ONE == 6
    assert "64 KB (tools' signed messages 1.1 MB); known senders 31 MB, six at once" in rows["7"]
    assert (json_bounds.DEEPEST, bodies.MANY, MOST_REASONS) == (100, 20, 100)
    assert "depth 100, 20 faults of a text and 100 reasons" in rows["8"]
    assert (connections.MOST_URL, connections.MOST_HEADERS, connections.MOST_HEAD) == (16_384, 100, 65_536)
    assert "16 KB of address, 100 headers, 64 KB in all" in rows["9"]
    assert (connections.HEAD_SECONDS, connections.BODY_SECONDS, connections.BODY_RATE) == (15, 20, 16_384)
    assert f"{connections.MOST_UNFINISHED} coming in at once" in rows["10"]
