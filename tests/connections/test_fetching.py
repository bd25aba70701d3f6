"""Fetching what is online: listed hosts alone, one request after another, robots.txt asked for once."""

import pytest

from app.connections.online.fetching import Fetcher, NotFetched
from app.webhooks.addresses.targets import AllowList
from tests.connections.site import Site


def test_one_request_after_another() -> None:
    with Site() as site:
        _asked(site)


def _asked(site: Site) -> None:
    slow = Fetcher(AllowList(frozenset({site.host}), loopback=True), seconds=5, pause=0.01)
    site.put("/x", "x")
    assert slow.get(f"{site.url}/x").body == b"x"
    assert slow.get(f"{site.url}/x").body == b"x"
    assert site.asked == ["/robots.txt", "/x", "/x"], "robots.txt is asked for once"
    with pytest.raises(NotFetched):
        Fetcher(AllowList(frozenset({site.host})), seconds=5, pause=0).get(f"{site.url}/x")
