"""The pure transition function alone: no database, no record, on cases as they really lie in the tables."""

import time
from collections.abc import Iterator
from uuid import UUID

from app.bench.bureau import LINE, PROOFREADERS, REVIEWERS, Desk, desk
from app.bench.databases import Place
from app.bench.figures import Bar, Figure, Options, middle
from app.domain.refusals import Refused
from app.domain.workflow import AssessedText, transition
from app.domain.workflow.commands import Approve
from app.jobs.kinds import JobKind
from app.reviews import calendar
from app.reviews.cases import as_participant, load

BAR = Bar(50)


def measure(place: Place, options: Options) -> Iterator[Figure]:
    """Yield the time of one step for a plain approval, one that asks for proofs, and a proofread."""
    options.say("流转函数")
    calls, rounds = (20, 2) if options.quick else (2000, 7)
    with desk(place, "sqlite") as hand:
        handed = hand.hand_in()
        yield _figure(hand, handed.case_id, "initial_review", "通过初审", calls, rounds)
        for stage in REVIEWERS:
            if stage == "final_review":
                yield _figure(hand, handed.case_id, stage, "通过终审并要校样", calls, rounds)
            hand.approve(handed, stage, handed.digest)
        hand.work(JobKind.LAY_OUT)
        yield _figure(hand, handed.case_id, "first_proof", "通过一校", calls, rounds)


def _figure(hand: Desk, case_id: UUID, stage: str, title: str, calls: int, rounds: int) -> Figure:
    actor = hand.people[REVIEWERS.get(stage) or PROOFREADERS[stage]]
    with hand.runtime.database.read() as session:
        loaded = load(session, case_id, actor, lock=False)
    line = "" if stage in REVIEWERS else LINE
    digest = loaded.case.subject_of(loaded.workflow.by_key[stage], line) or ""
    command = Approve(stage, line, digest)
    who, at = as_participant(actor, loaded.draft.unit_path), hand.runtime.clock()
    facts = AssessedText(due=calendar.due_by(hand.runtime.policies))
    case, workflow = loaded.case, loaded.workflow
    transition(case, workflow, command, who, facts, at)
    samples = []
    for _ in range(rounds):
        # It works in this thread alone: processor time leaves out what other programs take.
        began = time.thread_time()
        for _ in range(calls):
            answer = transition(case, workflow, command, who, facts, at)
        samples.append((time.thread_time() - began) / calls * 1e6)
        assert not isinstance(answer, Refused), answer
    return Figure(
        f"transition.{stage}",
        f"流转函数：{title}",
        middle(samples),
        "微秒",
        BAR,
        samples=samples,
        raw={"calls": calls},
    )
