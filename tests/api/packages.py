"""Evidence packages taken apart, changed, and put together again."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from app.domain.record.canonical import canonical
from app.evidence.verifier.command import verify
from app.evidence.verifier.container import zipped
from app.infra.signing import Signer
from tests import states
from tests.api.desk import Desk
from tests.api.press import Press, ready, signed

Members = dict[str, bytes]


@states.step()
def published(desk: Desk) -> Desk:
    """Bring a draft all the way: signed and published."""
    release = signed(ready(desk))
    assert Press.open(desk).publish(release["ticket"], release["digest"]).status_code == 201
    return desk


def exported(desk: Desk, login: str = "publisher") -> bytes:
    answer = desk.post(f"/drafts/{desk.draft_id}/evidence", login)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return answer.content


def members(package: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(package)) as file:
        return {name: file.read(name) for name in file.namelist()}


def places(package: bytes, key: str | None = None) -> list[str]:
    return [place for place, _ in verify(package, key).faults]


def said(package: bytes) -> str:
    return "\n".join(sentence for _, sentence in verify(package).faults)


def rebuilt(given: Members) -> bytes:
    order = [
        *sorted(name for name in given if name != "manifest.json"),
        *(["manifest.json"] if "manifest.json" in given else []),
    ]
    return zipped([(name, given[name]) for name in order])


def lines(given: Members) -> list[bytes]:
    return given["events.jsonl"].splitlines(keepends=True)


def resigned(given: Members, signer: Signer, **fields: Any) -> bytes:
    """A package that somebody who holds a signing key made up anew, manifest and all."""
    statement = json.loads(given["manifest.json"])["statement"]
    given["keys.json"] = canonical({signer.key_id: signer.public_key})
    rows = lines(given)
    head = {"seq": json.loads(rows[-1])["seq"], "leaf": hashlib.sha256(b"\x00" + rows[-1][:-1]).hexdigest()}
    named = {
        name: hashlib.sha256(data).hexdigest() for name, data in given.items() if name != "manifest.json"
    }
    statement = {**statement, "head": head, "members": named, **fields}
    given["manifest.json"] = canonical(signer.sign(statement).model_dump(mode="json"))
    return rebuilt(given)


def rechained(given: Members, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    """Rewrite the events, or leave some out, so that the chain fits again."""
    made: list[bytes] = []
    prev, seq = "0" * 64, 0
    openings, kept = json.loads(given["private.json"]), {}
    for row in lines(given):
        body = change(json.loads(row))
        if body is None:
            continue
        seq += 1
        kept[str(seq)] = openings[str(body["seq"])]
        raw = canonical({**body, "prev": prev, "seq": seq})
        prev = hashlib.sha256(b"\x00" + raw).hexdigest()
        made.append(raw + b"\n")
    given["events.jsonl"], given["private.json"] = b"".join(made), canonical(kept)
