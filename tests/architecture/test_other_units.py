"""One walk over everything that can be read, as everybody of another body: nothing of the first is told.

The routes are taken from the application, so that a new one is walked without being named. Asked are the
addresses as they are, with the filters of lists, and with the first body's own ids in them.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy
import sqlmodel
from sqlalchemy import select
from sqlmodel import SQLModel

from app.domain.vocabulary import ADMINISTRATORS, Role
from app.identity.models import Unit
from tests import factories
from tests.architecture.test_routes import NAMED, OPEN, TITLE, Route, World, negative_list, world

__all__ = ["negative_list", "world"]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: What names something of one unit in an address; a page or answer with it is unknown to another body.
OF_A_UNIT = frozenset(
    {
        *(
            "draft_id",
            "case_id",
            "waiver_id",
            "link_id",
            "mark_id",
            "thread_id",
            "release_id",
            "debt_id",
            "sha256",
            "stream",
        ),
        *("proofs/digest", "tool_id", "endpoint_id", "delivery_id", "robot_id", "user_id", "notice_id"),
    }
)
#: Tables whose ids and content nobody elsewhere may hear of, and the columns that would tell.
TELLING = {
    "draft": ("id", "title", "number"),
    "revision": ("id", "digest"),
    "review_case": ("id",),
    "stage_run": ("id",),
    "decision": ("id",),
    "draft_asset": ("sha256",),
    "check_report": ("id",),
    "waiver": ("id",),
    "proof": ("id", "digest"),
    "proof_mark": ("id",),
    "comment_thread": ("id",),
    "thread_comment": ("id",),
    "release": ("id",),
    "publication": ("id",),
    "webhook_message": ("id",),
    "webhook_delivery": ("id",),
    "webhook_endpoint": ("id",),
    "publishing_tool": ("id",),
    "notice": ("id",),
}
#: Words that lists are asked for.
FILTERS = ("", f"q={TITLE}")


def _strangers(world: World) -> list[str]:
    """Return accounts over the second body: each office, all other roles together, and nothing at all."""
    at = world.runtime.clock()
    together = [role for role in Role if role not in ADMINISTRATORS]
    accounts = {"nothing": [], "everything": together} | {str(role): [role] for role in ADMINISTRATORS}
    with world.runtime.database.write() as session:
        elsewhere = session.exec(sqlmodel.select(Unit).where(Unit.name == "青山市民政局")).one()
        for name, roles in accounts.items():
            factories.person(session, f"e_{name}", unit=elsewhere, roles=roles, at=at)
    return [f"e_{name}" for name in sorted(accounts)]


def _canaries(world: World) -> frozenset[str]:
    found = set()
    with world.runtime.database.read() as session:
        for name, columns in TELLING.items():
            there = SQLModel.metadata.tables[name].c
            # What is of no draft, as a message that a policy came into force, is everybody's.
            own = there.draft_id.is_not(None) if "draft_id" in there else sqlalchemy.true()
            for column in columns:
                rows = session.connection().execute(select(there[column]).where(own))
                found |= {str(one) for one in rows.scalars()}
    assert TITLE in found
    return frozenset(found)


def _every_draft(world: World) -> list[dict[str, str]]:
    """Return the values for addresses once for each draft, with what belongs to it."""
    tables = SQLModel.metadata.tables
    found = []
    with world.runtime.database.read() as session:
        drafts = session.connection().execute(select(tables["draft"].c.id)).scalars().all()
        for draft in drafts:
            own = {"draft_id": str(draft), "stream": f"draft:{draft}"}
            for name, (table, column) in NAMED.items():
                if "draft_id" in (there := tables[table].c):
                    query = select(there[column]).where(there.draft_id == draft).limit(1)
                    if (row := session.connection().execute(query).scalar()) is not None:
                        own[name] = str(row)
            found.append(world.values | own)
    return found


def _names(route: Route) -> set[str]:
    """Return what the parameters of an address name, as `NAMED` says it."""
    found = set()
    for match in re.finditer(r"\{([^}:]+)[^}]*\}", route.path):
        before = re.findall(r"/([a-z_-]+)(?=/)", route.path[: match.start()])
        found.add(f"{before[-1]}/digest" if match[1] == "digest" and before else match[1])
    return found


def _asked(world: World) -> Iterator[tuple[Route, str, bool]]:
    """Yield each address to read once, and whether it names something of the first body."""
    seen = set()
    for values in _every_draft(world):
        for route in world.routes("GET"):
            if str(route) in OPEN:
                continue
            path = replace(world, values=values) and route.at(values)
            of_a_unit = bool(_names(route) & OF_A_UNIT)
            for asking in FILTERS if not _names(route) else ("",):
                address = f"{path}?{asking}" if asking else path
                if address not in seen:
                    seen.add(address)
                    yield route, address, of_a_unit


def test_nobody_of_another_body_hears_anything_of_the_first(world: World) -> None:
    strangers, canaries, asked = _strangers(world), _canaries(world), list(_asked(world))
    faults, answered = [], 0
    for login in strangers:
        world.sign_in(login)
        for route, address, of_a_unit in asked:
            accept = "text/html,*/*" if route.is_page else "application/json,*/*"
            answer = world.client.get(address, headers={"accept": accept}, follow_redirects=False)
            answered += answer.status_code == 200
            text = answer.text
            told = sorted(one for one in canaries if one in text and one not in address)
            if TITLE in address:  # a list says what it was asked for
                told = [one for one in told if one != TITLE]
            if told or answer.status_code >= 500:
                faults.append((login, str(route), answer.status_code, told[:3]))
            if of_a_unit and answer.status_code not in {403, 404}:
                faults.append((login, str(route), answer.status_code, ["names what is the first body's"]))

    assert faults == []
    assert answered > 20 * len(strangers)


def test_the_walk_would_see_it(world: World) -> None:
    """The same addresses tell the first body's own people what the canaries are."""
    canaries, told = _canaries(world), set()
    world.sign_in("initial_reviewer")
    for route, address, of_a_unit in _asked(world):
        if of_a_unit or route.path.endswith("/drafts"):
            text = world.client.get(address, follow_redirects=False).text
            told |= {one for one in canaries if one in text}
    assert TITLE in told
    assert len(told) > 15
