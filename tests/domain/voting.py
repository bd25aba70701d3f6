"""Committees in the state machine: members vote, their time is up, and what passed has the votes."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.domain.vocabulary import CaseState, Event, StageState, Verb
from app.domain.workflow import SERVICE, Effects, Participant, extended
from tests.domain.saying import Known, Said
from tests.domain.timed import Timed


class Voting(Timed):
    """What the machine does and asks where a committee votes."""

    def able(self, verb: Verb, spot: tuple[str, str], facts: Known) -> list[object]:
        raise NotImplementedError

    def able_to_claim(self, spot: tuple[str, str]) -> list[Participant]:
        raise NotImplementedError

    def subject(self, stage: str, line: str) -> str:
        raise NotImplementedError

    def voted_rightly(self, effects: Effects, facts: Known) -> None:
        """What a committee passed has the votes, and no veto; what it did not pass has not gone on."""
        workflow = extended(self.workflow, effects.case.added)
        for run in effects.changed:
            committee = workflow.by_key[run.stage].committee
            if committee is None or run.state is not StageState.PASSED or not effects.events:
                continue
            said = [vote.says for vote in run.votes]
            assert said.count("yes") >= (2 if committee.in_favour == 2 else 1)
            assert committee.veto == "nobody" or "no" not in said
            assert len({person for vote in run.votes for person in vote.persons}) >= len(said)
        closed = [event for event in effects.events if event.event is Event.CASE_VOTE_CLOSED]
        if closed and closed[0].data["result"] == "failed":
            assert effects.case.state in {CaseState.RETURNED, CaseState.DECLINED}
            assert not effects.opened

    @precondition(lambda self: bool(self.case.runs))
    @rule(
        verb=st.sampled_from([Verb.OPPOSE, Verb.ABSTAIN, Verb.APPROVE, Verb.CLOSE_VOTE]),
        chosen=st.integers(0, 9),
    )
    def vote(self, verb: Verb, chosen: int) -> None:
        """Let a member of a committee vote, or its time be up."""
        workflow = extended(self.workflow, self.case.added)
        for spot, run in self.case.current().items():
            if run.state is not StageState.OPEN or workflow.by_key[spot[0]].committee is None:
                continue
            members = frozenset(one.person for one in self.able_to_claim(spot))
            facts = Known(blockers=self.blockers, candidates=members)
            act = Said(verb, *spot, self.subject(*spot), comment="意见")
            people = [SERVICE] if verb is Verb.CLOSE_VOTE else self.able(verb, spot, facts)
            if people:
                self.step(act, people[chosen % len(people)], facts)
            return
