"""JSON values and their one spelling, hashes, instants."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.evidence.verifier.report import Json, Members, Report

if TYPE_CHECKING:
    from collections.abc import Iterator


def canonical(value: object) -> bytes:
    """Return RFC 8785 JSON. Raises `ValueError` for what is no JSON value without fractions."""
    return _written(value).encode("utf-8")


def _written(value: object) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_written(key)}:{_written(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(item) for item in value) + "]"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def loaded(data: bytes) -> Any:  # noqa: ANN401 – any JSON value
    """Return the JSON value in `data`; None when it is none."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def read_json(members: Members, name: str, report: Report) -> Json:
    """Return the object that a member holds; empty, with a fault, when there is none."""
    if name not in members:
        report.fault(name, "缺少这个文件")
        return {}
    value = loaded(members[name])
    if not isinstance(value, dict):
        report.fault(name, "不是有效的 JSON，已被改动")
        return {}
    return value


def sha256(data: bytes) -> str:
    """Return the digest in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def data_of(body: Json) -> Json:
    """Return what an event carries."""
    data = body.get("data")
    return data if isinstance(data, dict) else {}


def instant(text: object) -> datetime:
    """Return the instant in an ISO 8601 text. Raises `ValueError` for another, `TypeError` for no text."""
    if not isinstance(text, str):
        raise TypeError("an instant is a text")
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))  # noqa: FURB162 – Python 3.9 reads no Z
    if moment.tzinfo is None:
        raise ValueError("an instant says its zone")
    return moment


def pairs(keys: list[str]) -> Iterator[tuple[str, str]]:
    """Yield every two of them once."""
    return ((first, other) for at, first in enumerate(keys) for other in keys[at + 1 :])
