"""What tests of pages without a browser share: signing in, forms with their token, drafts handed in."""

import re
from html import unescape
from uuid import UUID

from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func
from sqlmodel import SQLModel, select

from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.infra.runtime import Runtime
from tests import factories
from tests.factories import PASSWORD, Bureau

HTML = {"Accept": "text/html"}


def sign_in(web: TestClient, login: str) -> None:
    web.cookies.clear()
    answer = web.post("/sign-in", data={"login": login, "password": PASSWORD, "next": "/"})
    assert answer.status_code == 303, answer.text


def csrf(web: TestClient) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', web.get("/").text)
    assert found is not None
    return found[1]


def send(web: TestClient, path: str, **fields: object) -> Response:
    answer: Response = web.post(path, data={"csrf": csrf(web), **fields})
    return answer


def new_draft(
    runtime: Runtime,
    bureau: Bureau,
    *paragraphs: str,
    title: str = "清河市开展冬季送温暖活动",
    by: str = "editor",
) -> Draft:
    with runtime.database.write() as session:
        content = factories.document(title, *paragraphs)
        return factories.draft(session, bureau, at=runtime.clock(), by=by, content=content)


def submitted(web: TestClient, runtime: Runtime, bureau: Bureau, *paragraphs: str) -> Draft:
    draft = new_draft(runtime, bureau, *paragraphs)
    sign_in(web, "editor")
    answer = send(web, f"/drafts/{draft.id}/submissions", digest=digest_of(runtime, draft.id))
    assert answer.status_code == 303, unescape(answer.text)
    return draft


def digest_of(runtime: Runtime, draft_id: UUID) -> str:
    with runtime.database.read() as session:
        return drafts.revisions(session, draft_id)[-1].digest


def rows(runtime: Runtime) -> dict[str, int]:
    """How many rows each table has."""
    with runtime.database.read() as session:
        return {
            table.name: session.exec(select(func.count()).select_from(table)).one()
            for table in SQLModel.metadata.sorted_tables
        }


def decision(digest: str, verb: str = "approve", **more: str) -> dict[str, str]:
    return {"verb": verb, "stage": "initial_review", "line": "", "digest": digest, **more}
