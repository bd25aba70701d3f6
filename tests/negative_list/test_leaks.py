"""Findings never hold a value that must not leak, and name a hit for waivers all the same."""

import json
from pathlib import Path

import pytest

from app.negative_list import Finding, Part, PartKind, Policy, Report, Scope, check
from app.negative_list.text.masking import MAX_EXCERPT, mask
from tests.negative_list.policies import KEY, TODAY, loaded, rule, run

SECRETS = {
    "身份证号11010519491231002X": "11010519491231002X",
    "身份证号１１０１０５１９４９１２３１００２Ｘ": "１１０１０５１９４９１２３１００２Ｘ",
    "身份证号110105\u200b19491231\u200b002X": "110105\u200b19491231\u200b002X",
    "电话13812345678": "13812345678",
    "电话138-1234-5678": "138-1234-5678",
    "卡号6222021202002000124": "6222021202002000124",
    "家住清河区和平路88号3单元502室": "和平路88号3单元502室",
    "走访慰问低保户王建国一家": "王建国",
    "孤儿陈小雨收到了新书包": "陈小雨",
    "护照号：E12345678": "E12345678",
}


@pytest.mark.parametrize(("text", "secret"), SECRETS.items())
def test_a_leaked_value_is_nowhere_in_the_report(shipped: Policy, text: str, secret: str) -> None:
    report = run(shipped, f"据了解，{text}，请予支持。")
    assert report.findings
    shown = report.to_json()
    assert secret not in shown
    assert json.dumps(secret)[1:-1] not in shown
    assert "".join(char for char in secret if char.isalnum()) not in shown
    assert Report.from_json(shown) == report


def test_other_findings_do_not_show_what_one_masks(tmp_path: Path) -> None:
    rules = [
        rule("id", {"kind": "regex", "pattern": r"\d{17}[\dx]", "validate": "cn_idcard"},
             "11010519491231002X", report="mask"),
        rule("line", {"kind": "regex", "pattern": "证号[^。]{1,60}。"}, "证号1。"),
        rule("part", {"kind": "regex", "pattern": "0023?x"}, "002x"),
    ]  # fmt: skip
    report = run(loaded(tmp_path, rules), "证号：11010519491231002X。")
    assert [finding.rule for finding in report.findings] == ["line", "id", "part"]
    assert report.findings[0].excerpt == f"证号：{'*' * 18}。"
    assert report.findings[2].excerpt == "****"
    assert "19491231" not in report.to_json()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("11010519491231002X", "110105********002X"),
        ("13812345678", "138****5678"),
        ("6222021202002000124", "622202*********0124"),
        ("E12345678", "E********"),
        ("王建国", "王**"),
        ("", ""),
        ("1", "1"),
    ],
)
def test_masks(value: str, shown: str) -> None:
    assert mask(value) == shown


def find(policy: Policy, text: str, *, key: bytes = KEY, document: str = "draft") -> Finding:
    parts = [Part(PartKind.BODY, "b", text)]
    report = check(policy, parts, scope=Scope(), on=TODAY, key=key, document_id=document)
    return next(finding for finding in report.findings if finding.rule == "privacy.idcard")


def test_the_hash_of_a_value_tells_same_from_other(shipped: Policy) -> None:
    one = find(shipped, "张三身份证号11010519491231002X").value_hash
    assert one is not None
    assert len(one) == 64
    assert find(shipped, "另一处：１１０１０５１９４９１２３１００２X").value_hash == one
    assert find(shipped, "李四身份证号440308199901101512").value_hash != one
    # Without the key of the installation nobody can try all numbers.
    assert find(shipped, "张三身份证号11010519491231002X", key=b"other").value_hash != one


def test_a_fingerprint_lasts_as_long_as_its_neighbourhood(shipped: Policy) -> None:
    text = "前面的一些话，后面还有话。张三身份证号11010519491231002X，已经核对无误，请予以办理。"
    one = find(shipped, text).fingerprint
    assert find(shipped, "开头又加了一句。" + text).fingerprint == one
    assert find(shipped, text + "结尾又加了一句。").fingerprint == one
    assert find(shipped, text.replace("X", "Ｘ")).fingerprint == one
    assert find(shipped, text.replace("张三", "李四")).fingerprint != one
    assert find(shipped, text, document="other").fingerprint != one
    assert find(shipped, text, key=b"other").fingerprint != one
    assert find(shipped, text, key=b"k" * 200).fingerprint != find(shipped, text, key=b"k" * 199).fingerprint


def test_a_long_hit_is_shortened(tmp_path: Path) -> None:
    policy = loaded(tmp_path, [rule("long", {"kind": "regex", "pattern": "甲{1,100}"}, "甲")])
    (finding,) = run(policy, "甲" * 100).findings
    assert len(finding.excerpt) == MAX_EXCERPT
    assert finding.excerpt.endswith("…")
    assert (finding.start, finding.end) == (0, 100)
