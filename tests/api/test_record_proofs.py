"""Proofs over the API: an event is in the signed log, and the log only grew."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.audit import log
from app.domain.record import checkpoints, merkle
from app.infra.runtime import Runtime
from tests.api.test_record_checkpoints import ONE, record
from tests.conftest import SetClock
from tests.factories import Bureau

pytestmark = pytest.mark.both_databases
BASE = "/api/v1/audit"


def advance(runtime: Runtime) -> int:
    made = log.advance(runtime.database, runtime.signer, runtime.settings.checkpoints, at=runtime.clock())
    assert made is not None
    return made.size


def test_events_are_proved_in_every_checkpoint_that_has_them(
    client: TestClient,
    bureau: Bureau,
    as_: Callable[[str], dict[str, str]],
    runtime: Runtime,
    clock: SetClock,
) -> None:
    head = as_("audit_admin")
    assert client.get(f"{BASE}/checkpoint", headers=head).status_code == 404
    record(runtime.database, clock, ONE, 5)
    small = advance(runtime)
    record(runtime.database, clock, ONE, 600)
    large = advance(runtime)
    newest = client.get(f"{BASE}/checkpoint", headers=head).json()
    assert newest["size"] == large > small + 599
    (note,) = checkpoints.read(newest["note"])
    assert note.root.hex() == newest["root"]
    verify = runtime.signer.verifies_bytes
    assert checkpoints.is_signed(note, public=runtime.signer.public_bytes, verify=verify)
    for seq, size in ((1, small), (5, small), (1, large), (300, large), (605, large)):
        answer = client.get(
            f"{BASE}/inclusion", headers=head, params={"stream": ONE, "seq": seq, "size": size}
        )
        proof = answer.json()
        path = [bytes.fromhex(step) for step in proof["path"]]
        root = bytes.fromhex(proof["checkpoint"]["root"])
        leaf = bytes.fromhex(proof["leaf"])
        assert merkle.included(leaf, proof["position"], size, path, root), seq
        event = client.get(
            f"{BASE}/streams/{ONE}/events", headers=head, params={"after": seq - 1, "limit": 1}
        )
        assert event.json()["events"][0]["leaf"] == proof["leaf"]
    old = client.get(f"{BASE}/checkpoint", headers=head, params={"size": small}).json()
    grown = client.get(f"{BASE}/consistency", headers=head, params={"first": small}).json()
    path = [bytes.fromhex(step) for step in grown["path"]]
    roots = bytes.fromhex(old["root"]), bytes.fromhex(newest["root"])
    assert merkle.consistent(small, large, path, *roots)
    assert not merkle.consistent(small, large, path, b"x" * 32, roots[1])


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("inclusion", {"stream": ONE, "seq": 2}, 404),
        ("inclusion", {"stream": "draft:none", "seq": 1}, 404),
        ("inclusion", {"stream": ONE, "seq": 1, "size": 7777}, 404),
        ("inclusion", {"stream": ONE, "seq": 0}, 422),
        ("consistency", {"first": 7777}, 404),
        ("consistency", {"first": 0}, 422),
        ("checkpoint", {"size": 7777}, 404),
    ],
)
def test_what_is_not_there_is_not_proved(
    client: TestClient,
    bureau: Bureau,
    as_: Callable[[str], dict[str, str]],
    runtime: Runtime,
    clock: SetClock,
    path: str,
    params: dict[str, str],
    status: int,
) -> None:
    record(runtime.database, clock, ONE, 1)
    advance(runtime)
    record(runtime.database, clock, ONE, 1)
    assert client.get(f"{BASE}/{path}", headers=as_("audit_admin"), params=params).status_code == status
    assert client.get(f"{BASE}/{path}", headers=as_("editor"), params=params).status_code in {403, 404}
    assert client.get(f"{BASE}/{path}", params=params).status_code == 401
