"""A report for people and for editors' tools."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple
from urllib.parse import quote

from app.negative_list.source.files import FileParts
from app.negative_list.source.policy import Policy
from app.negative_list.text.model import SEVERITIES, Finding, NotChecked, PartKind, Report, Severity

SEVERITY_NAMES = {Severity.BLOCK: "阻断", Severity.WARN: "提醒", Severity.INFO: "建议"}
PART_NAMES: Mapping[PartKind, str] = {
    PartKind.TITLE: "标题",
    PartKind.SUBTITLE: "副题",
    PartKind.SUMMARY: "摘要",
    PartKind.BYLINE: "署名与来源",
    PartKind.BODY: "正文",
    PartKind.CAPTION: "图注",
    PartKind.ALT: "替代文字",
    PartKind.LINK: "链接",
    PartKind.TABLE: "表格",
    PartKind.ATTACHMENT: "附件",
}
_LEVELS = {Severity.BLOCK: "error", Severity.WARN: "warning", Severity.INFO: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Located(NamedTuple):
    """A finding with its place in a file: code points, line and column from 1, end-exclusive.

    `place` says where it stands in a file that is no text (a cell, a page); then the numbers say nothing.
    """

    finding: Finding
    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int
    place: str = ""


class FileReport(NamedTuple):
    """The report on one file, and its findings with their places in the file's text."""

    file: str
    findings: Sequence[Located]
    report: Report

    @property
    def not_checked(self) -> Sequence[NotChecked]:
        """What the rules did not read."""
        return self.report.not_checked

    @property
    def truncated(self) -> int:
        """How many findings are counted only."""
        return self.report.truncated


def groups_of(report: FileReport) -> list[dict[str, Any]]:
    """Return by rule, the worst first, how many are listed, in which parts, and their places in the list."""
    places: dict[str, list[int]] = {}
    for number, found in enumerate(report.findings):
        places.setdefault(found.finding.rule, []).append(number)
    listed = [one.finding for one in report.findings]
    order = sorted(places.items(), key=lambda one: SEVERITIES.index(listed[one[1][0]].severity))
    return [
        {
            "rule": rule,
            "count": len(numbers),
            "parts": dict(Counter(listed[number].part.value for number in numbers)),
            "findings": numbers,
        }
        for rule, numbers in order
    ]


def located(finding: Finding, read: FileParts, lines: Sequence[int]) -> Located:
    """Return a finding with its place in the file that `read` came from; `lines` is where its lines begin."""
    places = read.places.get(finding.ref)
    if places is not None:
        start = places[min(finding.start, len(places) - 1)]
        # The end is behind the last character of the hit, wherever the next one stands.
        end = places[finding.end - 1] + 1 if finding.end > finding.start else start
    else:
        # A thing of the structure: the place of its picture or table.
        ref = "/".join(finding.ref.split("/")[:2])
        start = end = read.places[ref][0] if ref in read.places else 0
    line, last = bisect_right(lines, start), bisect_right(lines, max(start, end - 1))
    return Located(
        finding, start, end, line, start - lines[line - 1] + 1, last, max(end, start) - lines[last - 1] + 1
    )


def as_json(policy: Policy, files: Iterable[FileReport]) -> dict[str, Any]:
    """Return the report as JSON values; positions are code points of the file's text, end-exclusive."""
    return {
        "policy": policy.digest,
        "files": [
            {
                "file": report.file,
                "counts": dict(report.report.counts),
                "elapsed_us": report.report.elapsed_us,
                "groups": groups_of(report),
                "findings": [
                    {
                        "rule": found.finding.rule,
                        "severity": found.finding.severity.value,
                        "part": found.finding.part.value,
                        "start": found.start,
                        "end": found.end,
                        "line": found.line,
                        "column": found.column,
                        **({"ref": found.finding.ref, "place": found.place} if found.place else {}),
                        "excerpt": found.finding.excerpt,
                        "message": found.finding.message,
                        "suggestions": list(found.finding.suggestions),
                    }
                    for found in report.findings
                ],
                "not_checked": [item._asdict() for item in report.not_checked],
                **({"truncated": report.truncated} if report.truncated else {}),
            }
            for report in files
        ],
    }


