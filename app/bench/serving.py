"""Servers in processes of their own: started, put under load, and asked what they took."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.bench.figures import Broken
from app.infra.settings import Settings

#: How long a server may take to be ready, and a load to be answered, in seconds.
_STARTING, _ANSWERING = 240, 600

#: What `app.bench.load` tells of one load.
Answered = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers on a port of 127.0.0.1, and its process."""

    port: int
    process: int

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def processor_seconds(self) -> float:
        """Return the processor time of the process and its children so far; 0 where no system tells it."""
        return _processor_seconds(self.process)

    def load(self, requests: Sequence[Mapping[str, Any]], *, connections: int) -> Answered:
        """Send each request once over so many connections. Raises `Broken` unless each gets a 200."""
        orders = {"port": self.port, "requests": list(requests), "connections": connections}
        try:
            done = subprocess.run(
                [sys.executable, "-m", "app.bench.load"],
                input=json.dumps(orders),
                capture_output=True,
                text=True,
                check=False,
                timeout=_ANSWERING,
                cwd=importable(),
            )
        except subprocess.TimeoutExpired as error:
            raise Broken(f"{_ANSWERING} 秒里没有答完") from error
        if done.returncode != 0:
            raise Broken("加压程序没有跑成：" + done.stderr.strip().splitlines()[-1])
        answered: Answered = json.loads(done.stdout)
        statuses: Counter[str] = Counter(answered["statuses"])
        if set(statuses) != {"200"} or statuses.total() != len(requests):
            raise Broken(f"不是每个请求都成功：{dict(statuses)}")
        return answered


def ask(
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a request as `app.bench.load` takes it."""
    return {"method": method, "path": path, "headers": dict(headers or {}), "body": body}


@contextmanager
def serving(
    command: Sequence[str], port: int, settings: Settings, *, cwd: Path | None = None, **environment: str
) -> Iterator[Server]:
    """Run a server for a database; yield it once it answers.

    `cwd` is the checkout that `-m app` is found in, without it this one; `environment` is set on top. Raises
    `Broken` when it does not start.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("SANSHEN_")}
    own |= {
        "SANSHEN_DATA_DIR": str(settings.data_dir),
        "SANSHEN_CACHE_DIR": str(settings.cache),
        "SANSHEN_DATABASE_URL": settings.database_url,
        "SANSHEN_LOG_LEVEL": "WARNING",
        **environment,
    }
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    log = settings.data_dir / "server.log"
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 – our own server
            command, stdout=written, stderr=written, env=own, cwd=cwd or importable()
        )
    try:
        _until_ready(port, process, log)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def importable() -> Path:
    """Return the folder from which `-m app` finds this very installation."""
    return Path(__file__).parents[2]


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
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    own = (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_processor_seconds(int(child)) for child in children)
