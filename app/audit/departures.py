"""Checkpoints on their way out of the house: beside the file of the day, a line of syslog.

Source: RFC 5424 for the line, RFC 6587 section 3.4.1 for its frame over TCP, RFC 5426 over UDP.
"""

import base64
import socket
from datetime import datetime
from urllib.parse import urlsplit

from app.domain.record.chain import timestamp
from app.domain.record.checkpoints import Checkpoint
from app.infra.outgoing_calls import Call, NotFound

#: Facility 13 (log audit), severity 5 (notice).
_PRIORITY = 13 * 8 + 5
#: How long handing over one line may take in all.
SECONDS = 10.0


def line(made: Checkpoint, *, host: str, at: datetime) -> bytes:
    """Return a checkpoint as one line of syslog, with the whole signed note in it as base64."""
    note = base64.b64encode(made.note.encode()).decode()
    said = f"checkpoint size={made.size} root={made.root.hex()} note={note}"
    return f"<{_PRIORITY}>1 {timestamp(at)} {host} sanshen - RECORD - {said}".encode()


def to_syslog(made: Checkpoint, where: str, *, host: str, at: datetime) -> None:
    """Send a checkpoint to `udp://host:port` or `tcp://host:port`. Raises `OSError` where that cannot be.

    Over UDP nobody says whether it arrived: a receiver that must miss none listens on TCP.
    """
    parts = urlsplit(where)
    assert parts.hostname is not None
    assert parts.port is not None
    told = line(made, host=host, at=at)
    with Call(SECONDS) as call:
        if parts.scheme == "tcp":
            with call.connect(parts.hostname, parts.port) as connection:
                connection.sendall(f"{len(told)} ".encode() + told)
            return
        try:
            address = call.look_up(parts.hostname, parts.port)[0]
        except NotFound as error:
            raise OSError("host not found") from error
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sending:
            sending.sendto(told, (address, parts.port))
