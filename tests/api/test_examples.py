"""The examples of the description, sent as they stand: each is what its operation takes."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.described import description

#: What stands in an address where nothing is meant by it.
_PLACES = {"digest": "0" * 64, "number": "1", "key": "standard", "sha256": "0" * 64, "line": "wechat"}


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Yield method, path and the examples of every JSON body: of its media type, of its schema."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            media = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if media is None:
                continue
            schema = media["schema"]
            # A body that may be left out is one of its model and null.
            choices = schema.get("anyOf", [schema])
            names = [choice.get("$ref", "").rpartition("/")[2] for choice in choices]
            schemas = [schema, *(document["components"]["schemas"].get(name, {}) for name in names)]
            told = [example["value"] for example in media.get("examples", {}).values()]
            told += [media["example"]] if "example" in media else []
            yield method, path, told + [body for schema in schemas for body in schema.get("examples", ())]


def examples(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and body of every example of a request."""
    for method, path, told in bodies(document):
        for body in told:
            yield method, path, body


def test_each_body_has_an_example(client: TestClient) -> None:
    document = client.app.openapi()  # type: ignore[attr-defined]
    told = {f"{method} {path}": examples for method, path, examples in bodies(document)}
    assert len(told) > 60
    assert [operation for operation, examples in told.items() if not examples] == []


def test_each_example_is_taken_as_it_stands(client: TestClient, runtime: Runtime) -> None:
    desk = Desk.open(client, runtime)
    given = [*examples(client.app.openapi())]  # type: ignore[attr-defined]
    assert len(given) >= 6
    refused = []
    for method, path, body in given:
        address = re.sub(r"{(\w+)}", lambda one: _PLACES.get(one[1], str(uuid4())), path)
        head = desk.headers("editor") | {"If-Match": '"1"'}

        send = partial(client.request, method, address, headers=head)
        answer = send(json=body)
        if answer.json().get("code") == "webhook_key_needed":  # proved first, read afterwards
            fault = description(client.app).body_fault(method, path, body)  # type: ignore[arg-type]
            refused += [(method, path, fault)] if fault else []
            continue
        if answer.status_code == 422:
            refused.append((method, path, answer.json()["reasons"]))
        # Were the body not read before the address, the lines above would hold of anything.
        assert send(json={**body, "no_such_field": 1}).status_code == 422, path
    assert refused == []
    # Handing in is what the page begins with: the example is handed in, whole.
    (draft,) = (body for method, path, body in given if (method, path) == ("post", "/api/v1/drafts"))
    made = client.post("/api/v1/drafts", json=draft, headers=desk.headers("editor"))
    assert made.status_code == 201, made.text
