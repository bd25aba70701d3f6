"""The command, and everything that it looks at in its order."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from app.evidence.verifier.chain import check_chain
from app.evidence.verifier.container import read_container
from app.evidence.verifier.content import check_named
from app.evidence.verifier.decisions import check_decisions
from app.evidence.verifier.inclusion import check_inclusion
from app.evidence.verifier.manifest import check_manifest, check_members, check_statement
from app.evidence.verifier.openings import check_openings
from app.evidence.verifier.report import Report
from app.evidence.verifier.rows import check_tables
from app.evidence.verifier.values import read_json
from app.evidence.verifier.walk import Walk


def verify(raw: bytes, key: str | None = None) -> Report:
    """Return the report on a package, given as bytes; `key` is the fingerprint or base64 of the expected key.

    Never raises, whatever the bytes are.
    """
    report = Report()
    members = read_container(raw, report)
    keys = read_json(members, "keys.json", report)
    manifest = check_manifest(members, keys, key, report)
    check_members(members, manifest, report)
    events = check_chain(members, manifest, report)
    openings = check_openings(members, events, report)
    check_named(members, events, report)
    check_decisions(members, events, report)
    check_tables(members, events, openings, report)
    check_statement(keys, manifest, events, members, report)
    Walk(members, keys, openings, manifest, report).run(events)
    check_inclusion(members, keys, report.facts.get("key_id"), events, report)
    return report


#: The exit code for what cannot be read; 1 is for a package that was touched.
UNUSABLE = 2


def main(arguments: list[str]) -> int:
    """Verify the package that is named, say what was found, and return the exit code."""
    code, told = run(arguments)
    print(told, file=sys.stderr if code == UNUSABLE else sys.stdout)
    return code


def run(arguments: list[str]) -> tuple[int, str]:
    """Verify the package that is named; return the exit code and what there is to say."""
    given, key = list(arguments), None
    if "--key" in given:
        at = given.index("--key")
        key = "".join(given[at + 1 : at + 2])
        del given[at : at + 2]
    as_json = "--json" in given
    paths = [argument for argument in given if not argument.startswith("--")]
    if len(paths) != 1 or len(paths) + as_json != len(given):
        return UNUSABLE, "用法：python3 verify_evidence.py 证据包.zip [--key 公钥指纹] [--json]"
    try:
        report = verify(Path(paths[0]).read_bytes(), key)
    except OSError as error:
        return UNUSABLE, f"读不了 {paths[0]}：{error.strerror}"
    return 1 if report.faults else 0, _as_json(report) if as_json else _as_text(report)


def _as_json(report: Report) -> str:
    faults = [{"place": place, "fault": sentence} for place, sentence in report.faults]
    return json.dumps(
        {"whole": not faults, "faults": faults, "notes": report.notes, **report.facts},
        ensure_ascii=False,
        indent=2,
    )


def _believed(report: Report) -> str:
    """Say by whose key everything above was judged."""
    key = report.facts.get("key_id")
    if report.facts.get("key_known"):
        return f"所信的公钥：{key}，是您用 --key 指定的。"
    return f"所信的公钥：{key}，是包里自带的，没有人核对过！请与单位公布的核对，用 --key 再核验一次。"


def _as_text(report: Report) -> str:
    lines = [*report.story, *(f"注意：{note}。" for note in report.notes), _believed(report)]
    if not report.faults:
        return "\n".join([*lines, "核验通过：没有发现任何改动。"])
    lines.append(f"核验不通过，共 {len(report.faults)} 处：")
    return "\n".join([*lines, *(f"　　{place}：{sentence}" for place, sentence in report.faults)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
