"""Without `--fuzz`, one role on one database asks for all."""

from pathlib import Path

import pytest

SHORT = "[sqlite-editor]"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--fuzz"):
        return
    here = Path(__file__).parent
    left = [one for one in items if here in one.path.parents and not one.name.endswith(SHORT)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [one for one in items if one not in left]