def as_sarif(policy: Policy, files: Sequence[FileReport], *, version: str) -> dict[str, Any]:
    """Return the report as SARIF 2.1.0. Source: OASIS SARIF 2.1.0; columns count code points."""
    used = {found.finding.rule for report in files for found in report.findings}
    rules = [rule for rule in policy.rules if rule.id in used]
    index = {rule.id: number for number, rule in enumerate(rules)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "sanshen",
                        "version": version,
                        "rules": [
                            {
                                "id": rule.id,
                                "shortDescription": {"text": rule.title},
                                "fullDescription": {"text": "；".join(map(str, rule.basis)) or rule.title},
                                "defaultConfiguration": {"level": _LEVELS[rule.severity]},
                            }
                            for rule in rules
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "properties": {"policy": policy.digest},
                "results": [
                    _result(found, report.file, index.get(found.finding.rule))
                    for report in files
                    for found in report.findings
                ],
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "properties": {
                            "counts": {
                                level.value: sum(report.report.counts[level] for report in files)
                                for level in Severity
                            },
                            "truncated": sum(report.truncated for report in files),
                            "elapsedMicroseconds": sum(report.report.elapsed_us for report in files),
                        },
                        "toolExecutionNotifications": [
                            {"level": "note", "message": {"text": f"{report.file}：{item.what}——{item.why}"}}
                            for report in files
                            for item in report.not_checked
                        ],
                    }
                ],
            }
        ],
    }


def _address(file: str) -> str:
    """Return the name of a file as a URI reference, as SARIF asks for."""
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix(), safe="/")


def _result(found: Located, file: str, index: int | None) -> dict[str, Any]:
    finding = found.finding
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        # What a service outside found is no rule of the policy.
        **({} if index is None else {"ruleIndex": index}),
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "partialFingerprints": {"sanshen/v1": finding.fingerprint},
        "locations": [_location(found, file)],
    }
    if finding.suggestions and found.end > found.start and not found.place:
        result["fixes"] = [
            {
                "description": {"text": f"改为“{suggestion}”"},
                "artifactChanges": [
                    {
                        "artifactLocation": {"uri": _address(file)},
                        "replacements": [
                            {
                                "deletedRegion": {
                                    "charOffset": found.start,
                                    "charLength": found.end - found.start,
                                },
                                "insertedContent": {"text": suggestion},
                            }
                        ],
                    }
                ],
            }
            for suggestion in finding.suggestions
        ]
    return result


def _location(found: Located, file: str) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _address(file)}}
    if found.place:
        return {
            "physicalLocation": physical,
            "logicalLocations": [{"fullyQualifiedName": found.finding.ref, "name": found.place}],
        }
    physical["region"] = {
        "startLine": found.line,
        "startColumn": found.column,
        "endLine": found.end_line,
        "endColumn": found.end_column,
        "charOffset": found.start,
        "charLength": found.end - found.start,
    }
    return {"physicalLocation": physical}


def as_text(policy: Policy, report: FileReport) -> str:
    """Return the report in Chinese: findings by rule, what was not checked, and the policy's digest."""
    lines = [report.file]
    by_rule: dict[str, list[Located]] = {}
    for found in sorted(report.findings, key=lambda item: list(Severity).index(item.finding.severity)):
        by_rule.setdefault(found.finding.rule, []).append(found)
    for rule, group in by_rule.items():
        first = group[0].finding
        kinds = Counter(found.finding.part for found in group)
        parts = "、".join(f"{PART_NAMES[kind]}{kinds[kind]}" for kind in PartKind if kind in kinds)
        named = f"【{SEVERITY_NAMES[first.severity]}】{first.title}（{rule}）"
        lines.append(f"  {named}{len(group)}处（{parts}）")
        for found in group:
            finding = found.finding
            advice = f" → {' / '.join(finding.suggestions)}" if finding.suggestions else ""
            shown = f"“{finding.excerpt}”{advice} " if finding.excerpt else ""
            place = found.place or f"第{found.line}行第{found.column}字"
            lines.append(f"    {place} {shown}{finding.message}")
        if first.basis:
            lines.append(f"    依据：{'；'.join(first.basis)}")
    if not by_rule:
        lines.append("  没有命中")
    if report.truncated:
        lines.append(f"  另有{report.truncated}处命中没有列出")
    if report.not_checked:
        lines.append("  没有检查的内容：")
        lines.extend(f"    {item.what}：{item.why}" for item in report.not_checked)
    totals = "，".join(f"{SEVERITY_NAMES[severity]}{report.report.counts[severity]}" for severity in Severity)
    spent = f"用时{report.report.elapsed_us / 1000:.1f}毫秒"
    lines.append(f"  合计：{totals}；{spent}；负面清单 {policy.digest[:12]}")
    return "\n".join(lines)
