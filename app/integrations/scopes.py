"""What a tool's key can open: for each operation of the API that machines may call, the scope that it takes.

What does not stand here no key opens, whatever roles anybody has: people decide, not machines.
"""

from collections.abc import Mapping
from enum import StrEnum

from app.infra.http.contract import BY_KEY, OWN_OF_TOOLS


class Scope(StrEnum):
    """What a key is for."""

    READ_RELEASED = "read:released"
    CLEAR = "clear"
    REPORT = "report"
    SUBMIT = "submit"


#: Open to every key: what the tool may know of itself.
OWN = frozenset({"show_own_tool", "list_own_endpoints", "list_own_deliveries", "show_delivery"})

OPERATIONS: Mapping[str, Scope] = {
    "list_releases": Scope.READ_RELEASED,
    "show_release_content": Scope.READ_RELEASED,
    "download_release_package": Scope.READ_RELEASED,
    "show_release_file": Scope.READ_RELEASED,
    "draw_events": Scope.READ_RELEASED,
    "ask_clearance": Scope.CLEAR,
    "report_publication": Scope.REPORT,
    "confirm_taken_down": Scope.REPORT,
    "ask_orders": Scope.REPORT,
    "create_draft": Scope.SUBMIT,
    "show_draft": Scope.SUBMIT,
    "add_revision": Scope.SUBMIT,
    "add_asset": Scope.SUBMIT,
    "submit_draft": Scope.SUBMIT,
}

BY_KEY.update(OPERATIONS, OWN)
OWN_OF_TOOLS.update(OWN - {"show_delivery"})
