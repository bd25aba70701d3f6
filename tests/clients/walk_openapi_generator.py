"""The main way of a draft by a client that openapi-generator made. Prints what came of it as JSON."""

import base64
import hashlib
import hmac
import json
import sys
import time
from typing import Any

import sanshen_client as api

STEPS = json.loads(sys.argv[3])
URL, PASSWORD = sys.argv[1:3]


def client(token: str | None = None) -> api.ApiClient:
    return api.ApiClient(api.Configuration(host=URL, access_token=token))


def signed_in(login: str) -> api.ApiClient:
    said = api.IdentityApi(client()).issue_token(api.TokenIn(login=login, password=PASSWORD))
    return client(said.token)


def signature(secret: str, name: str, body: Any) -> dict[str, str]:
    """Sign the bytes that the client will send: its own JSON of the body."""
    raw = json.dumps(client().sanitize_for_serialization(body)).encode()
    at, key = str(int(time.time())), base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{name}.{at}.".encode() + raw, hashlib.sha256).digest()
    return {
        "webhook_id": name,
        "webhook_timestamp": at,
        "webhook_signature": "v1," + base64.b64encode(signed).decode(),
    }


def digest_of(case: api.CaseOut, stage: str, line: str) -> str | None:
    return next((one.digest for one in case.stages if (one.stage, one.line) == (stage, line)), None)


def main() -> None:
    editor = signed_in("editor")
    text = "# 冬季送温暖\n\n志愿者走访独居老人。"
    body = api.DraftIn(
        format="markdown",
        content=api.SourceContent(text),
        targets=[api.TargetIn(channel="wechat", section="news")],
    )
    draft = api.DraftsApi(editor).create_draft(body, idempotency_key="walk-1")
    case = api.ReviewsApi(editor).submit_draft(draft.id, api.SubmissionIn(digest=draft.digest))
    try:
        stale = api.DecisionIn(stage="initial_review", digest="0" * 64, verdict="approve")
        api.ReviewsApi(signed_in("initial_reviewer")).decide_stage(case.id, stale)
    except api.ApiException as error:
        refused = json.loads(error.body)["code"]
    for stage, line, login in STEPS:
        reviews = api.ReviewsApi(signed_in(login))
        deadline = time.monotonic() + 30
        while (digest := digest_of(reviews.show_case(case.id), stage, line)) is None:
            assert time.monotonic() < deadline, stage
            time.sleep(0.1)
        decision = api.DecisionIn(stage=stage, line=line, digest=digest, verdict="approve")
        done = reviews.decide_stage(case.id, decision)
    digest = digest_of(done, "sign_off", "wechat")
    publication = api.PublicationApi(signed_in("publisher"))
    release = publication.sign_release(case.id, api.SignIn(line="wechat", digest=digest)).release
    xitong = signed_in("system_admin")
    unit = next(one.id for one in api.IdentityApi(xitong).list_units() if one.name == "清河市民政局")
    new = api.NewToolIn(unit_id=unit, name="发布机", channels=["wechat"])
    tool = api.WebhooksApi(xitong).create_tool(new)
    machine = api.WebhooksApi(client())
    question = api.ClearanceIn(channel="wechat", digest=digest)
    signed = signature(tool.secret, "msg_1", question)
    cleared = machine.ask_clearance(clearance_in=question, tool=str(tool.id), **signed)
    ticket = api.SignedStatement.from_dict(cleared.statement["ticket"])
    report = api.PublicationIn(ticket=ticket, external_id="100001", digest=digest)
    signed = signature(tool.secret, "msg_2", report)
    published = machine.report_publication(publication_in=report, tool=str(tool.id), **signed)
    shown = publication.list_publications(draft.id)
    sys.stdout.write(
        json.dumps(
            {
                "refused": refused,
                "outcome": cleared.statement["outcome"],
                "release": str(release.id) == str(published.release_id),
                "publications": [one.external_id for one in shown.publications],
                "draft": str(api.DraftsApi(editor).show_draft(draft.id).state.value),
            }
        )
    )


main()
