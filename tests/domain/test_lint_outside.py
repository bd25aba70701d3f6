"""What the linter says of stages that ask people outside."""

import pytest

from app.domain.workflow import lint
from app.infra.paths import shipped

STAGE = """
  - key: experts
    title: 外部专家
    kind: consult
    who: {outside: true}
  - key: final_review
"""
STANDARD = (shipped("policies") / "workflows" / "standard.yaml").read_text()


def faults(stage: str) -> list[tuple[str, str]]:
    text = STANDARD.replace("\n  - key: final_review\n", stage, 1)
    return [(one.key, one.code) for one in lint(text).faults]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("    need: {at_least: 3}", []),
        ("    need: all", [("stages.3.need", "all_of_outside")]),
        ("    subject: proof\n    per: channel", []),
        ("    also: sign_off\n    subject: proof\n    per: channel", [("stages.3.who", "outside_signs")]),
        ("    need: all\n    also: confirm_marks\n    subject: proof\n    per: channel",
         [("stages.3.who", "outside_signs"), ("stages.3.need", "all_of_outside")]),
    ],
)  # fmt: skip
def test_people_outside_answer_for_nothing_and_come_in_no_fixed_number(
    line: str, expected: list[tuple[str, str]]
) -> None:
    found = faults(STAGE.replace("    who: {outside: true}\n", f"    who: {{outside: true}}\n{line}\n"))
    assert sorted(found) == sorted(expected)
