"""Patterns that nobody has vouched for are compiled in a child with limits of time and memory."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from app.negative_list.pattern.compiling import compile_faults
from app.negative_list.pattern.sandbox import problems
from app.negative_list.quality.lint import lint
from app.negative_list.source.load import parse_source, read_source
from tests.negative_list.policies import GOOD, rule, write

#: Taken by the parser, and a large automaton: wide sets, repeated.
LARGE = "(?:[^甲]{90}[^乙]{90}[^丙]{90}){3}丁"


def test_good_patterns_have_no_problem() -> None:
    assert problems([("残废", True), (r"\d{18}", False), ("《[^《》]{2,60}》", True)]) == {}
    assert problems([]) == {}


def test_only_the_bad_ones_are_named() -> None:
    found = problems([("残废", True), ("(a+)+", True), ("证", True), ("(?=x)", False)])
    assert sorted(found) == [1, 3]
    assert "环视" in found[3]


def test_what_takes_too_long_is_ended_and_the_others_are_still_tried() -> None:
    found = problems([("残废", True), (LARGE, True), ("证", True), ("(?=x)", True)], seconds=0.4)
    assert sorted(found) == [1, 3]
    assert found[1] == "编译超过 0.4 秒"


@pytest.mark.skipif(sys.platform != "linux", reason="children are found by /proc")
def test_a_busy_machine_makes_no_pattern_too_slow() -> None:
    done = threading.Event()
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    stops = 0

    def hold_up() -> None:
        """Let the child run for 50 ms at a time, and stand still for longer than a pattern may take."""
        nonlocal stops
        while not done.wait(0.05):
            for child in map(int, children.read_text(encoding="ascii").split()):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGSTOP)
                    stops += 1
                    time.sleep(0.3)
                    os.kill(child, signal.SIGCONT)

    thread = threading.Thread(target=hold_up)
    thread.start()
    try:
        found = problems([(f"(?:残废|证){{1,{count}}}号", True) for count in range(1, 40)], seconds=0.2)
    finally:
        done.set()
        thread.join()
    assert stops > 1, stops
    assert found == {}


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux")
def test_what_takes_too_much_memory_is_ended_and_the_others_are_still_tried() -> None:
    found = problems([("残废", True), (LARGE, True), ("证", True)], seconds=60, megabytes=8)
    assert found == {1: "编译超过 8 MB 内存"}


def test_a_pattern_too_large_for_the_engines_is_a_fault_of_its_rule(tmp_path: Path) -> None:
    large = rule("too.large", {"kind": "regex", "pattern": LARGE}, "x")
    good = rule("good", {"kind": "regex", "pattern": "残废"}, "残废")
    parsed = parse_source(read_source(write(tmp_path, [large, good])))
    at_load = {fault.key for fault in compile_faults(parsed.rules, "ahocorasick")}
    at_lint = {fault.key for fault in lint(tmp_path).faults}
    assert at_load <= {"too.large.match.pattern"}
    assert at_lint >= at_load
    assert not any(key.startswith("good") for key in at_lint)


def test_lint_tells_what_it_is_doing(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    lint(write(tmp_path, GOOD), lambda *step: steps.append(step))
    assert [step for step, _, _ in steps] == [
        "编译正则", "示例 hyperscan", "示例 ahocorasick", "示例 plain", "完成",
    ]  # fmt: skip
