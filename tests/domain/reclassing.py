"""Classes in the state machine: corrected upwards by one, downwards by two, and the way walked then."""

from dataclasses import replace
from typing import Literal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.domain.vocabulary import Verb
from app.domain.workflow import Workflow, classing, combined
from app.domain.workflow.case import DONE
from tests.domain.bodies import WORKFLOWS
from tests.domain.saying import Known, Said
from tests.domain.voting import Voting


class Reclassing(Voting):
    """What the machine does and asks of classes."""

    @precondition(lambda self: bool(self.case.runs))
    @rule(grade=st.sampled_from("ABC"), chosen=st.integers(0, 20), asked=st.none() | WORKFLOWS)
    def reclass(self, grade: Literal["A", "B", "C"], chosen: int, asked: Workflow | None) -> None:
        """Let somebody correct the class, which may ask for another workflow."""
        facts, before = Known(blockers=self.blockers), self.case
        people = self.able(Verb.RECLASS, ("", ""), facts)
        if not people:
            return
        actor = people[chosen % len(people)]
        if asked is not None and grade != before.grade and classing.takes_effect(before, grade):
            by_two = classing.is_lighter(grade, before.grade)
            done = classing.decided(before)
            new = (
                classing.lighter(self.workflow, asked, done, classing.heavier_than(grade))
                if by_two
                else combined(self.workflow, asked)
            )
            facts = replace(facts, moves_to=new if new.digest != self.workflow.digest else None)
        self.step(Said(Verb.RECLASS, comment="改定", grade=grade), actor, facts)
        if classing.is_lighter(self.case.grade, before.grade):
            wish = before.class_wish
            assert wish is not None
            assert wish.persons.isdisjoint(actor.persons)  # type: ignore[attr-defined]
        was, now = before.current(), self.case.current()
        for spot, run in was.items():
            # What stood decided falls only where the heavier way asks for more of it.
            if run.state in DONE and run.votes and classing.is_lighter(self.case.grade, before.grade):
                assert now[spot].state in DONE or now[spot].round > run.round or now[spot] == run
