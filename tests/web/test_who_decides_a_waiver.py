"""Who decides a waiver: the service, its page, the start page and the notice give one answer."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.domain.roles import UserKind
from app.domain.vocabulary import Event, NoticeKind, Role, WaiverReason
from app.drafts.models import Draft
from app.events.catalogue import CATALOGUE
from app.identity import queries as identity
from app.identity.models import User
from app.infra.errors import Forbidden, NotFound
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from app.notifications.models import Notice
from app.notifications.recipients import concerned
from app.notifications.scenes import alone
from app.screening import queries as reports
from app.screening.models import Waiver
from app.screening.waivers import service as waivers
from tests import factories
from tests.factories import Bureau
from tests.web.forms import sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: Login, role, the unit it is given over, channel, section: and whether they may decide a waiver of wording
#: and one of privacy on a draft for 公众号/news and 网站/news of the office, asked for by `asker`.
TABLE = (
    ("second", Role.SECOND_REVIEWER, "city", None, None, True, False),
    ("final", Role.FINAL_REVIEWER, "city", None, None, True, True),
    ("first", Role.INITIAL_REVIEWER, "city", None, None, False, False),
    ("one_channel", Role.FINAL_REVIEWER, "city", "wechat", None, False, False),
    ("one_section", Role.FINAL_REVIEWER, "city", "wechat", "news", False, False),
    ("elsewhere", Role.FINAL_REVIEWER, "elsewhere", None, None, False, False),
    ("below", Role.FINAL_REVIEWER, "district", None, None, False, False),
    ("own_office", Role.FINAL_REVIEWER, "office", None, None, True, True),
    ("asker", Role.FINAL_REVIEWER, "city", None, None, False, False),
    ("writer", Role.FINAL_REVIEWER, "city", None, None, False, False),
    ("left", Role.FINAL_REVIEWER, "city", None, None, False, False),
    ("proofs", Role.PROOFREADER, "city", None, None, False, False),
)
TEXT = "二十年前的老文件里还写着“残废人”这样的称呼，联系电话13812345678，展板上照录了原文。"


@pytest.fixture
def people(runtime: Runtime, bureau: Bureau) -> dict[str, User]:
    made = {}
    with runtime.database.write() as session:
        for login, role, over, channel, section, *_ in TABLE:
            made[login] = factories.person(
                session, login, unit=bureau.office, on=getattr(bureau, over), roles=[role],
                channel=channel, section=section, at=runtime.clock(),
            )  # fmt: skip
        # In two grants that cover a channel each, over everything that the draft is bound for.
        both = factories.person(
            session, "both", unit=bureau.office, on=bureau.city, roles=[Role.FINAL_REVIEWER],
            channel="wechat", at=runtime.clock(),
        )  # fmt: skip
        factories.service.grant_role(
            session, user_id=both.id, role=Role.FINAL_REVIEWER, unit_id=bureau.city.id, channel="website",
            section=None, actor=factories.SYSTEM, at=runtime.clock(),
        )  # fmt: skip
        made["both"] = both
        factories.service.grant_role(
            session, user_id=made["writer"].id, role=Role.EDITOR, unit_id=bureau.city.id, channel=None,
            section=None, actor=factories.SYSTEM, at=runtime.clock(),
        )  # fmt: skip
        made["tool"] = factories.person(
            session, "tool", unit=bureau.office, on=bureau.city, roles=[Role.READER],
            kind=UserKind.SERVICE, at=runtime.clock(),
        )  # fmt: skip
    return made


def test_everybody_finds_the_same_answer(
    web: TestClient, runtime: Runtime, bureau: Bureau, people: dict[str, User]
) -> None:
    draft = a_draft(runtime, bureau, people)
    wording, privacy = asked(runtime, draft, people["asker"])
    with runtime.database.write() as session:
        session.get_one(User, people["left"].id).active = False
    expected = {login: (one, two) for login, *_, one, two in TABLE}
    expected |= {"both": (True, True), "tool": (False, False)}
    # People of the bureau itself, by their roles.
    expected |= {"second_reviewer": (True, False), "final_reviewer": (True, True), "editor2": (False, False)}
    everybody = {**bureau.users, **people}
    for login, answers in expected.items():
        user = everybody[login]
        for waiver_id, right in zip((wording, privacy), answers, strict=True):
            assert by_service(runtime, waiver_id, user) is right, (login, "service")
            assert (user.id in by_notice(runtime, draft, waiver_id)) is right, (login, "notice")
            if user.kind == UserKind.PERSON and login != "left":
                sign_in(web, login)
                shown = set(by_pages(web, draft, waiver_id))
                assert shown == {right}, (login, shown)
                assert web.get("/").text.count("批豁免") == sum(answers), (login, "start page")


def test_a_notice_goes_to_those_and_nobody_else(
    runtime: Runtime, bureau: Bureau, people: dict[str, User]
) -> None:
    draft = a_draft(runtime, bureau, people)
    asked(runtime, draft, people["asker"])
    Runner(runtime).run_until_idle()
    with runtime.database.read() as session:
        kinds = select(Notice).where(Notice.kind == NoticeKind.WAIVER_ASKED)
        told = {notice.user_id for notice in session.exec(kinds)}
    able = {people[login].id for login in ("second", "final", "own_office", "left", "both")}
    assert told == able | {bureau.user(login).id for login in ("second_reviewer", "final_reviewer")}


def a_draft(runtime: Runtime, bureau: Bureau, people: dict[str, User]) -> Draft:
    """Return a draft of the office's on two channels, of which `writer` wrote a revision."""
    with runtime.database.write() as session:
        draft = factories.draft(
            session, bureau, at=runtime.clock(), targets=(("website", "news"), ("wechat", "news")),
            content=factories.document("展板", "旧文。"),
        )  # fmt: skip
        writer = identity.user_actor(session, people["writer"].id)
        assert writer is not None
        factories.drafts.revise(
            session, draft_id=draft.id, document=factories.document("展板整理", TEXT),
            seen=frozenset({draft.version}),
            actor=writer, at=runtime.clock(),
        )  # fmt: skip
        return draft


