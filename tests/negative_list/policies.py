"""Small policies for tests, written as a bureau would write them."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from app.infra.paths import shipped
from app.negative_list import Part, PartKind, Policy, Report, Scope, Structure, check, load_policy

SAMPLE = Path(__file__).parent / "sample"
SHIPPED = shipped("policies") / "negative_list"
TODAY = date(2026, 6, 1)
KEY = b"a secret of the installation"
HEAD = "version: 1\nid: test\ntitle: 测试\n"

#: A rule without a fault; tests spoil one thing of it.
GOOD = """\
version: 1
rules:
- id: wording.canfei
  title: 残疾人称谓
  severity: block
  basis: [{doc: 中华人民共和国残疾人保障法, article: 第三条}]
  match: {kind: terms, terms: {残废: 残疾}}
  examples:
    hit: [为残废老人服务]
    miss: [为残疾老人服务]
"""


def write(
    folder: Path,
    rules: str | list[dict[str, Any]],
    *,
    head: str = HEAD,
    lexicons: Mapping[str, str] | None = None,
) -> Path:
    """Write a policy folder; rules are YAML, or plain values."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(head, encoding="utf-8")
    text = rules if isinstance(rules, str) else json.dumps({"version": 1, "rules": rules}, ensure_ascii=False)
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    for name, lines in (lexicons or {}).items():
        (folder / "lexicons").mkdir(exist_ok=True)
        (folder / "lexicons" / name).write_text(lines, encoding="utf-8")
    return folder


def rule(
    rule_id: str, match: Mapping[str, Any], hit: object, miss: object = "没有问题", **keys: Any
) -> dict[str, Any]:
    """Return a rule as plain values; `hit` and `miss` are one example or a list."""
    return {
        "id": rule_id,
        "title": rule_id,
        "severity": "warn",
        "match": dict(match),
        "examples": {
            "hit": hit if isinstance(hit, list) else [hit],
            "miss": miss if isinstance(miss, list) else [miss],
        },
        **keys,
    }


def loaded(
    folder: Path, rules: str | list[dict[str, Any]], *, backend: str | None = None, **files: Any
) -> Policy:
    """Write and load a policy."""
    return load_policy(write(folder, rules, **files), backend=backend)


def run(
    policy: Policy, *texts: str, kind: PartKind = PartKind.BODY, structure: Structure | None = None
) -> Report:
    """Check texts, each a part of its own."""
    parts = [Part(kind, f"blocks/{index}", text) for index, text in enumerate(texts)]
    return check(policy, parts, scope=Scope(), on=TODAY, key=KEY, document_id="draft", structure=structure)
