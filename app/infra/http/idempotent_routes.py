"""`Idempotency-Key` for every operation that makes something: a wrapper that the router puts around it.

The first answer is kept in the transaction that it tells of, sealed under the installation's secret, because
some answers show a secret once; the same request with the same key gets it again.
"""

import hashlib
import inspect
import json
import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Request, Response, UploadFile
from fastapi.encoders import jsonable_encoder
from pydantic import TypeAdapter

from app.infra.db import WriteSession
from app.infra.errors import Conflict
from app.infra.http.idempotency import REPLAYED, Kept, Key, check, keep, kept
from app.infra.runtime import runtime_of

_NONCE_BYTES = 12
#: Headers of the first answer that the second one carries too.
_CARRIED = frozenset({"etag", "location"})


def keyed(endpoint: Callable[..., Any], *, asker: str, status: int) -> Callable[..., Any]:
    """Return `endpoint` with an `Idempotency-Key`; as it is when it has one, or writes nothing itself.

    `asker` is its parameter that says who asks (with an `id`), `status` that of a good answer.
    """
    signature = inspect.signature(endpoint)
    annotations = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    session = next((name for name, kind in annotations.items() if kind == WriteSession), None)
    if session is None or Key in annotations.values():
        return endpoint
    answer: TypeAdapter[Any] = TypeAdapter(signature.return_annotation)
    given = {name for name, kind in annotations.items() if kind not in {Request, Response, WriteSession}}
    given.discard(asker)

    @wraps(endpoint)
    def once(*, _asked: Request, _answer: Response, _key: str | None = None, **values: Any) -> Any:  # noqa: ANN401
        passed = {name: _asked if kind is Request else _answer for name, kind in own.items()}
        if _key is None:
            return endpoint(**values, **passed)
        check(_key)
        place = (values[asker].id, _key)
        request = {"post": _asked.url.path, "given": _plain({name: values[name] for name in given})}
        master = runtime_of(_asked).secret
        at = runtime_of(_asked).clock()
        if (answered := kept(values[session], *place, request, at=at)) is not None:
            return _again(answered, place, master)
        body = answer.dump_json(endpoint(**values, **passed), by_alias=True)
        headers = {name: value for name, value in _answer.headers.items() if name in _CARRIED}
        keep(
            values[session],
            *place,
            request,
            Kept(status, _sealed(body, headers, place, master)),
            at=runtime_of(_asked).clock(),
        )
        return _answered(body, status, headers)

    own = {name: kind for name, kind in annotations.items() if kind in {Request, Response}}
    extra = {"_asked": Request, "_answer": Response, "_key": Key}
    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
        if name not in own
    ]
    parameters += [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=kind,
            default=None if name == "_key" else inspect.Parameter.empty,
        )
        for name, kind in extra.items()
    ]
    once.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return once


def _again(answered: Kept, place: tuple[UUID, str], master: bytes) -> Response:
    body, headers = _opened(answered.body, place, master)
    return _answered(body, answered.status, {**headers, **REPLAYED})


def _answered(body: bytes, status: int, headers: Mapping[str, str]) -> Response:
    if status == 204:
        return Response(status_code=status, headers=dict(headers))
    return Response(body, status_code=status, media_type="application/json", headers=dict(headers))


def _plain(values: Mapping[str, Any]) -> Any:  # noqa: ANN401 – a JSON value
    """Return what was given as a JSON value; of a file, its name and the digest of its bytes."""
    return {
        name: _file(value) if isinstance(value, UploadFile) else jsonable_encoder(value)
        for name, value in values.items()
    }


def _file(upload: UploadFile) -> dict[str, str]:
    digest = hashlib.file_digest(upload.file, "sha256").hexdigest()  # type: ignore[arg-type]
    upload.file.seek(0)
    return {"name": upload.filename or "", "sha256": digest}


def _sealed(body: bytes, headers: Mapping[str, str], place: tuple[UUID, str], master: bytes) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    plain = json.dumps({"body": body.decode(), "headers": dict(headers)}).encode()
    return (nonce + AESGCM(_key(master)).encrypt(nonce, plain, _owner(place))).hex()


def _opened(sealed: str, place: tuple[UUID, str], master: bytes) -> tuple[bytes, dict[str, str]]:
    """Return body and headers. Raises `Conflict` when the installation's secret was changed since."""
    raw = bytes.fromhex(sealed)
    try:
        plain = AESGCM(_key(master)).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _owner(place))
    except InvalidTag as error:
        raise Conflict("idempotency_answer_lost") from error
    said = json.loads(plain)
    return said["body"].encode(), said["headers"]


def _owner(place: tuple[UUID, str]) -> bytes:
    return place[0].bytes + place[1].encode()


def _key(master: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"sanshen kept answers 1").derive(
        master
    )
