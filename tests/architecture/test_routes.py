"""One walk over every route: nobody comes in without proof, reading changes nothing, and no field is ignored.

Who may do what is tested where each verb is; here stand the rules that no route is free of. Those that are
stand in short lists below, each with its reason.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select
from sqlmodel import SQLModel
from starlette.routing import Mount

from app.domain.vocabulary import Role
from app.infra.db import Database
from app.infra.migrate import load_tables
from app.infra.runtime import Runtime
from app.main import create_app
from app.policies.negative_list.following import FollowedPolicies
from tests import keepers
from tests.api.desk import Desk
from tests.api.press import Press, ready, signed
from tests.factories import PASSWORD, document

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

#: What anybody may ask for.
OPEN = {
    "GET /healthz": "says that the process lives, to whatever watches it",
    "GET /readyz": "says in one word whether the process can serve; more only to operators",
    "GET /metrics": "while trying out; in production for those inside or signed in (test_front.py)",
    "GET /openapi.json": "the same",
    "GET /docs": "the same",
    "GET /api/v1/signing-keys": "public keys, by which anybody verifies tickets and evidence",
    "GET /sign-in": "the form to sign in with",
    "POST /sign-in": "signing in",
    "POST /api/v1/auth/token": "signing in",
    "POST /api/v1/auth/oauth/token": "a tool's key is the proof, in the form or by HTTP Basic",
    "GET /published/{publication_id}": "the public part of the proof of what is public already",
    "GET /links/{token}": "a link to sign on without account: the address is the proof",
    "POST /links/{token}": "the same",
    "POST /links/{token}/code": "the same: the code that opens it",
    "GET /links/{token}/assets/{sha256}": "the same, for the pictures of the text",
    "GET /links/{token}/proof": "the same, for the proof",
    "GET /api/v1/signing/{token}/proof": "the same over the API, for the proof",
    "GET /api/v1/signing/{token}": "the same over the API",
    "POST /api/v1/signing/{token}": "the same over the API",
}
#: Forms without a CSRF token, because nobody's session is behind them.
WITHOUT_SESSION = {"POST /sign-in", "POST /links/{token}", "POST /links/{token}/code"}
#: Bodies that are read before they are understood: the signature is over the bytes.
SIGNED = {
    "POST /api/v1/webhooks/clearance",
    "POST /api/v1/webhooks/publications",
    "POST /api/v1/webhooks/confirmations",
    "POST /api/v1/webhooks/orders",
}
#: What nobody can read in the installation that the test builds.
UNREAD = {
    "GET /drafts/{draft_id}/findings/{rule}": "nothing is found in the draft: tests/web/test_findings.py",
    "GET /policies/{digest}/new-file": "a negative list stands for all: tests/web/test_policy_editing.py",
    "GET /drafts/{draft_id}/edit": "the draft that stands for all is published",
    "GET /api/v1/webhooks/deliveries/{delivery_id}": "nothing has been sent in this world",
    "GET /integrations/deliveries/{delivery_id}": "as above",
    "GET /api/v1/tool": "for tools that come with a key of their own (test_tool_keys.py)",
    "GET /api/v1/tool/endpoints": "as above",
    "GET /api/v1/tool/deliveries": "as above",
    "GET /api/v1/releases/{release_id}/files/{sha256}": "the release that stands for all shows no file",
    "GET /api/v1/audit/checkpoint": "no checkpoint has been signed in this world",
    "GET /api/v1/audit/consistency": "as above",
    "GET /api/v1/audit/inclusion": "as above",
}
#: Readers of every kind; between them they may read everything.
READERS = (
    "editor",
    "initial_reviewer",
    "proofreader",
    "publisher",
    "policy_keeper",
    "system_admin",
    "security_admin",
    "audit_admin",
)
#: The table and column that hold what a path parameter names.
NAMED = {
    "user_id": ("user_account", "id"),
    "grant_id": ("role_grant", "id"),
    "absence_id": ("absence", "id"),
    "delegation_id": ("delegation", "id"),
    "job_id": ("job", "id"),
    "draft_id": ("draft", "id"),
    "waiver_id": ("waiver", "id"),
    "ignored_id": ("ignored_finding", "id"),
    "activation_id": ("policy_activation", "id"),
    "wish_id": ("policy_activation", "id"),
    "test_id": ("back_test", "id"),
    "case_id": ("review_case", "id"),
    "link_id": ("sign_link", "id"),
    "migration_id": ("workflow_migration", "id"),
    "mark_id": ("proof_mark", "id"),
    "thread_id": ("comment_thread", "id"),
    "release_id": ("release", "id"),
    "publication_id": ("publication", "id"),
    "push_id": ("channel_push", "id"),
    "tool_id": ("publishing_tool", "id"),
    "key_id": ("tool_key", "id"),
    "endpoint_id": ("webhook_endpoint", "id"),
    "delivery_id": ("webhook_delivery", "id"),
    "notice_id": ("notice", "id"),
    "robot_id": ("notice_robot", "id"),
    "debt_id": ("review_debt", "id"),
    "sha256": ("asset", "sha256"),
    "proofs/digest": ("proof", "digest"),
    "workflows/digest": ("workflow_version", "digest"),
}
TITLE = "柳岸街道走访纪实第七篇"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
NOBODY = UUID("01900000-0000-7000-8000-000000000000")


@dataclass(frozen=True)
class Route:
    """A method and a path template."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_page(self) -> bool:
        return not self.path.startswith("/api/")

    def at(self, values: Mapping[str, str]) -> str:
        """Return the path with values for its parameters."""

        def value(match: re.Match[str]) -> str:
            name = match[1].partition(":")[0]
            if name.endswith("_id"):
                return values.get(name, str(NOBODY))
            if name != "digest":
                return values[name]
            of_what = re.findall(r"/([a-z_-]+)(?=/)", self.path[: match.start()])[-1]
            return values[f"{of_what}/{name}"]

        return re.sub(r"\{([^}]+)\}", value, self.path)


