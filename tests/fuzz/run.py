"""schemathesis on the whole application, in this process: what the requests of one person bring to light."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from fastapi import FastAPI
from schemathesis.config import ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.python.asgi import shutdown_lifespans

SEED = 20261130
#: A request that its schema allows may be refused for what it asks for: schemathesis itself takes 401,
#: 403, 404, 409 and 429 for that. Of 412, 415, 422 and 428 it is taken when its problem stands here, with why
#: no schema can say it; or, of a malformed request, when every one of its reasons does.
PROBLEMS = {
    "content_unusable": "what content is follows from `format`, and whether it says anything from reading it",
    "text_unusable": "a pattern against control characters on each of hundreds of strings",
    "targets_unknown": "which channels and sections there are is the installation's choice",
    "password_refused": "what is easily guessed or was used before follows from lists and the account",
    "webhook_endpoint_refused": "an address is taken apart, and its host held against the allowed ones",
    "robot_refused": "an address is taken apart, and its host held against the allowed ones",
    "asset_type_refused": "what a file is, its bytes say",
    "instant_past": "whether an instant lies ahead depends on when it is asked",
    "policy_faulty": "a policy's files are read and compiled: each fault is told with its file and line",
    "urgent_refused": "whether the urgent lane is open depends on the content's reasons",
    "precondition_failed": "which version is the present one depends on what others did",
}
REASONS = {
    "cursor": "a cursor is opaque: only one that was given out is good",
    "section_without_channel": "one field needs another: generators of clients know no dependentRequired",
    "unknown_channel": "which channels there are is the installation's choice",
    "unknown_section": "which sections there are is the installation's choice",
}


@dataclass
class Told:
    """What a run showed: requests, answers by status, failures by operation and title, errors of the tool."""

    cases: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    failures: dict[tuple[str | None, str], str] = field(default_factory=dict)
    errors: dict[tuple[str, str], str] = field(default_factory=dict)


def run(app: FastAPI, headers: dict[str, str], *, seconds: int) -> Told:
    """Let schemathesis ask with all its checks and phases, about `seconds` long, and tell what it found.

    Each phase has its share of the time: the first alone would take it all. What is asked, and in which
    order, is always the same but for identifiers.
    """
    told = Told()
    for phases in (["examples", "fuzzing"], ["coverage"], ["stateful"]):
        _ask(app, headers, phases, max(1, seconds // 3), told)
    return told


def _ask(app: FastAPI, headers: dict[str, str], phases: list[str], seconds: int, told: Told) -> None:
    project = ProjectConfig(headers=headers, continue_on_failure=True)
    project.generation.update(max_examples=5, no_shrink=True, deterministic=True, database="none")
    project.phases.update(phases=phases)
    # RFC 6585, 3: a missing If-Match is 428.
    taken = [*project.checks.missing_required_header.expected_statuses, "428"]
    project.checks.missing_required_header.expected_statuses = taken
    config = SchemathesisConfig(seed=SEED, max_time=seconds, projects=ProjectsConfig(default=project))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config, headers=headers)

    @schema.hook
    def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
        code = refusal(failure, response)
        if code:
            told.taken[code] += 1
        return not code

    try:
        for event in from_schema(schema).execute():
            _count(told, event)
    finally:
        shutdown_lifespans()


def refusal(failure: Any, response: Any) -> str:
    """Return the codes of a refusal for what was asked for; none for any other failure."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code not in {412, 415, 422, 428}:
        return ""
    problem = response.json()
    if problem["code"] != "malformed":
        return problem["code"] if problem["code"] in PROBLEMS else ""
    codes = {one["code"] for one in problem["reasons"]}
    return ", ".join(sorted(codes)) if codes <= set(REASONS) else ""


def _count(told: Told, event: events.EngineEvent) -> None:
    if isinstance(event, events.FatalError):
        raise event.exception
    if isinstance(event, events.NonFatalError):
        told.errors[event.label, type(event.value).__name__] = str(event.value)[:1000]
    if isinstance(event, events.EngineFinished):
        told.failures |= {(one.operation, one.title): one.message for one in event.failures}
    if not isinstance(event, events.ScenarioFinished):
        return
    recorder = event.recorder
    told.cases += len(recorder.interactions)
    told.phases[event.phase.value] += len(recorder.interactions)
    told.statuses.update(one.response.status_code for one in recorder.interactions.values() if one.response)
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure, one = check.failure_info.failure, recorder.interactions[case_id]
                asked = f"{one.request.method} {one.request.uri}\n{one.request.body!r}"
                body = one.response.content[:800].decode(errors="replace") if one.response else ""
                key = failure.operation, failure.title
                told.failures.setdefault(key, f"{failure.message}\n{asked}\n{body}")
