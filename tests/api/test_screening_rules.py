"""Rules and how they do, back-tests in pieces, waivers that are stale."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.domain.vocabulary import WaiverReason
from app.drafts import queries as drafts
from app.drafts import service as drafts_service
from app.drafts.models import Draft
from app.infra.db import Database, statements
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from app.negative_list import Policy
from app.negative_list.quality.backtest import Backtest, Item
from app.policies import service as policies
from app.policies.negative_list.following import FollowedPolicies
from app.policies.versions import digest_in_use
from app.screening import jobs, queries
from app.screening import service as screening
from app.screening.backtests import sums
from app.screening.checks import service as checks
from app.screening.models import CheckReport, RuleHit
from app.screening.rules import health
from app.screening.waivers import service
from tests import factories, keepers
from tests.conftest import SetClock
from tests.factories import Bureau, events
from tests.keepers import House, milder, stored, with_new_block

Headers = Callable[[str], dict[str, str]]


@pytest.fixture
def negative_list(tmp_path: Path, database: Database) -> FollowedPolicies:
    return keepers.followed(tmp_path / "negative_list", database)


@pytest.fixture
def bureau(runtime: Runtime) -> Bureau:
    return House.build(runtime).bureau


def checked(runtime: Runtime, bureau: Bureau, *texts: str, by: str = "editor") -> Draft:
    """Store a draft and its report."""
    with runtime.database.write() as session:
        at = runtime.clock()
        draft = factories.draft(session, bureau, at=at, by=by, content=factories.document("稿件", *texts))
        check(session, runtime, draft)
    return draft


def check(session: Session, runtime: Runtime, draft: Draft) -> CheckReport:
    return screening.ensure_report(
        session,
        policy=runtime.negative_list.current,
        key=runtime.secret,
        draft=draft,
        revision=drafts.head(session, draft),
        scope=checks.scope_of(drafts.targets(session, draft.id)),
        at=runtime.clock(),
    )


def waive(runtime: Runtime, bureau: Bureau, draft: Draft, *, count: int) -> None:
    with runtime.database.write() as session:
        report = queries.newest(session, draft.head_id)
        assert report is not None
        found = [one for one in queries.report_of(report).findings if one.rule == "wording.canfei"]
        for finding in found[:count]:
            asked = service.ask(
                session,
                policy=runtime.negative_list.current,
                key=runtime.secret,
                draft_id=draft.id,
                fingerprint=finding.fingerprint,
                reason=WaiverReason.FALSE_POSITIVE,
                explanation="误报",
                actor=bureau.actor("editor"),
                at=runtime.clock(),
            )
            service.decide(
                session,
                waiver_id=asked.id,
                grant=True,
                actor=bureau.actor("second_reviewer"),
                at=runtime.clock(),
            )


def test_a_report_is_asked_for_once_and_never_one_that_came_to_nothing(
    runtime: Runtime, bureau: Bureau
) -> None:
    with runtime.database.write() as session:
        content = factories.document("稿件", "为残废人服务。")
        draft = factories.draft(session, bureau, at=runtime.clock(), by="editor", content=content)
    with suppress(ZeroDivisionError), runtime.database.write() as session:
        lost = check(session, runtime, draft).id
        raise ZeroDivisionError
    with runtime.database.write() as session:
        kept = check(session, runtime, draft).id
    assert kept != lost
    seen: list[str] = []
    with runtime.database.write() as session:
        assert session.get(CheckReport, kept) is not None
        token = statements.set(seen)
        again = check(session, runtime, draft)
        statements.reset(token)
        assert (again.id, again in session) == (kept, False)
    assert not [asked for asked in seen if "check_report" in asked]


def rule(client: TestClient, headers: dict[str, str], rule_id: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/rules/{rule_id}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_rules_are_listed_with_their_basis(client: TestClient, as_: Headers) -> None:
    assert client.get("/api/v1/rules").status_code == 401
    listed = client.get("/api/v1/rules", headers=as_("editor"), params={"severity": "block"}).json()
    assert [one["id"] for one in listed["items"]] == ["wording.canfei", "privacy.idcard"]
    assert listed["items"][0]["basis"] == ["《中华人民共和国残疾人保障法》第三条"]
    assert client.get("/api/v1/rules?severity=fatal", headers=as_("editor")).status_code == 422
    assert client.get("/api/v1/rules/no.such", headers=as_("editor")).json()["code"] == "rule_unknown"
    one = rule(client, as_("editor"), "privacy.idcard")
    assert one["text"].startswith("- id: privacy.idcard")
    assert one["examples_miss"] == ["编号11010519491231002Y"]


def test_a_finding_counts_once_however_often_it_is_checked(
    client: TestClient, runtime: Runtime, bureau: Bureau, as_: Headers
) -> None:
    draft = checked(runtime, bureau, "残废人与残废人。再接再励")
    with runtime.database.write() as session:
        check(session, runtime, draft)
    digest = stored(runtime, milder())
    keeper, other = as_("policy_keeper"), as_("policy_keeper2")
    wish = client.post(f"/api/v1/policies/{digest}/activations", headers=keeper, json={}).json()["id"]
    granted = client.post(
        f"/api/v1/policies/{digest}/activations/{wish}/decision", headers=other, json={"grant": True}
    )
    assert granted.status_code == 200, granted.text
    with runtime.database.write() as session:
        check(session, runtime, draft)
        assert len(queries.reports(session, draft.id)) == 2
    assert rule(client, keeper, "wording.canfei")["hits"] == 2
    assert rule(client, keeper, "lang.typos")["hits"] == 1


def test_who_may_not_know_of_a_draft_counts_nothing_of_it(
    client: TestClient, runtime: Runtime, bureau: Bureau, as_: Headers
) -> None:
    draft = checked(runtime, bureau, "残废人")
    for login, hits, seen in (
        ("initial_reviewer", 1, True),
        ("outsider", 0, False),
        ("district_editor", 0, False),
        ("policy_keeper", 1, False),
    ):
        found = rule(client, as_(login), "wording.canfei")
        assert found["hits"] == hits, login
        assert [one["draft_id"] for one in found["lately"]] == ([str(draft.id)] if seen else []), login


@pytest.mark.parametrize(("findings", "waived", "proposed"), [(20, 6, False), (20, 7, True), (19, 19, False)])
def test_a_rule_that_is_waived_too_often_is_proposed_for_shadow(
    client: TestClient,
    runtime: Runtime,
    bureau: Bureau,
    as_: Headers,
    findings: int,
    waived: int,
    proposed: bool,
) -> None:
    draft = checked(runtime, bureau, *(f"第{number}位残废人" for number in range(findings)))
    waive(runtime, bureau, draft, count=waived)
    found = rule(client, as_("policy_keeper"), "wording.canfei")
    assert (found["hits"], found["waived"], found["for_shadow"]) == (findings, waived, proposed)
    assert found["waived_share"] == pytest.approx(waived / findings)


def test_shadow_findings_are_counted_apart(client: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    files = {**keepers.FILES, "policy.yaml": keepers.HEAD + "shadow: [wording.canfei]\n"}
    seen = keepers.seen(files)
    runtime.negative_list = type("Fixed", (), {"current": seen.policy, "faults": ()})()
    checked(runtime, bureau, "残废人再接再励")
    with runtime.database.read() as session:
        found = {one.rule: one for one in health.of_rules(session, seen.policy)}
        assert session.exec(select(RuleHit.shadow).where(RuleHit.rule == "wording.canfei")).one() is True
    assert (found["wording.canfei"].hits, found["wording.canfei"].shadow_hits) == (0, 1)
    assert (found["lang.typos"].hits, found["lang.typos"].shadow_hits) == (1, 0)


# back-tests


@pytest.fixture
def small_pieces() -> Iterator[None]:
    with keepers.pieces_of(3):
        yield


def ask(client: TestClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/backtests", headers=headers, json=body)
    assert answer.status_code == 202, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


def archive(runtime: Runtime, bureau: Bureau) -> None:
    for number in range(7):
        checked(runtime, bureau, f"第{number}位残废人，按排", "一个傻子" if number % 2 else "再接再励")
    away = checked(runtime, bureau, "别处的残废人和傻子")
    with runtime.database.write() as session:
        row = session.get_one(Draft, away.id)
        row.unit_id, row.unit_path = bureau.elsewhere.id, bureau.elsewhere.path


def test_who_may_back_test(client: TestClient, runtime: Runtime, bureau: Bureau, as_: Headers) -> None:
    digest = stored(runtime, milder())
    body = {"candidate": digest}
    assert client.post("/api/v1/backtests", json=body).status_code == 401
    for login in ("editor", "second_reviewer", "district_keeper"):
        assert client.post("/api/v1/backtests", json=body, headers=as_(login)).status_code == 403
    keeper = as_("policy_keeper")
    unknown = client.post("/api/v1/backtests", json={"candidate": "0" * 64}, headers=keeper)
    assert unknown.status_code == 404
    with runtime.database.read() as session:
        same = digest_in_use(session)
    assert client.post("/api/v1/backtests", json={"candidate": same}, headers=keeper).json()["code"] == (
        "back_test_same"
    )
    asked = ask(client, keeper, **body)
    assert ask(client, keeper, **body)["id"] == asked["id"]
    assert client.get(f"/api/v1/backtests/{asked['id']}", headers=as_("editor")).status_code == 403


@pytest.mark.usefixtures("small_pieces")
def test_a_back_test_reads_the_bureaus_archive_in_pieces(
    client: TestClient, runtime: Runtime, bureau: Bureau, as_: Headers
) -> None:
    archive(runtime, bureau)
    candidate = {**milder(), "wording/words.yaml": with_new_block()["wording/words.yaml"]}
    digest = stored(runtime, candidate)
    asked = ask(client, as_("policy_keeper"), candidate=digest)
    assert (asked["state"], asked["total"]) == ("queued", 0)
    Runner(runtime).run_until_idle()
    test = client.get(f"/api/v1/backtests/{asked['id']}", headers=as_("policy_keeper")).json()
    assert (test["state"], test["done"], test["total"]) == ("done", 7, 7)
    rows = {row["rule"]: row for row in test["figures"]["rules"]}
    assert (rows["wording.shazi"]["state"], rows["wording.shazi"]["added"]) == ("added", 3)
    assert (rows["lang.typos"]["removed"], rows["lang.typos"]["candidate_hits"]) == (7, 4)
    assert (rows["wording.canfei"]["base_hits"], rows["wording.canfei"]["added"]) == (7, 0)
    characters = test["figures"]["characters"]
    assert rows["wording.canfei"]["base_per_10k"] == pytest.approx(7 / characters * 10_000)
    blocked = test["figures"]["blocked"]
    assert (blocked["base"], blocked["candidate"], blocked["base_a_month"]) == (7, 7, 7.0)
    assert rows["wording.shazi"]["us_per_10k"] > 0
    # A keeper may not know of drafts that did not go out; a reviewer who grants may.
    assert (test["samples"], test["hidden"]) == ([], 3 + sums.SAMPLES)
    seen = client.get(f"/api/v1/backtests/{asked['id']}", headers=as_("final_reviewer")).json()
    assert (len(seen["samples"]), seen["hidden"]) == (3 + sums.SAMPLES, 0)
    assert {one["excerpt"] for one in seen["samples"]} == {"傻子", "按排"}
    assert events(runtime.database, f"policy:{digest}")[-1] == ("policy.back_tested", "done")


#: A worker that does one piece and is in the middle of the next when it says so.
WORKER = """
import sys, time
from datetime import datetime
from pathlib import Path
from app.policies.negative_list.following import FollowedPolicies
from app.policies.start import start
from app.infra.db import Database, statements
from app.infra.settings import Settings
from app.jobs.runner import Runner
from app.main import create_app
from app.screening import jobs

