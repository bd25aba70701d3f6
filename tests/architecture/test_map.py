"""The map and the glossary say what is there: every folder, every place named, every table and every enum."""

import inspect
import re
from enum import StrEnum
from pathlib import Path

from sqlmodel import SQLModel

from app.domain import vocabulary
from app.infra.migrate import load_tables
from tests.cli.processes import ROOT

MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def _folders() -> set[str]:
    inside = (path for path in (ROOT / "app").iterdir() if path.is_dir())
    return {path.name for path in inside if path.name != "bundled" and (path / "__init__.py").is_file()}


def test_every_folder_of_the_product_is_on_the_map() -> None:
    assert {name for name in _folders() if f"`{name}/`" not in MAP} == set()


def test_every_place_on_the_map_is_there() -> None:
    parts = re.split(r"^## ", MAP, flags=re.MULTILINE)
    where = next(part for part in parts if part.startswith("Where is"))
    places = re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py)?)`", where)

    assert len(places) > 10
    assert [place for place in places if not Path(ROOT / "app" / place).exists()] == []


def test_every_table_and_every_enum_has_its_word() -> None:
    load_tables()
    explained = set(re.findall(r"`([A-Za-z_]+)`", GLOSSARY))
    tables = {mapper.class_.__name__ for mapper in SQLModel._sa_registry.mappers}
    tables = {name for name in tables if name[0] != "_"}
    enums = {
        name
        for name, kind in inspect.getmembers(vocabulary, inspect.isclass)
        if issubclass(kind, StrEnum) and kind is not StrEnum
    }

    assert len(tables) > 50
    assert tables | enums <= explained, sorted((tables | enums) - explained)
