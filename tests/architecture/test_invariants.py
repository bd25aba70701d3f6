"""The page of invariants names all of them, and what tries them is there."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "invariants.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (\d+) \| (.*) \|$", PAGE, re.MULTILINE))
MACHINE = ("test_workflow_machine.py", "timed.py")


def test_every_invariant_has_a_row_and_every_test_named_is_there() -> None:
    assert list(ROWS) == [str(number) for number in range(1, 23)]
    there = {
        node.name
        for path in TESTS.rglob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    for number, row in ROWS.items():
        named = set(re.findall(r"`(test_[a-z0-9_]+)`", row))
        assert named, number
        assert named <= there, (number, named - there)


def test_the_state_machine_asserts_those_that_it_is_named_for() -> None:
    source = "".join((TESTS / "domain" / name).read_text(encoding="utf-8") for name in MACHINE)
    # What asserts an invariant carries its number: `assert …  # 4, 13`, or a comment or docstring before it.
    said = re.findall(r"# ([\d, ]+)(?:$|:|  #)|\"\"\"(\d+):", source, re.MULTILINE)
    asserted = {number for group in said for one in group for number in re.findall(r"\d+", one)}
    assert {number for number, row in ROWS.items() if "| machine" in row} == asserted