url, data, folder, now = sys.argv[1:]
database, real, pieces = Database(url), jobs.backtest, []

def slow(base, candidate, items, **more):
    pieces.append(items)
    if len(pieces) == 2:
        next(items)
        print("half", flush=True)
        time.sleep(600)
    return real(base, candidate, items, **more)

jobs.PIECE, jobs.backtest = 3, slow
at = datetime.fromisoformat(now)
runtime = start(
    Settings(data_dir=Path(data), database_url=url),
    database=database,
    negative_list=FollowedPolicies(Path(folder), database),
    clock=lambda: at,
)
create_app(runtime)
Runner(runtime).run_until_idle()
"""


@pytest.mark.usefixtures("small_pieces")
def test_a_back_test_goes_on_where_its_worker_was_killed(
    client: TestClient,
    runtime: Runtime,
    bureau: Bureau,
    as_: Headers,
    clock: SetClock,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive(runtime, bureau)
    digest = stored(runtime, with_new_block())
    whole = ask(client, as_("policy_keeper"), candidate=digest)
    Runner(runtime).run_until_idle()
    asked = ask(client, as_("policy_keeper2"), candidate=digest)
    followed = policies.following(runtime)
    command = [sys.executable, "-c", WORKER, database_url, runtime.settings.data_dir, followed.folder]
    with subprocess.Popen([*command, clock().isoformat()], stdout=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stdout is not None
            assert any(line == "half\n" for line in worker.stdout)
        finally:
            worker.kill()
    assert worker.returncode == -signal.SIGKILL
    half = client.get(f"/api/v1/backtests/{asked['id']}", headers=as_("policy_keeper")).json()
    assert (half["state"], half["done"]) == ("running", 3)
    read: list[str] = []
    real = jobs.backtest

    def listening(base: Policy, candidate: Policy, items: Iterator[Item], **more: Any) -> Backtest:
        return real(base, candidate, (read.append(item.name) or item for item in items), **more)  # type: ignore[func-returns-value]

    monkeypatch.setattr(jobs, "backtest", listening)
    # Nobody touches the job while the dead worker's lease runs.
    Runner(runtime).run_until_idle()
    assert read == []
    clock.advance(hours=1)
    Runner(runtime).run_until_idle()
    assert len(read) == 7 - 3
    results = [
        client.get(f"/api/v1/backtests/{one['id']}", headers=as_("policy_keeper")).json()["figures"]
        for one in (whole, asked)
    ]
    for figures in results:
        figures.pop("seconds")
        for row in figures["rules"]:
            for figure in ("judging_us", "scan_us", "us_per_10k"):
                row.pop(figure)
    assert results[0] == results[1]


def test_only_what_went_out_is_read_when_that_is_asked(
    client: TestClient, runtime: Runtime, bureau: Bureau, as_: Headers
) -> None:
    archive(runtime, bureau)
    digest = stored(runtime, with_new_block())
    for body, count in (
        ({"drafts": "published"}, 0),
        ({"since": "2026-03-02"}, 7),
        ({"since": "2026-03-03"}, 0),
    ):
        asked = ask(client, as_("policy_keeper"), candidate=digest, **body)
        Runner(runtime).run_until_idle()
        test = client.get(f"/api/v1/backtests/{asked['id']}", headers=as_("policy_keeper")).json()
        assert (test["state"], test["figures"]["items"]) == ("done", count), body


# waivers


def test_waivers_are_listed_and_the_stale_ones_named(
    client: TestClient, runtime: Runtime, bureau: Bureau, as_: Headers, clock: Any
) -> None:
    draft = checked(runtime, bureau, "残废人，残废军人")
    waive(runtime, bureau, draft, count=2)
    assert client.get("/api/v1/waivers").status_code == 401

    def standing(login: str, **asked: str) -> list[str]:
        listed = client.get("/api/v1/waivers", headers=as_(login), params=asked).json()
        return [one["standing"] for one in listed["items"]]

    assert standing("outsider") == []
    assert standing("second_reviewer") == ["in_force", "in_force"]
    assert standing("second_reviewer", rule="lang.typos") == []
    with runtime.database.write() as session:
        row = session.get_one(Draft, draft.id)
        content = factories.document("稿件", "残废军人")
        drafts_service.revise(
            session,
            draft_id=row.id,
            document=content,
            seen=frozenset({row.version}),
            actor=bureau.actor("editor"),
            at=runtime.clock(),
        )
    with runtime.database.write() as session:
        check(session, runtime, session.get_one(Draft, draft.id))
    assert "finding_gone" in standing("second_reviewer")
    clock.advance(days=91)
    assert standing("second_reviewer") == ["expired", "expired"]
    assert standing("second_reviewer", state="in_force") == []
