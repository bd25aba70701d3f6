"""A bureau at work over the API: one draft, and everybody who handles it."""

import json
from dataclasses import dataclass, field
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import Session, col, select

from app.audit.models import AuditEvent
from app.domain.document.model import Document
from app.identity.queries import Actor
from app.infra.runtime import Runtime
from app.jobs.models import Job
from app.jobs.runner import Runner
from tests import factories, states
from tests.states import Standing

REVIEWERS = (
    ("initial_review", "initial_reviewer"),
    ("second_review", "second_reviewer"),
    ("final_review", "final_reviewer"),
)
PROOFREADERS = (
    ("first_proof", "proofreader"),
    ("second_proof", "proofreader2"),
    ("third_proof", "proofreader3"),
)


@dataclass
class Desk:
    """Walks a draft through its case by requests."""

    client: TestClient
    runtime: Runtime
    bureau: factories.Bureau
    draft_id: str = ""
    case_id: str = ""
    way: Standing = field(default_factory=lambda: Standing(None), repr=False)
    _headers: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def open(cls, client: TestClient, runtime: Runtime) -> "Desk":
        with runtime.database.write() as session:
            bureau = factories.bureau(session, runtime.clock())
        return cls(client, runtime, bureau, way=Standing.at_start(runtime))

    def knows(self) -> dict[str, Any]:
        """What is learnt on the way: what copies of a state take over."""
        return {"draft_id": self.draft_id, "case_id": self.case_id}

    def learn(self, known: dict[str, Any]) -> None:
        self.draft_id, self.case_id = known["draft_id"], known["case_id"]

    @states.step(keep=False)
    def draft(self, content: Document | None = None, *channels: str, by: str = "editor") -> "Desk":
        sections = {"wechat": "news", "website": "news", "journal": "theory"}
        targets = [(channel, sections[channel]) for channel in (channels or ("wechat",))]
        with self.runtime.database.write() as session:
            made = factories.draft(
                session, self.bureau, at=self.runtime.clock(), by=by, content=content, targets=targets
            )
            self.draft_id = str(made.id)
        return self

    def actor(self, login: str) -> Actor:
        return self.bureau.actor(login)

    def headers(self, login: str) -> dict[str, str]:
        if login not in self._headers:
            self._headers[login] = factories.bearer(self.runtime, login)
        return self._headers[login]

    def get(self, path: str, login: str = "editor", **params: Any) -> Response:
        answer: Response = self.client.get(f"/api/v1{path}", headers=self.headers(login), params=params)
        return answer

    def post(self, path: str, login: str, body: dict[str, Any] | None = None, **headers: str) -> Response:
        answer: Response = self.client.post(
            f"/api/v1{path}", headers={**self.headers(login), **headers}, json={} if body is None else body
        )
        return answer

    def digest(self) -> str:
        answer = self.get(f"/drafts/{self.draft_id}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["digest"])

    @states.step()
    def submit(self, login: str = "editor", **body: Any) -> dict[str, Any]:
        body.setdefault("digest", self.digest())
        answer = self.post(f"/drafts/{self.draft_id}/submissions", login, body)
        assert answer.status_code == 201, answer.text
        self.case_id = answer.json()["id"]
        return dict(answer.json())

    def revise(self, content: dict[str, Any], login: str = "editor") -> str:
        version = self.get(f"/drafts/{self.draft_id}").headers["ETag"]
        path = f"/drafts/{self.draft_id}/revisions"
        answer = self.post(path, login, content, **{"If-Match": version})
        assert answer.status_code in {200, 201}, answer.text
        return self.digest()

    def case(self, login: str = "editor") -> dict[str, Any]:
        answer = self.get(f"/cases/{self.case_id}", login)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def stage(self, key: str, line: str = "", login: str = "editor") -> dict[str, Any]:
        return next(one for one in self.case(login)["stages"] if (one["stage"], one["line"]) == (key, line))

    def open_stages(self) -> set[tuple[str, str]]:
        return {(one["stage"], one["line"]) for one in self.case()["stages"] if one["state"] == "open"}

    def decide(
        self, stage: str, login: str, line: str = "", verdict: str = "approve", **body: Any
    ) -> Response:
        body = {"stage": stage, "line": line, "verdict": verdict, **body}
        headers = body.pop("headers", {})
        if "digest" not in body:
            body["digest"] = self.stage(stage, line)["digest"] or "0" * 64
        return self.post(f"/cases/{self.case_id}/decisions", login, body, **headers)

    def approve(self, stage: str, login: str, line: str = "") -> dict[str, Any]:
        answer = self.decide(stage, login, line)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    @states.step()
    def reviews(self) -> "Desk":
        self.submit()
        for stage, login in REVIEWERS:
            self.approve(stage, login)
        return self

    def work(self) -> int:
        return Runner(self.runtime).run_until_idle()

    @states.step()
    def proofs(self, line: str = "wechat") -> "Desk":
        self.work()
        for stage, login in PROOFREADERS:
            self.approve(stage, login, line)
        return self

    def mark(self, login: str, line: str = "wechat", **mark: Any) -> Response:
        body = {
            "line": line,
            "digest": self.case()["proofs"].get(line, "0" * 64),
            "error_type": "word",
            **mark,
        }
        return self.post(f"/cases/{self.case_id}/marks", login, body)

    def record(self) -> list[tuple[str, str, dict[str, Any]]]:
        """What is on the draft's record: action, outcome, data."""
        with self.runtime.database.read() as session:
            rows = session.exec(
                select(AuditEvent)
                .where(AuditEvent.stream == f"draft:{self.draft_id}")
                .order_by(col(AuditEvent.seq))
            ).all()
        return [(row.action, row.outcome, json.loads(row.body)["data"]) for row in rows]

    def actions(self) -> list[str]:
        return [action for action, _, _ in self.record()]

    def outbox(self) -> list[str]:
        """The types of all messages to the outside."""
        with self.runtime.database.read() as session:
            jobs = session.exec(select(Job).where(Job.kind == "webhooks.fan_out").order_by(col(Job.id))).all()
        return [json.loads(job.payload)["type"] for job in jobs]

    def codes(self, answer: Response) -> set[str]:
        return {reason["code"] for reason in answer.json()["reasons"]}

    def session(self) -> Session:
        return Session(self.runtime.database.engine)
