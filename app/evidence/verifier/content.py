"""Content that events name by its SHA-256."""

from __future__ import annotations

from app.evidence.verifier.known import FOLDERS, NAMED
from app.evidence.verifier.report import Events, Members, Report
from app.evidence.verifier.values import data_of, loaded, sha256


def check_named(members: Members, events: Events, report: Report) -> None:
    """Hold content against the names that it lies under, and look for all that events name."""
    present = set()
    for name, data in members.items():
        folder, _, rest = name.partition("/")
        if folder not in FOLDERS.values():
            continue
        if sha256(data) == rest.split(".")[0]:
            present.add((folder, rest.split(".")[0]))
        else:
            report.fault(name, "内容与文件名里的摘要不符，已被改动")
        if folder == "revisions":
            for asset in _assets(loaded(data)):
                if not any(member.startswith(f"assets/{asset}") for member in members):
                    report.fault(name, f"所用的图片或附件 assets/{asset} 不在包里")
    for line, body in events:
        for key, folders in NAMED.get(str(body.get("action")), {}).items():
            named = data_of(body).get(key)
            if isinstance(named, str) and not any((folder, named) in present for folder in folders):
                said = f"所记的 {'、'.join(folders)}/{named} 不在包里，或已被改动"
                report.fault(f"events.jsonl 第 {line} 行", said)


def _assets(document: object) -> set[str]:
    if not isinstance(document, dict):
        return set()
    blocks = document.get("blocks")
    attached = document.get("attachments")
    named = (
        [block.get("sha256") for block in blocks if isinstance(block, dict)]
        if isinstance(blocks, list)
        else []
    )
    named += attached if isinstance(attached, list) else []
    return {digest for digest in named if isinstance(digest, str)}
