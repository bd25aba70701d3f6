"""The last good negative list stays in use, whatever becomes of the folder, also while others come in."""

import gc
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.infra.db import Database
from app.infra.runtime import Runtime
from app.negative_list import Faults
from app.policies.negative_list.following import FollowedPolicies, settle
from app.words.policy_faults import sentence
from tests import keepers
from tests.keepers import WORDS, House
from tests.negative_list.policies import run

pytestmark = pytest.mark.both_databases

Headers = Callable[[str], dict[str, str]]
TEXT = "为残废人服务，再接再励"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "negative_list"


@pytest.fixture
def negative_list(folder: Path, database: Database) -> FollowedPolicies:
    return keepers.followed(folder, database)


@pytest.fixture
def bureau(runtime: Runtime) -> Any:
    return House.build(runtime).bureau


def test_a_process_needs_one_good_list_to_begin_with(folder: Path, database: Database) -> None:
    keepers.write(folder, {**keepers.FILES, "wording/words.yaml": "rules: ["})
    with pytest.raises(Faults):
        keepers.followed(folder, database)


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "rules: [",
        WORDS.replace("hit: [再接再励", "hit: [再接再厉").replace("[{text: 再接再励", "[{text: 再接再厉"),
        WORDS + WORDS[WORDS.index("- id") :],
        WORDS.replace("kind: regex", "kind: regxe"),
        WORDS.replace("[1-9][0-9]{16}", "(?=a)[1-9][0-9]{16}"),
    ],
    ids=["empty", "no YAML", "failing example", "ids twice", "unknown kind", "look-ahead"],
)
def test_nothing_that_is_wrong_takes_the_list_down(
    negative_list: FollowedPolicies, folder: Path, rules: str
) -> None:
    good = negative_list.current
    keepers.spoil(folder, rules)
    negative_list.catch_up()
    assert negative_list.faults
    assert negative_list.current is good
    assert [one.rule for one in run(negative_list.current, TEXT).findings] == ["wording.canfei", "lang.typos"]
    keepers.spoil(folder, WORDS)
    negative_list.catch_up()
    assert negative_list.faults == ()


def test_a_folder_that_is_gone_keeps_the_list_too(negative_list: FollowedPolicies, folder: Path) -> None:
    shutil.rmtree(folder)
    negative_list.catch_up()
    assert "没有这个文件夹" in sentence(negative_list.faults[0])
    assert len(run(negative_list.current, TEXT).findings) == 2


def bring_in(client: TestClient, as_: Headers, digest: str) -> None:
    """Ask for a version as one keeper and grant it as another."""
    path = f"/api/v1/policies/{digest}/activations"
    wish = client.post(path, headers=as_("policy_keeper"), json={"note": "换用"}).json()["id"]
    answer = client.post(f"{path}/{wish}/decision", headers=as_("policy_keeper2"), json={"grant": True})
    assert answer.status_code == 200, answer.text


def test_checks_go_on_while_lists_are_swapped(
    client: TestClient, runtime: Runtime, negative_list: FollowedPolicies, as_: Headers
) -> None:
    milder = keepers.stored(runtime, keepers.milder())
    found: set[tuple[str, ...]] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            found.add(tuple(one.severity for one in run(negative_list.current, "残废").findings))

    readers = [threading.Thread(target=read, daemon=True) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        bring_in(client, as_, milder)
        negative_list.catch_up()
        assert negative_list.current.digest == milder
    finally:
        over.set()
        for reader in readers:
            reader.join()
    assert found == {("block",), ("warn",)}


def test_loaded_rules_keep_no_thread_waiting(negative_list: FollowedPolicies) -> None:
    policy, interval = negative_list.current, sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)
        settle()
        assert sys.getswitchinterval() == pytest.approx(0.002)
        kept = gc.get_freeze_count()
        assert kept > len(policy.rules)
        assert not any(one is policy for one in gc.get_objects())
        # Once more: what was kept before is looked at again, not piled up.
        settle()
        assert gc.get_freeze_count() < kept * 1.1
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)
