"""Cases for the tests: people, a draft for three channels, and a hand that walks a case."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.document.changes import Change
from app.domain.refusals import RefusalCode, Refused
from app.domain.vocabulary import CaseState, ChangeClass, ChannelKind, Event, Role, StageState, Verb
from app.domain.workflow import (
    SERVICE,
    BoundProof,
    Case,
    Effects,
    Grant,
    Participant,
    Run,
    Target,
    Workflow,
    read_workflow,
)
from app.infra.paths import shipped
from tests.domain.saying import Known, Said, transition

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TEXT, TEXT2, TEXT3 = "1" * 64, "2" * 64, "3" * 64
WECHAT = Target("wechat", ChannelKind.WECHAT, "news")
WEBSITE = Target("website", ChannelKind.WEBSITE, "news")
JOURNAL = Target("journal", ChannelKind.JOURNAL, "theory")


def person(name: str, *roles: Role, **more: object) -> Participant:
    return Participant(person=name, name=name, grants=tuple(Grant(role) for role in roles), **more)  # type: ignore[arg-type]


AUTHOR = person("author", Role.EDITOR)
FIRST = person("first", Role.INITIAL_REVIEWER)
SECOND = person("second", Role.SECOND_REVIEWER)
FINAL = person("final", Role.FINAL_REVIEWER)
PROOFS = tuple(person(f"proof{number}", Role.PROOFREADER) for number in range(4))
PUBLISHER = person("publisher", Role.PUBLISHER)
EVERYBODY = person("everybody", *Role)


def shipped_workflow(name: str) -> Workflow:
    return read_workflow((shipped("policies") / "workflows" / f"{name}.yaml").read_text())


STANDARD = shipped_workflow("standard")


def change(kind: ChangeClass, *fields: str) -> Change:
    return Change(kind, frozenset(fields or ({"blocks"} if kind is not ChangeClass.NONE else ())))


@dataclass
class Hand:
    """Walks one case; each step must succeed, unless it is `refused`."""

    workflow: Workflow = STANDARD
    case: Case = field(
        default_factory=lambda: Case(
            state=CaseState.RETURNED, revision=TEXT, targets=(WECHAT,), authors=frozenset({"author"})
        )
    )
    facts: Known = field(default_factory=Known)
    at: datetime = AT
    last: Effects | None = None

    def answer(
        self, verb: Verb, actor: Participant, facts: Known | None = None, **fields: Any
    ) -> Effects | Refused:
        stage = self.workflow.by_key.get(str(fields.get("stage", "")))
        if stage is not None and "digest" not in fields:
            fields["digest"] = self.case.subject_of(stage, str(fields.get("line", ""))) or ""
        act = Said(verb, **fields)
        self.at += timedelta(minutes=1)
        return transition(self.case, self.workflow, act, actor, facts or self.facts, self.at)

    def do(self, verb: Verb, actor: Participant, facts: Known | None = None, **fields: Any) -> Effects:
        answer = self.answer(verb, actor, facts, **fields)
        assert isinstance(answer, Effects), answer
        self.case, self.last = answer.case, answer
        return answer

    def refused(
        self, verb: Verb, actor: Participant, facts: Known | None = None, **fields: Any
    ) -> set[RefusalCode]:
        answer = self.answer(verb, actor, facts, **fields)
        assert isinstance(answer, Refused), answer
        return set(answer.codes)

    def submit(self, **fields: Any) -> Effects:
        return self.do(Verb.SUBMIT, AUTHOR, **{"digest": self.case.revision, **fields})

    def approve(self, stage: str, actor: Participant, line: str = "", **fields: Any) -> Effects:
        return self.do(Verb.APPROVE, actor, stage=stage, line=line, **fields)

    def bind(self, line: str, digest: str | None = None) -> Effects:
        proof = BoundProof(line, digest or f"proof-{line}-{self.case.revision[:4]}", self.case.revision)
        return self.do(Verb.BIND_SUBJECT, SERVICE, replace(self.facts, proof=proof), line=line)

    def reviews(self) -> None:
        self.submit()
        self.approve("initial_review", FIRST)
        self.approve("second_review", SECOND)
        self.approve("final_review", FINAL)

    def proofs(self, line: str = "wechat") -> None:
        self.bind(line)
        for number, stage in enumerate(("first_proof", "second_proof", "third_proof")):
            self.approve(stage, PROOFS[number], line)

    def run(self, stage: str, line: str = "") -> Run:
        return self.case.current()[stage, line]

    def state(self, stage: str, line: str = "") -> StageState | None:
        run = self.case.current().get((stage, line))
        return None if run is None else run.state

    def open(self) -> set[tuple[str, str]]:
        return {spot for spot, run in self.case.current().items() if run.state is StageState.OPEN}


def events(effects: Effects) -> list[Event]:
    return [happened.event for happened in effects.events]


def workflow(*stages: dict[str, object], **more: object) -> Workflow:
    return Workflow.model_validate(
        {"version": 1, "key": "test", "title": "试", "stages": list(stages), **more}
    )


def stage(key: str, **more: object) -> dict[str, object]:
    return {"key": key, "title": key, "kind": "review", "who": [{"role": "initial_reviewer"}], **more}


def hand_for(*stages: dict[str, object], **case: object) -> Hand:
    hand = Hand(workflow=workflow({"key": "rules", "title": "检", "kind": "rule_check"}, *stages))
    hand.case = replace(hand.case, **case)  # type: ignore[arg-type]
    hand.submit()
    return hand
