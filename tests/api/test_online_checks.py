"""网上核查: what is online is held against what was signed; alterations and lost pages are told."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.connections.online import queries, service
from app.connections.online.fetching import Fetcher
from app.infra.runtime import Runtime
from app.webhooks.addresses.targets import AllowList
from tests.api.desk import Desk
from tests.api.press import Press, ready
from tests.api.test_corrections import publish
from tests.conftest import SetClock
from tests.connections.site import Site
from tests.web.forms import HTML, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def fetcher(site: Site) -> Fetcher:
    return Fetcher(AllowList(frozenset({site.host}), loopback=True), seconds=5, pause=0)


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, site: Site) -> Desk:
    """A draft that is out on the site, as it was signed, within the site's frame."""
    desk = ready(Desk.open(client, runtime))
    done = publish(desk, Press.open(desk), url=f"{site.url}/a.html")
    content = desk.get(f"/releases/{done['release_id']}/content", "publisher").json()
    text = next(form["text"] for form in content["forms"] if form["form"] == "fragment")
    site.put("/a.html", f"<html><body><nav>首页</nav>{text}<footer>版权</footer></body></html>")
    return desk


def look(desk: Desk, site: Site) -> dict[str, Any]:
    service.look(desk.runtime, at=desk.runtime.clock(), fetcher=fetcher(site))
    desk._headers.clear()
    (found,) = desk.get("/online-checks", "publisher").json()["items"]
    return dict(found)


def found_events(desk: Desk) -> list[str]:
    return [data["state"] for action, _, data in desk.record() if action == "publication.found"]


def test_what_is_as_it_was_signed_is_the_same(desk: Desk, site: Site) -> None:
    found = look(desk, site)
    assert (found["state"], found["changes"], found["words"]) == ("same", [], "")
    assert found_events(desk) == []
    assert site.asked == ["/robots.txt", "/a.html"]
    # Once a day.
    assert service.look(desk.runtime, at=desk.runtime.clock(), fetcher=fetcher(site)) == 0


def test_an_alteration_is_told_by_its_place_until_it_is_undone(
    desk: Desk, site: Site, clock: SetClock
) -> None:
    good = site.pages["/a.html"]
    altered = good[1].decode().replace("检查", "查看", 1)
    assert altered.encode() != good[1]
    site.put("/a.html", altered)
    found = look(desk, site)
    assert found["state"] == "changed"
    assert {one["kind"] for one in found["changes"]} <= {"missing", "inserted"}
    assert "检查" in found["changes"][0]["text"]
    began = found["since"]
    clock.advance(hours=25)
    assert look(desk, site)["since"] == began
    assert found_events(desk) == ["changed"], "told once"
    site.pages["/a.html"] = good
    clock.advance(hours=25)
    assert look(desk, site)["state"] == "same"
    assert found_events(desk) == ["changed", "same"]


def test_a_page_that_is_gone(desk: Desk, site: Site) -> None:
    del site.pages["/a.html"]
    assert look(desk, site)["state"] == "gone"
    assert found_events(desk) == ["gone"]


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        ("/robots.txt", (200, b"User-agent: *\nDisallow: /\n", {}), "robots.txt"),
        ("/robots.txt", (503, b"", {}), "robots.txt"),
        ("/a.html", (302, b"", {"location": "http://127.0.0.1:1/x"}), "转到了"),
        ("/a.html", (500, b"", {}), "HTTP 500"),
        ("/a.html", (200, b"x" * 5_000_001, {}), "太大"),
    ],
)
def test_what_cannot_be_looked_at_is_not_called_wrong(
    desk: Desk, site: Site, path: str, answer: tuple[int, bytes, dict[str, str]], words: str
) -> None:
    site.pages[path] = answer
    found = look(desk, site)
    assert found["state"] == "unknown"
    assert words in found["words"]
    assert found_events(desk) == []


def test_only_listed_hosts_are_asked(desk: Desk, site: Site) -> None:
    nobody = Fetcher(AllowList(frozenset({"www.example.cn"}), loopback=True), seconds=5, pause=0)
    service.look(desk.runtime, at=desk.runtime.clock(), fetcher=nobody)
    (found,) = desk.get("/online-checks", "publisher").json()["items"]
    assert found["state"] == "unknown"
    assert "SANSHEN_ONLINE_HOSTS" in found["words"]
    assert site.asked == []


def test_a_round_that_breaks_off_goes_on(desk: Desk, site: Site, clock: SetClock) -> None:
    class Broken(Fetcher):
        def get(self, url: str, *, most: int = 0) -> Any:
            raise RuntimeError(url)

    with pytest.raises(RuntimeError):
        service.look(desk.runtime, at=clock(), fetcher=Broken(AllowList(frozenset())))
    with desk.runtime.database.read() as session:
        assert len(queries.due(session, before=clock(), limit=9)) == 1
    assert look(desk, site)["state"] == "same"


def test_the_page_shows_what_is_wrong(desk: Desk, site: Site) -> None:
    del site.pages["/a.html"]
    look(desk, site)
    web = desk.client
    web.headers.update(HTML)
    web.follow_redirects = False
    sign_in(web, "publisher")
    assert "页面失效" in web.get("/online").text
    assert "没有发现" not in web.get("/online?every=true").text
    sign_in(web, "editor2")
    assert "页面失效" not in web.get("/online").text


def test_the_page_claims_nothing_that_was_not_looked_at(desk: Desk, site: Site) -> None:
    web = desk.client
    web.headers.update(HTML)
    web.follow_redirects = False
    sign_in(web, "publisher")
    assert "还没有核查过" in web.get("/online").text
    service.look(desk.runtime, at=desk.runtime.clock(), fetcher=fetcher(site))
    assert "与签发一致 1 处，未能核查 0 处" in web.get("/online").text
