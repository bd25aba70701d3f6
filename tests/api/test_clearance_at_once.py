"""Clearance while something else happens: the same message twice, and a case that changes in between."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select, update

from app.audit.models import AuditEvent
from app.domain.vocabulary import Event
from app.drafts.models import Revision
from app.identity.queries import SYSTEM
from app.infra.runtime import Runtime
from app.publication import gate
from app.publication.models import Release
from app.reviews.cases import load
from app.reviews.models import ReviewCase
from tests.api.desk import Desk
from tests.api.press import Press, ready, signed


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run these in a thread each, and return what they returned."""
    said: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        said[place] = acts[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return said


def events(runtime: Runtime, event: Event) -> int:
    with runtime.database.read() as session:
        return len(session.exec(select(AuditEvent.id).where(AuditEvent.action == event)).all())


def test_the_same_message_in_several_hands_takes_effect_once(desk: Desk, runtime: Runtime) -> None:
    release = signed(ready(desk))
    press, body = Press.open(desk), {"channel": "wechat", "digest": release["digest"]}
    answers = at_once(*[lambda: press.send("clearance", body, message_id="msg_same")] * 6)
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.text for answer in answers}) == 1
    assert events(runtime, Event.CLEARANCE_GIVEN) == 1


def test_one_report_in_several_hands_is_one_publication(desk: Desk, runtime: Runtime) -> None:
    release = signed(ready(desk))
    press = Press.open(desk)
    body = {
        "ticket": release["ticket"],
        "digest": release["digest"],
        "external_id": "1",
        "url": "https://example.cn/a",
    }
    answers = at_once(*[lambda: press.send("publications", body, message_id="msg_same")] * 6)
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.text for answer in answers}) == 1
    assert events(runtime, Event.PUBLICATION_PUBLISHED) == 1


def test_another_message_under_an_id_in_use_is_refused(desk: Desk, runtime: Runtime) -> None:
    release = signed(ready(desk))
    press = Press.open(desk)
    bodies = [{"channel": "wechat", "digest": release["digest"]}, {"channel": "wechat", "digest": "f" * 64}]
    answers = at_once(
        *(lambda body=body: press.send("clearance", body, message_id="msg_same") for body in bodies)  # type: ignore[misc]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert events(runtime, Event.CLEARANCE_GIVEN) + events(runtime, Event.CLEARANCE_REFUSED) == 1


def test_a_case_that_got_another_text_while_it_was_waited_for_is_loaded_with_it(
    desk: Desk, runtime: Runtime
) -> None:
    signed(ready(desk))
    press = Press.open(desk)
    case_id, first = desk.case_id, desk.draft_id
    desk.draft().submit()
    holds, loaded = threading.Event(), []

    def change() -> None:
        with runtime.database.write() as session:
            row = load(session, UUID(case_id), SYSTEM).row
            holds.set()
            time.sleep(0.4)
            other = session.exec(select(Revision).where(Revision.draft_id == UUID(desk.draft_id))).one()
            swapped = update(ReviewCase).where(col(ReviewCase.id) == row.id).values(revision_id=other.id)
            session.exec(swapped.execution_options(synchronize_session=False))

    def wait() -> None:
        holds.wait(30)
        with runtime.database.write() as session:
            loaded.append(load(session, UUID(case_id), SYSTEM).revision.draft_id)

    def ask() -> Any:
        holds.wait(30)
        digest = released(runtime, first).digest
        return press.ask(digest=digest)["statement"]["release"]

    *_, release = at_once(change, wait, ask)
    assert [str(draft) for draft in loaded] == [desk.draft_id]
    assert release is not None


def released(runtime: Runtime, draft_id: str) -> Release:
    with runtime.database.read() as session:
        return session.exec(select(Release).where(Release.draft_id == UUID(draft_id))).one()


def test_what_one_look_tells_is_what_the_questions_tell(
    desk: Desk, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a draft of which nothing was said beside its case no more is asked; of another one, everything."""
    release = signed(ready(desk))
    press, seen = Press.open(desk), []
    told = gate.Glance.read

    def read(answers: Any) -> gate.Glance | None:
        seen.append(told(answers))
        return seen[-1]

    monkeypatch.setattr(gate.Glance, "read", read)
    assert press.ask(digest=release["digest"])["statement"]["outcome"] == "cleared"
    end = {"channel": "wechat", "ends_at": (runtime.clock() + timedelta(minutes=10)).isoformat()}
    assert desk.post(f"/drafts/{desk.draft_id}/end-times", "publisher", end).is_success
    assert press.ask(digest=release["digest"])["statement"]["outcome"] == "cleared"
    assert [look.more for look in seen if look is not None] == [False, True]
