"""When the facts of a policy were entered, and which are to be looked at again."""

import json
from datetime import date
from pathlib import Path

from typer.testing import CliRunner

from app.cli.policy import app
from app.negative_list.quality.facts import facts_of
from tests.negative_list.policies import SHIPPED

LISTED = """\
# 旧名⇥现名。来源：某方案；2024-03-01 编入
农委\t农业农村局
工商局\t市场监管局
# 以下2026-02-01编入
物价局\t发改委
"""
TABLE = "name\tentered\n国庆节\t2025-01-01\n元旦\t2026-01-01\n植树节\t\n"


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "lexicons").mkdir()
    (tmp_path / "lexicons" / "bodies.tsv").write_text(LISTED, encoding="utf-8")
    (tmp_path / "lexicons" / "days.tsv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "policy.yaml").write_text("version: 1\n", encoding="utf-8")
    return tmp_path


def test_facts_are_dated_by_their_column_or_the_comment_above(tmp_path: Path) -> None:
    found = [(facts.file, facts.line, facts.lines, facts.entered) for facts in facts_of(_folder(tmp_path))]
    assert found == [
        ("lexicons/bodies.tsv", 2, 2, date(2024, 3, 1)),
        ("lexicons/bodies.tsv", 5, 1, date(2026, 2, 1)),
        ("lexicons/days.tsv", 2, 1, date(2025, 1, 1)),
        ("lexicons/days.tsv", 3, 1, date(2026, 1, 1)),
        ("lexicons/days.tsv", 4, 1, None),
    ]


def test_only_what_is_older_than_a_year_or_undated_is_listed(tmp_path: Path) -> None:
    folder = str(_folder(tmp_path))
    ran = CliRunner().invoke(app, ["facts", folder, "--on", "2026-03-01", "--json"])
    assert [(row["line"], row["entered"]) for row in json.loads(ran.stdout)] == [
        (2, "2024-03-01"),
        (2, "2025-01-01"),
        (4, ""),
    ]
    # A year to the day is no more than a year.
    ran = CliRunner().invoke(app, ["facts", folder, "--on", "2025-03-01", "--json"])
    assert [row["entered"] for row in json.loads(ran.stdout)] == [""]
    assert CliRunner().invoke(app, ["facts", folder, "--on", "morgen"]).exit_code == 2


def test_the_shipped_lists_say_when_their_facts_were_entered() -> None:
    named = {"former_holders", "office_holders", "former_bodies", "renamed_bodies", "festivals"}
    dated = {Path(facts.file).stem: facts.entered for facts in facts_of(SHIPPED)}
    assert all(dated[name] for name in named)
