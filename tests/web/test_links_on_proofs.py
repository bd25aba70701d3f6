"""Signing a proof without an account: what its holder sees, and that the decision is on those bytes."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.domain.document.model import Document, Image, Paragraph
from app.infra.runtime import Runtime
from app.proofs.content_policy import CONTENT_POLICY
from app.proofs.models import Proof
from app.web.pages.guest_links import FRAME_POLICY
from tests.api import outside
from tests.api.desk import REVIEWERS, Desk
from tests.applications import serving
from tests.web.conftest import Person, accessible

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
LI = {"name": "李明远", "post": "清河大学教授", "phone": "138 0000 1111"}
PLACE = {"stage": "third_proof", "line": "wechat"}


@pytest.fixture
def runtime(runtime: Runtime, tmp_path: Path) -> Runtime:
    """The service with a workflow whose third proof is read by somebody outside."""
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": outside.on_proofs(tmp_path)})
    return runtime


@pytest.fixture
def desk(runtime: Runtime) -> Iterator[Desk]:
    with TestClient(serving(runtime), raise_server_exceptions=False, follow_redirects=False) as client:
        yield at_third_proof(Desk.open(client, runtime))


def at_third_proof(desk: Desk) -> Desk:
    """A draft with a picture, after two of its three proofreads."""
    picture = hashlib.sha256(PNG).hexdigest()
    desk.draft(Document(title="走访", blocks=(Paragraph(text="志愿者逐户登记需求。"),)))
    sent = desk.client.post(
        f"/api/v1/drafts/{desk.draft_id}/assets",
        files={"file": ("图.png", PNG)},
        data={"role": "image"},
        headers=desk.headers("editor"),
    )
    assert sent.status_code == 201, sent.text
    blocks = (Paragraph(text="志愿者逐户登记需求。"), Image(sha256=picture, alt="走访现场"))
    content = [block.model_dump(mode="json") for block in blocks]
    desk.revise({"format": "blocks", "title": "走访", "content": content})
    desk.reviews().work()
    until = time.monotonic() + 20  # where a server runs, its own thread may be laying it out
    while desk.open_stages() != {("first_proof", "wechat")} and time.monotonic() < until:
        time.sleep(0.05)
    desk.approve("first_proof", "proofreader", "wechat")
    desk.approve("second_proof", "proofreader2", "wechat")
    assert desk.open_stages() == {("third_proof", "wechat")}
    return desk


CODES: dict[str, str] = {}


def asked(desk: Desk, **body: Any) -> str:
    answer = desk.post(f"/cases/{desk.case_id}/links", "second_reviewer", {**PLACE, **LI, **body})
    raw, code = outside.sent(desk, answer)
    CODES[raw] = code
    return raw


def opened(desk: Desk, raw: str) -> None:
    """Type the code of a link into the browser."""
    entered = desk.client.post(f"/links/{raw}/code", data={"code": CODES[raw]}, follow_redirects=False)
    assert entered.status_code == 303, entered.text


def test_the_holder_sees_the_proof_with_its_pictures_and_nothing_else(desk: Desk) -> None:
    raw = asked(desk)
    web, bound = desk.client, desk.case()["proofs"]["wechat"]
    web.cookies.clear()
    for closed in (f"/links/{raw}/proof", f"/api/v1/signing/{raw}/proof"):
        assert web.get(closed).status_code == 403
    opened(desk, raw)
    page = web.get(f"/links/{raw}", headers={"accept": "text/html"})
    assert page.headers["content-security-policy"] == FRAME_POLICY
    assert f'src="/links/{raw}/proof"' in page.text
    assert "公众号三校" in page.text
    assert bound[:12] in page.text
    assert "<script" not in page.text
    shown = web.get(f"/links/{raw}/proof")
    assert shown.headers["content-security-policy"] == CONTENT_POLICY
    assert shown.headers["cache-control"] == "no-store"
    (address,) = re.findall(r'src="([^"]+)"', shown.text)
    assert address.startswith(f"/links/{raw}/assets/")
    assert web.get(address).content == PNG
    exact = web.get(f"/api/v1/signing/{raw}/proof", headers={"Signing-Code": CODES[raw]})
    with desk.session() as session:
        (stored,) = session.exec(select(Proof.content)).all()
    assert exact.content == stored
    assert shown.content == stored.replace(b"/api/v1/assets/", f"/links/{raw}/assets/".encode())
    seen = web.get(f"/api/v1/signing/{raw}", headers={"Signing-Code": CODES[raw]}).json()
    assert (seen["subject"], seen["digest"]) == ("proof", bound)
    for path in (f"/links/{'x' * 43}/proof", f"/api/v1/signing/{'x' * 43}/proof"):
        assert web.get(path).status_code == 404


def test_it_is_decided_on_the_bytes_that_were_shown(desk: Desk) -> None:
    raw = asked(desk)
    form = {"outcome": "approve", "name": "李明远"}
    assert desk.client.post(f"/links/{raw}", data=form).status_code == 200  # its code is asked for
    assert desk.open_stages() == {("third_proof", "wechat")}
    opened(desk, raw)
    done = desk.client.post(f"/links/{raw}", data=form)
    assert done.status_code == 303
    decided = next(
        data
        for action, _, data in desk.record()
        if action == "decision.approved" and data["line"] and data["stage"] == "third_proof"
    )
    assert decided["digest"] == desk.case()["proofs"]["wechat"]
    assert desk.open_stages() == {("confirm_marks", "wechat")}
    assert desk.client.get(f"/links/{raw}/proof").status_code == 409
    assert desk.client.post(f"/links/{raw}", data=form).status_code == 409


def test_a_link_to_an_earlier_proof_is_worthless(desk: Desk) -> None:
    first = asked(desk)
    second = asked(desk, name="王慧", post="省社科院研究员", phone="139 0000 2222")
    back = {"outcome": "send_back", "name": "李明远", "comment": "第一段有误"}
    opened(desk, first)
    assert desk.client.post(f"/links/{first}", data=back).status_code == 303
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "returned"
    over = desk.client.get(f"/api/v1/signing/{second}/proof")
    assert (over.status_code, over.json()["code"]) == (409, "link_stage_over")
    desk.revise({"format": "text", "content": "走访\n\n义工逐户登记居民的需求。"})
    desk.submit()
    for stage, login in REVIEWERS:
        desk.approve(stage, login)
    desk.work()
    desk.approve("first_proof", "proofreader", "wechat")
    desk.approve("second_proof", "proofreader2", "wechat")
    assert desk.open_stages() == {("third_proof", "wechat")}
    for path in (f"/links/{second}/proof", f"/api/v1/signing/{second}"):
        assert desk.client.get(path).json()["code"] == "link_outdated"


def test_signing_off_and_confirming_are_for_those_inside(desk: Desk) -> None:
    for stage in ("confirm_marks", "sign_off"):
        answer = desk.post(f"/cases/{desk.case_id}/links", "second_reviewer", {**PLACE, **LI, "stage": stage})
        assert desk.codes(answer) == {"link_not_outside", "stage_not_open"}


@pytest.mark.browser
def test_in_a_browser(people: Callable[..., Person]) -> None:
    reviewer = people("second_reviewer")
    site = reviewer.site
    with TestClient(serving(site.runtime)) as client:
        desk = at_third_proof(Desk(client, site.runtime, site.bureau))
    page = reviewer.go(f"/drafts/{desk.draft_id}")
    page.click("#outside a")
    for name, value in LI.items():
        page.fill(f"#f-{name}", value)
    page.click("text=邀请并取得验证码")
    page.wait_for_selector("#made")
    accessible(page)
    code = page.input_value("#f-code")
    sender = people("final_reviewer")
    page = sender.go(f"/drafts/{desk.draft_id}/links")
    page.click("button:has-text('发出链接')")
    page.wait_for_selector("#made")
    accessible(page)
    path = re.sub(r"^https?://[^/]+", "", page.input_value("#f-address"))
    expert = people("nobody", signed_in=False, width=375)
    page = expert.go(path)
    page.fill("#f-code", code)
    page.click("button[type=submit]")
    page.frame_locator("iframe").locator("text=志愿者逐户登记需求").wait_for()
    accessible(page)
    expert.shot("link-proof-375")
    page.check("#o-approve")
    page.fill("#f-name", "李明远")
    page.click("button[type=submit]")
    page.wait_for_selector("text=您的意见已经收到")
