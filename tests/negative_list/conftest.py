"""The shipped policy, loaded once on each backend."""

from pathlib import Path

import pytest

from app.negative_list import Policy, load_policy
from app.negative_list.engine.backends import available
from tests.negative_list.policies import SHIPPED


@pytest.fixture(scope="session")
def shipped_on(compiled: Path) -> dict[str, Policy]:
    """The shipped policy by backend, the best first."""
    return {name: load_policy(SHIPPED, backend=name, cache_dir=compiled) for name in available()}


@pytest.fixture(scope="session")
def shipped(shipped_on: dict[str, Policy]) -> Policy:
    """The shipped policy on the best backend."""
    return next(iter(shipped_on.values()))
