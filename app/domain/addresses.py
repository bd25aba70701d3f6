"""Addresses that people type: which of them a page can lead to."""

import re
from urllib.parse import urlsplit

_WEB = re.compile(r"https?://", re.IGNORECASE)
#: White space, what nobody sees, and what browsers rewrite.
_NEVER = re.compile(
    r"[\s\x00-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\\<>\"`]"
)


def web_address_faults(address: str) -> tuple[str, ...]:
    """Return why `address` is no whole address of a page, as codes: all of them; none for one that is.

    `address_scheme` where it does not begin with http(s)://, `address_character` where it holds white
    space or what no address holds, `address_incomplete` where it names no host. Empty is not asked.
    """
    faults = []
    web = _WEB.match(address)
    if web is None:
        faults.append("address_scheme")
    if _NEVER.search(address):
        faults.append("address_character")
    if web is not None and not _has_host(address):
        faults.append("address_incomplete")
    return tuple(faults)


def _has_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        # http://[::1 has a bracket that nothing closes; :99999 is no port.
        return False
    return any(char.isalnum() for char in parts.hostname or "") and port != 0
