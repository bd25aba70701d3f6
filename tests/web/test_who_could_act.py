"""Who could act at a stage: service, task list, notice, escalation and the author's page give one answer."""

import re
import shutil
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.domain.vocabulary import Event, Role
from app.domain.workflow.commands import Claim, Recuse
from app.drafts import queries as drafts
from app.drafts import service as writing
from app.events.catalogue import CATALOGUE
from app.identity import queries as identity
from app.identity.access import SYSTEM
from app.identity.delegations import service as delegations
from app.identity.delegations.service import NewDelegation
from app.identity.models import Absence, User
from app.identity.posts import service as posts
from app.infra.errors import Forbidden, NotFound
from app.infra.ids import new_id
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.notifications.recipients import concerned
from app.notifications.scenes import alone
from app.reviews import eligibility, queries
from app.reviews.cases import load
from app.reviews.commands import perform
from tests import factories
from tests.api.desk import Desk
from tests.web.forms import HTML, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

EVERYWHERE: tuple[tuple[str | None, str | None], ...] = ((None, None),)
#: Login, roles, the unit that they are given over, channels and sections, and whether they may act at the
#: second review of a draft for 公众号/news and 网站/news of the office.
TABLE = (
    ("by_role", [Role.SECOND_REVIEWER], "city", EVERYWHERE, True),
    ("one_channel", [Role.SECOND_REVIEWER], "city", (("wechat", None),), False),
    ("both_channels", [Role.SECOND_REVIEWER], "city", (("wechat", None), ("website", None)), True),
    ("other_section", [Role.SECOND_REVIEWER], "city", (("wechat", "policy"), ("website", None)), False),
    ("elsewhere", [Role.SECOND_REVIEWER], "elsewhere", EVERYWHERE, False),
    ("below", [Role.SECOND_REVIEWER], "district", EVERYWHERE, False),
    ("lower", [Role.INITIAL_REVIEWER], "city", EVERYWHERE, False),
    ("wrote", [Role.SECOND_REVIEWER, Role.EDITOR], "city", EVERYWHERE, False),
    ("passed_before", [Role.SECOND_REVIEWER, Role.INITIAL_REVIEWER], "city", EVERYWHERE, False),
    ("recused", [Role.SECOND_REVIEWER], "city", EVERYWHERE, False),
    ("named", [Role.READER], "city", EVERYWHERE, True),
    ("named_unknowing", [], "city", EVERYWHERE, False),
    ("leader", [], "city", EVERYWHERE, True),
    ("of_leader", [Role.READER], "city", EVERYWHERE, True),
    ("of_role", [], "city", EVERYWHERE, True),
    ("passed_on", [], "city", EVERYWHERE, True),
    ("of_author", [], "city", EVERYWHERE, False),
    ("of_passed", [], "city", EVERYWHERE, False),
    ("of_other_channel", [], "city", EVERYWHERE, False),
)
#: Who stands in for whom, and on which channel alone.
STANDING_IN = (
    ("leader", "of_leader", None),
    ("by_role", "of_role", None),
    ("of_role", "passed_on", None),
    ("wrote", "of_author", None),
    ("passed_before", "of_passed", None),
    ("both_channels", "of_other_channel", "wechat"),
)
DAYS = (date(2026, 3, 2), date(2026, 3, 6))


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, tmp_path: Path) -> Desk:
    """A draft at the second review, which names people by role, by post and by name."""
    own = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    file = own / "workflows" / "standard.yaml"
    named = "[{role: second_reviewer}, {post: 主要领导}, {person: named}, {person: named_unknowing}]"
    file.write_text(file.read_text().replace("who: {role: second_reviewer}", f"who: {named}", 1))
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": own})
    client.follow_redirects = False
    desk = Desk.open(client, runtime)
    with runtime.database.write() as session:
        staff(session, desk)
    desk.draft(None, "wechat", "website")
    with runtime.database.write() as session:
        draft = drafts.visible(session, UUID(desk.draft_id), desk.actor("editor"))
        writing.revise(
            session, draft_id=draft.id, document=factories.document("冬季送温暖", "社区登记需求。"),
            seen=frozenset({draft.version}), actor=acting(session, desk.bureau.user("wrote"), desk),
            at=runtime.clock(),
        )  # fmt: skip
    desk.submit()
    desk.approve("initial_review", "passed_before")
    with runtime.database.write() as session:
        recused = acting(session, desk.bureau.user("recused"), desk)
        case_id, at = UUID(desk.case_id), runtime.clock()
        perform(session, case_id, Recuse("亲属"), actor=recused, runtime=runtime, at=at)
    return desk


