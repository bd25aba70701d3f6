"""Which tests run when: on which databases, and which of them in the quick round.

Each test of behaviour is written for both databases. SQLite is where all of them run; PostgreSQL is where
those run in which the dialect matters: locks and races, migrations, the record and its triggers, jobs,
statements written by hand. `--both-databases` runs every one on both, as CI does.
"""

from functools import cache
from pathlib import Path

import pytest

_HERE = Path(__file__).parent

#: Folders in which the dialect matters throughout; elsewhere `both_databases` says so, of a file or a test.
_OF_BOTH = ("jobs", "kills", "migrations", "operations")
#: What is quick and tells much: the rules of the trade, the rule engine, the shape of the code, one slice of
#: the API from handing in to the last review.
_FAST = (
    "domain",
    "negative_list",
    "policies",
    "architecture/test_house_rules.py",
    "architecture/test_invariants.py",
    "architecture/test_packages.py",
    "architecture/test_record.py",
    "architecture/test_security_page.py",
    "api/test_reviews.py",
    "api/test_screening.py",
)
#: Of those folders, what starts processes of its own or compiles much.
_NOT_FAST = (
    "negative_list/test_backends.py",
    "negative_list/test_backtest.py",
    "negative_list/test_bounds.py",
    "negative_list/test_sandbox.py",
)


def options(parser: pytest.Parser) -> None:
    """Add the options by which more is run than usual."""
    parser.addoption(
        "--both-databases",
        action="store_true",
        help="run every test on PostgreSQL too, not only those marked both_databases",
    )
    parser.addoption("--kills", default=1, type=int, help="how often each process is killed (tests/kills)")
    parser.addoption(
        "--packages",
        default=150,
        type=int,
        help="how many packages, most of them touched, two verifiers judge (tests/evidence)",
    )
    parser.addoption(
        "--fuzz",
        default=0,
        type=int,
        help="every role asks on both databases, for so many seconds each (tests/fuzz)",
    )


def passed_over(path: Path, config: pytest.Config) -> bool | None:
    """Say which files the quick round need not even read; `None` where that is for others to say."""
    if config.option.markexpr != "fast" or path.suffix != ".py" or not path.is_relative_to(_HERE):
        return None
    place = path.relative_to(_HERE)
    return None if any(place.is_relative_to(fast) for fast in _FAST) else True


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is quick, and leave out the PostgreSQL half of tests in which the dialect plays no part.

    Whoever names PostgreSQL, in `-k` or in the name of a test, gets it.
    """
    for item in items:
        if _is_in(item, _FAST) and not _is_in(item, _NOT_FAST) and not _on_postgresql(item):
            item.add_marker("fast")
    named = (str(config.option.keyword), *config.invocation_params.args)
    if config.getoption("--both-databases") or any("postgresql" in str(name) for name in named):
        return
    left = [item for item in items if _on_postgresql(item) and not _dialect_matters(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        dropped = set(left)
        items[:] = [item for item in items if item not in dropped]


def _on_postgresql(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return call is not None and call.params.get("database_url") == "postgresql"


def _dialect_matters(item: pytest.Item) -> bool:
    # A test that names its databases itself has its reasons.
    names_them = any("database_url" in str(mark.args[0]) for mark in item.iter_markers("parametrize"))
    return names_them or item.get_closest_marker("both_databases") is not None or _is_in(item, _OF_BOTH)


def _is_in(item: pytest.Item, places: tuple[str, ...]) -> bool:
    return _lies_in(item.path, places)


@cache
def _lies_in(path: Path, places: tuple[str, ...]) -> bool:
    place = path.relative_to(_HERE) if path.is_relative_to(_HERE) else path
    return any(place.is_relative_to(known) for known in places)
