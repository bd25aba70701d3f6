"""Random people do random things to a case; the invariants of the trade hold after every step.

The suite takes some thousand steps. `SANSHEN_STEPS` asks for about so many, over as many walks as that takes:
`SANSHEN_STEPS=20000 pytest tests/domain/test_workflow_machine.py -n 0`.
"""

import os
from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from app.domain import delegations
from app.domain.delegations import Link, Scope
from app.domain.refusals import Refused
from app.domain.vocabulary import (
    REVIEW_LEVELS,
    CaseState,
    ChangeClass,
    Event,
    Role,
    StageKind,
    StageState,
    Subject,
    Verb,
)
from app.domain.workflow import (
    SERVICE,
    BoundProof,
    Case,
    Effects,
    Participant,
    Run,
    Workflow,
    combined,
    extended,
    separation,
)
from app.domain.workflow.case import CLOSED, DONE, PENDING
from tests.domain.bodies import OVERRIDABLE, PEOPLE, WITH_OTHERS, WORKFLOWS, kept_rightly
from tests.domain.reclassing import Reclassing
from tests.domain.saying import Known, Said, objections, transition
from tests.domain.walks import AT, STANDARD, WEBSITE, WECHAT, change

#: Steps of one walk, and how many walks the suite goes.
STEPS_OF_A_WALK = 60
WALKS = max(1, int(os.environ.get("SANSHEN_STEPS", "3600")) // STEPS_OF_A_WALK)
TODAY = date(2026, 3, 2)

STAGES = (*STANDARD.by_key, "added_1", "added_2", "added_3")
VERBS = tuple(verb for verb in Verb if verb not in {Verb.DECLINE, Verb.RECALL, Verb.BIND_SUBJECT})
VOTING = frozenset({Verb.APPROVE, Verb.CONFIRM_MARKS, Verb.OPPOSE, Verb.ABSTAIN})
TRADE = frozenset(delegations.DELEGABLE)


class Walks(Reclassing):
    @initialize(lines=st.sampled_from([(WECHAT,), (WECHAT, WEBSITE)]), workflow=WORKFLOWS)
    def start(self, lines: tuple[object, ...], workflow: Workflow) -> None:
        self.workflow = workflow
        self.links: list[Link] = []
        self.decided: list[tuple[str, str, int, object]] = []
        self.at = AT
        self.case = Case(CaseState.RETURNED, "r0", lines, frozenset({"author"}))  # type: ignore[arg-type]
        self.count = 0
        self.marks = {"wechat": 0, "website": 0}
        self.blockers: tuple[str, ...] = ()
        self.proof_people: dict[str, set[str]] = {}

    def step(self, act: Said, actor: object, facts: Known) -> None:
        self.at += timedelta(minutes=1)
        before = self.case
        assert extended(self.workflow, before.added).version_itself.digest == self.workflow.digest  # 11
        answer = transition(before, self.workflow, act, actor, facts, self.at)  # type: ignore[arg-type]
        assert transition(before, self.workflow, act, actor, facts, self.at) == answer  # type: ignore[arg-type]
        if isinstance(answer, Refused):
            assert answer.refusals
            return
        was, self.workflow = self.workflow, answer.moved_to or self.workflow
        self.check_step(before, answer, act, facts, actor)  # type: ignore[arg-type]
        self.nothing_was_taken_away(before, answer.case, was)
        self.case = answer.case
        self.voted_rightly(answer, facts)
        if answer.decided is not None and act.verb in VOTING:
            run = answer.decided.run
            self.decided.append((run.stage, run.line, run.round, run.votes[-1]))

    def check_step(self, before: Case, effects: Effects, act: Said, facts: Known, actor: Participant) -> None:
        self.timed_rightly(before, effects.case, act, actor)
        if act.verb not in {Verb.COPY, Verb.BIND_SUBJECT}:
            assert before.state not in {CaseState.RECALLED, CaseState.DECLINED}
        assert effects.events
        old = {(*run.spot, run.round): run for run in before.runs}
        self.runs_only_move_on(effects, old)
        if effects.decided is not None:
            self.decided_rightly(before, effects, act, actor, old)
        else:
            self.nothing_passed_undecided(effects, act, old)
        if facts.blockers:
            assert not effects.opened  # 9: nothing opens on blocking findings
        if act.verb is Verb.ANSWER:
            for run in effects.changed:
                was = old.get((*run.spot, run.round))
                if was is not None and was.due_at is not None and before.held_at is not None:
                    assert run.due_at == was.due_at + (self.at - before.held_at)  # 14
        voided = {
            (run.stage, run.line)
            for run in effects.changed
            if run.state is StageState.VOIDED
            and (run.persons or old[*run.spot, run.round].state is StageState.OVERRIDDEN)
        }
        told = {
            (e.data["stage"], e.data["line"]) for e in effects.events if e.event is Event.CASE_STAGE_VOIDED
        }
        assert voided == told  # 7: every void of somebody's decision is an event

    def runs_only_move_on(self, effects: Effects, old: dict[tuple[str, str, int], Run]) -> None:
        for run in effects.changed:
            was = old.get((*run.spot, run.round))
            if was is None:
                continue
            # 3: an ended run never takes another outcome; all that can still happen is that it falls.
            assert was.state not in {StageState.SENT_BACK, StageState.DECLINED, StageState.VOIDED}
            if was.state in {StageState.PASSED, StageState.OVERRIDDEN}:
                assert run.state in {was.state, StageState.VOIDED}
            assert run.votes[: len(was.votes)] == was.votes  # 1: what was decided stays

    def decided_rightly(
        self,
        before: Case,
        effects: Effects,
        act: Said,
        actor: Participant,
        old: dict[tuple[str, str, int], Run],
    ) -> None:
        decided = effects.decided
        assert decided is not None
        assert before.state is CaseState.RUNNING  # 14: nothing is decided while it is on hold
        was = old[decided.run.stage, act.line, decided.run.round]
        assert act.digest == was.digest  # 2: it quotes the digest of the stage
        stage = extended(self.workflow, before.added).by_key[act.stage]
        assert stage.author_may_act or actor.persons.isdisjoint(before.authors)  # 5
        assert actor.persons.isdisjoint(before.recused)
        assert Role.SYSTEM_ADMIN not in {grant.role for grant in actor.grants}
        if decided.final and act.verb is Verb.APPROVE:
            assert before.awaited(was) == ()
        if act.verb in {Verb.OPPOSE, Verb.ABSTAIN}:
            assert stage.committee is not None
            assert decided.run.votes[-1].says != "yes"

    def nothing_passed_undecided(
        self, effects: Effects, act: Said, old: dict[tuple[str, str, int], Run]
    ) -> None:
        for run in effects.changed:
            was = old.get((*run.spot, run.round))
            stage = extended(self.workflow, effects.case.added).by_key[run.stage]
            if was is not None and was.state is run.state:
                continue
            if run.state is StageState.PASSED:
                assert not stage.by_people or act.verb is Verb.CLOSE_VOTE
            if run.state is StageState.OVERRIDDEN:
                assert act.verb is Verb.OVERRIDE
                assert stage.may_be_overridden  # never one of the reviews

    def nothing_was_taken_away(self, before: Case, after: Case, was: Workflow) -> None:
        earlier, now = extended(was, before.added), extended(self.workflow, after.added)
        assert set(earlier.by_key) <= set(now.by_key)  # 12
        assert all(ahead <= now.ancestors[key] for key, ahead in earlier.ancestors.items())
        assert all(apart <= now.distinct_from[key] for key, apart in earlier.distinct_from.items())
        assert before.recused <= after.recused
        assert before.authors <= after.authors  # 5

    @rule(digest=st.booleans())
    def submit(self, digest: bool) -> None:
        facts = Known(blockers=self.blockers)
        self.step(Said(Verb.SUBMIT, digest=self.case.revision if digest else "x"), PEOPLE[0], facts)

    def actors(self) -> tuple[Participant, ...]:
        """Everybody in their own place and in those of people whom they stand in for (代理)."""
        acting = list(PEOPLE)
        known = {one.person: one for one in PEOPLE}
        for one in PEOPLE:
            for chain in delegations.chains(one.person, self.links, on=TODAY):
                principal = known[chain[-1].principal]
                grants = tuple(grant for grant in principal.grants if grant.role in TRADE)
                through = chain[0].principal if len(chain) > 1 else None
                behind = frozenset[str]().union(*(known[link.principal].others for link in chain))
                place = Participant(
                    one.person,
                    principal.name,
                    grants,
                    principal=principal.person,
                    through=through,
                    others=one.others | behind,
                    own_others=one.own_others,
                )
                acting.append(place)
        return tuple(acting)

    @rule(principal=st.sampled_from(PEOPLE[:-1]), delegate=st.sampled_from(PEOPLE[:-1]))
    def delegate(self, principal: Participant, delegate: Participant) -> None:
        link = Link(principal.person, delegate.person, TODAY, TODAY, Scope())
        if not delegations.faults(link, self.links, today=TODAY):
            self.links.append(link)
        for one in PEOPLE:  # 13: at most two long, never in a circle
            for chain in delegations.chains(one.person, self.links, on=TODAY):
                people = [one.person, *(link.principal for link in chain)]
                assert len(set(people)) == len(people) <= delegations.LONGEST_CHAIN + 1

    def able(self, verb: Verb, spot: tuple[str, str], facts: Known) -> list[object]:
        act = Said(verb, *spot)
        return [
            one for one in self.actors() if not objections(self.case, self.workflow, act, one, facts, self.at)
        ]

    def subject(self, stage: str, line: str) -> str:
        workflow = extended(self.workflow, self.case.added)
        return self.case.subject_of(workflow.by_key[stage], line) or "" if stage in workflow.by_key else ""

    @rule(steps=st.integers(2, 8), chosen=st.integers(0, 6))
    def forward(self, steps: int, chosen: int) -> None:
        """Let people who may approve go on, and proofs be laid out, so that walks come to their end."""
        if not self.case.runs:
            self.submit(digest=True)
        elif self.case.state in {CaseState.RETURNED, CaseState.BLOCKED}:
            self.resubmit(PEOPLE[0], list(ChangeClass)[1 + chosen % 3])
        elif self.case.state is CaseState.HELD:
            self.step(Said(Verb.ANSWER, comment="同意"), PEOPLE[0], Known(blockers=self.blockers))
        elif any(self.marks.values()):
            self.carry_out(PEOPLE[0], ChangeClass.MARKS_ONLY)
        for _ in range(steps):
            for spot, run in self.case.current().items():
                facts = Known(
                    blockers=self.blockers,
                    open_marks=self.marks.get(spot[1], 0),
                    candidates=frozenset(one.person for one in self.able_to_claim(spot)),
                )
                if run.state is StageState.WAITING and spot[1]:
                    self.bind(spot[1], late=False)
                    break
                if run.state is StageState.OPEN and (people := self.able(Verb.APPROVE, spot, facts)):
                    digest = self.subject(*spot)
                    self.step(Said(Verb.APPROVE, *spot, digest), people[chosen % len(people)], facts)
                    break

    def able_to_claim(self, spot: tuple[str, str]) -> list[Participant]:
        act = Said(Verb.CLAIM, *spot)
        run = self.case.current()[spot]
        return [
            one
            for one in PEOPLE
            if one.person in run.persons
            or not objections(self.case, self.workflow, act, one, Known(), self.at)
        ]

    @precondition(lambda self: bool(self.case.runs))
    @rule(
        verb=st.sampled_from(WITH_OTHERS),
        to=st.sampled_from(PEOPLE),
        place=st.sampled_from(["before", "after", "beside"]),
        waits=st.booleans(),
        chosen=st.integers(0, 40),
    )
    def with_others(self, verb: Verb, to: Participant, place: str, waits: bool, chosen: int) -> None:
        """Let somebody who may do something with others do it."""
        current = self.case.current()
        spots = [spot for spot, run in current.items() if run.state is StageState.OPEN]
        if verb is Verb.TAKE_BACK:
            spots = [(stage, line) for stage, line, *_ in self.decided[-2:]]
        elif verb is Verb.OVERRIDE:
            spots = [spot for spot in spots if spot[0] in OVERRIDABLE]
        if not spots:
            return
        stage, line = spots[chosen % len(spots)]
        facts = Known(blockers=self.blockers, open_marks=self.marks.get(line, 0), named=to)
        if verb is Verb.ADVISE:
            asked = [one.asked for one in self.case.consults if not one.answered]
            people = [one for one in PEOPLE if one.person in asked]
        else:
            people = self.able(verb, (stage, line), facts)  # type: ignore[assignment]
        if people:
            known = {"comment": "意见", "to": to.person, "place": place, "waits": waits}
            act = Said(verb, stage, line, self.subject(stage, line), **known)  # type: ignore[arg-type]
            self.step(act, people[chosen % len(people)], facts)

    @precondition(lambda self: self.count > 2)
    @rule(verb=st.sampled_from([Verb.DECLINE, Verb.RECALL]), actor=st.sampled_from(PEOPLE))
    def end(self, verb: Verb, actor: object) -> None:
        open_now = [run for run in self.case.current().values() if run.state is StageState.OPEN]
        for run in open_now[:1]:
            digest = self.subject(run.stage, run.line)
            self.step(Said(verb, *run.spot, digest, comment="止"), actor, Known())

    @rule(
        verb=st.sampled_from(VERBS),
        actor=st.sampled_from(PEOPLE),
        stage=st.sampled_from(STAGES),
        line=st.sampled_from(["", "wechat", "website"]),
        back=st.sampled_from([None, *STAGES]),
        then=st.sampled_from(["walk_again", "continue_here"]),
        stale=st.integers(0, 9),
        to=st.sampled_from(PEOPLE),
        place=st.sampled_from(["before", "after", "beside"]),
        waits=st.booleans(),
        chosen=st.integers(0, 20),
    )
    def act(
        self,
        verb: Verb,
        actor: object,
        stage: str,
        line: str,
        back: str | None,
        then: str,
        stale: int,
        to: Participant,
        place: str,
        waits: bool,
        chosen: int,
    ) -> None:
        open_now = [run for run in self.case.current().values() if run.state is StageState.OPEN]
        if open_now and stale > 2:
            stage, line = open_now[stale % len(open_now)].spot
        if verb is Verb.TAKE_BACK and self.decided and stale > 2:
            stage, line, *_ = self.decided[-1]
        digest = "stale" if stale == 0 else self.subject(stage, line)
        acting = self.actors()
        if stale > 4:
            actor = acting[chosen % len(acting)]
        known = {"comment": "意见", "send_back_to": back, "then": then, "place": place, "waits": waits}
        known["when"] = None if chosen == 3 else self.at + timedelta(hours=chosen)
        act = Said(verb, stage, line, digest, to=to.person, **known)  # type: ignore[arg-type]
        facts = Known(
            blockers=self.blockers,
            open_marks=self.marks.get(line, 0),
            candidates=frozenset({"g", "a"}),
            named=to,
            absent=chosen == 1,
            by_office=chosen == 2,
        )
        self.step(act, actor, facts)

    @rule(
        actor=st.sampled_from(PEOPLE[:3]),
        kind=st.sampled_from(list(ChangeClass)[1:]),
        asked=st.none() | WORKFLOWS,
    )
    def resubmit(self, actor: object, kind: ChangeClass, asked: Workflow | None = None) -> None:
        """Hand in a new text, which may ask for another workflow than the case walks."""
        self.count += 1
        new = f"r{self.count}"
        facts = Known(
            blockers=self.blockers,
            revision=new,
            change=change(kind),
            authors=frozenset({actor.person}),  # type: ignore[attr-defined]
            moves_to=None if asked is None else combined(self.workflow, asked),
        )
        self.step(Said(Verb.RESUBMIT, digest=new, comment="改"), actor, facts)

    @precondition(lambda self: any(self.marks.values()))
    @rule(
        actor=st.sampled_from(PEOPLE), kind=st.sampled_from([ChangeClass.MARKS_ONLY, ChangeClass.SUBSTANTIVE])
    )
    def carry_out(self, actor: object, kind: ChangeClass) -> None:
        self.count += 1
        was = self.case.revision
        facts = Known(blockers=self.blockers, revision=f"r{self.count}", change=change(kind))
        self.step(Said(Verb.CARRY_OUT), actor, facts)
        if self.case.revision != was:
            assert kind is ChangeClass.MARKS_ONLY
            self.marks = dict.fromkeys(self.marks, 0)

    @rule(line=st.sampled_from(["wechat", "website"]), late=st.booleans())
    def bind(self, line: str, late: bool) -> None:
        revision = "r0" if late else self.case.revision
        proof = BoundProof(line, f"{line}@{revision}", revision)
        self.step(Said(Verb.BIND_SUBJECT, line=line), SERVICE, Known(blockers=self.blockers, proof=proof))

    @invariant()
    def distinct_sets_hold(self) -> None:
        if hasattr(self, "case"):
            workflow = extended(self.workflow, self.case.added)
            assert separation.violations(self.case, workflow) == ()  # 4, 13
            for run in self.case.current().values():
                if run.state is StageState.OPEN:
                    for spot, other in self.case.current().items():
                        apart = spot[0] in workflow.distinct_from[run.stage] and other.state in DONE
                        if apart and separation.meet(spot, run.spot):
                            assert run.persons.isdisjoint(other.persons)

    @invariant()
    def no_decision_is_lost(self) -> None:
        if hasattr(self, "case"):
            votes = {(run.stage, run.line, run.round, vote) for run in self.case.runs for vote in run.votes}
            assert set(self.decided) == kept_rightly(votes)  # 1
            finals = [run for run in self.case.runs if run.state is StageState.OPEN]
            assert len({run.spot for run in finals}) == len(finals)  # 3

    @invariant()
    def no_author_decided(self) -> None:
        if hasattr(self, "case"):
            workflow = extended(self.workflow, self.case.added)
            for run in self.case.current().values():
                if run.state is StageState.PASSED and not workflow.by_key[run.stage].author_may_act:
                    assert run.persons.isdisjoint(self.case.authors)  # 5

    @invariant()
    def nothing_is_skipped(self) -> None:
        if not hasattr(self, "case"):
            return
        current = self.case.current()
        workflow = extended(self.workflow, self.case.added)
        for spot, run in current.items():
            if run.state in PENDING:
                assert self.case.state not in CLOSED
                if workflow.by_key[run.stage].by_people:
                    assert self.case.done_before(workflow, spot, current)
                if run.state is StageState.OPEN:
                    assert run.digest == self.case.subject_of(workflow.by_key[run.stage], run.line)
        if self.case.state is CaseState.CLEARED:
            self.cleared(list(current.values()), workflow)

    @invariant()
    def nothing_that_is_ready_stands_still(self) -> None:
        if not hasattr(self, "case") or self.case.state is not CaseState.RUNNING:
            return
        current, workflow = self.case.current(), extended(self.workflow, self.case.added)
        for stage, line in self.case.places(workflow):
            if self.case.done_before(workflow, (stage.key, line), current):
                assert current[stage.key, line].state in DONE | PENDING

    def cleared(self, runs: Sequence[object], workflow: Workflow) -> None:
        passed = {run.spot for run in runs if run.state in DONE}  # type: ignore[attr-defined]
        expected = {(stage.key, line) for stage in workflow.stages for line in self.case.lines_of(stage)}
        assert passed == expected  # 6
        for run in runs:
            stage = workflow.by_key[run.stage]  # type: ignore[attr-defined]
            if set(stage.levels) & set(REVIEW_LEVELS):
                assert run.state is StageState.PASSED  # 6: passed, not skipped nor overridden
                assert run.persons  # type: ignore[attr-defined]
            if run.state is StageState.SKIPPED:  # type: ignore[attr-defined]
                assert not self.case.meets(stage.applies_if, run.line)  # 12  # type: ignore[attr-defined]
                continue
            on_proof = stage.acts_on is Subject.PROOF
            now = self.case.proof_of(run.line) if on_proof else self.case.revision  # type: ignore[attr-defined]
            assert run.digest == now  # 10  # type: ignore[attr-defined]
            if stage.kind is StageKind.CONFIRM_MARKS:
                assert run.persons.isdisjoint(self.case.carriers)  # 8  # type: ignore[attr-defined]

    @invariant()
    def rounds_are_bounded(self) -> None:
        if hasattr(self, "case"):
            for stage in extended(self.workflow, self.case.added).stages:
                for line in ("", *self.case.lines):
                    assert self.case.sent_back((stage.key, line)) <= stage.rounds  # 22


Walks.TestCase.settings = settings(max_examples=WALKS, stateful_step_count=STEPS_OF_A_WALK, deadline=None)
TestWalks = Walks.TestCase
