"""The part of the state machine in which time passes: schedules, embargoes, what comes in from outside."""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from app.domain.release import Dossier, blockers
from app.domain.vocabulary import CaseState, StageState, Verb
from app.domain.workflow import SERVICE, Case, Participant, Workflow, extended, scheduling
from tests.domain.saying import Known, Said


class Timed(RuleBasedStateMachine):
    """What walks do that go out at a time; the walks themselves are the machine's."""

    workflow: Workflow
    case: Case
    at: datetime
    blockers: tuple[str, ...]
    marks: dict[str, int]

    def step(self, act: Said, actor: object, facts: Known) -> None:
        """Take one step, if it is not refused."""
        raise AssertionError("the machine steps")

    def actors(self) -> tuple[Participant, ...]:
        """Return everybody."""
        raise AssertionError("the machine knows its people")

    def forward(self, steps: int, chosen: int) -> None:
        """Go on."""
        raise AssertionError("the machine walks")

    @precondition(lambda self: bool(self.case.runs))
    @rule(
        verb=st.sampled_from([Verb.SCHEDULE, Verb.SCHEDULE, Verb.UNSCHEDULE, Verb.EMBARGO]),
        hours=st.sampled_from([-1, 1, 2, 5, 24, 9000]),
        line=st.sampled_from(["wechat", "website"]),
        chosen=st.integers(0, 40),
    )
    def time(self, verb: Verb, hours: int, line: str, chosen: int) -> None:
        """Set a line for an instant, take it back from it, or let nothing out before one."""
        acting = self.actors()
        if verb is Verb.SCHEDULE and chosen % 3:  # walks seldom come so far: help them along
            self.blockers = ()
            for _ in range(4):
                self.forward(8, chosen)
            acting = (
                tuple(one for one in acting if scheduling.may_sign(self.case, self.workflow, line, one))
                or acting
            )
        when = None if verb is Verb.EMBARGO and hours == 24 else self.at + timedelta(hours=hours)
        digest = self.case.proof_of(line) or ""
        act = Said(verb, line=line, digest=digest, comment="时间", when=when)
        self.step(act, acting[chosen % len(acting)], Known(blockers=self.blockers))

    @precondition(lambda self: bool(self.case.scheduled))
    @rule(late=st.integers(-1, 3), checked=st.booleans())
    def due(self, late: int, checked: bool) -> None:
        """Let the instant come: everything is asked again, and the line goes out or is withheld."""
        line, due = self.case.scheduled[0]
        self.at = max(self.at, due + timedelta(minutes=late))
        workflow = extended(self.workflow, self.case.added)
        digest = self.case.proof_of(line) or ""
        policy = "new" if checked else "old"
        dossier = Dossier(self.case, workflow, line, digest, policy, "new", self.blockers)
        against = blockers(dossier, self.at)
        if against:
            codes = tuple(str(one.code) for one in against)
            self.step(Said(Verb.WITHHOLD, line=line), SERVICE, Known(against=codes, blockers=self.blockers))
            return
        # 15: what goes out is what was signed, not before its time, on a case that nothing has stopped.
        assert checked
        assert self.at >= due
        assert self.case.embargoed_until(self.at) is None
        run = self.case.current()["sign_off", line]
        assert (run.state, run.digest) == (StageState.PASSED, digest)
        assert self.case.state in {CaseState.RUNNING, CaseState.CLEARED}
        self.case = scheduling.fulfilled(self.case, line)

    @rule(blocked=st.sampled_from([(), (), (), ("rule",)]))
    def policy_changes(self, blocked: tuple[str, ...]) -> None:
        self.blockers = blocked

    @rule(line=st.sampled_from(["wechat", "website"]))
    def mark(self, line: str) -> None:
        self.marks[line] += 1

    @rule()
    def reconsider(self) -> None:
        self.step(Said(Verb.RECONSIDER), SERVICE, Known(blockers=self.blockers))

    def timed_rightly(self, before: Case, after: Case, act: Said, actor: Participant) -> None:
        """15: while a line is scheduled the text and its proof stay; who may not sign sets no time."""
        if before.scheduled:
            assert after.revision == before.revision
        for line, due in before.scheduled:
            assert after.proof_of(line) == before.proof_of(line)
            assert after.scheduled_at(line) in {due, None}
        added = set(after.scheduled) - set(before.scheduled)
        assert not added or act.verb is Verb.SCHEDULE
        for line, due in added:
            run = after.current()["sign_off", line]
            assert run.state is StageState.PASSED
            assert run.digest == act.digest == after.proof_of(line)
            assert actor.persons.isdisjoint(after.authors | after.recused)
            assert self.at < due <= self.at + scheduling.FURTHEST
        for _, due in after.scheduled:
            assert after.embargo_until is None or due >= after.embargo_until
        if after.state in {CaseState.RECALLED, CaseState.DECLINED}:
            assert after.scheduled == ()
        if after.embargo_until != before.embargo_until:
            assert act.verb is Verb.EMBARGO
            was, now = before.embargoed_until(self.at), after.embargo_until
            if was is not None and (now is None or now < was):
                assert any(scheduling.may_sign(before, self.workflow, line, actor) for line in before.lines)
