"""Approvals over HTTP: a real server, a load generator beside it, and floors under the same load."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.bench.bureau import REVIEWERS, Desk, Handed, desk
from app.bench.databases import KINDS, Place
from app.bench.figures import Bar, Broken, Figure, Options, middle
from app.bench.load import percentile
from app.bench.postgres import free_port
from app.infra.settings import Settings

PER_SECOND = {"sqlite": Bar(200, at_least=True), "postgresql": Bar(300, at_least=True)}
SLOWEST = Bar(350)
CONNECTIONS = 32
#: How long a server may take to be ready, and a load to be answered, in seconds.
_STARTING, _ANSWERING = 120, 600

Round = dict[str, Any]


def measure(place: Place, options: Options, kind: str) -> Iterator[Figure]:
    """Yield how many approvals a second are answered, and how long they take, on this kind of database.

    Every request is a decision of its own on a case of its own, and all must succeed. Raises `Broken` when
    they do not.
    """
    name = KINDS[kind]
    drafts, connections = (4, 2) if options.quick else (200, CONNECTIONS)
    with desk(place, kind) as hand:
        handed = []
        for number in range(drafts):
            options.say(f"HTTP 审批（{name}）：备稿 {number}/{drafts}")
            handed.append(hand.hand_in())
        options.say(f"HTTP 审批（{name}）")
        with _serving(_serve_command, hand.runtime.settings) as (port, process):
            before = _processor_seconds(process)
            rounds = [_load(port, _approvals(hand, handed, stage), connections) for stage in REVIEWERS]
            worked = _processor_seconds(process) - before
            alive = _load(port, [_ask("GET", "/healthz")] * drafts * len(REVIEWERS), connections)
        _expect_all(rounds, hand.decisions())
    floor_settings = place.settings(kind)
    with _serving(_floor_command, floor_settings) as (port, _):
        rows = [_ask("POST", f"/rows/{number}") for number in range(drafts * len(REVIEWERS))]
        floor = _load(port, rows, connections)
    _expect_all([alive, floor], None)
    yield from _figures(kind, rounds, alive, floor)
    milliseconds = worked * 1000 / (drafts * len(REVIEWERS))
    yield Figure(
        f"http.cpu_ms.{kind}", "HTTP 审批的服务器处理器时间", milliseconds or None, "毫秒/次", on=name
    )


def _figures(kind: str, rounds: Sequence[Round], alive: Round, floor: Round) -> Iterator[Figure]:
    name = KINDS[kind]
    samples = [one["per_second"] for one in rounds]
    times = [took for one in rounds for took in one["times_ms"]]
    raw = {
        "rounds": [_without_times(one) for one in rounds],
        "healthz": _without_times(alive),
        "commit": _without_times(floor),
    }
    peer = "每请求只提交一行"
    yield Figure(
        f"http.per_second.{kind}",
        "HTTP 审批",
        middle(samples),
        "次/秒",
        PER_SECOND[kind],
        on=name,
        peer=peer,
        peer_value=floor["per_second"],
        samples=samples,
        raw=raw,
    )
    yield Figure(
        f"http.p99_ms.{kind}",
        "HTTP 审批的 p99",
        percentile(times, 99),
        "毫秒",
        SLOWEST,
        on=name,
        peer=peer,
        peer_value=floor["p99_ms"],
        samples=[one["p99_ms"] for one in rounds],
        raw={f"p{share}_ms": percentile(times, share) for share in (50, 95, 99)} | {"longest_ms": max(times)},
    )
    yield Figure(
        f"http.healthz_per_second.{kind}", "同一服务的 /healthz", alive["per_second"], "次/秒", on=name
    )


def _without_times(one: Round) -> Round:
    return {name: value for name, value in one.items() if name != "times_ms"}


def _expect_all(rounds: Sequence[Round], decisions: int | None) -> None:
    statuses: Counter[str] = Counter()
    for one in rounds:
        statuses.update(one["statuses"])
    if set(statuses) != {"200"}:
        raise Broken(f"不是每个请求都成功：{dict(statuses)}")
    if decisions is not None and decisions != statuses.total():
        raise Broken(f"{statuses.total()} 个请求得到成功的答复，数据库里却有 {decisions} 个决定")


def _approvals(hand: Desk, handed: Sequence[Handed], stage: str) -> list[dict[str, Any]]:
    runtime, reviewer = hand.runtime, hand.people[REVIEWERS[stage]]
    token = runtime.tokens.issue(reviewer.id, at=runtime.clock(), minutes=10)
    return [
        _ask(
            "POST",
            f"/api/v1/cases/{one.case_id}/decisions",
            {"stage": stage, "digest": one.digest, "verdict": "approve"},
            {
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": f"{stage}-{one.case_id}",
                "Prefer": "return=minimal",
            },
        )
        for one in handed
    ]


def _ask(
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    return {"method": method, "path": path, "headers": dict(headers or {}), "body": body}


def _load(port: int, requests: Sequence[Mapping[str, Any]], connections: int) -> Round:
    orders = {"port": port, "requests": list(requests), "connections": connections}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "app.bench.load"],
            input=json.dumps(orders),
            capture_output=True,
            text=True,
            check=False,
            timeout=_ANSWERING,
            cwd=_importable(),
        )
    except subprocess.TimeoutExpired as error:
        raise Broken(f"{_ANSWERING} 秒里没有答完") from error
    if done.returncode != 0:
        raise Broken("加压程序没有跑成：" + done.stderr.strip().splitlines()[-1])
    found: Round = json.loads(done.stdout)
    return found


def _serve_command(port: int, settings: Settings) -> list[str]:
    # As it is run in earnest: one process on SQLite, one a processor on PostgreSQL.
    workers = 1 if settings.url.startswith("sqlite") else os.cpu_count() or 1
    return [sys.executable, "-m", "app", "serve", "--port", str(port), "--workers", str(workers)]


def _floor_command(port: int, settings: Settings) -> list[str]:
    return [sys.executable, "-m", "app.bench.floor", str(port), settings.url]


@contextmanager
def _serving(command: Callable[[int, Settings], list[str]], settings: Settings) -> Iterator[tuple[int, int]]:
    """Run a server in a process of its own; yield its port and its process id once it answers."""
    port = free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith("SANSHEN_")}
    own |= {
        "SANSHEN_DATA_DIR": str(settings.data_dir),
        "SANSHEN_DATABASE_URL": settings.database_url,
        "SANSHEN_LOG_LEVEL": "WARNING",
    }
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    log = settings.data_dir / "server.log"
    with log.open("wb") as said:
        server = subprocess.Popen(  # noqa: S603 – our own server
            command(port, settings), stdout=said, stderr=said, env=own, cwd=_importable()
        )
    try:
        _until_ready(port, server, log)
        yield port, server.pid
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _until_ready(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _STARTING
    while time.monotonic() < until and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise Broken("服务没有启动：" + log.read_text(encoding="utf-8", errors="replace")[-1000:])


def _processor_seconds(process: int) -> float:
    """Return the processor time of a process and its children so far; 0 where the system does not tell."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    own = (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_processor_seconds(int(child)) for child in children)


def _importable() -> Path:
    """Return the folder from which `-m app` finds this very installation."""
    return Path(__file__).parents[2]
