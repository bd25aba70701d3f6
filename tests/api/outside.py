"""Policy files of a test's own: the standard workflow with a stage that asks experts outside."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from httpx import Response

from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests.api.desk import Desk

EXPERTS = """
  - key: experts
    title: 外部专家
    kind: consult
    duty: 对专业表述提出意见
    who: {outside: true}
    need: {at_least: 2}
    on_edit: keep_trivial
    checklist: [已通读全文]
    outcomes:
      - {key: agree, title: 同意, verb: approve}
      - {key: revise, title: 建议修改, verb: send_back, comment: true}
      - {key: against, title: 建议不发, verb: decline, comment: true}

  - key: final_review
"""


def sent(desk: Desk, asked: Response, *, by: str = "final_reviewer", **body: Any) -> tuple[str, str]:
    """Let another reviewer send the link that was asked for, and return its token and its code."""
    assert asked.status_code == 201, asked.text
    answer = desk.post(f"/links/{asked.json()['id']}/sending", by, body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["address"]).rsplit("/", 1)[1], str(asked.json()["code"])


def policies(folder: Path) -> Path:
    """Copy the shipped policies into `folder`, and add the stage before the final review."""
    own = Path(shutil.copytree(shipped("policies"), folder / "policies"))
    file = own / "workflows" / "standard.yaml"
    text = file.read_text().replace("\n  - key: final_review\n", EXPERTS, 1)
    old = "stages: [initial_review, second_review, final_review]"
    file.write_text(text.replace(old, old.replace("]", ", experts]")))
    return own


def on_proofs(folder: Path) -> Path:
    """Copy the shipped policies into `folder`, and let somebody outside read the third proof."""
    own = Path(shutil.copytree(shipped("policies"), folder / "policies"))
    file = own / "workflows" / "standard.yaml"
    before, key, after = file.read_text().partition("  - key: third_proof\n")
    after = after.replace("who: {role: proofreader}", "who: {outside: true}", 1)
    file.write_text(before + key + after)
    return own


def own(runtime: Runtime, folder: Path) -> Runtime:
    """Return the same service with policy files that the test may change."""
    return replace(runtime, settings=runtime.settings.model_copy(update={"policies_dir": policies(folder)}))