def asked(runtime: Runtime, draft: Draft, asker: User) -> list[UUID]:
    """Return the ids of the waivers asked for the wording and for the number."""
    with runtime.database.write() as session:
        actor = identity.user_actor(session, asker.id)
        assert actor is not None
        stored = session.get_one(Draft, draft.id)
        report = waivers.screening.ensure_report(
            session, policy=runtime.negative_list.current, key=runtime.secret, draft=stored,
            revision=factories.drafts.queries.head(session, stored), at=runtime.clock(),
            scope=waivers.checks.scope_of(factories.drafts.queries.targets(session, draft.id)),
        )  # fmt: skip
        found = {one.rule: one.fingerprint for one in reports.report_of(report).findings}
        return [
            waivers.ask(
                session, policy=runtime.negative_list.current, key=runtime.secret, draft_id=draft.id,
                fingerprint=found[rule], reason=WaiverReason.QUOTATION, explanation="展板原文",
                evidence="卷宗 3 号", actor=actor, at=runtime.clock(),
            ).id
            for rule in ("wording.disability.canfei", "privacy.mobile")
        ]  # fmt: skip


def by_service(runtime: Runtime, waiver_id: UUID, user: User) -> bool:
    """Say whether the service lets somebody decide; nothing of it stays."""
    with Session(runtime.database.engine) as session:
        actor = identity.user_actor(session, user.id)
        if actor is None:
            return False
        try:
            waivers.decide(session, waiver_id=waiver_id, grant=True, actor=actor, at=runtime.clock())
        except (NotFound, Forbidden):
            return False
        return True


def by_notice(runtime: Runtime, draft: Draft, waiver_id: UUID) -> frozenset[UUID]:
    with runtime.database.read() as session:
        waiver = session.get_one(Waiver, waiver_id)
        scene = alone(session, session.get_one(Draft, draft.id), None, runtime.clock())
        (told,) = CATALOGUE[Event.FINDING_WAIVER_ASKED].told
        return frozenset(concerned(scene, told, {"waiver": str(waiver_id), "rule": waiver.rule}))


def by_pages(web: TestClient, draft: Draft, waiver_id: UUID) -> Iterator[bool]:
    """Yield what the draft's page and the list of waivers offer to who is signed in."""
    form = f'action="/drafts/{draft.id}/waivers/{waiver_id}"'
    yield form in web.get(f"/drafts/{draft.id}").text
    yield form in web.get("/waivers").text
