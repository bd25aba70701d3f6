"""What an examination finds, as its tests ask."""

from typing import Any

import pytest

from app.infra.clock import beijing
from app.infra.runtime import Runtime
from app.operations.doctor import examine
from app.operations.faults import Fault, Gravity
from app.operations.readiness import Readiness

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def found(runtime: Runtime, **more: Any) -> set[str]:
    """Return the codes of what an examination finds wrong, beside mere notes.

    In December it also tells that next year's calendar is missing, until that one is published and shipped.
    """
    settings = runtime.settings.model_copy(update=more)
    to_come = Fault("year_unknown", {"year": beijing(runtime.clock()).year + 1}, Gravity.WARNING)
    faults = [fault for section in examine(settings) for fault in section.faults if fault != to_come]
    return {fault.code for fault in faults if fault.level is not Gravity.NOTE}


def asked(runtime: Runtime) -> tuple[set[str], bool]:
    """Return the codes that `/readyz` finds now, and whether it calls the process ready."""
    faults = Readiness(runtime).faults()
    return {fault.code for fault in faults}, not any(fault.stops for fault in faults)
