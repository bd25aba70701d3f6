"""Asking a service outside for a check. Whatever goes wrong there is *not checked*, never *clean*."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.infra.outgoing_calls import DEADLINE, Answered, Call, CallFailed, NotFound
from app.negative_list import NotChecked, Part, Scope, Severity
from app.screening.external import protocol
from app.screening.external.protocol import Answer, Unbelievable

#: Bytes of a secret; shorter ones can be guessed.
_LEAST_SECRET = 16
_PORTS = {"http": 80, "https": 443}


class Source(BaseModel):
    """A service outside: who it is, where it is, and which channels' drafts it may see.

    `severity` is never `block`: what a service says is advice. `seconds` is the whole time of a call.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
    title: Annotated[str, Field(min_length=1, max_length=40)]
    url: Annotated[str, Field(max_length=500)]
    secret_file: Path
    channels: Annotated[tuple[str, ...], Field(min_length=1)]
    severity: Literal["warn", "info"] = "info"
    seconds: Annotated[float, Field(gt=0, le=60)] = 20

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
            raise ValueError("http:// or https://, without a user")
        return url

    def secret(self) -> bytes:
        """Return the secret that both sides hold. Raises `OSError`, and `ValueError` for a short one."""
        held = self.secret_file.read_bytes().strip()
        if len(held) < _LEAST_SECRET:
            raise ValueError(f"{self.secret_file}：密钥至少 {_LEAST_SECRET} 个字节")
        return held


def read_source(file: Path) -> Source:
    """Read the description of a service. Raises `OSError`, and `ValueError` for what it should not say."""
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    source = Source.model_validate(content)
    return source.model_copy(update={"secret_file": file.parent / source.secret_file})


def ask(source: Source, parts: Sequence[Part], scope: Scope, *, at: int) -> Answer:
    """Return what the service finds in these parts; `at` is now, in seconds since 1970.

    Nothing is sent unless the text is bound for channels, and only for such as the service may see. Never
    raises for what the network or the service does.
    """
    refused = sorted(scope.channels - set(source.channels))
    if not scope.channels or refused:
        why = f"发往{'、'.join(refused)}的稿件不送外部检查" if refused else "没有写明发往的阵地，不送外部检查"
        return _not_checked(source, why)
    request_id = str(uuid4())
    body = protocol.request(parts, request_id=request_id)
    if len(body) > protocol.MOST_SENT:
        return _not_checked(source, f"文稿超过 {protocol.MOST_SENT} 字节，没有送外部检查")
    try:
        secret = source.secret()
        answer = _post(source, body, protocol.headers(secret, request_id=request_id, timestamp=at, body=body))
        return protocol.read(
            answer.body,
            answer.headers,
            parts,
            secret=secret,
            request_id=request_id,
            source=source.name,
            title=source.title,
            severity=Severity(source.severity),
        )
    except (Unbelievable, ValueError) as error:
        return _not_checked(source, str(error))
    except CallFailed as error:
        over = str(error) == DEADLINE
        return _not_checked(source, f"{source.seconds:g} 秒内没有回答" if over else f"连不上服务（{error}）")
    except (NotFound, OSError) as error:
        return _not_checked(source, f"连不上服务（{type(error).__name__}）")


def _post(source: Source, body: bytes, signed: dict[str, str]) -> Answered:
    parts = urlsplit(source.url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    with Call(source.seconds) as call:
        address = call.look_up(host, port)[0]
        shown = f"[{address}]" if ":" in address else address
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        answer = call.post(
            f"{parts.scheme}://{shown}:{port}{path}",
            server_name=host,
            headers={
                "Host": host if port == _PORTS[parts.scheme] else f"{host}:{port}",
                "Content-Type": "application/json",
                "User-Agent": "Sanshen/1",
                **signed,
            },
            body=body,
            most=protocol.MOST_ANSWERED,
        )
        # An answer without a length ends where the connection was shut down.
        if call.is_over:
            raise CallFailed(DEADLINE)
    if answer.status != 200:
        raise Unbelievable(f"服务回答 HTTP {answer.status}")
    if not answer.whole:
        raise Unbelievable(f"回答超过 {protocol.MOST_ANSWERED} 字节")
    return answer


def _not_checked(source: Source, why: str) -> Answer:
    return Answer(not_checked=(NotChecked("", source.title, why),))
