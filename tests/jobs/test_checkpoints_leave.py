"""Checkpoints leave the house: a line of syslog over TCP and UDP, and a letter a day."""

import base64
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.audit import departures, log
from app.audit import service as audit
from app.audit.jobs import checkpoint
from app.domain.record import checkpoints
from app.domain.vocabulary import Event
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.jobs.kinds import JobKind
from app.jobs.registry import JobContext, handlers
from tests.api.post_office import PASSWORD, USER, PostOffice, certificate, post_office

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def recorded(runtime: Runtime, tmp_path: Path) -> Runtime:
    runtime.settings.checkpoint_dir = tmp_path / "checkpoints"
    someone = audit.AuditActor(id=None, name="张三", role="editor", unit="u")
    with runtime.database.write() as session:
        audit.record(
            session, Event.DRAFT_REVISED, stream="draft:1", actor=someone, at=runtime.clock(), data={"n": 1}
        )
    return runtime


@pytest.fixture
def letters(tmp_path: Path) -> Iterator[PostOffice]:
    cert, key = certificate(tmp_path)
    with post_office(cert, key) as post:
        yield post


def job(runtime: Runtime, kind: JobKind) -> JobContext:
    return JobContext(runtime=runtime, id=new_id(), kind=kind, payload={}, attempt=1)


def note_in(line: bytes) -> str:
    found = re.search(rb" note=([A-Za-z0-9+/=]+)$", line)
    assert found is not None
    return base64.b64decode(found[1]).decode()


def test_a_line_of_syslog_over_tcp_carries_the_signed_note(recorded: Runtime) -> None:
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            connection, _ = server.accept()
            with connection:
                while part := connection.recv(4096):
                    got.append(part)

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        recorded.settings.checkpoint_syslog = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        checkpoint(job(recorded, JobKind.CHECKPOINT))
        taking.join(10)
    length, _, line = b"".join(got).partition(b" ")
    assert int(length) == len(line), "framed by its length"
    assert line.startswith(b"<109>1 2")
    with recorded.database.read() as session:
        assert note_in(line) == log.newest(session)
    (read,) = checkpoints.read(note_in(line))
    assert read.size >= 1
    # Nothing new, no line.
    recorded.settings.checkpoint_syslog = "tcp://127.0.0.1:9"
    checkpoint(job(recorded, JobKind.CHECKPOINT))


def test_over_udp_and_to_nobody(recorded: Runtime) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        recorded.settings.checkpoint_syslog = f"udp://127.0.0.1:{server.getsockname()[1]}"
        checkpoint(job(recorded, JobKind.CHECKPOINT))
        line = server.recv(4096)
    (made,) = checkpoints.read(note_in(line))
    with pytest.raises(OSError, match="refused"):
        departures.to_syslog(made, "tcp://127.0.0.1:9", host="h", at=recorded.clock())
    with pytest.raises(OSError, match="not found"):
        departures.to_syslog(made, "udp://no-such-host.invalid:514", host="h", at=recorded.clock())


def test_a_receiver_that_is_away_costs_no_checkpoint(recorded: Runtime) -> None:
    recorded.settings.checkpoint_syslog = "tcp://127.0.0.1:9"
    checkpoint(job(recorded, JobKind.CHECKPOINT))
    with recorded.database.read() as session:
        assert log.newest(session) is not None
    assert len(list(recorded.settings.checkpoints.glob("*.txt"))) == 1


def test_the_newest_checkpoint_goes_by_mail(recorded: Runtime, letters: PostOffice, tmp_path: Path) -> None:
    settings = recorded.settings
    settings.smtp_host, settings.smtp_port, settings.smtp_security = "127.0.0.1", letters.port, "starttls"
    settings.smtp_user, settings.smtp_password = USER, SecretStr(PASSWORD)
    settings.smtp_ca_file = tmp_path / "smtp.pem"
    settings.smtp_from = "sanshen@example.gov.cn"
    settings.checkpoint_mail = frozenset({"shenji@example.gov.cn", "dangan@example.gov.cn"})
    mail = handlers()[JobKind.CHECKPOINT_MAIL].run
    mail([job(recorded, JobKind.CHECKPOINT_MAIL)])
    assert letters.letters == [], "there is none yet"
    checkpoint(job(recorded, JobKind.CHECKPOINT))
    mail([job(recorded, JobKind.CHECKPOINT_MAIL)])
    assert sorted(str(one["To"]) for one in letters.letters) == sorted(settings.checkpoint_mail)
    (attached,) = letters.letters[0].iter_attachments()
    with recorded.database.read() as session:
        assert attached.get_content().decode() == log.newest(session)
    assert len({one["Message-ID"] for one in letters.letters}) == 2
