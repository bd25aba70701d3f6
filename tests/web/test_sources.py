"""The address of a text's source in the forms: judged when it is typed, and shown apart from the source."""

from html import unescape

from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests import factories
from tests.factories import Bureau
from tests.web.forms import new_draft, send, sign_in
from tests.web.posted import form_at

SCHEME, CHARACTER = "来源链接须以 http:// 或 https:// 开头。", "来源链接里有空格"


def test_both_forms_refuse_an_address_with_every_reason_and_keep_what_was_typed(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau, "正文。")
    sign_in(web, "editor")
    written = send(web, "/drafts/new", title="题", content="文", source_url="不是 网址", target="wechat/news")
    path = f"/drafts/{draft.id}/edit"
    edited = send(web, path, **form_at(web.get(path), path) | {"source_url": "不是 网址"})
    for refused in (written, edited):
        assert refused.status_code == 422
        page = unescape(refused.text)
        assert SCHEME in page
        assert CHARACTER in page
        assert 'value="不是 网址"' in page


def test_an_address_that_was_taken_before_stays_until_it_is_changed(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    old = factories.document("题", "正文。").model_copy(
        update={"source_url": "javascript:alert(1)", "source": "网"}
    )
    with runtime.database.write() as session:
        draft = factories.draft(session, bureau, at=runtime.clock(), content=old)
    sign_in(web, "editor")
    page = unescape(web.get(f"/drafts/{draft.id}").text)
    assert "　原文链接：" in page
    path = f"/drafts/{draft.id}/edit"
    fields = form_at(web.get(path), path)
    saved = send(web, path, **fields | {"text:blocks/0": "改了。", "then": "keep"})
    assert saved.headers["location"].endswith("said=revised"), unescape(saved.text)
    fields = form_at(web.get(path), path)
    assert send(web, path, **fields | {"source_url": "javascript:alert(2)"}).status_code == 422
