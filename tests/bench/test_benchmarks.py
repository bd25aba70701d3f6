"""The benchmarks themselves: run for real with tiny counts. Times are not asserted: machines differ."""

from pathlib import Path

import pytest

from app.bench import approvals, cycle, postgres, publication, rules
from app.bench.figures import Bar, Broken, Figure, Options, State, machine
from tests.conftest import missing

LAW = "申请人应当如实提供材料，并对材料的真实性负责。受理机关应当在二十个工作日内作出决定。\n"


@pytest.fixture
def options(postgres_server: str | None) -> Options:
    if postgres_server is None:
        missing("PostgreSQL")
    return Options(quick=True, postgres=postgres_server)


def by_key(figures: list[Figure]) -> dict[str, Figure]:
    found = {figure.key: figure for figure in figures}
    assert len(found) == len(figures)
    return found


def test_the_cycle_is_measured_on_both_databases(options: Options) -> None:
    told: list[str] = []
    options = Options(quick=True, postgres=options.postgres, say=told.append)
    figures = by_key(list(cycle.run(options)))
    for kind in ("sqlite", "postgresql"):
        walk = figures[f"walk.ms.{kind}"]
        assert list(walk.raw["acts"]) == [
            "write",
            "submit",
            "initial_review",
            "second_review",
            "final_review",
            "lay_out",
            "first_proof",
            "second_proof",
            "third_proof",
            "outbox",
        ]
    assert {key for key in figures if key.startswith("transition.")} == {
        f"transition.{stage}" for stage in ("initial_review", "final_review", "first_proof")
    }
    assert told


def test_approvals_are_measured_with_all_that_follows_from_them(options: Options) -> None:
    figures = by_key(list(approvals.run(options)))
    for kind in ("sqlite", "postgresql"):
        plain, asking = figures[f"statements.plain.{kind}"], figures[f"statements.asks_for_proofs.{kind}"]
        assert plain.value == len(plain.raw["statements"]) > 0
        assert plain.value <= asking.value <= 12, asking.raw["statements"]
        answered = figures[f"approvals.per_second.{kind}"]
        assert answered.value
        assert answered.peer_value
        followed = answered.raw["followed"]
        assert (followed["decisions"], followed["proofs"]) == (12, 4)
        assert followed["delivered"] >= 12
        assert figures[f"approvals.done_per_second.{kind}"].value <= answered.value
        times = figures[f"approvals.p99_ms.{kind}"].raw
        assert 0 < times["p50_ms"] <= times["p95_ms"] <= times["p99_ms"]
        worked = figures[f"approvals.cpu_ms.plain.{kind}"]
        assert (worked.state, "--beside" in worked.note) == (State.NOT_MEASURED, True)


def test_publication_and_the_record_are_measured(options: Options) -> None:
    figures = by_key(list(publication.run(options)))
    for kind in ("sqlite", "postgresql"):
        asked = figures[f"publication.clearance_statements.{kind}"]
        assert (asked.state, asked.value) == (State.REACHED, asked.value), asked
        for key in ("clearance", "record"):
            figure = figures[f"publication.{key}.{kind}"]
            assert figure.value
            assert figure.peer_value
        verified = figures[f"publication.verify.{kind}"]
        assert verified.raw["events"] > 400


def test_approvals_that_nobody_is_told_of_are_no_figure() -> None:
    followed = {"decisions": 12, "proofs": 4, "notices": 12, "delivered": 12}
    approvals.expect_all(followed, decisions=12, drafts=4)
    for name, count in followed.items():
        with pytest.raises(Broken):
            approvals.expect_all(followed | {name: count - 1}, decisions=12, drafts=4)


def test_a_peer_that_is_not_there_is_said_not_to_be_measured(options: Options, tmp_path: Path) -> None:
    from app.bench import databases, full_walk

    wrong = tmp_path / "python"
    with databases.place(options) as place:
        for interpreter, said in ((None, "--wagtail"), (wrong, "没有跑成")):
            asked = Options(quick=True, postgres=options.postgres, wagtail=interpreter)
            walk = by_key(list(full_walk.measure(place, asked, "sqlite")))["walk.ms.sqlite"]
            if interpreter is None and walk.peer_value is not None:
                continue  # this interpreter has Wagtail
            assert (walk.state, walk.peer_value) == (State.NOT_MEASURED, None)
            assert said in walk.note


