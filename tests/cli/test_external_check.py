"""Checks by a service outside: the reference server of the page, and services that behave badly."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from app.cli.check import check
from app.negative_list import Part, PartKind, Scope, Severity
from app.screening.external import protocol
from app.screening.external.service import Source, ask, read_source

PAGE = (Path(__file__).parents[2] / "docs" / "external-checks.md").read_text(encoding="utf-8")
SECRET = b"a secret that both sides hold"
app = typer.Typer()
app.command()(check)
WEBSITE = Scope(frozenset({"website"}), frozenset(), "")
PARTS = (
    Part(PartKind.TITLE, "title", "工作布署"),
    Part(PartKind.BODY, "blocks/0", "😀会议作出布署，防止松驰。"),
)


@dataclass
class Behaviour:
    """What a service does with a request: the answer's values, its bytes, its headers, and when."""

    answer: Any = None
    body: bytes | None = None
    status: int = 200
    secret: bytes = SECRET
    wait: float = 0
    chunk: float = 0
    asked: list[dict[str, Any]] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    behaviour: Behaviour


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        how = self.server.behaviour
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        how.asked.append(asked)
        time.sleep(how.wait)
        answer = how.answer(asked) if callable(how.answer) else how.answer
        body = how.body if how.body is not None else json.dumps(answer).encode()
        told = protocol.headers(how.secret, request_id=asked["id"], timestamp=1, body=body)
        try:
            self.send_response(how.status)
            for name, value in told.items():
                self.send_header(name, value)
            self.end_headers()
            for start in range(0, len(body), 10) if how.chunk else ():
                self.wfile.write(body[start : start + 10])
                self.wfile.flush()
                time.sleep(how.chunk)
            if not how.chunk:
                self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 – its parent's word
        pass


@pytest.fixture
def service() -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    file = tmp_path / "service.key"
    file.write_bytes(SECRET)
    return file


def _source(secret_file: Path, port: int, **more: Any) -> Source:
    return Source(
        name="words", title="某服务", url=f"http://127.0.0.1:{port}/v1", secret_file=secret_file,
        channels=("website",), **{"seconds": 20, **more},
    )  # fmt: skip


def _right(findings: list[Any]) -> Any:
    return lambda asked: {
        "version": 1,
        "id": asked["id"],
        "digest": asked["digest"],
        "findings": findings,
    }


FOUND = {
    "ref": "blocks/0",
    "start": 5,
    "end": 7,
    "message": "应为“部署”",
    "suggestions": ["部署"],
    "kind": "typo",
}


def test_what_a_service_finds_is_shown_with_its_name_and_its_place(
    service: _Server, secret_file: Path
) -> None:
    service.behaviour = Behaviour(_right([FOUND]))
    answer = ask(_source(secret_file, service.server_port, severity="warn"), PARTS, WEBSITE, at=1)
    (found,) = answer.findings
    assert answer.not_checked == ()
    assert (found.rule, found.severity, found.excerpt) == ("external.words.typo", Severity.WARN, "布署")
    assert (found.start16, found.end16) == (6, 8)
    assert found.message == "某服务：应为“部署”"
    (asked,) = service.behaviour.asked
    assert asked["digest"] == protocol.digest_of(PARTS)
    assert [part["text"] for part in asked["parts"]] == [part.text for part in PARTS]


def test_a_service_that_finds_nothing_leaves_nothing_unchecked(service: _Server, secret_file: Path) -> None:
    service.behaviour = Behaviour(_right([]))
    assert ask(_source(secret_file, service.server_port), PARTS, WEBSITE, at=1) == ((), ())


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (Behaviour(body=b"\xff\x00garbage"), "约定的格式"),
        (Behaviour(body=b"[" * 100_000), "约定的格式"),
        (Behaviour([]), "约定的格式"),
        (Behaviour(lambda asked: {**_right([])(asked), "findings": "none"}), "约定的格式"),
        (Behaviour(lambda asked: {**_right([])(asked), "version": 2}), "第 2 版"),
        (Behaviour(lambda asked: {**_right([])(asked), "id": "an earlier one"}), "不是这份文稿"),
        (Behaviour(lambda asked: {**_right([])(asked), "digest": "0" * 64}), "不是这份文稿"),
        (Behaviour(_right([]), secret=b"another secret of that length"), "签名不对"),
        (Behaviour(_right([]), status=503), "HTTP 503"),
        (Behaviour(_right([]), status=302), "HTTP 302"),
    ],
)
def test_an_answer_that_is_none_is_not_checked(
    behaviour: Behaviour, why: str, service: _Server, secret_file: Path
) -> None:
    service.behaviour = behaviour
    findings, (missed,) = ask(_source(secret_file, service.server_port), PARTS, WEBSITE, at=1)
    assert findings == ()
    assert missed.what == "某服务"
    assert why in missed.why


@pytest.mark.parametrize(
    "behaviour", [Behaviour(_right([]), wait=3), Behaviour(_right([FOUND] * 50), chunk=0.2)]
)
def test_a_service_that_is_late_or_slow_is_given_up(
    behaviour: Behaviour, service: _Server, secret_file: Path
) -> None:
    service.behaviour = behaviour
    findings, (missed,) = ask(_source(secret_file, service.server_port, seconds=0.5), PARTS, WEBSITE, at=1)
    assert findings == ()
    assert "0.5 秒内没有回答" in missed.why


