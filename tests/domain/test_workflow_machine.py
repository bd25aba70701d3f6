"""Random people do random things to a case; the invariants of the trade hold after every step."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.domain import separation
from app.domain.refusals import Refused
from app.domain.vocabulary import CaseState, ChangeClass, Event, Role, StageKind, StageState, Subject, Verb
from app.domain.workflow import (
    SYSTEM,
    Act,
    BoundProof,
    Case,
    Effects,
    Facts,
    Workflow,
    objections,
    transition,
)
from app.domain.workflow.case import DONE
from tests.domain.walks import AT, STANDARD, WEBSITE, WECHAT, change, person

PEOPLE = (
    person("author", Role.EDITOR, Role.INITIAL_REVIEWER),
    person("mate", Role.EDITOR, Role.PROOFREADER),
    person("a", Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER, Role.PROOFREADER),
    person("b", Role.SECOND_REVIEWER, Role.FINAL_REVIEWER, Role.PUBLISHER),
    person("c", Role.FINAL_REVIEWER, Role.PROOFREADER),
    person("d", Role.PROOFREADER, Role.INITIAL_REVIEWER),
    person("f", Role.PROOFREADER, Role.FINAL_REVIEWER, Role.PUBLISHER),
    person("g", Role.PROOFREADER, Role.SECOND_REVIEWER),
    replace(person("e", Role.PROOFREADER, Role.PUBLISHER, Role.SECOND_REVIEWER), principal="a"),
)
STAGES = tuple(STANDARD.by_key)
VERBS = tuple(verb for verb in Verb if verb not in {Verb.DECLINE, Verb.RECALL, Verb.BIND_SUBJECT})


class Walks(RuleBasedStateMachine):
    workflow: Workflow = STANDARD

    @initialize(lines=st.sampled_from([(WECHAT,), (WECHAT, WEBSITE)]))
    def start(self, lines: tuple[object, ...]) -> None:
        self.at = AT
        self.case = Case(CaseState.RETURNED, "r0", lines, frozenset({"author"}))  # type: ignore[arg-type]
        self.count = 0
        self.marks = {"wechat": 0, "website": 0}
        self.blockers: tuple[str, ...] = ()
        self.proof_people: dict[str, set[str]] = {}

    def step(self, act: Act, actor: object, facts: Facts) -> None:
        self.at += timedelta(minutes=1)
        before = self.case
        answer = transition(before, self.workflow, act, actor, facts, self.at)  # type: ignore[arg-type]
        assert transition(before, self.workflow, act, actor, facts, self.at) == answer  # type: ignore[arg-type]
        if isinstance(answer, Refused):
            assert answer.refusals
            return
        self.check_step(before, answer, act, facts)
        self.case = answer.case

    def check_step(self, before: Case, effects: Effects, act: Act, facts: Facts) -> None:
        assert before.state not in {CaseState.RECALLED, CaseState.DECLINED}
        assert effects.events
        old = {(*run.spot, run.round): run for run in before.runs}
        for run in effects.changed:
            was = old.get((*run.spot, run.round))
            # 3: an ended run never takes another outcome; all that can still happen is that it falls.
            if was is not None and was.state in {
                StageState.SENT_BACK,
                StageState.DECLINED,
                StageState.VOIDED,
            }:
                raise AssertionError(run)
            if was is not None and was.state is StageState.PASSED:
                assert run.state in {StageState.PASSED, StageState.VOIDED}
                assert run.votes == was.votes
        if effects.decided is not None:
            # 2: it quotes the digest of the stage.
            assert act.digest == old[effects.decided.run.stage, act.line, effects.decided.run.round].digest
        if facts.blockers:
            # 9: nothing opens on blocking findings.
            assert not effects.opened
        voided = {
            (run.stage, run.line) for run in effects.changed if run.state is StageState.VOIDED and run.persons
        }
        told = {
            (e.data["stage"], e.data["line"]) for e in effects.events if e.event is Event.CASE_STAGE_VOIDED
        }
        assert voided == told  # 7: every void of somebody's decision is an event

    @rule(digest=st.booleans())
    def submit(self, digest: bool) -> None:
        facts = Facts(blockers=self.blockers)
        self.step(Act(Verb.SUBMIT, digest=self.case.revision if digest else "x"), PEOPLE[0], facts)

    def able(self, verb: Verb, spot: tuple[str, str], facts: Facts) -> list[object]:
        act = Act(verb, *spot)
        return [one for one in PEOPLE if not objections(self.case, self.workflow, act, one, facts, self.at)]

    @rule(steps=st.integers(2, 8), chosen=st.integers(0, 6))
    def forward(self, steps: int, chosen: int) -> None:
        """Let people who may approve go on, and proofs be laid out, so that walks come to their end."""
        if not self.case.runs:
            self.submit(digest=True)
        elif self.case.state in {CaseState.RETURNED, CaseState.BLOCKED}:
            self.resubmit(PEOPLE[0], list(ChangeClass)[1 + chosen % 3])
        elif self.case.state is CaseState.HELD:
            self.step(Act(Verb.ANSWER, comment="同意"), PEOPLE[0], Facts(blockers=self.blockers))
        elif any(self.marks.values()):
            self.carry_out(PEOPLE[0], ChangeClass.MARKS_ONLY)
        for _ in range(steps):
            for spot, run in self.case.current().items():
                facts = Facts(blockers=self.blockers, open_marks=self.marks.get(spot[1], 0))
                if run.state is StageState.WAITING and spot[1]:
                    self.bind(spot[1], late=False)
                    break
                if run.state is StageState.OPEN and (people := self.able(Verb.APPROVE, spot, facts)):
                    digest = self.case.subject_of(self.workflow.by_key[spot[0]], spot[1]) or ""
                    self.step(Act(Verb.APPROVE, *spot, digest), people[chosen % len(people)], facts)
                    break

    @precondition(lambda self: self.count > 2)
    @rule(verb=st.sampled_from([Verb.DECLINE, Verb.RECALL]), actor=st.sampled_from(PEOPLE))
    def end(self, verb: Verb, actor: object) -> None:
        open_now = [run for run in self.case.current().values() if run.state is StageState.OPEN]
        for run in open_now[:1]:
            digest = self.case.subject_of(self.workflow.by_key[run.stage], run.line) or ""
            self.step(Act(verb, *run.spot, digest, comment="止"), actor, Facts())

    @rule(
        verb=st.sampled_from(VERBS),
        actor=st.sampled_from(PEOPLE),
        stage=st.sampled_from(STAGES),
        line=st.sampled_from(["", "wechat", "website"]),
        back=st.sampled_from([None, *STAGES]),
        then=st.sampled_from(["walk_again", "continue_here"]),
        stale=st.integers(0, 9),
    )
    def act(
        self, verb: Verb, actor: object, stage: str, line: str, back: str | None, then: str, stale: int
    ) -> None:
        open_now = [run for run in self.case.current().values() if run.state is StageState.OPEN]
        if open_now and stale > 2:
            stage, line = open_now[stale % len(open_now)].spot
        digest = "stale" if stale == 0 else self.case.subject_of(self.workflow.by_key[stage], line) or ""
        act = Act(verb, stage, line, digest, comment="意见", send_back_to=back, then=then)  # type: ignore[arg-type]
        facts = Facts(blockers=self.blockers, open_marks=self.marks.get(line, 0))
        self.step(act, actor, facts)

    @rule(actor=st.sampled_from(PEOPLE[:3]), kind=st.sampled_from(list(ChangeClass)[1:]))
    def resubmit(self, actor: object, kind: ChangeClass) -> None:
        self.count += 1
        new = f"r{self.count}"
        facts = Facts(
            blockers=self.blockers,
            revision=new,
            change=change(kind),
            authors=frozenset({actor.person}),  # type: ignore[attr-defined]
        )
        self.step(Act(Verb.RESUBMIT, digest=new, comment="改"), actor, facts)

    @precondition(lambda self: any(self.marks.values()))
    @rule(
        actor=st.sampled_from(PEOPLE), kind=st.sampled_from([ChangeClass.MARKS_ONLY, ChangeClass.SUBSTANTIVE])
    )
    def carry_out(self, actor: object, kind: ChangeClass) -> None:
        self.count += 1
        was = self.case.revision
        facts = Facts(blockers=self.blockers, revision=f"r{self.count}", change=change(kind))
        self.step(Act(Verb.CARRY_OUT), actor, facts)
        if self.case.revision != was:
            assert kind is ChangeClass.MARKS_ONLY
            self.marks = dict.fromkeys(self.marks, 0)

    @rule(line=st.sampled_from(["wechat", "website"]), late=st.booleans())
    def bind(self, line: str, late: bool) -> None:
        revision = "r0" if late else self.case.revision
        proof = BoundProof(line, f"{line}@{revision}", revision)
        self.step(Act(Verb.BIND_SUBJECT, line=line), SYSTEM, Facts(blockers=self.blockers, proof=proof))

    @rule(line=st.sampled_from(["wechat", "website"]))
    def mark(self, line: str) -> None:
        self.marks[line] += 1

    @rule(blocked=st.sampled_from([(), (), (), ("rule",)]))
    def policy_changes(self, blocked: tuple[str, ...]) -> None:
        self.blockers = blocked

    @rule()
    def reconsider(self) -> None:
        self.step(Act(Verb.RECONSIDER), SYSTEM, Facts(blockers=self.blockers))

    @invariant()
    def distinct_sets_hold(self) -> None:
        if hasattr(self, "case"):
            assert separation.violations(self.case, self.workflow) == ()  # 4

    @invariant()
    def no_author_decided(self) -> None:
        if hasattr(self, "case"):
            for run in self.case.current().values():
                assert run.state is not StageState.PASSED or run.persons.isdisjoint(self.case.authors)  # 5

    @invariant()
    def nothing_is_skipped(self) -> None:
        if not hasattr(self, "case"):
            return
        current = self.case.current()
        for spot, run in current.items():
            if run.state in {StageState.OPEN, StageState.WAITING}:
                if self.workflow.by_key[run.stage].by_people:
                    assert self.case.done_before(self.workflow, spot, current)
                if run.state is StageState.OPEN:
                    assert run.digest == self.case.subject_of(self.workflow.by_key[run.stage], run.line)
        if self.case.state is CaseState.CLEARED:
            self.cleared(list(current.values()))

    def cleared(self, runs: Sequence[object]) -> None:
        passed = {run.spot for run in runs if run.state in DONE}  # type: ignore[attr-defined]
        expected = {(stage.key, line) for stage in self.workflow.stages for line in self.case.lines_of(stage)}
        assert passed == expected  # 6
        for run in runs:
            stage = self.workflow.by_key[run.stage]  # type: ignore[attr-defined]
            on_proof = stage.acts_on is Subject.PROOF
            now = self.case.proof_of(run.line) if on_proof else self.case.revision  # type: ignore[attr-defined]
            assert run.digest == now  # 10  # type: ignore[attr-defined]
            if stage.kind is StageKind.CONFIRM_MARKS:
                assert run.persons.isdisjoint(self.case.carriers)  # 8  # type: ignore[attr-defined]

    @invariant()
    def rounds_are_bounded(self) -> None:
        if hasattr(self, "case"):
            for stage in self.workflow.stages:
                for line in ("", *self.case.lines):
                    assert self.case.sent_back((stage.key, line)) <= stage.rounds  # 22


Walks.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestWalks = Walks.TestCase
