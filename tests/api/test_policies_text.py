"""Cutting a rule out of its file and putting it back, rows of word lists, and the sums of back-tests."""

from collections import Counter
from typing import Any

import pytest

from app.policies.negative_list import rule_text
from app.policies.negative_list.folder import Seen
from app.screening.backtests import sums
from tests import keepers
from tests.keepers import FILES, FOOL, TYPOS, WORDS


@pytest.fixture(scope="module")
def seen() -> Seen:
    return keepers.seen(FILES)


def test_each_rule_has_its_own_lines(seen: Seen) -> None:
    texts = {rule.id: rule_text.rule_text(FILES, seen.policy, rule) for rule in seen.policy.rules}
    assert texts["wording.canfei"].text.startswith("- id: wording.canfei\n")
    assert texts["wording.canfei"].text.endswith("miss: [为残疾人服务]")
    assert "证件号码只留前后几位" not in "".join(one.text for one in texts.values())
    for place in texts.values():
        assert rule_text.with_rule(FILES, place, place.text) == FILES


def test_a_rule_is_taken_out_or_put_in_its_place(seen: Seen) -> None:
    rule = seen.policy.rule("privacy.idcard")
    assert rule is not None
    place = rule_text.rule_text(FILES, seen.policy, rule)
    without = keepers.seen(rule_text.with_rule(FILES, place, " \n"))
    assert [one.id for one in without.policy.rules] == ["wording.canfei", "lang.typos"]
    instead = keepers.seen(rule_text.with_rule(FILES, place, FOOL))
    assert [one.id for one in instead.policy.rules] == ["wording.canfei", "wording.shazi", "lang.typos"]


@pytest.mark.parametrize(
    "words",
    [
        WORDS.replace("- id: privacy", "-\n  id: privacy"),
        WORDS.rstrip("\n"),
        WORDS + "\n\n# 以上为全部规则。\n",
    ],
    ids=["a dash of its own", "no end of line", "a comment at the end"],
)
def test_unusual_files_lose_nothing(words: str) -> None:
    files = {**FILES, "wording/words.yaml": words}
    policy = keepers.seen(files).policy
    for rule in policy.rules:
        place = rule_text.rule_text(files, policy, rule)
        assert rule_text.with_rule(files, place, place.text) == files
        left = keepers.seen(rule_text.with_rule(files, place, "")).policy
        assert {one.id for one in policy.rules} - {one.id for one in left.rules} == {rule.id}


def test_rows_are_changed_taken_out_and_added() -> None:
    assert [row.number for row in rule_text.rows(TYPOS)] == [2, 3]
    changed = rule_text.with_rows(
        TYPOS, {2: ("再接再励", "再接再厉", "成语"), 3: ("", "")}, [("布署", "部署", "")]
    )
    assert changed == "# 错误写法\t正确写法\n再接再励\t再接再厉\t成语\n布署\t部署\n"
    assert rule_text.with_rows(TYPOS, {}, [("", " ")]) == TYPOS


def test_the_shadow_list_grows_and_nothing_else_changes(seen: Seen) -> None:
    same = keepers.seen(rule_text.with_shadow(FILES, [])).policy
    # An empty list is said, so the digest is another; the rules are the same.
    assert [one.content for one in same.rules] == [one.content for one in seen.policy.rules]
    tried = keepers.seen(
        rule_text.with_shadow(rule_text.with_shadow(FILES, ["lang.typos"]), ["privacy.idcard"])
    )
    assert {one.id for one in tried.policy.rules if one.shadow} == {"lang.typos", "privacy.idcard"}


def test_what_two_versions_do_not_share(seen: Seen) -> None:
    files = {
        **FILES,
        "wording/words.yaml": WORDS.replace("残废: 残疾", "残废: 残疾人") + FOOL,
        "lexicons/typos.tsv": TYPOS + "布署\t部署\n",
    }
    files["wording/words.yaml"] = files["wording/words.yaml"].replace(
        "hit: [{text: 再接再励, at: [0, 4]}]", "hit: [{text: 再接再励}]"
    )
    after = keepers.seen(files).policy
    changes = {one.rule: one for one in rule_text.rule_changes(seen.policy, FILES, after, files)}
    assert {name: one.state for name, one in changes.items()} == {
        "wording.canfei": "changed",
        "lang.typos": "changed",
        "wording.shazi": "added",
    }
    assert any(line.startswith("+") and "残疾人}" in line for line in changes["wording.canfei"].lines)
    (words,) = rule_text.lexicon_changes(FILES, files)
    assert (words.file, words.added, words.removed) == ("lexicons/typos.tsv", ("布署\t部署",), ())
    back = rule_text.rule_changes(after, files, seen.policy, FILES)
    assert {one.rule: one.state for one in back}["wording.shazi"] == "removed"


def piece(items: int, added: int, first: int) -> dict[str, Any]:
    row = {"rule": "a", "title": "甲", "state": "added", "scan_us": None, "judging_us": 1.0}
    hits = {
        "base_hits": 0,
        "candidate_hits": added,
        "added": added,
        "removed": 0,
        "changed": 0,
        "removed_waived": 0,
    }
    kept = [
        {"rule": "a", "change": "added", "item": number}
        for number in range(first, first + min(added, sums.SAMPLES))
    ]
    return {
        "items": items,
        "characters": 1000 * items,
        "megabytes": 0.1,
        "seconds": 0.5,
        "incomplete": 0,
        "blocked": {"base": 1, "candidate": 2, "candidate_active": 3},
        "rules": [{**row, **hits}],
        "samples": kept,
    }


def test_pieces_add_up() -> None:
    total = sums.added(sums.added(None, piece(10, 4, 0)), piece(30, 6, 100))
    done = sums.finished(total, items_a_month=20.0)
    assert (done["items"], done["characters"]) == (40, 40_000)
    assert done["rules"][0]["candidate_per_10k"] == pytest.approx(2.5)
    assert done["blocked"]["candidate_a_month"] == pytest.approx(4 / 40 * 20)
    assert len(done["samples"]) == sums.SAMPLES


def test_samples_of_all_pieces_are_as_likely() -> None:
    # 10 findings in the first piece, 90 in the second: one sample in ten is from the first.
    drawn = Counter[bool]()
    for luck in range(2000):
        first = piece(luck + 1, 10, 0)
        total = sums.added(first, piece(1, 90, 100))
        drawn.update(one["item"] < 100 for one in total["samples"])
    share = drawn[True] / sum(drawn.values())
    assert 0.08 < share < 0.12


def test_nothing_read_is_no_division() -> None:
    done = sums.finished(sums.added(None, piece(0, 0, 0)), items_a_month=0.0)
    assert done["rules"][0]["base_per_10k"] == 0.0
    assert done["blocked"]["base_a_month"] == 0.0
