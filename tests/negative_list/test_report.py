"""Reports: JSON that comes back the same, and SARIF 2.1.0 by its structure."""

import json
import re
from pathlib import Path
from typing import Any

from app.cli.check import check_read
from app.drafts.intake.files import read_file
from app.negative_list import NotChecked, Part, PartKind, Policy, Report, Scope, check
from app.negative_list.engine.report import FileReport, as_json, as_sarif, as_text
from tests.negative_list.policies import KEY, TODAY, run

TEXT = "慰问活动\n照顾残废老人👨‍👩‍👧，身份证号11010519491231002X。\n各位居民,大家好。\n残废。"
MISSED = NotChecked("images/0", "图片", "没有识别图片里的文字")


def report_of(policy: Policy, name: str = "稿件 1.txt") -> FileReport:
    read = check_read(policy, name, TEXT, read_file(TEXT, ".txt"), Scope())
    return read._replace(report=read.report._replace(not_checked=(MISSED,)))


def sarif(policy: Policy) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(as_sarif(policy, [report_of(policy)], version="1.2.3")))
    return made


def test_a_report_reads_back_as_it_was_written(shipped: Policy) -> None:
    report = run(shipped, TEXT, "𠮷残废")
    again = Report.from_json(report.to_json())
    assert again == report
    assert again.to_json() == report.to_json()


def test_json_counts_and_what_was_not_checked(shipped: Policy) -> None:
    parts = [Part(PartKind.BODY, "b", TEXT)]
    report = check(shipped, parts, scope=Scope(), on=TODAY, key=KEY, not_checked=[MISSED])
    assert report.policy == shipped.digest
    assert report.not_checked == (MISSED,)
    assert sum(report.counts.values()) == len(report.findings)
    for severity, count in report.counts.items():
        assert sum(finding.severity == severity for finding in report.findings) == count
    told = as_json(shipped, [report_of(shipped)])
    assert told["files"][0]["not_checked"] == [MISSED._asdict()]


def test_sarif_has_the_required_structure(shipped: Policy) -> None:
    made = sarif(shipped)
    assert set(made) == {"$schema", "version", "runs"}
    assert made["version"] == "2.1.0"
    assert made["$schema"].endswith("sarif-2.1.0.json")
    (one,) = made["runs"]
    driver = one["tool"]["driver"]
    assert driver["name"] == "sanshen"
    assert driver["version"] == "1.2.3"
    assert one["columnKind"] == "unicodeCodePoints"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
    (invocation,) = one["invocations"]
    assert invocation["executionSuccessful"] is True
    assert "没有识别图片里的文字" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_results_point_at_their_rule_and_their_place(shipped: Policy) -> None:
    (one,) = sarif(shipped)["runs"]
    lines = TEXT.split("\n")
    rules = one["tool"]["driver"]["rules"]
    assert len(one["results"]) >= 4
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == rules[result["ruleIndex"]]["defaultConfiguration"]["level"]
        assert result["message"]["text"]
        assert re.fullmatch("[0-9a-f]{64}", result["partialFingerprints"]["sanshen/v1"])
        (location,) = result["locations"]
        place = location["physicalLocation"]
        region = place["region"]
        assert (region["startLine"], region["startColumn"]) >= (1, 1)
        assert (region["endLine"], region["endColumn"]) >= (region["startLine"], region["startColumn"])
        start = region["charOffset"]
        hit = TEXT[start : start + region["charLength"]]
        assert lines[region["startLine"] - 1][region["startColumn"] - 1 :].startswith(hit)
        assert lines[region["endLine"] - 1][: region["endColumn"] - 1].endswith(hit)


def test_sarif_addresses_are_addresses(shipped: Policy) -> None:
    for result in sarif(shipped)["runs"][0]["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~%/:-]+", uri), uri


def test_sarif_offers_each_suggestion_as_a_fix(shipped: Policy) -> None:
    results = sarif(shipped)["runs"][0]["results"]
    result = next(one for one in results if one["ruleId"] == "wording.disability.canfei")
    (fix,) = result["fixes"]
    (change,) = fix["artifactChanges"]
    (replacement,) = change["replacements"]
    region = replacement["deletedRegion"]
    assert TEXT[region["charOffset"] : region["charOffset"] + region["charLength"]] == "残废"
    assert replacement["insertedContent"] == {"text": "残疾"}


def test_sarif_holds_no_leaked_value(shipped: Policy) -> None:
    assert "11010519491231002" not in json.dumps(sarif(shipped))


def test_people_read_it_by_rule(shipped: Policy) -> None:
    told = as_text(shipped, report_of(shipped))
    assert told.index("【阻断】") < told.index("【建议】")
    assert "（wording.disability.canfei）2处" in told
    assert "    图片：没有识别图片里的文字" in told
    assert told.endswith(f"负面清单 {shipped.digest[:12]}")


def test_an_absolute_path_is_a_file_address(shipped: Policy, tmp_path: Path) -> None:
    made = as_sarif(shipped, [report_of(shipped, str(tmp_path / "稿.txt"))], version="1")
    uri = made["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == (tmp_path / "稿.txt").as_uri()
