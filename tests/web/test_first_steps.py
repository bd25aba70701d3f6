"""What an empty installation still needs, said on one page, and gone once it is there."""

from html import unescape

from fastapi.testclient import TestClient

from app.domain.vocabulary import Role
from app.infra.runtime import Runtime
from tests import factories
from tests.factories import Bureau
from tests.web.forms import new_draft, sign_in


def steps(web: TestClient) -> list[tuple[str, str]]:
    """Return each step as the page says it: whether it is done, and all its words."""
    page = unescape(web.get("/first-steps").text)
    entries = page.partition("<ol")[2].partition("</ol>")[0].split('<li class="card">')[1:]
    return [("已办" if "已办" in entry else "未办", entry) for entry in entries]


def test_a_bureau_at_work_has_nothing_left_to_do(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    sign_in(web, "editor")
    assert [done for done, _ in steps(web)] == ["已办", "已办", "已办", "未办"]
    assert 'href="/drafts/new"' in steps(web)[3][1]
    new_draft(runtime, bureau)
    assert {done for done, _ in steps(web)} == {"已办"}
    assert "都已就绪" in web.get("/first-steps").text


def test_an_empty_bureau_is_told_what_is_missing_and_by_whom(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    with runtime.database.write() as session:
        at = runtime.clock()
        city = factories.unit(session, "云岭市民政局", at=at)
        factories.person(session, "yunling", unit=city, at=at, roles=[Role.SYSTEM_ADMIN])
    sign_in(web, "yunling")
    made, roles, channels, draft = steps(web)
    assert [done for done, _ in (made, roles, channels, draft)] == ["未办"] * 4
    assert 'href="/accounts/import"' in made[1]
    assert "没有人能写稿" in roles[1]
    for stage in ("初审", "终审", "一校", "签发"):
        assert stage in roles[1]
    # What somebody else does is no link for them.
    assert "由安全管理员办理" in roles[1]
    assert "href" not in roles[1]
    assert "由负面清单管理员办理" in channels[1]
    assert 'href="/first-steps"' in web.get("/").text