def test_without_postgresql_its_figures_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANSHEN_TEST_POSTGRES", raising=False)
    monkeypatch.setattr(postgres, "_binaries", lambda: None)
    figures = by_key([*cycle.run(Options(quick=True)), next(approvals.run(Options(quick=True)))])
    assert figures["walk.ms.sqlite"].value
    for key in ("walk.ms", "approvals.per_second"):
        figure = figures[f"{key}.postgresql"]
        assert (figure.value, figure.state) == (None, State.NOT_MEASURED)
        assert "PostgreSQL" in figure.note


@pytest.mark.parametrize("own", [False, True])
def test_the_rules_are_measured(tmp_path: Path, own: bool) -> None:
    corpus = None
    if own:
        corpus = tmp_path / "law.txt"
        corpus.write_text(
            "".join(f"第{number}条　{LAW}" for number in range(100)) + "为残废人服务。", encoding="utf-8"
        )
    figures = by_key(list(rules.run(Options(quick=True, corpus=corpus))))
    check = figures["rules.check"]
    assert check.ratio is not None
    assert (check.raw["terms"], 5 <= check.raw["findings"] <= 10 or own) == (500, True)
    recall = figures["rules.recall"]
    assert (recall.value, recall.raw["missed"], recall.raw["extra"]) == (100, [], 0)
    assert recall.raw["places"] >= 400
    assert all(figures[f"rules.{key}"].value for key in ("load.cold", "load.cached", "back_test"))
    patterns, prose = figures["rules.patterns"], figures["rules.prose"]
    assert (len(patterns.raw["refused"]), len(patterns.raw["taken"])) == (6, 6)
    assert patterns.value == max(patterns.raw["taken"].values()) > 0
    assert (prose.value is not None, prose.state is State.NOT_MEASURED) == (own, not own)
    assert prose.raw["findings"] == {"block": int(own), "warn": 0, "info": 0}
    assert not own or prose.value == pytest.approx(10_000 / prose.raw["characters"])
    stall = figures["rules.stall"]
    assert stall.raw["ticks"] > 10
    # A machine that is too busy to tell says so.
    assert stall.value is not None
    assert 0 <= stall.value <= stall.raw["whole_ms"]


def test_a_text_too_short_for_a_draft_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text(LAW, encoding="utf-8")
    with pytest.raises(ValueError, match="1500 characters"):
        list(rules.run(Options(quick=True, corpus=short)))


@pytest.mark.parametrize(
    ("bar", "value", "peer", "state"),
    [
        (None, 3, None, State.NO_BAR),
        (None, None, None, State.NOT_MEASURED),
        (Bar(5), 5, None, State.REACHED),
        (Bar(5), 5.1, None, State.MISSED),
        (Bar(5, at_least=True), 5, None, State.REACHED),
        (Bar(5, at_least=True), 4.9, None, State.MISSED),
        (Bar(5), None, None, State.NOT_MEASURED),
        (Bar(2, of_ratio=True), 20, 10, State.REACHED),
        (Bar(2, of_ratio=True), 21, 10, State.MISSED),
        (Bar(2, of_ratio=True), 1, None, State.NOT_MEASURED),
        (Bar(2, of_ratio=True), None, 10, State.NOT_MEASURED),
    ],
)
def test_how_a_figure_stands_to_its_bar(
    bar: Bar | None, value: float | None, peer: float | None, state: State
) -> None:
    figure = Figure("k", "题目", value, "毫秒", bar, peer="参照", peer_value=peer)
    assert figure.state is state
    told = figure.as_json()
    assert (told["value"], told["state"], told["peer_value"]) == (value, str(state), peer)


def test_the_machine_is_named() -> None:
    told = machine()
    assert told["cpus"] >= told["cpus_usable"] >= 1
    assert told["libraries"]["sqlalchemy"][0].isdigit()
