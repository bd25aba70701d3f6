"""schemathesis on the whole application, in this process: what the requests of one person bring to light."""

import json
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import schemathesis
from fastapi import FastAPI
from schemathesis.config import ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.python.asgi import shutdown_lifespans

if TYPE_CHECKING:
    from schemathesis.schemas import BaseSchema

SEED = 20261130
PHASES = ("examples", "fuzzing", "coverage", "stateful")
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
    "note_missing": "for which reasons the public is owed a word is the installation's choice",
    "not_out_there": "on which channels something is out depends on what was published",
}
#: How long one request may take on a machine with other work, in seconds; what hangs fails in any case.
PATIENCE = 60


@dataclass
class Told:
    """What a run showed: requests, answers by status, failures by operation and title, errors of the tool."""

    cases: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    failures: dict[tuple[str | None, str], str] = field(default_factory=dict)
    errors: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bound:
    """How far each phase goes: at the end of the operation that exceeds `cases`, or after `seconds`.

    `every`: of so many operations one is asked in a phase, another one in the next.
    """

    cases: int | None = None
    seconds: int | None = None
    every: int = 1


def run(app: FastAPI, headers: dict[str, str], bound: Bound, *, seed: int = SEED) -> Told:
    """Let schemathesis ask with all its checks, phase by phase, and tell what it found.

    Each phase has the whole of its own bound, of which what comes before takes nothing. What is asked, and in
    which order, is always the same but for identifiers; how far it goes as well where cases are counted.
    """
    told = Told(phases=Counter(dict.fromkeys(PHASES, 0)))
    described = json.loads(json.dumps(app.openapi()))
    for number, phase in enumerate(PHASES):
        _ask(app, headers, described, (number, phase), bound, seed, told)
    return told


def _ask(
    app: FastAPI,
    headers: dict[str, str],
    described: dict[str, Any],
    turn: tuple[int, str],
    bound: Bound,
    seed: int,
    told: Told,
) -> None:
    number, phase = turn
    project = ProjectConfig(headers=headers, continue_on_failure=True, request_timeout=PATIENCE)
    project.generation.update(max_examples=5, no_shrink=True, deterministic=True, database="none")
    project.phases.update(phases=[phase])
    # RFC 6585, 3: a missing If-Match is 428.
    taken = [*project.checks.missing_required_header.expected_statuses, "428"]
    project.checks.missing_required_header.expected_statuses = taken
    config = SchemathesisConfig(seed=seed, max_time=bound.seconds, projects=ProjectsConfig(default=project))
    whole = schemathesis.openapi.from_dict(deepcopy(described), config=config)
    whole.app, whole.location = app, "/openapi.json"
    schema: BaseSchema = whole
    if bound.every > 1 and phase != "stateful":
        labels = [f"{method.upper()} {path}" for path, item in described["paths"].items() for method in item]
        schema = whole.include(name=labels[(number + seed) % bound.every :: bound.every])

    @schema.hook
    def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
        code = refusal(failure, response)
        if code:
            told.taken[code] += 1
        return not code

    stream = from_schema(schema).execute()
    try:
        for event in stream:
            _count(told, event)
            if bound.cases is not None and told.phases[phase] >= bound.cases:
                stream.stop()
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
