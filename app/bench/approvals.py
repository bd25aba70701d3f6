"""`sanshen bench approvals`: approvals over HTTP with all that follows from them, as people run the service.

`sanshen up` serves and does its jobs in one process: each decision is recorded, those whom it concerns are
told, its message is fanned out and delivered to a receiver, and after the third review a proof is laid out.
Beside it, under the same load and on the same kind of database, runs a server that only commits one row a
request, and with `--beside` the server of another checkout, by turns. All is asked over HTTP, so that
another checkout needs nothing but the same API.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, column, func, select, table, text

from app.bench import databases
from app.bench.bureau import LINE, REVIEWERS, counted_approvals, prose
from app.bench.databases import KINDS, NO_POSTGRES, Place
from app.bench.figures import Bar, Broken, Figure, Options, middle
from app.bench.load import percentile
from app.bench.postgres import free_port
from app.bench.serving import Answered, Server, ask, serving
from app.demo.client import Person
from app.demo.receiver import Receiver
from app.infra.db import Database, UtcDateTime
from app.infra.settings import Settings

#: Approvals a second, as a share of bare commits of one row a request.
OF_COMMITS = Bar(0.35, at_least=True, of_ratio=True)
#: Their 99th percentile, as a multiple of that of the bare commits.
SLOWEST = Bar(3, of_ratio=True)
#: Processor time of an approval with all that follows, as a share of what the other checkout takes.
OF_THE_OTHER = Bar(0.4, of_ratio=True)
STATEMENTS = Bar(10)
CONNECTIONS = 16
#: How long what follows may take to be done, in seconds.
_FOLLOWING = 600
_UNIT = "清河市民政局"
#: What has been done for every approval once nothing is left to do.
_FOLLOWED = {
    "decisions": "SELECT count(*) FROM decision WHERE verdict = 'approved'",
    "events": "SELECT count(*) FROM audit_event",
    "notices": "SELECT count(*) FROM notice",
    "delivered": "SELECT count(*) FROM webhook_delivery WHERE state = 'delivered'",
    "proofs": "SELECT count(*) FROM proof",
}
#: Jobs with the columns that every version has. What is planned for later is not waited for.
_JOB = table("job", column("state"), column("run_at", UtcDateTime))
_SOON = timedelta(seconds=1)


@dataclass(slots=True)
class Measured:
    """What was measured of one server, one entry a load."""

    #: The approvals after which only people are told, and those after which a proof is laid out as well.
    plain_cpu_ms: list[float] = field(default_factory=list)
    proofs_cpu_ms: list[float] = field(default_factory=list)
    #: Answered a second, and a second until all that follows was done.
    per_second: list[float] = field(default_factory=list)
    done_per_second: list[float] = field(default_factory=list)
    times_ms: list[float] = field(default_factory=list)
    followed: dict[str, int] = field(default_factory=dict)


def run(options: Options) -> Iterator[Figure]:
    """Measure approvals on both databases."""
    with databases.place(options) as place:
        yield from (_not_measured(kind) for kind in KINDS if not place.has(kind))
        for kind in filter(place.has, KINDS):
            options.say(f"数 SQL 语句（{KINDS[kind]}）")
            yield from _statements(place, kind)
            yield from measure(place, options, kind)


def _not_measured(kind: str) -> Figure:
    return Figure(
        f"approvals.per_second.{kind}", "审批", None, "次/秒", OF_COMMITS, on=KINDS[kind], note=NO_POSTGRES
    )


def measure(place: Place, options: Options, kind: str) -> Iterator[Figure]:
    """Yield what approvals reach on this kind of database, beside bare commits and the other checkout.

    Every request is a decision of its own on a case of its own. Raises `Broken` unless all succeed and all
    that follows from them is done.
    """
    drafts, rounds, connections = (4, 1, 2) if options.quick else (64, 3, CONNECTIONS)
    ours, other, commits = Measured(), Measured(), Measured()
    for number in range(rounds):
        options.say(f"审批（{KINDS[kind]}）：第 {number + 1}/{rounds} 轮")
        _commits(commits, place.settings(kind), drafts * len(REVIEWERS), connections)
        if options.beside is not None:
            _approvals(other, place.unmigrated(kind), drafts, connections, options.beside)
        _approvals(ours, place.unmigrated(kind), drafts, connections, None)
    yield from _figures(kind, ours, other, commits)


def _figures(kind: str, ours: Measured, other: Measured, commits: Measured) -> Iterator[Figure]:
    on, bare = KINDS[kind], "每请求只提交一行"
    yield Figure(
        f"approvals.per_second.{kind}",
        "审批，后续工作同时进行",
        middle(ours.per_second),
        "次/秒",
        OF_COMMITS,
        peer=bare,
        peer_value=middle(commits.per_second),
        samples=ours.per_second,
        on=on,
        raw={"followed": ours.followed, "commits": commits.per_second, "other": other.per_second},
    )
    yield Figure(
        f"approvals.done_per_second.{kind}",
        "审批，直到后续工作全部完成",
        middle(ours.done_per_second),
        "次/秒",
        peer=bare,
        peer_value=middle(commits.per_second),
        samples=ours.done_per_second,
        on=on,
        raw={"other": other.done_per_second},
    )
    yield Figure(
        f"approvals.p99_ms.{kind}",
        "审批的 p99",
        percentile(ours.times_ms, 99),
        "毫秒",
        SLOWEST,
        peer=bare,
        peer_value=percentile(commits.times_ms, 99),
        on=on,
        raw={f"p{share}_ms": percentile(ours.times_ms, share) for share in (50, 95, 99)}
        | {"other_p99_ms": percentile(other.times_ms, 99)},
    )
    for key, title, took, others in (
        ("plain", "审批和后续工作的处理器时间", ours.plain_cpu_ms, other.plain_cpu_ms),
        ("proofs", "其后还要排校样的审批", ours.proofs_cpu_ms, other.proofs_cpu_ms),
    ):
        yield Figure(
            f"approvals.cpu_ms.{key}.{kind}",
            title,
            middle(took) or None,
            "毫秒/次",
            OF_THE_OTHER,
            peer="另一份代码" if others else "",
            peer_value=middle(others),
            samples=took,
            on=on,
            note="" if others else "没有用 --beside 指定另一份代码",
            raw={"other": others},
        )


def _statements(place: Place, kind: str) -> Iterator[Figure]:
    plain, asking = counted_approvals(place, kind)
    for key, title, asked in (("plain", "通过一次", plain), ("asks_for_proofs", "通过并要校样", asking)):
        yield Figure(
            f"statements.{key}.{kind}",
            f"{title}的 SQL 语句",
            len(asked),
            "条",
            STATEMENTS if key == "plain" else None,
            on=KINDS[kind],
            raw={"statements": asked},
        )


def _commits(measured: Measured, settings: Settings, rows: int, connections: int) -> None:
    port = free_port()
    command = [sys.executable, "-m", "app.bench.floor", str(port), settings.url]
    with serving(command, port, settings) as server:
        answered = server.load(
            [ask("POST", f"/rows/{number}") for number in range(rows)], connections=connections
        )
    measured.per_second.append(answered["per_second"])
    measured.times_ms += answered["times_ms"]


def _approvals(
    measured: Measured, settings: Settings, drafts: int, connections: int, checkout: Path | None
) -> None:
    """Let one server decide on drafts of its own, three times each."""
    port = free_port()
    command = [sys.executable, "-m", "app", "up", "--no-drafts", "--json", "--port", str(port)]
    with closing(Receiver()) as receiver:
        hosts = f'["{receiver.host}"]'
        with (
            serving(
                command,
                port,
                settings,
                cwd=checkout,
                SANSHEN_WEBHOOK_HOSTS=hosts,
                SANSHEN_WEBHOOK_LOOPBACK="true",
            ) as server,
            _watched(settings) as left,
        ):
            cases = _hand_in(server, receiver, drafts)
            left.wait()
            for stage, login in REVIEWERS.items():
                _decide(measured, server, left, (stage, login, cases), connections)
        measured.followed = left.followed
    expect_all(left.followed, decisions=drafts * len(REVIEWERS), drafts=drafts)


def _decide(
    measured: Measured,
    server: Server,
    left: "_Following",
    approvals: tuple[str, str, Sequence[tuple[str, str]]],
    connections: int,
) -> None:
    stage, login, cases = approvals
    requests = _requests(server, stage, login, cases)
    before, began = server.processor_seconds(), time.perf_counter()
    answered: Answered = server.load(requests, connections=connections)
    left.wait()
    took = time.perf_counter() - began
    worked = (server.processor_seconds() - before) * 1000 / len(cases)
    (measured.plain_cpu_ms if stage != list(REVIEWERS)[-1] else measured.proofs_cpu_ms).append(worked)
    measured.per_second.append(answered["per_second"])
    measured.done_per_second.append(len(cases) / took)
    measured.times_ms += answered["times_ms"]


def _requests(
    server: Server, stage: str, login: str, cases: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    with closing(Person(server.url, login)) as reviewer:
        headers = {"Authorization": f"Bearer {reviewer.token()}", "Prefer": "return=minimal"}
    return [
        ask(
            "POST",
            f"/api/v1/cases/{case}/decisions",
            {"stage": stage, "digest": digest, "verdict": "approve"},
            headers | {"Idempotency-Key": f"{stage}-{case}"},
        )
        for case, digest in cases
    ]


def _hand_in(server: Server, receiver: Receiver, drafts: int) -> list[tuple[str, str]]:
    """Let the editor hand drafts in, and the administrator have all messages sent; return case and digest."""
    with (
        closing(Person(server.url, "xitong")) as administrator,
        closing(Person(server.url, "bianji")) as editor,
    ):
        unit = next(unit["id"] for unit in administrator("GET", "/api/v1/units") if unit["name"] == _UNIT)
        endpoint = {"unit_id": unit, "url": receiver.url, "events": []}
        receiver.secrets.append(administrator("POST", "/api/v1/webhooks/endpoints", endpoint)["secret"])
        return [_submitted(editor, number) for number in range(1, drafts + 1)]


def _submitted(editor: Person, number: int) -> tuple[str, str]:
    written = {
        "format": "markdown",
        "content": prose(),
        "title": f"社区网格员冬季走访（第{number}期）",
        "byline": f"{_UNIT}宣传科",
        "targets": [{"channel": LINE, "section": "news"}],
    }
    draft = editor("POST", "/api/v1/drafts", written)["id"]
    digest = editor("GET", f"/api/v1/drafts/{draft}")["digest"]
    case = editor("POST", f"/api/v1/drafts/{draft}/submissions", {"digest": digest, "comment": "请审"})
    return case["id"], digest


class _Following:
    """Looks into a database from outside: is anything left to be done, and what was done."""

    def __init__(self, settings: Settings) -> None:
        self._database = Database(settings.url, pool_size=2)
        self.followed: dict[str, int] = {}

    def wait(self) -> None:
        """Wait until no job is due that was asked for. Raises `Broken` when that takes too long."""
        until = time.monotonic() + _FOLLOWING
        while self._left():
            if time.monotonic() > until:
                raise Broken(f"{_FOLLOWING} 秒后仍有没有做完的后续工作")
            time.sleep(0.02)
        self.followed = {name: self._count(text(query)) for name, query in _FOLLOWED.items()}

    def _left(self) -> int:
        due = _JOB.c.run_at < datetime.now(UTC) + _SOON
        return self._count(
            select(func.count()).select_from(_JOB).where(_JOB.c.state.in_(("queued", "running")), due)
        )

    def _count(self, query: Executable) -> int:
        with self._database.read() as session:
            counted: int = session.connection().execute(query).scalar_one()
            return counted

    def close(self) -> None:
        """Close the connections."""
        self._database.close()


@contextmanager
def _watched(settings: Settings) -> Iterator[_Following]:
    with closing(_Following(settings)) as following:
        yield following


def expect_all(followed: dict[str, int], *, decisions: int, drafts: int) -> None:
    """See that so many decisions had all their consequences. Raises `Broken` when they had not."""
    if followed["decisions"] != decisions or followed["proofs"] < drafts:
        raise Broken(f"应有 {decisions} 个决定、{drafts} 份校样，数据库里是 {followed}")
    if min(followed["delivered"], followed["notices"]) < decisions:
        raise Broken(f"{decisions} 个决定没有都告知到人和接口：{followed}")
