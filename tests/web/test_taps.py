"""A leader on a phone: from the list to two channels signed, in at most four taps and nothing typed."""

import re

from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.press import ready
from tests.web.forms import HTML, csrf, sign_in
from tests.web.posted import forms_of


def test_two_channels_are_signed_in_three_taps(client: TestClient, runtime: Runtime) -> None:
    desk = ready(Desk.open(client, runtime), "wechat", "website")
    client.headers.update(HTML)
    client.follow_redirects = False
    sign_in(client, "publisher")
    links = re.findall(rf'href="(/drafts/{desk.draft_id}/proofs/\w+)"', client.get("/").text)
    assert len(set(links)) == 2
    page, taps = links[0], 1
    for _ in range(2):
        html = client.get(page).text
        (form,) = [
            one
            for one in forms_of(html)
            if any((field.name, field.value) == ("verb", "release") for field in one.fields)
        ]
        fields = {name: values for name, values in form.values().items() if name != "form_page"}
        answer = client.post(form.action, data={**fields, "csrf": csrf(client), "verb": "release"})
        assert answer.status_code == 303, answer.text[-2000:]
        taps += 1
        page = answer.headers["location"]
    assert taps <= 4
    assert re.findall(r'href="(/drafts/[^"]+/proofs/\w+)"', client.get("/").text) == []
    assert desk.actions().count("release.signed") == 2
