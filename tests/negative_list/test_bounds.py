"""Whatever is handed in is answered: broken characters, one endless line, findings without number."""

import pytest

from app.negative_list import Policy, Report
from app.negative_list.engine.backends import available
from app.negative_list.engine.check import _INCOMPLETE
from app.negative_list.text.model import MAX_FINDINGS
from tests.negative_list.policies import run

#: What intake lets through at most, in bytes.
MOST = 5_000_000
ODD = [
    "\ud800",
    "\udc00残废\ud800",
    "\x00残废\x00",
    "\x1e",
    "\x1f残废",
    "\r\n",
    "\u2028残废",
    "\ufffe",
    "\U0010ffff残废",
    "残\ud83d\ude00废",
    "\u200b",
    "残\u0301废\u0301",
    "\ufdfa" * 50,
    "a\x1e残废\x1eb",
]


@pytest.mark.parametrize("backend", available())
@pytest.mark.parametrize("text", ODD, ids=[text[:4].encode("unicode_escape").decode() for text in ODD])
def test_broken_characters(shipped_on: dict[str, Policy], backend: str, text: str) -> None:
    report = run(shipped_on[backend], text, f"{text}残废{text}")
    hits = [finding for finding in report.findings if finding.rule == "wording.disability.canfei"]
    assert any(finding.ref == "blocks/1" for finding in hits)
    for finding in report.findings:
        typed = [text, f"{text}残废{text}"][int(finding.ref[-1])]
        assert 0 <= finding.start <= finding.end <= len(typed)
    assert Report.from_json(report.to_json()) == report


@pytest.mark.parametrize("backend", available())
def test_a_hundred_thousand_findings_are_counted_and_cut(shipped_on: dict[str, Policy], backend: str) -> None:
    report = run(shipped_on[backend], "残废，" * 100_000)
    assert len(report.findings) == MAX_FINDINGS
    assert report.truncated == 100_000 - MAX_FINDINGS
    assert report.counts["block"] == 100_000
    assert report.blocked


def test_the_worst_findings_are_the_ones_that_are_kept(shipped: Policy) -> None:
    report = run(shipped, "布署，" * 3000 + "残废")
    assert "wording.disability.canfei" in {finding.rule for finding in report.findings}
    assert report.counts["block"] == 1
    assert report.truncated == 3001 - MAX_FINDINGS


#: Texts on which something looks far ahead, or far back, from each hit.
LONG = {
    "prose": "民政部门应当加强监督检查，依法履行职责。",
    "words": "残废",
    "digits": "1",
    "openings": "《",
    "quotes": "”、“",
    "signs": "《”",
    "zero width": "\u200b",
    "nul": "\x00",
    "surrogates": "\ud800",
    "titles": "《中华人民共和国未成年人保护发》",
    "names": "局长张小明、",
    "addresses": "http://a.b/",
    "sums": "其中",
    "dates": "2024年13月1日至",
}


@pytest.mark.parametrize("name", LONG)
def test_one_long_line(shipped: Policy, name: str) -> None:
    piece = LONG[name]
    size = len(piece.encode("utf-8", "surrogatepass"))
    report = run(shipped, piece * ((MOST if name == "prose" else MOST // 10) // size))
    # Work that grew with the square of the length would not come to an end.
    kept = len(report.findings)
    assert kept <= MAX_FINDINGS
    assert sum(report.counts.values()) == kept + report.truncated
    assert all(item == _INCOMPLETE for item in report.not_checked)


def test_a_line_and_its_parts_are_read_alike(shipped_on: dict[str, Policy]) -> None:
    text = ("照顾残废老人，作出布署，" + "民政部门应当依法履行职责。" * 50) * 20
    reports = [run(policy, text)._replace(backend="", elapsed_us=0) for policy in shipped_on.values()]
    assert reports[0].counts["block"] == 20
    assert all(report == reports[0] for report in reports)


@pytest.mark.parametrize("backend", available())
def test_a_scan_that_ended_early_says_that_the_rest_was_not_checked(
    shipped_on: dict[str, Policy], backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(shipped_on[backend], "残废，" * 200).not_checked == ()
    monkeypatch.setattr(f"app.negative_list.engine.backends.{backend}_backend.LIMIT", 100)
    report = run(shipped_on[backend], "残废，" * 200)
    assert report.not_checked == (_INCOMPLETE,)
    assert 0 < report.counts["block"] <= 100
