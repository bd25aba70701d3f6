"""Each shipped scheme is walked to its end, and into each of its refusals."""

from dataclasses import replace

import pytest

from app.domain.refusals import Refused
from app.domain.release import BlockerCode, Dossier, blockers
from app.domain.vocabulary import (
    REVIEW_LEVELS,
    CaseState,
    Event,
    Role,
    StageKind,
    StageState,
    Verb,
)
from app.domain.workflow import Stage, separation
from tests.domain.schemes import BLOCKED, BY_FILE, HOUSE, SCHEMES, C, Scheme, Walk, each_stage, everyone
from tests.domain.walks import (
    AUTHOR,
    WECHAT,
    person,
)


def test_every_shipped_scheme_is_tried() -> None:
    from app.infra.paths import shipped

    files = {path.stem for path in (shipped("policies") / "workflows").glob("*.yaml")}
    # What is out already is corrected and retracted by three more: tests/api/test_corrections.py walks them.
    assert files == set(BY_FILE) | {"correction", "correction_small", "retraction"}
    assert len(BY_FILE) == 10


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.file)
def test_it_goes_all_the_way(scheme: Scheme) -> None:
    walk = Walk(scheme)
    passed = list(walk.steps())
    assert walk.case.state is CaseState.CLEARED
    workflow = scheme.workflow
    lines = {stage.key: walk.case.lines_of(stage) for stage in workflow.stages}
    assert set(passed) == {
        (stage.key, line)
        for stage in workflow.stages
        for line in lines[stage.key]
        if stage.by_people and stage.key not in scheme.skipped
    }
    levels = {level for key, _ in passed for level in workflow.by_key[key].levels}
    assert set(REVIEW_LEVELS) <= levels
    assert separation.violations(walk.case, workflow) == ()
    for key in scheme.skipped:
        assert walk.state(key) is StageState.SKIPPED
    for run in walk.case.current().values():
        stage = workflow.by_key[run.stage]
        if run.state is StageState.PASSED and stage.by_people:
            assert run.digest == walk.case.subject_of(stage, run.line)
    assert workflow.source
    assert workflow.about


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.file)
def test_without_its_conditions_the_conditional_stages_are_skipped_and_say_why(scheme: Scheme) -> None:
    plain = replace(scheme, grade=None, flags=frozenset(), outcomes={}, targets=(WECHAT,))
    if scheme.file == "publishing_house":
        plain = replace(plain, cast=HOUSE)
    walk = Walk(plain)
    list(walk.steps())
    skipped = {one.data["stage"]: one.data for one in walk.told if one.event is Event.CASE_STAGE_SKIPPED}
    conditional = {stage.key: stage for stage in plain.workflow.stages if stage.applies_if is not None}
    assert set(skipped) == set(conditional)
    for key, data in skipped.items():
        assert data["rule"] == conditional[key].applies_if.model_dump(mode="json", exclude_defaults=True)
        assert data["facts"] == {"class": None, "flags": [], "found": []}


