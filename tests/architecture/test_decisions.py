"""Decisions: one file each, an index that lists them all in order, and no reference that leads nowhere."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "decisions"
FILES = sorted(path.name for path in FOLDER.glob("*.md") if path.name != "README.md")
NAME = re.compile(r"(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md")
ROW = re.compile(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", re.MULTILINE)


def test_the_index_lists_each_file_once_in_order_under_its_own_title() -> None:
    rows = ROW.findall((FOLDER / "README.md").read_text(encoding="utf-8"))
    assert [file for _, _, file in rows] == FILES
    for number, title, file in rows:
        heading = (FOLDER / file).read_text(encoding="utf-8").split("\n", 1)[0]
        assert heading == f"# {number}. {title}", file


def test_each_number_is_given_once_and_stands_in_its_files_name() -> None:
    numbers = []
    for file in FILES:
        name = NAME.fullmatch(file)
        assert name, file
        numbers.append(int(name[1]))
        assert (FOLDER / file).read_text(encoding="utf-8").startswith(f"# {int(name[1])}. "), file
    assert len(set(numbers)) == len(numbers)


def test_each_decision_says_why_what_and_what_follows() -> None:
    for file in FILES:
        text = (FOLDER / file).read_text(encoding="utf-8")
        parts = [text.find(f"\n**{part}.**") for part in ("Context", "Decision", "Consequences")]
        assert -1 < parts[0] < parts[1] < parts[2], file


def test_what_names_a_decision_names_one_that_is_there() -> None:
    listed = ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    references = {
        (path, reference)
        for path in files
        if path.endswith((".py", ".md", ".toml", ".yaml", ".yml", ".json", ".html", ".js"))
        and (ROOT / path).is_file()
        for reference in re.findall(r"docs/decisions[\w./-]*\w", (ROOT / path).read_text(encoding="utf-8"))
    }
    assert len(references) > 10
    assert {(path, name) for path, name in references if not (ROOT / name).exists()} == set()
    # By number, as decisions name each other.
    numbers = {int(file[:4]) for file in FILES}
    for path in files:
        if path.startswith(("app/", "docs/")) and path.endswith((".py", ".md")) and (ROOT / path).is_file():
            for number in re.findall(r"\b[Dd]ecision (\d+)\b", (ROOT / path).read_text(encoding="utf-8")):
                assert int(number) in numbers, (path, number)
