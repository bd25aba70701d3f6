"""Every form of the web client, found by following its links: what was typed is lost in none of them.

A form that is new is walked without being named. What nobody should see again (passwords, one-time codes) is
excepted by its kind.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import select

from app.channels.models import Channel
from app.connections.models import ChannelPush
from app.domain.vocabulary import PushState
from app.infra.db import Database
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.policies.negative_list.following import FollowedPolicies
from app.web.forms.typed import UNTYPED, secret
from app.web.shell.render import STATIC
from tests import keepers
from tests.api.desk import Desk
from tests.api.press import Press, ready, signed
from tests.factories import PASSWORD, document
from tests.web.forms import HTML
from tests.web.posted import Field, Form, forms_of

TEMPLATES = STATIC.parent / "templates"
READERS = (
    "editor",
    "initial_reviewer",
    "proofreader",
    "publisher",
    "policy_keeper",
    "final_reviewer",
    "system_admin",
    "security_admin",
    "audit_admin",
)
#: Signing in and out; whatever was typed before goes along, which is tested below.
SESSIONS = ("/sign-in", "/sign-out")
#: Where nobody has a session: tested with their own worlds, in the files named.
ELSEWHERE = {
    "links.html": "test_links",
    "workflow.html": "test_workflows",
    "timing.html": "test_timing",
    "others_form.html": "below",
}
#: Pages of one kind that are read: the first ones tell what the others would.
FEW = 4


@dataclass(frozen=True)
class Found:
    """A form on the page of somebody who may send it."""

    login: str
    page: str
    form: Form

    @property
    def kind(self) -> tuple[str, str]:
        """What tells it from other forms: its address without ids, and the verb that it says."""
        verb = next(
            (one.value for one in self.form.fields if one.name == "verb" and one.kind == "hidden"), ""
        )
        return _pattern(self.form.action), verb

    @property
    def texts(self) -> list[Field]:
        return [one for one in self.form.fields if one.is_text and not secret(one.name)]

    def words(self) -> dict[str, str]:
        """What somebody writes into each field."""
        return {one.name: f"第{index}处亲手填写“&<{one.name}>" for index, one in enumerate(self.texts)}

    def sent(self, **other: str) -> dict[str, list[str]]:
        """What is sent after somebody wrote and ticked everything; `other` in place of some of it."""
        values = self.form.values()
        for one in self.form.fields:
            if one.kind == "checkbox" and one.value not in values.setdefault(one.name, []):
                values[one.name].append(one.value)
        values |= {name: [word] for name, word in self.words().items()}
        return values | {name: [word] for name, word in other.items()}


def _pattern(address: str) -> str:
    """Return an address without ids, digests and names of rules and files."""
    path = re.sub(r"[0-9a-f]{64}|[0-9a-f-]{36}", "*", address.partition("?")[0])
    path = re.sub(r"(?<=^/rules/)[^/]+\.[^/]+", "*", path)
    return re.sub(r"(?<=/files/).+", "*", path)


@pytest.fixture
def negative_list(database: Database, tmp_path: Path) -> FollowedPolicies:
    """A small list that follows the database, so that its versions can be asked for."""
    return keepers.followed(tmp_path / "negative_list", database)


def failed_push(runtime: Runtime, release: dict[str, Any]) -> None:
    """Store that a release could not be published on its channel, so that a person may report it."""
    at = runtime.clock()
    with runtime.database.write() as session:
        channel = session.exec(select(Channel).where(Channel.code == release["channel"])).one()
        push = ChannelPush(
            id=new_id(),
            release_id=UUID(release["id"]),
            draft_id=UUID(release["draft_id"]),
            channel_id=channel.id,
            channel=channel.code,
            state=PushState.FAILED,
            words="连接断开",
            created_at=at,
            changed_at=at,
        )
        session.add(push)


@pytest.fixture
def web(client: TestClient, runtime: Runtime) -> TestClient:
    """An installation at work, with drafts in every state that pages have forms for."""
    desk = Desk.open(client, runtime)
    press = Press.open(desk)
    release = signed(ready(desk))
    assert press.publish(release["ticket"], release["digest"]).status_code == 201
    wrong = {"reason": "wording", "explanation": "标题有错字", "note": "更正标题中的错字。"}
    assert desk.post(f"/drafts/{desk.draft_id}/corrections", "editor", wrong).status_code == 201
    desk.draft(document("街道走访纪实", "为残废人提供上门服务。", "再接再励。")).submit()
    [finding] = [
        one
        for one in desk.get(f"/drafts/{desk.draft_id}/report").json()["findings"]
        if one["severity"] == "block"
    ]
    wish = {"fingerprint": finding["fingerprint"], "reason": "quotation", "explanation": "原名"}
    assert desk.post(f"/drafts/{desk.draft_id}/waivers", "editor", wish).status_code == 201
    desk.draft(document("又一篇", "残废两字照录，残废二字不改。"))
    endpoint = {"unit_id": str(desk.bureau.city.id), "url": "http://hook.example.cn/", "events": []}
    runtime.settings.webhook_hosts = frozenset({"hook.example.cn"})
    assert desk.post("/webhooks/endpoints", "system_admin", endpoint).status_code == 201
    failed_push(runtime, release)
    desk.draft(document("等答复的稿件", "志愿者逐户登记需求。")).submit()
    holding = {"stage": "initial_review", "line": "", "digest": desk.digest(), "comment": "请示上级"}
    assert desk.post(f"/cases/{desk.case_id}/holds", "initial_reviewer", holding).status_code in {200, 201}
    desk.draft(document("在审的稿件", "志愿者逐户登记需求。")).submit()
    said = {
        "digest": desk.digest(),
        "place": "blocks/0",
        "start": 0,
        "end": 3,
        "quote": "志愿者",
        "text": "是谁？",
    }
    assert desk.post(f"/drafts/{desk.draft_id}/threads", "initial_reviewer", said).status_code == 201
    desk.draft(document("在校的稿件", "志愿者逐户登记需求，天气晴朗。")).reviews()
    desk.work()
    mark = {
        "kind": "correct",
        "place": "blocks/0",
        "start": 0,
        "end": 3,
        "quote": "志愿者",
        "new_text": "志愿人",
    }
    assert desk.mark("proofreader", **mark).status_code == 201
    for login in ("hejing", "hejing2"):
        again = {"login": login, "name": "何静", "password": "wanan-xiaoqu-37-deng"}
        made = desk.post("/users", "system_admin", {**again, "unit_id": str(desk.bureau.office.id)})
        assert made.status_code == 201, made.text
    shut = f"/users/{desk.bureau.user('second_reviewer').id}/deactivation"
    assert desk.post(shut, "system_admin").status_code == 200
    candidate = keepers.stored(runtime, keepers.with_new_block())
    keepers.stored(runtime, keepers.milder())
    asked = desk.post(f"/policies/{candidate}/activations", "policy_keeper", {"note": "增加"})
    assert asked.status_code == 201
    desk.work()
    client.headers.update(HTML)
    client.follow_redirects = False
    return client


def sign_in(web: TestClient, login: str) -> None:
    web.cookies.clear()
    answer = web.post("/sign-in", data={"login": login, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


def pages(web: TestClient) -> Iterator[tuple[str, str, Response]]:
    """Yield the pages that people come to by links from the start page: who, the address, the page."""
    for login in READERS:
        sign_in(web, login)
        waiting, seen, kinds = ["/"], {"/"}, Counter[str]()
        while waiting:
            address = waiting.pop(0)
            kinds[_pattern(address)] += 1
            if kinds[_pattern(address)] > FEW * (4 if address.startswith("/drafts/") else 1):
                continue
            page = web.get(address)
            if page.status_code != 200 or "text/html" not in page.headers["content-type"]:
                continue
            yield login, address, page
            for there in _leads_to(address, page.text):
                if there not in seen:
                    seen.add(there)
                    waiting.append(there)


def _leads_to(address: str, page: str) -> Iterator[str]:
    """Yield where a page leads: by its links, and by what can be chosen or ticked on it."""
    for link in re.findall(r'href="(/[^"#]*)', page):
        if not (there := unescape(link)).startswith(("/static/", "/api/", "/links/")):
            yield there
    for pick in re.findall(r'name="pick" value="([^"]+)" aria', page)[:1]:
        yield f"/together?verb=hand_over&pick={pick}"
    chosen = r'<select id="f-(user)"[^>]*>.*?<option value="([^"]{36})"'
    for name, value in re.findall(chosen, page, re.DOTALL):
        yield f"{address}?{name}={value}"


def forms(web: TestClient) -> dict[tuple[str, str], Found]:
    """Return one of each kind of form, and the page and person it was found with."""
    found: dict[tuple[str, str], Found] = {}
    for login, address, page in pages(web):
        for form in forms_of(page.text):
            one = Found(login, address, form)
            if form.action not in SESSIONS:
                found.setdefault(one.kind, one)
    return found


def filled(page: Response, one: Found) -> list[str]:
    """Return the typed fields that the form on a page does not hold as they were sent."""
    candidates = [form for form in forms_of(page.text) if form.action == one.form.action]
    left = [
        [
            name
            for name, word in one.words().items()
            if [word] != [f.value for f in form.fields if f.name == name]
        ]
        for form in candidates
    ]
    return min(left, key=len, default=list(one.words()))


def missing(page: Response, one: Found, words: dict[str, str]) -> list[str]:
    """Return the typed fields that are nowhere on a page."""
    shown = unescape(page.text)
    return [name for name, word in words.items() if word not in shown]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_typed_into_any_form_is_lost(web: TestClient) -> None:
    found = forms(web)
    unreached = sorted(_unreached(found))
    assert unreached == [], (
        "templates with forms that this walk does not come to: give its world such a state: "
        + "; ".join(unreached)
    )
    typed = [one for one in found.values() if one.texts]
    faults: list[tuple[object, ...]] = []
    for check in (_session_ends, _other_session, _too_long, _stale, _address_reads):
        for one in typed if check is not _address_reads else found.values():
            faults += [(check.__name__, *one.kind, fault) for fault in check(web, one)]
    assert faults == []
    assert len(found) >= 30
    assert len(typed) >= 20


def _unreached(found: dict[tuple[str, str], Found]) -> Iterator[str]:
    for template in TEMPLATES.rglob("*.html"):
        for form in re.findall(r'<form\b[^>]*method="post"[^>]*>.*?</form>', template.read_text(), re.DOTALL):
            action = re.search(r'action="([^"]*)"', form)
            assert action is not None, (template.name, form[:120])
            if not re.search(r"<textarea|type=\"text\"|\b(?:input|area)\(", form):
                continue
            pattern = re.escape(re.sub(r"\{\{.*?\}\}", "\0", action[1])).replace("\0", ".*")
            if 'extends "bare.html"' in template.read_text():
                continue
            there = any(re.fullmatch(pattern, one.form.action) for one in found.values())
            if not there and action[1] not in SESSIONS and template.name not in ELSEWHERE:
                yield f"{template.name} {action[1]}"


def _session_ends(web: TestClient, one: Found) -> Iterator[str]:
    """The session ends: nothing is shown at the sign-in, and afterwards the form is there as it was."""
    web.cookies.clear()
    ended = web.post(one.form.action, data=one.sent(), headers={"referer": f"http://testserver{one.page}"})
    carried = re.search(r'name="carried" value="([^"]+)"', ended.text)
    if ended.status_code != 401 or carried is None:
        yield f"no sign-in that carries it: {ended.status_code}"
        return
    if len(missing(ended, one, one.words())) != len(one.words()):
        yield "shown to whoever sits there"
    data = {"login": one.login, "password": PASSWORD, "carried": carried[1]}
    back = web.post("/sign-in", data=data)
    if back.status_code != 200 or (lost := filled(back, one)):
        yield f"not filled in after signing in: {back.status_code} {lost if back.status_code == 200 else ''}"


def _other_session(web: TestClient, one: Found) -> Iterator[str]:
    """The page was opened in an earlier session of the same person."""
    sign_in(web, one.login)
    refused = web.post(one.form.action, data=one.sent(csrf="0" * 64))
    if refused.status_code != 403 or (lost := filled(refused, one)):
        yield f"{refused.status_code} {lost if refused.status_code == 403 else ''}"


def _too_long(web: TestClient, one: Found) -> Iterator[str]:
    """A text over its limit is refused with the limit, and nothing is cut."""
    for field in one.texts:
        if not field.limit:
            continue
        sign_in(web, one.login)
        words = {**one.words(), field.name: "长" * (field.limit + 1)}
        refused = web.post(one.form.action, data=one.sent(csrf=_csrf(web), **{field.name: words[field.name]}))
        if not 400 <= refused.status_code < 500:
            yield f"{field.name} of {field.limit + 1} taken: {refused.status_code}"
        elif lost := missing(refused, one, words):
            yield f"{field.name} too long: {refused.status_code}, lost {lost}"


def _stale(web: TestClient, one: Found) -> Iterator[str]:
    """What was read is another now, or is there no more."""
    quoted = {name: "0" * 64 for name in one.form.values() if name in {"digest", "policy", "fingerprint"}}
    if not quoted:
        return
    sign_in(web, one.login)
    refused = web.post(one.form.action, data=one.sent(csrf=_csrf(web), **quoted))
    if refused.status_code < 400:
        yield f"taken although it is stale: {refused.status_code}"
    elif lost := missing(refused, one, one.words()):
        yield f"stale: {refused.status_code}, lost {lost}"


def _address_reads(web: TestClient, one: Found) -> Iterator[str]:
    """The address under which a refusal stands can be read, and leads to a page."""
    sign_in(web, one.login)
    page = web.get(one.form.action)
    if page.status_code == 303:
        page = web.get(page.headers["location"])
    if page.status_code != 200:
        yield f"GET {page.status_code}"


def _csrf(web: TestClient) -> str:
    token = re.search(r'name="csrf" value="([0-9a-f]{64})"', web.get("/").text)
    assert token is not None
    return token[1]


def test_no_form_forgets_whose_it_is_nor_hides_what_was_typed() -> None:
    """Every form carries its session, its page and who opened it; no typed field passes for a page's own."""
    for template in TEMPLATES.rglob("*.html"):
        html = template.read_text()
        if 'extends "bare.html"' in html:
            continue  # of people outside, who have no session: the address is the proof
        for form in re.findall(r'<form\b[^>]*method="post"[^>]*>.*?</form>', html, re.DOTALL):
            if 'action="/sign-in' not in form and "{{ address }}" not in form:
                assert "{{ csrf() }}" in form, (template.name, form[:120])
            for tag in re.findall(r"<(?:input|textarea)\b[^>]*>", form):
                name = re.search(r' name="([^"{]+)"', tag)
                hidden = re.search(r'type="(?:hidden|radio|checkbox)"', tag)
                if name is not None and hidden is None:
                    assert name[1] not in UNTYPED, (template.name, tag)
            for _, name in re.findall(r"(input|area)\(\w+, '(\w+)'", form):
                assert name not in UNTYPED, (template.name, name)
            assert "maxlength" not in form, (template.name, "a browser cuts what is pasted, in silence")
    for template in TEMPLATES.rglob("*.html"):
        for name in re.findall(r"input\(\w+, '(\w+)'[^)]*type='password'", template.read_text()):
            assert secret(name)
    assert secret("one_time_code")
    assert not secret("comment")
