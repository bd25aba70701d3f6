"""The main way of a draft by a client that openapi-python-client made. Prints what came of it as JSON."""

import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Generator
from uuid import UUID

import httpx
from sanshen_client import AuthenticatedClient, Client
from sanshen_client.api.drafts import create_draft, show_draft
from sanshen_client.api.identity import issue_token, list_units
from sanshen_client.api.publication import list_publications, sign_release
from sanshen_client.api.reviews import decide_stage, show_case, submit_draft
from sanshen_client.api.webhooks import ask_clearance, create_tool, report_publication
from sanshen_client.models import (
    CaseOut,
    ClearanceIn,
    DecisionIn,
    DecisionInVerdict,
    DraftIn,
    DraftOut,
    Format,
    NewToolIn,
    Problem,
    PublicationIn,
    SignedStatement,
    SignIn,
    SubmissionIn,
    TargetIn,
    TokenIn,
)

STEPS = json.loads(sys.argv[3])
URL, PASSWORD = sys.argv[1:3]


def signed_in(login: str) -> AuthenticatedClient:
    said = issue_token.sync(client=Client(URL), body=TokenIn(login=login, password=PASSWORD))
    return AuthenticatedClient(URL, token=said.token)


class Signing(httpx.Auth):
    """Standard Webhooks over the bytes that are sent."""

    requires_request_body = True

    def __init__(self, secret: str) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        name, at = request.headers["webhook-id"], str(int(time.time()))
        signed = hmac.new(self._key, f"{name}.{at}.".encode() + request.content, hashlib.sha256).digest()
        request.headers["webhook-timestamp"] = at
        request.headers["webhook-signature"] = "v1," + base64.b64encode(signed).decode()
        yield request


def digest_of(case: CaseOut, stage: str, line: str) -> str | None:
    return next((one.digest for one in case.stages if (one.stage, one.line) == (stage, line)), None)


def main() -> None:
    editor = signed_in("editor")
    target = TargetIn(channel="wechat", section="news")
    body = DraftIn(format_=Format.MARKDOWN, content="# 冬季送温暖\n\n志愿者走访独居老人。", targets=[target])
    draft = create_draft.sync(client=editor, body=body, idempotency_key="walk-1")
    assert isinstance(draft, DraftOut), draft
    case = submit_draft.sync(draft.id, client=editor, body=SubmissionIn(digest=draft.digest))
    assert isinstance(case, CaseOut), case
    # A refusal is of a type, too.
    stale = DecisionIn(stage="initial_review", digest="0" * 64, verdict=DecisionInVerdict.APPROVE)
    refused = decide_stage.sync(case.id, client=signed_in("initial_reviewer"), body=stale)
    assert isinstance(refused, Problem), refused
    for stage, line, login in STEPS:
        person = signed_in(login)
        deadline = time.monotonic() + 30
        while (digest := digest_of(show_case.sync(case.id, client=person), stage, line)) is None:
            assert time.monotonic() < deadline, stage
            time.sleep(0.1)
        decision = DecisionIn(stage=stage, line=line, digest=digest, verdict=DecisionInVerdict.APPROVE)
        done = decide_stage.sync(case.id, client=person, body=decision)
        assert isinstance(done, CaseOut), done
    publisher = signed_in("publisher")
    digest = digest_of(done, "sign_off", "wechat")
    release = sign_release.sync(case.id, client=publisher, body=SignIn(line="wechat", digest=digest)).release
    xitong = signed_in("system_admin")
    unit = next(one.id for one in list_units.sync(client=xitong) if one.name == "清河市民政局")
    tool = create_tool.sync(client=xitong, body=NewToolIn(unit_id=unit, name="发布机", channels=["wechat"]))
    machine = Client(URL, httpx_args={"auth": Signing(tool.secret)})
    said = {"tool": str(tool.id), "webhook_timestamp": "0", "webhook_signature": "v1,"}
    question = ClearanceIn(channel="wechat", digest=digest)
    cleared = ask_clearance.sync(client=machine, body=question, webhook_id="msg_1", **said)
    assert isinstance(cleared, SignedStatement), cleared
    ticket = SignedStatement.from_dict(cleared.statement.to_dict()["ticket"])
    report = PublicationIn(ticket=ticket, external_id="100001", digest=digest)
    published = report_publication.sync(client=machine, body=report, webhook_id="msg_2", **said)
    shown = list_publications.sync(draft.id, client=publisher)
    sys.stdout.write(
        json.dumps(
            {
                "refused": refused.code,
                "outcome": cleared.statement.to_dict()["outcome"],
                "release": str(release.id) == str(published.release_id),
                "publications": [one.external_id for one in shown.publications],
                "draft": str(show_draft.sync(UUID(str(draft.id)), client=editor).state),
            }
        )
    )


main()
