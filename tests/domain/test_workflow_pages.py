"""The pages that teach workflow files and routing: every example is read, and every key has one."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from app.domain.routing.lint import lint as lint_routing
from app.domain.routing.rules import Addition, Anchor, Choice, Classes, FactRule, Routing, Row
from app.domain.workflow.definition import parts
from app.domain.workflow.lint import lint
from tests.domain.test_routing import WORKFLOWS

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


FILES = [text for text in blocks("workflow-files.md") if text.startswith("version:")]
STAGES = [text for text in blocks("workflow-files.md") if text.startswith("# stage")]
ROUTINGS = blocks("routing.md")
#: Written by the service, or told on another page.
ASIDE = {"added_by", "after_publication"}


@pytest.mark.parametrize("text", FILES, ids=lambda text: re.search(r"key: (\w+)", text)[1])  # type: ignore[index]
def test_each_scheme_is_sound(text: str) -> None:
    assert [fault.code for fault in lint(text).faults] == []


@pytest.mark.parametrize("text", STAGES, ids=lambda text: re.search(r"key: (\w+)", text)[1])  # type: ignore[index]
def test_each_stage_stands_in_a_sound_file(text: str) -> None:
    content = yaml.safe_load(FILES[1])
    content["stages"].insert(3, yaml.safe_load(text))
    assert [fault.code for fault in lint(yaml.safe_dump(content, allow_unicode=True)).faults] == []


@pytest.mark.parametrize("text", ROUTINGS)
def test_each_routing_is_sound(text: str) -> None:
    linted = lint_routing(text, WORKFLOWS)
    assert [(fault.line, fault.code, dict(fault.data)) for fault in linted.faults] == []


def keys_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {*map(str, value), *(key for inner in value.values() for key in keys_in(inner))}
    return {key for inner in value for key in keys_in(inner)} if isinstance(value, list) else set()


@pytest.mark.parametrize(
    "model",
    [*parts(), Routing, Choice, Addition, Anchor, Classes, FactRule, Row],
    ids=lambda model: model.__name__,
)
def test_every_key_has_an_example(model: type[BaseModel]) -> None:
    texts = [*blocks("workflow-files.md"), *ROUTINGS]
    shown = set().union(*(keys_in(yaml.safe_load(text)) for text in texts))
    assert set(model.model_fields) - shown - ASIDE == set()


def test_the_page_answers_ten_questions() -> None:
    page = (DOCS / "workflow-files.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^\d+\. \*", page, re.MULTILINE)) == 10
