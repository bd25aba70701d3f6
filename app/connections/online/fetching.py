"""Fetching what is online: from listed hosts, as their robots.txt lets, one request after another."""

import time
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from app.infra.outgoing_calls import Answered, Call, CallFailed
from app.webhooks.addresses import targets as addresses
from app.webhooks.addresses.targets import AllowList

AGENT = "Sanshen-check/1"
MOST_PAGE, MOST_FILE = 5_000_000, 10_000_000
#: Between two requests to one host, in seconds.
PAUSE = 1.0


class NotFetched(Exception):
    """Nothing was to be had, by a code: a host that is not listed, robots.txt, a network that is away."""


@dataclass(slots=True)
class Fetcher:
    """Fetches for one round; what robots.txt said and when a host was asked last are known while it lives."""

    allowed: AllowList
    seconds: float = 20
    pause: float = PAUSE
    _robots: dict[str, RobotFileParser] = field(default_factory=dict)
    _last: dict[str, float] = field(default_factory=dict)

    def get(self, url: str, *, most: int = MOST_PAGE) -> Answered:
        """Return what is at an address; no redirect is followed. Raises `NotFetched`."""
        parts = urlsplit(url)
        if not self._rules(f"{parts.scheme}://{parts.netloc}").can_fetch(AGENT, url):
            raise NotFetched("robots")
        return self._get(url, most)

    def lists(self, url: str) -> bool:
        """Say whether an address may be asked at all."""
        return not addresses.faults(url, allowed=self.allowed)

    def _rules(self, site: str) -> RobotFileParser:
        if site not in self._robots:
            rules = RobotFileParser()
            answer = self._get(urljoin(site, "/robots.txt"), 500_000)
            # Source: RFC 9309, section 2.3.1: what is unavailable forbids nothing, what fails forbids all.
            if 200 <= answer.status < 300:
                rules.parse(answer.body.decode(errors="replace").splitlines())
            elif answer.status >= 500:
                rules.parse(["User-agent: *", "Disallow: /"])
            else:
                rules.parse([])
            self._robots[site] = rules
        return self._robots[site]

    def _get(self, url: str, most: int) -> Answered:
        host = urlsplit(url).netloc
        wait = self._last.get(host, -self.pause) + self.pause - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        try:
            with Call(self.seconds) as call:
                target = addresses.resolve(url, allowed=self.allowed, call=call)
                return call.get(
                    target.url,
                    server_name=target.host,
                    headers={"Host": target.host_header, "User-Agent": AGENT, "Accept": "*/*"},
                    most=most,
                )
        except (addresses.Unreachable, CallFailed) as error:
            raise NotFetched(str(error)) from error
        finally:
            self._last[host] = time.monotonic()
