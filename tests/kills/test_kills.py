"""Processes are killed while clients work: nothing that was answered is lost, doubled or half done.

`--kills N` sets how often each process is killed on each database; the figures of the long form (20) stand in
docs/reliability.md.
"""

import json
import os
import random
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import col, func, select

from app.audit import verification
from app.bench.postgres import free_port
from app.domain.vocabulary import CaseState, Role
from app.drafts.models import Draft
from app.identity.access import SYSTEM
from app.infra.clock import system_clock
from app.infra.db import Database
from app.infra.paths import shipped
from app.infra.settings import Settings
from app.jobs import queries as jobs
from app.jobs.models import Job, JobState
from app.reviews.models import Decision, ReviewCase
from app.webhooks import service as webhooks
from app.webhooks.addresses.targets import AllowList
from tests import factories, keepers
from tests.cli.processes import PATIENCE, Running, running

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
CLIENTS = 4


@dataclass
class Done:
    """What clients were told: drafts by title, cases and decisions by draft."""

    drafts: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    decisions: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Client(threading.Thread):
    """Hands in, submits and decides, one draft after the other; asks again until it is answered."""

    def __init__(self, url: str, number: int, done: Done, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._http = httpx.Client(base_url=url, timeout=20)
        self._number, self._done, self._over = number, done, over
        self._tokens: dict[str, tuple[float, str]] = {}

    def run(self) -> None:
        turn = 0
        while not self._over.is_set():
            turn += 1
            self._one(f"稿件 {self._number}-{turn}")
        self._http.close()

    def _one(self, title: str) -> None:
        new = {
            "format": "text",
            "content": f"{title}\n\n志愿者走访独居老人。",
            "targets": [{"channel": "wechat", "section": "news"}],
        }
        draft = self._ask("editor", "/api/v1/drafts", new, f"{title} d")
        if draft is None:
            return
        self._done.drafts[title] = draft["id"]
        case = self._ask(
            "editor", f"/api/v1/drafts/{draft['id']}/submissions", {"digest": draft["digest"]}, f"{title} s"
        )
        if case is None:
            return
        self._done.cases[draft["id"]] = case["id"]
        opinion = {"stage": "initial_review", "digest": draft["digest"], "verdict": "approve"}
        if self._ask("initial", f"/api/v1/cases/{case['id']}/decisions", opinion, f"{title} a") is not None:
            self._done.decisions.add(draft["id"])

    def _ask(self, login: str, path: str, body: dict[str, Any], key: str) -> dict[str, Any] | None:
        """Post with a key of its own until there is an answer; `None` when the time is over."""
        name = key.encode().hex()
        while not self._over.is_set():
            try:
                headers = {"Authorization": f"Bearer {self._token(login)}", "Idempotency-Key": name}
                answer = self._http.post(path, json=body, headers=headers)
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            if answer.status_code in {200, 201}:
                found: dict[str, Any] = answer.json()
                return found
            # What a server that is being stopped cuts off is plain text, and says nothing of the outcome.
            plain = "json" not in answer.headers.get("content-type", "")
            code = "cut off" if plain else answer.json()["code"]
            self._done.refused[f"{answer.status_code} {code}"] += 1
            if answer.status_code not in {401, 429, 503} and not (plain and answer.status_code >= 500):
                self._done.wrong.append(answer.text)
                return None
            time.sleep(0.1)
        return None

    def _token(self, login: str) -> str:
        made, token = self._tokens.get(login, (0.0, ""))
        if time.monotonic() - made > 300:
            given = {"login": login, "password": factories.PASSWORD}
            answer = self._http.post("/api/v1/auth/token", json=given)
            if answer.status_code != 200:
                raise httpx.ConnectError("not yet")
            token = answer.json()["token"]
            self._tokens[login] = (time.monotonic(), token)
        return token


@contextmanager
def receiver() -> Iterator[tuple[str, Counter[str]]]:
    """Yield the address of a webhook receiver, and how often each message came."""
    heard: Counter[str] = Counter()

    class Hear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            heard[self.headers["webhook-id"]] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", heard
    finally:
        server.shutdown()
        server.server_close()


def few_rules(folder: Path) -> Path:
    """Return a folder of policies with a negative list of two rules."""
    own = folder / "policies"
    shutil.copytree(shipped("policies"), own, ignore=shutil.ignore_patterns("negative_list"))
    keepers.write(own / "negative_list", keepers.FILES)
    return own


def prepared(database: Database, hook: str, env: dict[str, str]) -> None:
    at = system_clock()
    settings = Settings(
        webhook_hosts=frozenset(json.loads(env["SANSHEN_WEBHOOK_HOSTS"])), webhook_loopback=True
    )
    with database.write() as session:
        city = factories.unit(session, "清河市民政局", at=at)
        factories.person(session, "editor", unit=city, at=at, roles=[Role.EDITOR])
        factories.person(session, "initial", unit=city, at=at, roles=[Role.INITIAL_REVIEWER])
        session.flush()
        webhooks.create_endpoint(
            session,
            unit_id=city.id,
            url=hook,
            events=(),
            actor=SYSTEM,
            allowed=AllowList.of(settings),
            master=settings.secret_key.get_secret_value().encode(),
            at=at,
        )


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--kills"))


class Service:
    """The processes of a service, started anew whenever one was killed."""

    def __init__(self, commands: dict[str, list[object]], folder: Path, env: dict[str, str]) -> None:
        self._commands, self._folder, self._env = commands, folder, env
        self._stack = ExitStack()
        self.running: dict[str, Running] = {}

    def start(self, name: str) -> None:
        process = self._stack.enter_context(running(*self._commands[name], folder=self._folder, **self._env))
        self.running[name] = process
        process.event("worker.started" if name == "worker" else "server.started")

    def kill(self, name: str) -> None:
        """Kill a process, or one of those that the server started, and start it anew."""
        process = self.running["server" if name == "child" else name].process
        if name == "child":
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
            os.kill(int(random.choice(children)), signal.SIGKILL)
        else:
            process.kill()
        process.wait(PATIENCE)
        self.start("server" if name == "child" else name)

    def end(self) -> None:
        for process in self.running.values():
            assert process.end() == 0
        self._stack.close()


@BOTH
def test_nothing_answered_is_lost_doubled_or_half(
    database: Database, database_url: str, tmp_path: Path, kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    with receiver() as (hook, heard):
        env = {
            "SANSHEN_DATABASE_URL": database_url,
            "SANSHEN_DATA_DIR": str(tmp_path / "data"),
            "SANSHEN_WEBHOOK_HOSTS": json.dumps([hook.split("/")[2]]),
            "SANSHEN_WEBHOOK_LOOPBACK": "true",
            # Few rules: what counts here is how quickly a process is there again.
            "SANSHEN_POLICIES_DIR": str(few_rules(tmp_path)),
        }
        prepared(database, hook, env)
        serve: list[object] = ["serve", "--port", port]
        if database.is_sqlite:
            service = Service({"server": [*serve, "--jobs"], "worker": ["worker"]}, tmp_path, env)
            victims = ["server", "worker"]
        else:
            service = Service({"server": [*serve, "--workers", 2], "worker": ["worker"]}, tmp_path, env)
            victims = ["server", "child", "worker"]
        for name in ("server", "worker"):
            service.start(name)
        done, over = Done(), threading.Event()
        clients = [Client(f"http://127.0.0.1:{port}", number, done, over) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        began = time.monotonic()
        for _ in range(kills):
            for victim in victims:
                time.sleep(random.uniform(0.2, 0.8))
                service.kill(victim)
        # However slow this machine is: each client is to have been answered after the kills as well.
        until = time.monotonic() + PATIENCE
        while len(done.decisions) <= CLIENTS and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(1)
        over.set()
        for client in clients:
            client.join(PATIENCE)
        _until_idle(database)
        service.end()
    with database.read() as session:
        drafts = Counter(session.exec(select(Draft.title)).all())
        cases = Counter(str(one) for one in session.exec(select(ReviewCase.draft_id)).all())
        decisions = Counter(str(one) for one in session.exec(select(Decision.draft_id)).all())
        states = Counter(session.exec(select(ReviewCase.state)).all())
        unfinished = session.exec(
            select(Job.kind).where(col(Job.state) != JobState.DONE, col(Job.key).is_(None))
        ).all()
        messages = {str(one.id) for one in jobs.outbox(session)}
        found = verification.verify(session)
    with capsys.disabled():
        print(  # noqa: T201 – the figures of the long form
            f"\n{'SQLite' if database.is_sqlite else 'PostgreSQL'}: {kills} × {len(victims)} kills in "
            f"{time.monotonic() - began:.0f} s, {len(done.drafts)} drafts, {len(done.cases)} submissions, "
            f"{len(done.decisions)} decisions answered; {len(messages)} messages, "
            f"{heard.total() - len(heard)} of them again; refusals meanwhile: {dict(done.refused)}"
        )

    assert done.wrong == []
    assert len(done.decisions) > CLIENTS
    assert done.drafts.keys() - drafts.keys() == set(), "lost drafts"
    assert done.cases.keys() - cases.keys() == set(), "lost submissions"
    assert done.decisions - decisions.keys() == set(), "lost decisions"
    assert {*drafts.values(), *cases.values(), *decisions.values()} == {1}, "doubled"
    assert set(states) == {CaseState.RUNNING}, "half"
    assert list(unfinished) == [], "half"
    assert found.faults == ()
    assert messages - heard.keys() == set(), "messages that never came"


def _until_idle(database: Database) -> None:
    """Wait until all that was promised is done, for as long as more of it keeps being done.

    The backlog grows with the kills, and a job may bring others; so it is the jobs done that are watched, and
    a backlog of which nothing was done within PATIENCE is left for the assertions to tell.
    """
    most, until = -1, time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with database.read() as session:
            promised = select(col(Job.state), func.count()).where(col(Job.key).is_(None)).group_by(Job.state)
            number = dict(session.exec(promised).all())
        if not number.get(JobState.QUEUED) and not number.get(JobState.RUNNING):
            return
        if (done := number.get(JobState.DONE, 0)) > most:
            most, until = done, time.monotonic() + PATIENCE
        time.sleep(0.2)
