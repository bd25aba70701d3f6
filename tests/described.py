"""Every answer that a test gets from the API, and every message to the outside, is held against what is
said of them: the API's description, and the catalogue of webhooks.
"""

import json
import re
from functools import cached_property
from typing import Any

import jsonschema_rs
from fastapi import FastAPI
from httpx import Response
from sqlmodel import select

from app.events.catalogue import ANNOUNCED
from app.infra.errors import Unavailable
from app.infra.runtime import Runtime
from app.jobs.kinds import JobKind
from app.jobs.models import Job

#: Headers that a client has to know of.
TOLD = ("etag", "location", "retry-after", "www-authenticate", "idempotency-replayed")


class Description:
    """An OpenAPI document, and what of it answers to a request."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._validators: dict[str, Any] = {}

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str]]:
        # What is written out comes before what a parameter stands for.
        return [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), path)
            for path in sorted(self.document["paths"], key=lambda path: path.count("{"))
        ]

    def fault(self, answer: Response) -> str | None:
        """Return what the description does not say of an answer; `None` when it says it all."""
        asked = answer.request
        path = next((path for known, path in self._paths if known.match(asked.url.path)), "")
        operation = self.document["paths"].get(path, {}).get(asked.method.lower())
        if operation is None:
            return None
        said = operation["responses"].get(str(answer.status_code))
        if said is None:
            return f"{asked.method} {path}: {answer.status_code} is not described: {answer.text[:200]}"
        if "$ref" in said:
            said = self.document["components"]["responses"][said["$ref"].rpartition("/")[2]]
        for header in TOLD:
            if header in answer.headers and header not in map(str.lower, said.get("headers", ())):
                return f"{asked.method} {path}: {answer.status_code} does not tell of {header}"
        return self._body(operation, said, answer, f"{asked.method} {path} {answer.status_code}")

    def body_fault(self, method: str, path: str, body: Any) -> str | None:
        """Return what is wrong with the JSON body of a request; `None` for one that is as described."""
        content = self.document["paths"][path][method]["requestBody"]["content"]["application/json"]
        faults = [error.message for error in self._validator(content["schema"]).iter_errors(body)]
        return f"{method} {path}: {faults[:3]}" if faults else None

    def _body(self, operation: Any, said: Any, answer: Response, where: str) -> str | None:
        content = said.get("content")
        if not content:
            return f"{where}: a body that is not described" if answer.content else None
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind not in content:
            return f"{where}: {kind} is not described"
        if not kind.endswith("json"):
            return None
        schema = content[kind]["schema"]
        if "preference-applied" in answer.headers:
            schema = operation["x-minimal"]
        faults = [
            f"{one.instance_path}: {one.message}"
            for one in self._validator(schema).iter_errors(answer.json())
        ]
        return f"{where}: {faults[:3]}" if faults else None

    def _validator(self, schema: dict[str, Any]) -> Any:
        key = repr(schema)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._validators[key]


_made: list[Description] = []


def description(app: FastAPI) -> Description:
    """Return the description of the API, made once for all tests."""
    if not _made:
        _made.append(Description(app.openapi()))
    return _made[0]


def hold(app: FastAPI, answer: Response) -> None:
    """Raise `AssertionError` for an answer that the API's description does not describe."""
    if answer.request.url.path.startswith("/api/"):
        answer.read()
        fault = description(app).fault(answer)
        assert fault is None, fault


def hold_messages(runtime: Runtime) -> None:
    """Raise `AssertionError` for a message in the outbox that the catalogue does not describe."""
    try:
        with runtime.database.read() as session:
            told = session.exec(select(Job.payload).where(Job.kind == JobKind.FAN_OUT)).all()
    except Unavailable:  # a test that takes the database away
        return
    for payload in told:
        message = json.loads(payload)
        model = ANNOUNCED.get(message["type"])
        assert model is not None, message["type"]
        model.model_validate(message["data"])
