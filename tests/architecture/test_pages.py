"""Pages decide nothing: who may do what is asked of the services' doors, and never of roles in a page."""

import ast
from pathlib import Path

import pytest

import app.web

PAGES = Path(app.web.__path__[0])
#: What only a door compares with: single roles, sets of them, and what lets pass by them.
BARRED_NAMES = frozenset(
    {
        "ACCEPTING",
        "ADMINISTRATORS",
        "ASKERS",
        "DECIDING",
        "DELEGABLE",
        "FOR_MACHINES",
        "GRANTING",
        "REVIEWERS",
        "SEEING",
        "at_least",
        "authorize",
        "objections",
        "seats",
    }
)
#: Questions about an actor's own roles.
BARRED_CALLS = frozenset({"has", "roles", "covers"})
#: Where the roles of somebody are shown to themselves, not asked.
SHOWN = {"own_account_page.py": {"grants"}, "help.py": {"grants"}}


def faults(source: str, name: str = "page.py") -> list[str]:
    """Return where a module of pages decides by itself who may do what."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found += [f"{node.lineno}: {one.name}" for one in node.names if one.name in BARRED_NAMES]
        elif isinstance(node, ast.Attribute):
            of_roles = isinstance(node.value, ast.Name) and node.value.id == "Role" and node.attr.isupper()
            of_actor = node.attr in {"grants", "reach", "standing_in"} - SHOWN.get(name, set())
            if of_roles or of_actor or node.attr in BARRED_NAMES:
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in BARRED_CALLS:
            found.append(f"{node.lineno}: {ast.unparse(node.func)}()")
    return found


def test_pages_decide_nothing() -> None:
    files = sorted(PAGES.rglob("*.py"))
    assert len(files) > 40
    assert {str(path): found for path in files if (found := faults(path.read_text(), path.name))} == {}


def test_templates_decide_nothing() -> None:
    told = {
        template.name: word
        for template in (PAGES / "templates").glob("*.html")
        for word in ("actor.has", ".roles()", "Role.", "actor.grants")
        if word in template.read_text()
    }
    assert told == {}


@pytest.mark.parametrize(
    "source",
    [
        "from app.identity.access import authorize",
        "from app.domain.roles import SEEING",
        "keeps = viewer.actor.has(role)",
        "if viewer.actor.roles() & wanted: pass",
        "role is Role.FINAL_REVIEWER",
        "offices = [one.unit_path for one in actor.grants]",
        "migrating.GRANTING",
    ],
)
def test_a_page_that_decides_is_found(source: str) -> None:
    assert faults(source)


def test_what_a_proof_may_do_is_said_once() -> None:
    """One content policy for the API, the page and the link: the only place that lets inline styles be."""
    said = [path.name for path in PAGES.parent.rglob("*.py") if "'unsafe-inline'" in path.read_text()]
    assert said == ["content_policy.py"]
