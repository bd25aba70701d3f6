"""The pictures of the READMEs and docs, taken of the demo bureau: `poe pictures`.

Each shows what somebody of the bureau sees on one page. They are PNGs of 1280 × 720 pixels, of a phone
375 × 720.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from app.demo.load import PASSWORD
from tests.cli.processes import ROOT, running
from tests.web.conftest import ARGS, CHROMIUM

FOLDER = ROOT / "docs" / "images"


@dataclass(frozen=True)
class Picture:
    """What is shown: whose page it is, where it is, and the text of the link that leads on from there."""

    name: str
    login: str
    path: str = "/"
    link: str = ""
    width: int = 1280


#: The demo draft that waits for its first review.
_WAITING = "寒潮来临前"
PICTURES = (
    Picture("review", "chushen", link=_WAITING),
    Picture("review-on-a-phone", "chushen", link=_WAITING, width=375),
    Picture("to-do", "bianji"),
    Picture("drafts", "chushen", path="/drafts?q=状态:退回"),
    Picture("error-rate", "chushen", path="/quality"),
    Picture("publishing-tools", "xitong", path="/integrations"),
)


def take(page: Page, url: str, picture: Picture, folder: Path) -> None:
    """Sign in, go to the page and write its picture."""
    page.goto(f"{url}/sign-in")
    page.fill("#f-login", picture.login)
    page.fill("#f-password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{url}/")
    page.goto(url + picture.path)
    if picture.link:
        page.click(f"main a:has-text('{picture.link}')")
        page.wait_for_load_state()
    page.screenshot(path=folder / f"{picture.name}.png")


def main() -> None:
    """Start the demo bureau, take all pictures and leave them in docs/images."""
    if CHROMIUM is None:
        raise SystemExit("chromium is needed")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        data = Path(name) / "data"
        with running("up", "--data", data, "--port", 0, "--json", folder=Path(name)) as bureau:
            url = bureau.announced()["url"]
            for picture in PICTURES:
                size = {"width": picture.width, "height": 720}
                context = browser.new_context(viewport=size, locale="zh-CN")  # type: ignore[arg-type]
                take(context.new_page(), url, picture, FOLDER)
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