def test_a_service_that_is_down_is_not_checked(secret_file: Path) -> None:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.server_close()
    findings, (missed,) = ask(_source(secret_file, server.server_port), PARTS, WEBSITE, at=1)
    assert findings == ()
    assert "连不上" in missed.why


def test_places_outside_the_text_and_what_comes_twice_are_left_out(
    service: _Server, secret_file: Path
) -> None:
    beyond: list[Any] = [
        {**FOUND, "end": 10**9},
        {**FOUND, "start": 7, "end": 7},
        {**FOUND, "start": -1},
        {**FOUND, "start": "5"},
        {**FOUND, "ref": "blocks/9"},
        {**FOUND, "message": ""},
        {**FOUND, "message": "长" * 501},
        None,
    ]
    service.behaviour = Behaviour(_right([*beyond, FOUND, FOUND]))
    findings, (missed,) = ask(_source(secret_file, service.server_port), PARTS, WEBSITE, at=1)
    assert [one.excerpt for one in findings] == ["布署"]
    assert missed.why.startswith(f"{len(beyond)} 条")


def test_a_hundred_thousand_findings_are_cut_off_or_too_long() -> None:
    many = [
        {"ref": "blocks/0", "start": 0, "end": 1, "message": "错", "kind": f"k{n}"} for n in range(100_000)
    ]
    body = json.dumps(_right(many)({"id": "1", "digest": protocol.digest_of(PARTS)})).encode()
    told = protocol.headers(SECRET, request_id="1", timestamp=1, body=body)
    answer = protocol.read(
        body, told, PARTS, secret=SECRET, request_id="1", source="words", title="某服务",
        severity=Severity.INFO,
    )  # fmt: skip
    assert len(answer.findings) == protocol.MOST_FINDINGS
    assert answer.not_checked[0].why == f"结果多于 500 条，其余 {100_000 - 500} 条没有列出"


def test_an_answer_without_end_is_not_read_to_it(service: _Server, secret_file: Path) -> None:
    service.behaviour = Behaviour(body=b" " * (protocol.MOST_ANSWERED + 1))
    _, (missed,) = ask(_source(secret_file, service.server_port), PARTS, WEBSITE, at=1)
    assert "超过" in missed.why


@pytest.mark.parametrize("channels", [frozenset(), frozenset({"wechat"}), frozenset({"website", "journal"})])
def test_only_drafts_of_channels_that_allow_it_are_sent(
    channels: frozenset[str], service: _Server, secret_file: Path
) -> None:
    service.behaviour = Behaviour(_right([FOUND]))
    source = _source(secret_file, service.server_port)
    findings, (missed,) = ask(source, PARTS, Scope(channels, frozenset(), ""), at=1)
    assert findings == ()
    assert "不送外部检查" in missed.why
    assert service.behaviour.asked == []


def test_a_text_that_is_too_long_is_not_sent(secret_file: Path) -> None:
    parts = [Part(PartKind.BODY, "blocks/0", "长" * protocol.MOST_SENT)]
    _, (missed,) = ask(_source(secret_file, 1), parts, WEBSITE, at=1)
    assert "没有送外部检查" in missed.why


@pytest.fixture
def described(tmp_path: Path) -> Iterator[Path]:
    """The description of a reference server that runs, as the page has both."""
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    assert len([line for line in code[1].splitlines() if line.strip()]) <= 60
    (tmp_path / "server.py").write_text(code[1], encoding="utf-8")
    (tmp_path / "wordcheck.key").write_bytes(SECRET)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "server.py"), SECRET.decode()], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        port = running.stdout.readline().strip()
        yaml = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
        assert yaml is not None
        file = tmp_path / "service.yaml"
        file.write_text(
            yaml[1].replace("https://check.example/v1", f"http://127.0.0.1:{port}/"), encoding="utf-8"
        )
        yield file
        running.kill()


def test_the_reference_server_is_asked_by_the_command(described: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.md"
    draft.write_text("# 通知\n\n对工作作出**布署**，防止松驰。\n", encoding="utf-8")
    command = [str(draft), "--channel", "website", "--external", str(described)]
    ran = CliRunner().invoke(app, [*command, "--json"])
    assert ran.exit_code == 0, ran.output
    (report,) = json.loads(ran.stdout)["files"]
    outside = [one for one in report["findings"] if one["rule"] == "external.wordcheck.typo"]
    assert [(one["excerpt"], one["suggestions"]) for one in outside] == [
        ("布署", ["部署"]),
        ("松驰", ["松弛"]),
    ]
    text = draft.read_text(encoding="utf-8")
    assert [text[one["start"] : one["end"]] for one in outside] == ["布署", "松驰"]
    sarif = CliRunner().invoke(app, [*command, "--sarif"])
    assert "external.wordcheck.typo" in sarif.stdout
    (described.parent / "wordcheck.key").write_bytes(b"not the secret of that server")
    refused = CliRunner().invoke(app, command)
    assert "HTTP 401" in refused.stdout
    assert refused.exit_code == 0


def test_a_description_with_faults_is_refused_with_all_of_them(tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text(
        "name: A\ntitle: 某服务\nurl: ftp://x\nsecret_file: k\nseverity: block\nmore: 1\n", encoding="utf-8"
    )
    draft = tmp_path / "a.txt"
    draft.write_text("通知", encoding="utf-8")
    ran = CliRunner().invoke(app, [str(draft), "--external", str(file)])
    assert ran.exit_code == 2
    for key in ("name", "url", "channels", "severity", "more"):
        assert f"{key} " in ran.output
    with pytest.raises(ValueError, match="severity"):
        read_source(file)
