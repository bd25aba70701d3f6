"""Two verifiers that share no line judge alike of packages that are whole, damaged, or forged with the key.

The long form is `python -m pytest -n 0 tests/evidence/test_two_agree.py --packages 10000 -s`.
"""

import random
import sys
from collections import Counter

import pytest
from fastapi.testclient import TestClient

from app.audit import log
from app.evidence.verifier.command import verify
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.packages import exported, published
from tests.api.press import signed
from tests.evidence.second import whole
from tests.evidence.test_built import OLD, old
from tests.evidence.touching import TOUCHES, untouched

#: A package is the same whatever database it comes from.
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def packages(client: TestClient, runtime: Runtime) -> list[bytes]:
    """Published, handed out before, and logged; and corrected, so that stages were kept over a later text."""
    desk = published(Desk.open(client, runtime))
    exported(desk)
    log.advance(runtime.database, runtime.signer, runtime.settings.checkpoints, at=runtime.clock())
    exported(desk)
    both = [exported(desk)]
    desk.draft().reviews()
    desk.work()
    mark = {"kind": "correct", "place": "blocks/2", "start": 0, "end": 3, "quote": "志愿者"}
    assert desk.mark("proofreader", **mark, new_text="志愿人员").status_code == 201
    desk.proofs()
    assert desk.post(f"/cases/{desk.case_id}/carry-out", "editor", {}).is_success
    desk.work()
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    signed(desk)
    return [*both, exported(desk)]


@ONE_DATABASE
def test_two_verifiers_judge_alike(
    packages: list[bytes], runtime: Runtime, request: pytest.FixtureRequest
) -> None:
    judged: Counter[tuple[str, str]] = Counter()
    apart = []
    for seed in range(request.config.getoption("--packages")):
        chance, touch = random.Random(seed), TOUCHES[seed % len(TOUCHES)]
        package = chance.choice(packages)
        raw = touch(package, chance, runtime.signer)
        faults, step = verify(raw).faults, whole(raw)
        if bool(faults) != bool(step):
            apart.append((seed, touch.__name__, faults[:3], step))
        if touch in TOUCHES[:3]:
            assert not faults, (seed, touch.__name__, faults[:3])
        if touch in TOUCHES[3:5] and raw != package:
            assert faults, (seed, touch.__name__)
        judged[touch.__name__, "touched" if faults else "whole"] += 1
    sys.stdout.write("".join(f"{how}: {count}\n" for how, count in sorted(judged.items())))
    assert apart == []
    assert judged[untouched.__name__, "whole"]
    assert {name for name, _ in judged} == {touch.__name__ for touch in TOUCHES}


@pytest.mark.parametrize("name", OLD)
def test_the_second_one_takes_packages_of_earlier_versions(name: str) -> None:
    assert whole(old(name), OLD[name]) == ""
    assert whole(old(name), "0" * 16) == "key"
