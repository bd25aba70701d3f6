"""Holding up those who guess tokens: in memory, for reading a page may write nothing."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from app.infra.errors import TooMany

#: Wrong tokens from one address before it has to wait, and how long they count.
FREE = 20
WINDOW = timedelta(minutes=15)
#: Addresses remembered at once; the one seen longest ago is forgotten first.
ADDRESSES = 10_000


class Guesses:
    """How many wrong tokens came from each address lately, in this process.

    A token has 256 bits, so this only keeps a guesser's noise down; it is no part of what keeps them out.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, list[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, address: str, at: datetime) -> None:
        """Let an address try a token. Raises `TooMany` when too many of its tokens were wrong lately."""
        with self._lock:
            recent = [one for one in self._seen.get(address, ()) if at - one < WINDOW]
        if len(recent) >= FREE:
            wait = WINDOW - (at - recent[0])
            raise TooMany(
                "too_many_requests", headers={"Retry-After": str(max(1, int(wait.total_seconds())))}
            )

    def missed(self, address: str, at: datetime) -> None:
        """Count a wrong token."""
        with self._lock:
            recent = [one for one in self._seen.pop(address, ()) if at - one < WINDOW]
            self._seen[address] = [*recent, at][-FREE:]
            while len(self._seen) > ADDRESSES:
                self._seen.popitem(last=False)
