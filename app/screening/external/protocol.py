"""The protocol of checks from outside, version 1: what is sent, how it is signed, how an answer is read.

Nothing here opens a connection. See docs/external-checks.md.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.domain.record.canonical import canonical
from app.negative_list import Finding, NotChecked, Part, Severity

VERSION = 1
ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "sanshen-id", "sanshen-timestamp", "sanshen-signature"
#: Bytes of a request and of an answer.
MOST_SENT, MOST_ANSWERED = 2_000_000, 8_000_000
#: Findings that are kept of one answer; the others are counted.
MOST_FINDINGS = 500
_MOST_SUGGESTIONS = 5


class Unbelievable(Exception):
    """An answer that is none: what is wrong with it, in words."""


class Answer(NamedTuple):
    """What a service found, and what of it, or of the text, is missing. Without findings it may be clean."""

    findings: tuple[Finding, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


class _Found(BaseModel):
    """One finding as it is sent: code points of the part's text, the end excluded."""

    model_config = ConfigDict(strict=True, extra="ignore")

    ref: Annotated[str, Field(max_length=200)]
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    message: Annotated[str, Field(min_length=1, max_length=500)]
    suggestions: list[Annotated[str, Field(max_length=200)]] = []
    kind: Annotated[str, Field(pattern=r"^[a-z0-9_.]{0,60}$")] = ""


class _Answered(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    version: int
    id: str
    digest: str
    findings: list[Any]


def digest_of(parts: Sequence[Part]) -> str:
    """Return the SHA-256, in hex, of what is sent of a text: an answer is only good for that."""
    return hashlib.sha256(canonical(_parts(parts))).hexdigest()


def request(parts: Sequence[Part], *, request_id: str) -> bytes:
    """Return the body that asks for a check of these parts, JSON in UTF-8."""
    asked = {"version": VERSION, "id": request_id, "digest": digest_of(parts), "parts": _parts(parts)}
    return json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: bytes, *, request_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a request or an answer: `v1,` and base64 of HMAC-SHA256.

    `timestamp` is in seconds since 1970.
    """
    signed = hmac.new(secret, f"{request_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"


def headers(secret: bytes, *, request_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that carry the signature of a request or an answer."""
    signed = signature(secret, request_id=request_id, timestamp=timestamp, body=body)
    return {ID_HEADER: request_id, TIME_HEADER: str(timestamp), SIGNATURE_HEADER: signed}


def read(
    body: bytes,
    told: Mapping[str, str],
    parts: Sequence[Part],
    *,
    secret: bytes,
    request_id: str,
    source: str,
    title: str,
    severity: Severity,
) -> Answer:
    """Return what an answer says of these parts; `told` are its headers, in lower case.

    Findings at places that the text does not have are left out and told of. `source` becomes the rule,
    `title` stands before each message. Raises `Unbelievable`.
    """
    at = told.get(TIME_HEADER, "")
    timestamp = int(at) if at.isascii() and at.isdigit() and len(at) < 16 else 0
    right = signature(secret, request_id=request_id, timestamp=timestamp, body=body)
    if not hmac.compare_digest(right.encode(), told.get(SIGNATURE_HEADER, "").encode("utf-8", "replace")):
        raise Unbelievable("回答的签名不对")
    answered = _answered(body)
    if answered.id != request_id or answered.digest != digest_of(parts):
        raise Unbelievable("回答的不是这份文稿")
    by_ref = {part.ref: part for part in parts}
    findings: dict[tuple[str, int, int, str], Finding] = {}
    bad = beyond = 0
    for item in answered.findings:
        one = _found(item)
        part = by_ref.get(one.ref) if one else None
        if one is None or part is None or not one.start < one.end <= len(part.text):
            bad += 1
        elif len(findings) >= MOST_FINDINGS:
            beyond += 1
        else:
            # What is told twice is told once.
            place = (one.ref, one.start, one.end, one.kind)
            findings.setdefault(place, _finding(one, part, source, title, severity))
    missing = []
    if bad:
        missing.append(NotChecked("", title, f"{bad} 条结果格式不对或者位置不在文中，没有列出"))
    if beyond:
        missing.append(NotChecked("", title, f"结果多于 {MOST_FINDINGS} 条，其余 {beyond} 条没有列出"))
    return Answer(tuple(findings.values()), tuple(missing))


def _answered(body: bytes) -> _Answered:
    try:
        answered = _Answered.model_validate(json.loads(body))
    except (ValidationError, ValueError, RecursionError) as error:
        raise Unbelievable("回答不是约定的格式") from error
    if answered.version != VERSION:
        raise Unbelievable(f"回答是第 {answered.version} 版格式，只认识第 {VERSION} 版")
    return answered


def _found(item: object) -> _Found | None:
    try:
        return _Found.model_validate(item)
    except ValidationError:
        return None


def _finding(one: _Found, part: Part, source: str, title: str, severity: Severity) -> Finding:
    rule = f"external.{source}{f'.{one.kind}' if one.kind else ''}"
    before = part.text[: one.start].encode("utf-16-le", "surrogatepass")
    within = part.text[one.start : one.end].encode("utf-16-le", "surrogatepass")
    start16, excerpt = len(before) // 2, part.text[one.start : one.end]
    print_ = hashlib.sha256(canonical([rule, part.ref, one.start, excerpt])).hexdigest()
    return Finding(
        rule=rule,
        title=title,
        severity=severity,
        part=part.kind,
        ref=part.ref,
        start=one.start,
        end=one.end,
        start16=start16,
        end16=start16 + len(within) // 2,
        excerpt=excerpt,
        message=f"{title}：{one.message}",
        suggestions=tuple(one.suggestions[:_MOST_SUGGESTIONS]),
        basis=(),
        fingerprint=print_,
    )


def _parts(parts: Sequence[Part]) -> list[dict[str, str]]:
    return [{"ref": part.ref, "kind": part.kind.value, "text": part.text} for part in parts]
