"""A back-test: what a candidate adds, takes away and changes, over any number of documents."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.document.model import Document, Image, Paragraph, Table
from app.negative_list import Policy, Scope, check, parts_of, structure_of
from app.negative_list.quality.backtest import Backtest, Change, Item, Progress, backtest
from tests.negative_list.policies import HEAD, KEY, TODAY, loaded, rule

BLOCK = {"severity": "block", "basis": ["某法"]}
CANFEI = rule("canfei", {"kind": "terms", "terms": {"残废": "残疾"}}, "残废", **BLOCK)
QUEZI = rule("quezi", {"kind": "terms", "terms": {"瘸子": "肢体残疾人"}}, "瘸子")
PHONE = rule(
    "phone",
    {"kind": "regex", "pattern": r"1[3-9]\d{9}", "edge": "digit"},
    "13812345678",
    report="mask",
    **BLOCK,
)


def run(base: Policy, candidate: Policy, *texts: str, **more: object) -> Backtest:
    items = [Item.of_text(f"t{index}", text) for index, text in enumerate(texts)]
    return backtest(base, candidate, items, on=TODAY, key=KEY, **more)  # type: ignore[arg-type]


def rows(result: Backtest) -> dict[str, tuple[str, int, int, int]]:
    return {row.rule: (row.state, row.added, row.removed, row.changed) for row in result.rules}


@pytest.fixture
def base(tmp_path: Path) -> Policy:
    return loaded(tmp_path / "base", [CANFEI, PHONE])


def test_items_are_taken_a_few_at_a_time_and_long_ones_alone(
    base: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.negative_list.quality.backtest._EVERY", 0)
    seen: list[int] = []
    run(base, base, *["残废。"] * 20, progress=lambda progress: seen.append(progress.items))
    assert seen == [8, 16, 20, 20]
    seen.clear()
    run(base, base, *["好" * 60_000] * 3, progress=lambda progress: seen.append(progress.items))
    assert seen == [1, 2, 3, 3]


def test_scans_that_were_cut_short_are_counted(base: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(base, base, "残废，" * 200).incomplete == 0
    monkeypatch.setattr("app.negative_list.engine.backends.hyperscan_backend.LIMIT", 100)
    assert run(base, base, "残废，" * 200, "好").incomplete == 1


def test_a_policy_against_itself_changes_nothing(base: Policy) -> None:
    result = run(base, base, "残废13812345678", "好")
    assert not result.differs
    assert result.samples == ()
    assert [(row.rule, row.state, row.base_hits, row.candidate_hits) for row in result.rules] == [
        ("canfei", "same", 1, 1),
        ("phone", "same", 1, 1),
    ]
    assert (result.items, result.characters) == (2, 14)
    assert result.rules[0].base_per_10k == pytest.approx(10_000 / 14)


def test_added_removed_and_changed(base: Policy, tmp_path: Path) -> None:
    milder = {**CANFEI, "severity": "warn"}
    candidate = loaded(tmp_path / "new", [milder, QUEZI])
    result = run(base, candidate, "残废和瘸子", "瘸子\n瘸子", "电话13812345678", "好")
    assert rows(result) == {
        "canfei": ("changed", 0, 0, 1),
        "quezi": ("added", 3, 0, 0),
        "phone": ("removed", 0, 1, 0),
    }
    assert {(sample.change, sample.rule, sample.item) for sample in result.samples} == {
        (Change.CHANGED, "canfei", "t0"),
        (Change.ADDED, "quezi", "t0"),
        (Change.ADDED, "quezi", "t1"),
        (Change.REMOVED, "phone", "t2"),
    }
    changed = next(sample for sample in result.samples if sample.rule == "canfei")
    assert changed.base is not None
    assert changed.candidate is not None
    assert (changed.base.severity, changed.candidate.severity) == ("block", "warn")
    assert changed.base.fingerprint == changed.candidate.fingerprint
    assert (result.blocked.base, result.blocked.candidate) == (2, 0)
    assert next(row for row in result.rules if row.rule == "quezi").judging_us > 0


def test_the_time_of_a_new_pattern_is_told(base: Policy, tmp_path: Path) -> None:
    new = rule("new", {"kind": "regex", "pattern": "残.{0,9}人"}, "残废人")
    result = run(base, loaded(tmp_path / "new", [CANFEI, PHONE, new, QUEZI]), "残废老人")
    times = {row.rule: row.scan_us for row in result.rules}
    assert times["new"] is not None
    assert (times["canfei"], times["phone"], times["quezi"]) == (None, None, None)


def test_variants_are_minded_on_both_sides(tmp_path: Path) -> None:
    other = {**CANFEI, "id": "canfei.other", "variant_of": "canfei", "severity": "warn"}
    base = loaded(tmp_path / "a", [CANFEI, other])
    gentler = loaded(tmp_path / "b", [{**CANFEI, "severity": "info"}, other])
    result = run(base, gentler, "残废")
    assert rows(result) == {"canfei": ("changed", 0, 1, 0), "canfei.other": ("same", 1, 0, 0)}
    assert [(row.rule, row.base_hits, row.candidate_hits) for row in result.rules] == [
        ("canfei", 1, 0),
        ("canfei.other", 0, 1),
    ]


def test_what_is_masked_stays_masked_in_samples_and_their_context(base: Policy, tmp_path: Path) -> None:
    candidate = loaded(tmp_path / "new", [CANFEI, PHONE, QUEZI])
    result = run(base, candidate, "13812345678是瘸子，13987654321也是")
    (sample,) = result.samples
    assert (sample.before, sample.excerpt, sample.after) == (f"{'*' * 11}是", "瘸子", f"，{'*' * 11}也是")
    assert "13812345678" not in json.dumps(result.as_json(), ensure_ascii=False)
    gone = run(loaded(tmp_path / "a", [PHONE]), loaded(tmp_path / "b", [CANFEI]), "电话13812345678")
    assert gone.samples[0].excerpt == "138****5678"


def test_a_new_rule_on_trial_does_not_block_but_tells_what_it_would(base: Policy, tmp_path: Path) -> None:
    new = {**QUEZI, **BLOCK}
    candidate = loaded(tmp_path / "new", [CANFEI, PHONE, new], head=HEAD + "shadow: [quezi]\n")
    result = run(base, candidate, "瘸子", "残废", "好", "好", items_a_month=100)
    blocked = result.blocked
    assert (blocked.base, blocked.candidate, blocked.candidate_active) == (1, 1, 2)
    assert (blocked.base_a_month, blocked.candidate_a_month, blocked.candidate_active_a_month) == (25, 25, 50)
    assert rows(result)["quezi"] == ("added", 1, 0, 0)
    assert next(row for row in result.rules if row.rule == "quezi").candidate_shadow


def test_without_a_number_of_items_nothing_is_projected(base: Policy) -> None:
    assert run(base, base, "残废").blocked.base_a_month is None
    nothing = backtest(base, base, [], on=TODAY, key=KEY, items_a_month=100)
    assert (nothing.items, nothing.blocked.base_a_month, nothing.differs) == (0, None, False)


def test_known_false_alarms_that_go_are_counted(base: Policy, tmp_path: Path) -> None:
    item = Item.of_text("t", "残废证")._replace(document_id="d1")
    report = check(base, item.parts, scope=Scope(), on=TODAY, key=KEY, document_id="d1")
    waived = {report.findings[0].fingerprint}
    gentler = {**CANFEI, "unless": [{"covering": ["残废证"]}]}
    candidate = loaded(tmp_path / "new", [gentler, PHONE])
    result = backtest(base, candidate, [item, Item.of_text("u", "残废证")], on=TODAY, key=KEY, waived=waived)
    row = next(row for row in result.rules if row.rule == "canfei")
    assert (row.removed, row.removed_waived) == (2, 1)


def test_dates_and_scopes_are_minded(tmp_path: Path) -> None:
    head = HEAD + "channels: {wechat: 公众号, website: 网站}\n"
    later = {**CANFEI, "effective": {"from": "2027-01-01"}}
    here = {**QUEZI, "scope": {"channels": ["wechat"]}}
    base = loaded(tmp_path / "a", [PHONE], head=head)
    candidate = loaded(tmp_path / "b", [PHONE, later, here], head=head)
    items = [
        Item.of_text(kind, "残废和瘸子", scope=Scope(frozenset({kind}))) for kind in ("wechat", "website")
    ]
    now = backtest(base, candidate, items, on=TODAY, key=KEY)
    then = backtest(base, candidate, items, on=date(2027, 1, 1), key=KEY)
    assert (rows(now)["canfei"][1], rows(now)["quezi"][1]) == (0, 1)
    assert (rows(then)["canfei"][1], rows(then)["quezi"][1]) == (2, 1)


def test_documents_with_pictures_and_tables(tmp_path: Path) -> None:
    alt = rule("alt", {"kind": "structure", "name": "image_without_alt"},
               {"structure": {"images": [{}]}}, {"structure": {"images": [{"alt": "图"}]}})  # fmt: skip
    base, candidate = loaded(tmp_path / "a", [PHONE]), loaded(tmp_path / "b", [PHONE, alt])
    document = Document(
        title="题",
        blocks=(
            Paragraph(text="电话13812345678"),
            Image(sha256="0" * 64),
            Table(rows=(("甲", "13812345678"),)),
        ),
    )
    result = backtest(
        base, candidate, [Item("d", parts_of(document), structure_of(document))], on=TODAY, key=KEY
    )
    assert rows(result) == {"phone": ("same", 0, 0, 0), "alt": ("added", 1, 0, 0)}
    assert result.rules[0].base_hits == 2
    assert result.samples[0].ref == "blocks/1/alt"


def test_counts_are_complete_and_samples_bounded_and_from_everywhere(base: Policy, tmp_path: Path) -> None:
    candidate = loaded(tmp_path / "new", [CANFEI, PHONE, QUEZI])

    def items() -> Iterator[Item]:
        for number in range(1000):
            yield Item.of_text(f"{number:04}", "瘸子和瘸子")

    result = backtest(base, candidate, items(), on=TODAY, key=KEY, samples=20)
    assert rows(result)["quezi"] == ("added", 2000, 0, 0)
    assert len(result.samples) == 20
    assert max(int(sample.item) for sample in result.samples) > 500
    again = backtest(base, candidate, items(), on=TODAY, key=KEY, samples=20)
    assert again.samples == result.samples


def test_progress_is_told_and_may_stop_the_run(base: Policy) -> None:
    told: list[Progress] = []
    run(base, base, "残废", "好", progress=told.append)
    assert (told[-1].items, told[-1].characters) == (2, 3)

    class Enough(Exception):
        pass

    def stop(_progress: Progress) -> None:
        raise Enough

    with pytest.raises(Enough):
        run(base, base, "残废", progress=stop)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.lists(st.sampled_from(["残废", "瘸子", "13812345678", "，", "好", "\n", "㈱"]), max_size=12).map(
            "".join
        ),
        min_size=1,
        max_size=4,
    )
)
def test_it_counts_what_single_checks_find(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("policies")
    base = loaded(folder / "a", [CANFEI, PHONE])
    candidate = loaded(folder / "b", [{**CANFEI, "severity": "warn"}, QUEZI])
    result = run(base, candidate, *texts)
    found: dict[str, list[set[tuple[str, str, int, int]]]] = {"a": [], "b": []}
    for name, policy in (("a", base), ("b", candidate)):
        for text in texts:
            item = Item.of_text("t", text)
            report = check(policy, item.parts, scope=Scope(), on=TODAY, key=KEY)
            found[name].append({(one.rule, one.ref, one.start, one.end) for one in report.findings})
    added = sum(len(new - old) for old, new in zip(found["a"], found["b"], strict=True))
    removed = sum(len(old - new) for old, new in zip(found["a"], found["b"], strict=True))
    assert sum(row.added for row in result.rules) == added
    assert sum(row.removed for row in result.rules) == removed
    assert sum(row.base_hits for row in result.rules) == sum(map(len, found["a"]))
    assert sum(row.candidate_hits for row in result.rules) == sum(map(len, found["b"]))
