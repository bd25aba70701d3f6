"""The page about rule files says what the code does."""

import re
from pathlib import Path

import pytest

from app.negative_list import Faults, load_policy
from app.negative_list.engine.backends import NAMES
from app.negative_list.text.model import View
from app.words.policy_faults import sentence
from tests.negative_list.policies import GOOD, run, write

PAGE = (Path(__file__).parents[2] / "docs" / "rule-files.md").read_text(encoding="utf-8")


def first_column(head: str) -> list[str]:
    """Return what stands in code in the first column of the table with this head."""
    lines = PAGE[PAGE.index(f"| {head} |") :].split("\n\n")[0].splitlines()[2:]
    return [name for line in lines for name in re.findall(r"`(\w+)`", line.split("|")[1])]


def example() -> str:
    return PAGE.split("```yaml\n")[1].split("```")[0]


@pytest.mark.parametrize("backend", NAMES)
def test_the_example_loads(tmp_path: Path, backend: str) -> None:
    policy = load_policy(write(tmp_path, example()), backend=backend)
    (finding,) = run(policy, "为残_废人服务").findings
    assert finding.suggestions == ("残疾人",)


def test_the_views_are_those_that_there_are() -> None:
    assert first_column("`match.view`") == list(View)


def test_the_kinds_are_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(Faults) as caught:
        load_policy(write(tmp_path, GOOD.replace("kind: terms", "kind: wrong")))
    told = next(sentence(fault) for fault in caught.value.faults if "kind" in fault.key)
    assert all(kind in told for kind in first_column("`match.kind`"))


@pytest.mark.parametrize("key", first_column("key"))
def test_every_key_of_a_rule_is_known(tmp_path: Path, key: str) -> None:
    name = f"  {key}: "
    rules = example() if name in example() else example().replace("  message:", f"{name}[]\n  message:")
    with pytest.raises(Faults) as caught:
        load_policy(write(tmp_path, rules.replace("  message:", "  no_such_key: 1\n  message:")))
    unknown = [fault for fault in caught.value.faults if "不认识" in sentence(fault)]
    assert [fault.key.rpartition(".")[2] for fault in unknown] == ["no_such_key"], unknown