def staff(session: Session, desk: Desk) -> None:
    """Add the people of the table, the leader's post, and who stands in for whom."""
    bureau, at = desk.bureau, desk.runtime.clock()
    for login, roles, over, places, _ in TABLE:
        user = bureau.users[login] = factories.person(session, login, unit=bureau.office, at=at)
        for role in roles:
            for channel, section in places:
                factories.service.grant_role(
                    session, user_id=user.id, role=role, unit_id=getattr(bureau, over).id, channel=channel,
                    section=section, actor=SYSTEM, at=at,
                )  # fmt: skip
    held = [posts.Held(bureau.city.id, "主要领导")]
    posts.set_posts(session, user_id=bureau.user("leader").id, posts=held, actor=SYSTEM, at=at)
    for principal, delegate, channel in STANDING_IN:
        new = NewDelegation(bureau.user(principal).id, bureau.user(delegate).id, *DAYS, channel=channel)
        delegations.delegate(session, new=new, actor=acting(session, bureau.user(principal), desk), at=at)


def acting(session: Session, user: User, desk: Desk) -> identity.Actor:
    actor = identity.user_actor(session, user.id, at=desk.runtime.clock())
    assert actor is not None
    return actor


def test_everybody_finds_the_same_answer(desk: Desk) -> None:
    notice, page, escalated = by_notice(desk), by_page(desk), by_escalation(desk)
    answers = {
        login: (
            by_service(desk, login),
            by_tasks(desk, login),
            desk.bureau.user(login).id in notice,
            f"{login}先生" in page,
            desk.bureau.user(login).id in escalated,
        )
        for login, *_ in TABLE
    }
    assert answers == {login: (right,) * 5 for login, *_, right in TABLE}
    deputies = {login for login, as_deputy in page.items() if as_deputy}
    assert deputies == {"of_leader先生", "of_role先生", "passed_on先生"}


def by_service(desk: Desk, login: str) -> bool:
    """Say whether the service lets somebody claim the stage; nothing of it stays."""
    with Session(desk.runtime.database.engine) as session:
        actor = acting(session, desk.bureau.user(login), desk)
        try:
            command, at = Claim("second_review", ""), desk.runtime.clock()
            perform(session, UUID(desk.case_id), command, actor=actor, runtime=desk.runtime, at=at)
        except (NotFound, Forbidden):
            return False
        return True


def by_tasks(desk: Desk, login: str) -> bool:
    with desk.runtime.database.read() as session:
        actor = acting(session, desk.bureau.user(login), desk)
        return bool(queries.awaiting(session, actor, desk.runtime.clock()))


def by_notice(desk: Desk) -> frozenset[UUID]:
    with desk.runtime.database.read() as session:
        loaded = load(session, UUID(desk.case_id), SYSTEM, lock=False)
        scene = alone(session, loaded.draft, loaded, desk.runtime.clock())
        (told,) = CATALOGUE[Event.CASE_STAGE_OPENED].told
        return frozenset(concerned(scene, told, {"stage": "second_review", "line": ""}))


def by_escalation(desk: Desk) -> frozenset[UUID]:
    """Return for whom the stage waits once all who could act are out of office."""
    at, bureau = desk.runtime.clock(), desk.bureau
    with Session(desk.runtime.database.engine) as session:
        for user in bureau.users.values():
            away(session, user, desk)
        session.flush()
        loaded = load(session, UUID(desk.case_id), SYSTEM, lock=False)
        stage = loaded.workflow.by_key["second_review"]
        return eligibility.only_away(session, loaded, stage, "", at=at, until=None)


def away(session: Session, user: User, desk: Desk) -> None:
    at = desk.runtime.clock()
    session.add(
        Absence(
            id=new_id(),
            user_id=user.id,
            starts_on=DAYS[0],
            ends_on=DAYS[1],
            entered_by=user.id,
            entered_at=at,
        )
    )


def by_page(desk: Desk) -> dict[str, bool]:
    """Return for whom the draft waits by its author's start page, and who of them only as a deputy."""
    desk.client.headers.update(HTML)
    sign_in(desk.client, "editor")
    cell = re.search(r'data-label="在等谁">(.*?)</td>', desk.client.get("/").text)
    assert cell is not None
    return {name.removesuffix("（代）"): name.endswith("（代）") for name in cell[1].split("、")}
