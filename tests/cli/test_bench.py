import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from app.bench import rules
from app.bench.figures import Bar, Broken, Figure, Options
from app.cli import app

cli = CliRunner()
GOOD = Figure("a", "好的一项", 3, "毫秒", Bar(5), peer="参照", peer_value=2, samples=(2.5, 3))
BAD = Figure("b", "差的一项", 2000.4, "次/秒", Bar(3000, at_least=True), on="SQLite")
NOT = Figure("c", "没量的一项", None, "倍", Bar(3, of_ratio=True), note="没有安装它")


def found(monkeypatch: pytest.MonkeyPatch, *figures: Figure, error: Exception | None = None) -> list[Options]:
    """Let the benchmark of the rules find these figures; return what it was asked."""
    asked: list[Options] = []

    def run(options: Options) -> Iterator[Figure]:
        asked.append(options)
        yield from figures
        if error is not None:
            raise error

    monkeypatch.setattr(rules, "run", run)
    return asked


def test_figures_are_shown_with_peer_bar_and_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, GOOD, NOT)
    done = cli.invoke(app, ["bench", "rules"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    rows = {line.split()[1]: line for line in done.stdout.splitlines() if line.startswith("│")}
    assert all(said in rows["好的一项"] for said in ("3 毫秒", "参照 2 毫秒", "1.50", "≤ 5 毫秒", "达到"))
    assert all(said in rows["没量的一项"] for said in ("≤ 3 倍", "未测"))
    assert "没有安装它" in done.stdout
    assert "好的一项：3 毫秒" in done.stderr


def test_a_missed_bar_ends_with_one_unless_it_was_only_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = found(monkeypatch, GOOD, BAD)
    missed = cli.invoke(app, ["bench", "rules"], env={"COLUMNS": "200"})
    assert missed.exit_code == 1
    assert "未达到" in missed.stdout
    assert "2,000 次/秒" in missed.stdout
    tried = cli.invoke(app, ["bench", "rules", "--quick"])
    assert tried.exit_code == 0
    assert "不作数" in tried.stdout
    assert [one.quick for one in asked] == [False, True]


def test_json_holds_every_figure_and_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, GOOD, BAD, NOT)
    done = cli.invoke(app, ["bench", "rules", "--json"])
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["machine"]["python"]
    figures = told["benchmarks"]["rules"]["figures"]
    assert [(one["key"], one["state"]) for one in figures] == [
        ("a", "reached"),
        ("b", "missed"),
        ("c", "not_measured"),
    ]
    assert (figures[0]["ratio"], figures[0]["samples"]) == (1.5, [2.5, 3])
    assert figures[1]["bar"] == {"limit": 3000, "at_least": True, "of": "value"}


def test_what_does_not_do_its_work_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, GOOD, error=Broken("不是每个请求都成功"))
    done = cli.invoke(app, ["bench", "rules", "--json"])
    assert done.exit_code == 1
    assert "不是每个请求都成功" in done.stderr
    assert done.stdout == ""


def test_an_unknown_name_is_refused() -> None:
    done = cli.invoke(app, ["bench", "speed"])
    assert done.exit_code == 2
    assert "speed" in done.stderr
    assert "cycle、rules" in done.stderr
