"""A real server and a real browser: the application with its jobs on a free port, Chromium in front of it."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from tests import factories
from tests.applications import serving
from tests.conftest import missing
from tests.factories import PASSWORD, Bureau
from tests.web import forms

#: Where pictures of the pages go when somebody wants to look at them.
SHOTS = os.environ.get("SANSHEN_SHOTS")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: How long a page may take on a machine with other work; what is wrong fails however long one waits.
PATIENCE = 40
expect.set_options(timeout=PATIENCE * 1000)
#: More stops than any page should have before what one looks for.
_TABS = 120


@dataclass
class Site:
    """A running installation with the bureau of the tests."""

    url: str
    runtime: Runtime
    bureau: Bureau


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def bureau(runtime: Runtime) -> Bureau:
    with runtime.database.write() as session:
        return factories.bureau(session, runtime.clock())


@pytest.fixture
def web(client: TestClient, bureau: Bureau) -> TestClient:
    client.headers.update(forms.HTML)
    client.follow_redirects = False
    return client


@pytest.fixture
def site(runtime: Runtime) -> Iterator[Site]:
    """The application on a free port of this machine, with its jobs running."""
    with runtime.database.write() as session:
        bureau = factories.bureau(session, runtime.clock())
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(serving(runtime), log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    runner = Runner(runtime)
    runner.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", runtime, bureau)
    runner.stop()
    server.should_exit = True
    thread.join(20)


@dataclass
class Person:
    """Somebody at a browser of their own. What goes wrong in it (errors, refused scripts) is in `faults`."""

    site: Site
    context: BrowserContext
    page: Page
    login: str
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.site.url + path)
        return self.page

    def sign_in(self) -> "Person":
        self.go("/sign-in")
        self.page.fill("#f-login", self.login)
        self.page.fill("#f-password", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url(self.site.url + "/")
        return self

    def tab_to(self, target: Locator) -> Locator:
        """Press Tab until `target` has the focus; fail when it cannot be reached so."""
        for _ in range(_TABS):
            self.page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                return target
        raise AssertionError(f"{target} cannot be reached with the Tab key")

    def press_on(self, target: Locator) -> None:
        """Go to a button, link or fold by keyboard and press it."""
        self.tab_to(target)
        self.page.keyboard.press("Enter")

    def shot(self, name: str) -> None:
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.fixture
def people(chromium: Browser, site: Site) -> Iterator[Callable[[str], Person]]:
    """Open a browser for a login of the bureau, signed in; nothing may have gone wrong in it at the end."""
    opened: list[Person] = []

    def at_browser(login: str, *, signed_in: bool = True, width: int = 1280) -> Person:
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        person = Person(site, context, context.new_page(), login)
        person.page.set_default_timeout(PATIENCE * 1000)
        person.page.on("pageerror", lambda error: person.faults.append(str(error)))
        person.page.on(
            "console", lambda said: person.faults.append(said.text) if said.type == "error" else None
        )
        opened.append(person)
        return person.sign_in() if signed_in else person

    yield at_browser
    faults = [(person.login, fault) for person in opened for fault in person.faults]
    for person in opened:
        person.context.close()
    assert not faults


def accessible(page: Page) -> None:
    """Assert that axe-core finds nothing on the page, and that nothing hangs over its side."""
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


def settled(page: Page, found: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Reload the page until `found`; for what a job brings about."""
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until, f"{page.url} did not come to it"
        time.sleep(0.1)
        page.reload()