def _walk(routes: Any) -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from [route] if inner is None else _walk(inner.routes)


def routes_of(app: FastAPI) -> list[Route]:
    """Return every route of the application, but for the folder of static files."""
    found = []
    for route in _walk(app.routes):
        if isinstance(route, Mount):
            assert route.path == "/static", route.path
            continue
        found += [Route(method, route.path) for method in sorted(route.methods - {"HEAD", "OPTIONS"})]
    return found


@dataclass
class World:
    """An installation at work: a published draft, a second one in review, and something of every kind."""

    client: TestClient
    runtime: Runtime
    app: FastAPI
    values: dict[str, str]

    def routes(self, *methods: str) -> list[Route]:
        return [route for route in routes_of(self.app) if route.method in (methods or {route.method})]

    def contents(self) -> dict[str, str]:
        """Return a digest of what each table holds."""
        found = {}
        with self.runtime.database.read() as session:
            for name, table in SQLModel.metadata.tables.items():
                rows = sorted(repr(tuple(row)) for row in session.connection().execute(select(table)))
                found[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        return found

    def sign_in(self, login: str) -> None:
        """Sign in as a browser does; everybody else's cookie is forgotten."""
        self.client.cookies.clear()
        answer = self.client.post(
            "/sign-in", data={"login": login, "password": PASSWORD}, follow_redirects=False
        )
        assert answer.status_code == 303, answer.text

    def ask(self, route: Route, **more: Any) -> Response:
        """Ask as a browser does for a page, and as a program for anything else."""
        accept = "text/html,*/*" if route.is_page else "application/json,*/*"
        headers = {"accept": accept, **more.pop("headers", {})}
        return self.client.request(
            route.method, route.at(self.values), headers=headers, follow_redirects=False, **more
        )


@pytest.fixture
def negative_list(database: Database, tmp_path: Path) -> FollowedPolicies:
    """A small list that follows the database, so that its versions can be asked for."""
    return keepers.followed(tmp_path / "negative_list", database)


@pytest.fixture
def world(client: TestClient, runtime: Runtime) -> World:
    load_tables()
    desk = Desk.open(client, runtime)
    press = Press.open(desk)
    ready(desk)
    release = signed(desk)
    assert press.publish(release["ticket"], release["digest"]).status_code == 201
    desk.draft(document(TITLE, "志愿者逐户登记需求。"))
    picture = client.post(
        f"/api/v1/drafts/{desk.draft_id}/assets",
        files={"file": ("图.png", PNG)},
        data={"role": "image"},
        headers=desk.headers("editor"),
    )
    assert picture.status_code == 201, picture.text
    desk.submit()
    candidate = keepers.stored(runtime, keepers.with_new_block())
    assert desk.post("/backtests", "policy_keeper", {"candidate": candidate}).status_code == 202
    desk.work()
    runtime.settings.webhook_hosts = frozenset({"hook.example"})
    endpoint = {"unit_id": str(desk.bureau.city.id), "url": "https://hook.example/"}
    assert desk.post("/webhooks/endpoints", "system_admin", endpoint).status_code == 201
    return World(client, runtime, create_app(runtime), _values(runtime))


def _values(runtime: Runtime) -> dict[str, str]:
    """Return a value for every parameter: of something that is there, else of something that could be."""
    values = {}
    with runtime.database.read() as session:
        for name, (table, column) in NAMED.items():
            rows = session.connection().execute(select(SQLModel.metadata.tables[table].c[column])).scalars()
            first = min((str(row) for row in rows), default="")
            values[name] = first or (str(NOBODY) if column == "id" else "0" * 64)
    policy = runtime.negative_list.current
    return values | {
        "policies/digest": policy.digest,
        "rule_id": policy.rules[0].id,
        "rule": policy.rules[0].id,
        "stream": f"draft:{values['draft_id']}",
        "number": "1",
        "line": "wechat",
        "key": "standard",
        "name": "policy.yaml",
        "form": "csv",
        "token": "A" * 43,
    }


def test_the_walk_reaches_every_route(world: World) -> None:
    walked = {str(route) for route in world.routes()}
    described = {
        f"{method.upper()} {path}"
        for path, methods in world.app.openapi()["paths"].items()
        for method in methods
    }

    assert described <= walked
    assert len(walked) > 100
    assert OPEN.keys() | WITHOUT_SESSION | SIGNED <= walked


def _something(route: Route) -> dict[str, Any]:
    """Return a body of the type that a route takes."""
    return {"files": {"file": ("图.png", PNG)}} if route.path.endswith("/assets") else {"json": {}}


def test_nobody_comes_in_without_proof(world: World) -> None:
    world.client.cookies.clear()
    before = world.contents()
    faults = []
    for route in world.routes():
        if str(route) in OPEN:
            continue
        answer = world.ask(
            route, **(_something(route) if route.method in MUTATING and not route.is_page else {})
        )
        to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        if answer.status_code != 401 and not (route.is_page and route.method == "GET" and to_sign_in):
            faults.append((str(route), answer.status_code))

    assert faults == []
    assert world.contents() == before


def test_what_anybody_may_ask_for_says_nothing_of_drafts_or_people(world: World) -> None:
    world.client.cookies.clear()
    for route in world.routes("GET"):
        if str(route) in OPEN:
            answer = world.ask(route)
            assert answer.status_code < 500
            assert TITLE not in answer.text
            assert "先生" not in answer.text, route


def test_reading_changes_nothing(world: World) -> None:
    faults, never = [], {str(route) for route in world.routes("GET")} - OPEN.keys()
    for login in READERS:
        world.sign_in(login)
        before = world.contents()
        for route in world.routes("GET"):
            answer = world.ask(route)
            if answer.status_code >= 500:
                faults.append((login, str(route), answer.status_code))
            if answer.status_code < 400:
                never.discard(str(route))
        if (after := world.contents()) != before:
            changed = sorted(name for name in after if after[name] != before[name])
            faults.append((login, "changed", changed, _culprits(world, changed)))

    assert faults == []
    # All of them were really read: the values above name what there is.
    assert never == UNREAD.keys()


def _culprits(world: World, changed: list[str]) -> list[str]:
    """Ask once more, looking after each request; for the message alone."""
    found = []
    for route in world.routes("GET"):
        before = world.contents()
        world.ask(route)
        if world.contents() != before:
            found.append(str(route))
    return found or changed


def test_no_form_does_anything_without_the_token_of_its_session(world: World) -> None:
    world.sign_in("editor")
    before = world.contents()
    faults = []
    for route in world.routes(*MUTATING):
        if str(route) in WITHOUT_SESSION | OPEN.keys() | SIGNED:
            continue
        for token in ({}, {"csrf": "0" * 64}):
            if route.is_page:
                answer = world.ask(route, data=token)
            else:
                given = {"x-csrf-token": token["csrf"]} if token else {}
                answer = world.ask(route, **_something(route), headers=given)
            if answer.status_code != 403:
                faults.append((str(route), answer.status_code))

    assert faults == []
    assert world.contents() == before


def _resolved(schema: Any, components: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    return schema


def _objects(schema: Any, components: Mapping[str, Any], seen: set[str]) -> Iterator[Mapping[str, Any]]:
    """Yield every object that a schema lets in, however deep."""
    if isinstance(schema, list):
        for one in schema:
            yield from _objects(one, components, seen)
        return
    if not isinstance(schema, dict):
        return
    if (ref := schema.get("$ref")) is not None:
        if ref not in seen:
            seen.add(ref)
            yield from _objects(components[ref.rpartition("/")[2]], components, seen)
        return
    if schema.get("type") == "object" and "properties" in schema:
        yield schema
    for key in ("properties", "$defs"):
        yield from _objects(list(schema.get(key, {}).values()), components, seen)
    for key in ("items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties"):
        yield from _objects(schema.get(key), components, seen)


def _example(schema: Any, components: Mapping[str, Any]) -> Any:
    """Return something of this shape: an example if there is one, else what must be there."""
    schema = _resolved(schema, components)
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return _example(schema[key][0], components)
    if schema.get("type") == "object":
        return {name: _example(schema["properties"][name], components) for name in schema.get("required", [])}
    return {"array": [], "integer": 1, "number": 1, "boolean": True, "string": "x"}.get(
        schema.get("type", "")
    )


def _bodies(world: World) -> Iterator[tuple[Route, Mapping[str, Any]]]:
    for path, methods in world.app.openapi()["paths"].items():
        for method, operation in methods.items():
            route = Route(method.upper(), path)
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is not None and str(route) not in SIGNED:
                yield route, body["schema"]


def test_no_body_has_room_for_what_nobody_knows(world: World) -> None:
    components = world.app.openapi()["components"]["schemas"]
    faults = {
        (str(route), schema.get("title", ""))
        for route, body in _bodies(world)
        for schema in _objects(body, components, set())
        if schema.get("additionalProperties") is not False
    }

    assert faults == set()


def test_every_body_with_an_unknown_field_is_refused(
    world: World, as_: Callable[[str], dict[str, str]]
) -> None:
    components = world.app.openapi()["components"]["schemas"]
    world.client.cookies.clear()
    headers = {login: as_(login) for login in ("editor", *sorted(Role))}
    before = world.contents()
    faults, asked = [], 0
    for route, schema in _bodies(world):
        body = _example(schema, components)
        assert isinstance(body, dict), route
        answer = world.ask(route, json={**body, "no_such_field": 1}, headers=headers["editor"])
        asked += 1
        fields = [one["field"] or "" for one in answer.json().get("reasons", [])]
        if answer.status_code != 422 or not any(field.endswith("no_such_field") for field in fields):
            faults.append((str(route), answer.status_code, answer.text[:300]))

    assert faults == []
    assert asked > 30
    assert world.contents() == before


@pytest.fixture
def as_(client: TestClient) -> Callable[[str], dict[str, str]]:
    from tests import factories

    return lambda login: factories.signed_in(client, login)