@each_stage
def test_nobody_else_may_act(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    nobody = person("nobody")
    for verb in (Verb.APPROVE, Verb.CLAIM):
        assert walk.refused(verb, nobody, **walk.form(stage, line)) == {C.NOT_ALLOWED}
    administrator = person("admin", Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)
    assert walk.refused(Verb.APPROVE, administrator, **walk.form(stage, line)) == {C.NOT_ALLOWED}


@each_stage
def test_the_author_may_act_only_where_the_scheme_says_so(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    author = everyone("author", scheme.workflow)
    acts_for = replace(everyone("proxy", scheme.workflow), principal="author")
    for actor in (author, acts_for):
        if stage.author_may_act:
            walk_on = Walk(scheme)
            walk_on.to(stage.key)
            walk_on.do(Verb.APPROVE, actor, **walk_on.form(stage, line))
        else:
            assert C.OWN_DRAFT in walk.refused(Verb.APPROVE, actor, **walk.form(stage, line))


@each_stage
def test_nobody_fills_two_places_of_a_distinct_set(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    apart = scheme.workflow.distinct_from[stage.key]
    taken = {
        (run.stage, name)
        for run in walk.case.current().values()
        if run.stage in apart and separation.meet(run.spot, (stage.key, line))
        for name in run.persons
    }
    # What stands before this stage in its set is taken; a first of its set has nobody before it.
    before = [
        key for key in scheme.workflow.ancestors[stage.key] if key in apart and key not in scheme.skipped
    ]
    assert bool(taken) == bool(before)
    for key, name in taken:
        again = everyone(name, scheme.workflow)
        assert C.SAME_PERSON in walk.refused(Verb.APPROVE, again, **walk.form(stage, line)), key
        acts_for = replace(everyone("proxy", scheme.workflow), principal=name)
        assert C.SAME_PERSON in walk.refused(Verb.APPROVE, acts_for, **walk.form(stage, line)), key


@each_stage
def test_what_was_not_read_is_not_decided(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    actor = scheme.cast[stage.key][0]
    stale = {**walk.form(stage, line), "digest": "0" * 64}
    assert walk.refused(Verb.APPROVE, actor, **stale) == {C.STALE_DIGEST}


@each_stage
def test_nothing_passes_on_a_blocking_finding(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    actor = scheme.cast[stage.key][0]
    assert walk.refused(Verb.APPROVE, actor, BLOCKED, **walk.form(stage, line)) == {C.BLOCKING_FINDINGS}


@each_stage
def test_every_outcome_asks_for_what_it_needs(scheme: Scheme, stage: Stage) -> None:
    actor = scheme.cast[stage.key][0]
    verbs = {
        "approve": Verb.APPROVE, "send_back": Verb.SEND_BACK, "decline": Verb.DECLINE, "hold": Verb.HOLD,
    }  # fmt: skip
    for outcome in stage.outcomes:
        walk = Walk(scheme)
        _, line = walk.to(stage.key)
        form = {**walk.form(stage, line), "outcome": outcome.key}
        verb = verbs[outcome.verb]
        if outcome.comment:
            for empty in ("", "  "):
                assert walk.refused(verb, actor, **{**form, "comment": empty}) == {C.COMMENT_REQUIRED}
        if outcome.verb == "approve" and stage.checklist:
            some = frozenset(stage.checklist[1:])
            assert walk.refused(verb, actor, **{**form, "ticked": some}) == {C.CHECKLIST_INCOMPLETE}
        effects = walk.do(verb, actor, **form)
        said = effects.events[0]
        assert said.data["outcome"] == outcome.key
        after = {"send_back": CaseState.RETURNED, "decline": CaseState.DECLINED, "hold": CaseState.HELD}
        if outcome.verb in after:
            assert walk.case.state is after[outcome.verb]
    for verb_name, verb in verbs.items():
        walk = Walk(scheme)
        _, line = walk.to(stage.key)
        form = {**walk.form(stage, line), "outcome": "nonsense"}
        assert walk.refused(verb, actor, **form) == {C.OUTCOME_NOT_OFFERED}
        offered, unsaid = stage.outcomes_of(verb_name), {**form, "outcome": ""}
        if not offered:
            assert walk.refused(verb, actor, **unsaid) == {C.OUTCOME_NOT_OFFERED}
        elif len(offered) > 1:
            answer = walk.answer(verb, actor, **unsaid)
            assert isinstance(answer, Refused)
            assert [(one.code, one.data["outcomes"]) for one in answer.refusals] == [
                (C.OUTCOME_REQUIRED, [one.key for one in offered])
            ]


@each_stage
def test_the_rounds_are_used_up(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    actor = scheme.cast[stage.key][0]
    back = {"stage": stage.key, "line": line, "comment": "再改"}
    if not stage.outcomes_of("send_back"):
        # The township's final review uses, keeps or declines; it does not send back.
        assert (scheme.file, stage.key) == ("township_outcomes", "final_review")
        assert walk.refused(Verb.SEND_BACK, actor, **back) == {C.OUTCOME_NOT_OFFERED}
        return
    for _ in range(stage.rounds):
        walk.do(Verb.SEND_BACK, actor, **back)
        walk.do(Verb.RESUBMIT, AUTHOR, digest=walk.case.revision, comment="已说明")
        while (stage.key, line) not in walk.open():
            walk.lay_out()
            walk.pass_one(min(walk.open() - {(stage.key, line)}))
    assert walk.refused(Verb.SEND_BACK, actor, **back) == {C.ROUNDS_USED_UP}
    # Something else than approving is still left.
    for verb in (Verb.DECLINE, Verb.HOLD):
        if offered := stage.outcomes_of(verb):
            walk.do(verb, actor, **back, outcome=offered[0].key)
            break
    else:
        raise AssertionError(stage.key)


@each_stage
def test_what_is_not_open_is_left_alone(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    walk.to(stage.key)
    later = scheme.workflow.descendants[stage.key] - scheme.skipped
    for key in later:
        other = scheme.workflow.by_key[key]
        line = walk.case.lines_of(other)[0]
        form = walk.form(other, line)
        assert C.STAGE_NOT_OPEN in walk.refused(Verb.APPROVE, scheme.cast[key][0], **form)
    assert bool(later) == (stage.kind is not StageKind.SIGN_OFF)


@each_stage
def test_what_another_claimed_is_left_alone(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    actor = scheme.cast[stage.key][0]
    walk.do(Verb.CLAIM, actor, stage=stage.key, line=line)
    other = everyone("other", scheme.workflow)
    if all(seat.author for seat in stage.who):
        other = replace(other, person="mate")
        walk.case = replace(walk.case, authors=walk.case.authors | {"mate"})
    if not stage.by_several:  # where several decide, each for themselves, a claim keeps nobody out
        assert walk.refused(Verb.APPROVE, other, **walk.form(stage, line)) == {C.CLAIMED_BY_OTHER}
        walk.do(Verb.UNCLAIM, actor, stage=stage.key, line=line)
    walk.do(Verb.APPROVE, other, **walk.form(stage, line))


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.file)
def test_the_gate_lets_out_what_was_passed_and_nothing_earlier(scheme: Scheme) -> None:
    signing = next(stage for stage in scheme.workflow.stages if stage.kind is StageKind.SIGN_OFF)
    walk = Walk(scheme)
    for key, line in walk.steps():
        gate = Dossier(
            walk.case,
            walk.workflow,
            line or walk.case.lines[0],
            walk.case.proof_of(line) or "",
            checked_under="policy",
            active_policy="policy",
        )
        codes = {blocker.code for blocker in blockers(gate, walk.at)}
        # Where the final review is the signature itself, it is missing with it.
        assert BlockerCode.NOT_SIGNED in codes, (key, line)
        unsigned = codes <= {BlockerCode.NOT_SIGNED, BlockerCode.REVIEW_MISSING}
        assert unsigned == (key == signing.key), (key, line)
    for line in walk.case.lines:
        gate = Dossier(walk.case, walk.workflow, line, walk.case.proof_of(line) or "", "policy", "policy")
        assert blockers(gate, walk.at) == ()
