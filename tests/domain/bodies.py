"""The people of the state machine, and the workflows that they walk through."""

from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from app.domain.vocabulary import Role, Verb
from app.domain.workflow import Vote, Workflow
from app.domain.workflow.definition import VOTES
from tests.domain.walks import STANDARD, person


def also(*accounts: str) -> dict[str, object]:
    """Return what says that these are other accounts of a person."""
    return {"others": frozenset(accounts), "own_others": frozenset(accounts)}


PEOPLE = (
    person("author", Role.EDITOR, Role.INITIAL_REVIEWER),
    person("mate", Role.EDITOR, Role.PROOFREADER),
    person("a", Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER, Role.PROOFREADER),
    person("b", Role.SECOND_REVIEWER, Role.FINAL_REVIEWER, Role.PUBLISHER),
    person("c", Role.FINAL_REVIEWER, Role.PROOFREADER),
    person("d", Role.PROOFREADER, Role.INITIAL_REVIEWER),
    person("f", Role.PROOFREADER, Role.FINAL_REVIEWER, Role.PUBLISHER),
    person("g", Role.PROOFREADER, Role.SECOND_REVIEWER, **also("g2")),
    # The second account of one person.
    person("g2", Role.PROOFREADER, Role.FINAL_REVIEWER, **also("g"), same_as=(("g2", "g"),)),
    person("expert"),
    person("admin", Role.SYSTEM_ADMIN),
)


#: What people do with each other, and to each other.
WITH_OTHERS = (
    Verb.TAKE_BACK,
    Verb.TAKE_BACK,
    Verb.HAND_OVER,
    Verb.CONSULT,
    Verb.ADVISE,
    Verb.ADD_REVIEWER,
    Verb.OVERRIDE,
    Verb.RECUSE,
    Verb.SEND_BACK,
    Verb.CLAIM,
)
#: What a variant lets the final reviewer override.
OVERRIDABLE = ("first_proof", "second_proof", "confirm_marks")


#: Committees that vote on the second review.
COMMITTEES: dict[str, dict[str, object]] = {
    "majority": {"in_favour": "majority"},
    "voted": {"in_favour": 2, "closes": "all_voted", "fails": "decline"},
    "timed": {"in_favour": "majority", "of": "votes", "closes": "at_time", "veto": "anybody"},
}
#: Conditions on the second proof.
ASKED: dict[str, dict[str, object]] = {
    "channel": {"channels": ["wechat"]},
    "not": {"none_of": [{"channels": ["website"]}, {"flags": ["x"]}]},
    "text": {"any_of": [{"amount_at_least": 10}, {"all_of": [{"media": ["video"]}, {"units": ["甲"]}]}]},
}


@cache
def variant(
    *, quorum: str, asked: str, parallel: bool, overrides: bool, conditional: bool, author_confirms: bool
) -> Workflow:
    """Return the standard workflow with some of what a file may say changed."""
    changes: dict[str, dict[str, object]] = {key: {} for key in STANDARD.by_key}
    if quorum == "all":
        changes["second_review"]["need"] = "all"
    elif quorum == "two":
        changes["first_proof"]["need"] = {"at_least": 2}
    elif quorum in COMMITTEES:
        changes["second_review"] |= {"need": COMMITTEES[quorum], "outcomes": VOTES}
    if parallel:
        changes["second_proof"]["after"] = ["final_review"]
        changes["third_proof"]["after"] = ["first_proof", "second_proof"]
    if overrides:
        for key in OVERRIDABLE:
            changes[key]["override"] = [{"role": "final_reviewer"}]
    if conditional:
        changes["second_proof"]["applies_if"] = ASKED[asked]
    changes["confirm_marks"]["author_may_act"] = author_confirms
    stages = [{**stage.model_dump(), **changes[stage.key]} for stage in STANDARD.stages]
    return Workflow.model_validate({**STANDARD.model_dump(), "key": "variant", "stages": stages})


WORKFLOWS = st.builds(
    variant,
    quorum=st.sampled_from(["any", "any", "all", "two", *COMMITTEES]),
    asked=st.sampled_from(sorted(ASKED)),
    parallel=st.booleans(),
    overrides=st.booleans(),
    conditional=st.booleans(),
    author_confirms=st.booleans(),
)


def kept_rightly(votes: set[tuple[str, str, int, Vote]]) -> set[tuple[str, str, int, Vote]]:
    """Return the votes that were given where they stand; the others were given in an earlier round there.

    A vote is kept for the next round when somebody else takes theirs back. Nobody has two in one run.
    """
    given = {one for one in votes if one[3].round is None}
    for stage, line, number, vote in votes - given:
        assert vote.round is not None
        assert vote.round < number
        assert (stage, line, vote.round, replace(vote, round=None)) in given
    assert len({(*spot, vote.person) for *spot, vote in votes}) == len(votes)
    return given
