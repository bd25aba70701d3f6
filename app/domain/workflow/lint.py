"""Read a workflow file, and say everything that is wrong with it, each fault with its line and key."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from typing import Any

from pydantic import ValidationError

from app.domain.files import policy_text
from app.domain.files.faults import Fault, Faults, in_order
from app.domain.files.policy_text import Lines
from app.domain.vocabulary import ADMINISTRATORS, REVIEW_LEVELS, Role, StageKind, Subject
from app.domain.workflow import (
    committee_lint,
    condition_lint,
    outcome_lint,
    partial_files,
    proof_lint,
    risks,
    same_person_lint,
    sample_drafts,
    short_lane,
    staffing,
)
from app.domain.workflow.case import Participant
from app.domain.workflow.definition import Stage, Workflow, parts

#: A workflow file that may not be used.
WorkflowFaults = Faults
#: Every key that such a file may have.
_KEYS = sorted({key for model in parts() for key in model.model_fields})


@dataclass(frozen=True, slots=True)
class Linted:
    """A file that was read: its workflow, if it has the right form, and all its faults, by line.

    `warnings` are what a second person has to accept before the workflow is used; see `risks`.
    """

    workflow: Workflow | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()


def read_workflow(text: str) -> Workflow:
    """Return the workflow of a file's text. Raises `WorkflowFaults` with every fault when it has any."""
    linted = lint(text)
    if linted.workflow is None or linted.faults:
        raise WorkflowFaults(linted.faults)
    return linted.workflow


def lint(text: str, *, people: Collection[Participant] | None = None) -> Linted:
    """Return the workflow of a file's text and all its faults.

    With `people`, everybody who holds a role, post or qualification now, the distinct sets are asked whether
    these people can fill them, stages that none of them could decide are named, and so are persons and posts
    that a stage names and nobody is or holds.
    """
    try:
        content, lines = policy_text.read(text)
    except Faults as error:
        return Linted(None, error.faults)
    faults = list(lines.duplicates)
    try:
        workflow = Workflow.model_validate(content)
    except ValidationError as error:
        faults += [_one_kind(fault, content, lines) for fault in lines.form(error, keys=_KEYS)]
        try:
            known = Workflow.model_validate(policy_text.without_unknown(content, error))
        except ValidationError:
            rest = partial_files.readable(content)
            if rest is not None:
                faults += rest.standing(check(rest.workflow, lines))
            return Linted(None, in_order(faults))
        # Only keys that nobody knows are wrong with its form: what it says can be looked at all the same.
        return Linted(None, in_order([*faults, *check(known, lines)]))
    faults += check(workflow, lines)
    faults += [
        _at(workflow, lines, stage, "added_by", "added_by_routing_only")
        for stage in workflow.stages
        if stage.added_by is not None
    ]
    if people is not None:
        faults += _staffed(workflow, lines, people)
    return Linted(workflow, in_order(faults), risks.risks(workflow, lines))


def _one_kind(fault: Fault, content: Any, lines: Lines) -> Fault:  # noqa: ANN401 – raw YAML
    """Return what to do instead where somebody gave a stage several kinds."""
    place = fault.key.split(".")
    if len(place) == 3 and place[0] == "stages" and place[2] == "kind":
        index = int(place[1])
        kinds = content["stages"][index].get("kind")
        if isinstance(kinds, list):
            return lines.fault(("stages", index, "kind"), "one_kind", kinds=kinds)
    return fault


def check(workflow: Workflow, lines: Lines | None = None) -> tuple[Fault, ...]:
    """Return all faults of a workflow that has the right form; without `lines` they stand at line 1."""
    lines = lines or Lines(None)
    checks = (
        _keys, _order, _ways, _rule_check, _people, _outside, _voting, condition_lint.conditions,
        outcome_lint.faults, _levels,
        _distinct, _reviews_apart, _proofs, _deadlines, _overrides, _required, _deciding, _watching,
        _kept_up,
    )  # fmt: skip
    return in_order(fault for ask in checks for fault in ask(workflow, lines))


def _at(workflow: Workflow, lines: Lines, stage: Stage, key: str, code: str, **data: Any) -> Fault:  # noqa: ANN401
    index = workflow.stages.index(stage)
    path = ("stages", index, key) if lines.has(("stages", index, key)) else ("stages", index)
    fault = lines.fault(path, code, stage=stage.key, **data)
    return Fault(fault.line, f"stages.{index}.{key}", code, fault.data)


def _keys(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for key, count in Counter(stage.key for stage in workflow.stages).items():
        if count > 1:
            last = [stage for stage in workflow.stages if stage.key == key][-1]
            yield _at(workflow, lines, last, "key", "duplicate_stage")
    for stage in workflow.stages:
        outcomes = Counter(outcome.key for outcome in stage.outcomes)
        for key in (key for key, count in outcomes.items() if count > 1):
            yield _at(workflow, lines, stage, "outcomes", "duplicate_outcome", outcome=key)


def _order(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    known = workflow.by_key
    for stage in workflow.stages:
        for key in workflow.after[stage.key]:
            if key not in known:
                yield _at(workflow, lines, stage, "after", "unknown_stage", names=key)
        before = workflow.ancestors[stage.key]
        if stage.key in before:
            yield _at(workflow, lines, stage, "after", "loop")
        elif any(key in workflow.ancestors.get(key, ()) for key in before) or not before <= known.keys():
            yield _at(workflow, lines, stage, "after", "unreachable")


def _ways(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    known = workflow.by_key
    for stage in workflow.stages:
        before = workflow.ancestors[stage.key]
        for key in stage.send_back_to or ():
            if key not in before or key not in known or not known[key].by_people:
                yield _at(workflow, lines, stage, "send_back_to", "no_earlier_stage", names=key)
        ways_on = {outcome.verb for outcome in stage.outcomes}
        if "approve" not in ways_on:
            yield _at(workflow, lines, stage, "outcomes", "no_way_on")
        if stage.committee is not None:
            continue
        if stage.by_people and not ways_on & {"send_back", "decline"}:
            yield _at(workflow, lines, stage, "outcomes", "no_way_out")
        elif stage.by_people and not ways_on & {"decline", "hold"}:
            # Once its rounds are used up it could only approve what it sent back each time.
            yield _at(workflow, lines, stage, "outcomes", "no_exit_after_rounds", rounds=stage.rounds)


def _rule_check(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    machine = [stage for stage in workflow.stages if stage.kind is StageKind.RULE_CHECK]
    if not machine:
        yield lines.fault(("stages",), "no_rule_check")
    for stage in workflow.stages:
        reads = stage.by_people and StageKind.REVIEW in stage.kinds
        if reads and machine and not any(check.key in workflow.ancestors[stage.key] for check in machine):
            yield _at(workflow, lines, stage, "after", "before_rule_check")


def _people(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        if not stage.by_people:
            if stage.who:
                yield _at(workflow, lines, stage, "who", "nobody_needed")
            continue
        if not stage.who:
            yield _at(workflow, lines, stage, "who", "nobody")
        elif all(who.when is not None for who in stage.who) and not _covers(stage):
            yield _at(workflow, lines, stage, "who", "nobody_sometimes")
        if stage.need == "one_of_each" and any(who.group is None for who in stage.who):
            yield _at(workflow, lines, stage, "need", "group_missing")
        if any(who.author for who in stage.who) and not stage.author_may_act:
            yield _at(workflow, lines, stage, "author_may_act", "author_may_not_act")
        named = {who.person for who in stage.who if who.person is not None}
        if named and all(who.person for who in stage.who) and len(named) < stage.least:
            yield _at(workflow, lines, stage, "need", "too_few_people", people=len(named), needed=stage.least)


def _voting(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        told = (
            *same_person_lint.faults_of(workflow, stage),
            *committee_lint.faults_of(stage),
            *proof_lint.faults_of(stage),
        )
        for key, code, data in told:
            yield _at(workflow, lines, stage, key, code, **data)


#: Done by those who answer for what goes out: permission to publish, and that every mark was carried out.
_ANSWERED_FOR = frozenset({StageKind.SIGN_OFF, StageKind.CONFIRM_MARKS})


def _outside(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        if any(who.outside for who in stage.who):
            if stage.need == "all":
                # Nobody knows who all of them are, so the stage would never pass.
                yield _at(workflow, lines, stage, "need", "all_of_outside")
            if stage.kinds & _ANSWERED_FOR:
                yield _at(workflow, lines, stage, "who", "outside_signs")


def _covers(stage: Stage) -> bool:
    """Tell whether every draft that the stage applies to finds somebody among its conditions."""
    asked = sample_drafts.conditions([stage])
    return all(
        any(case.meets(who.when, line) for who in stage.who)
        for case in sample_drafts.drafts(asked, several=stage.per == "draft")
        for line in (case.lines if stage.per == "channel" else ("",))
        if case.meets(stage.applies_if, line)
    )


def _levels(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    if workflow.purpose != "publication":
        yield from short_lane.faults(workflow, lines)
        return
    for level in REVIEW_LEVELS:
        holding = [stage for stage in workflow.stages if level in stage.levels]
        if not holding:
            yield lines.fault(("stages",), "missing_review_level", level=level)
        elif all(stage.applies_if is not None for stage in holding):
            yield _at(workflow, lines, holding[0], "applies_if", "review_may_be_skipped", level=level)
        for stage in holding:
            if StageKind.REVIEW not in stage.kinds:
                yield _at(workflow, lines, stage, "kind", "level_without_review", level=level)
    reviews = [
        next((stage for stage in workflow.stages if level in stage.levels), None) for level in REVIEW_LEVELS
    ]
    for earlier, later in pairwise(reviews):
        if earlier and later and earlier is not later and earlier.key not in workflow.ancestors[later.key]:
            yield _at(workflow, lines, later, "after", "reviews_out_of_order", before=earlier.key)


def _distinct(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for index, group in enumerate(workflow.distinct):
        for key in group.stages:
            if key not in workflow.by_key:
                yield lines.fault(("distinct", index, "stages"), "unknown_stage", names=key)
        if len(set(group.stages)) < len(group.stages):
            yield lines.fault(("distinct", index, "stages"), "named_twice")


def _reviews_apart(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for level, other in combinations(REVIEW_LEVELS, 2):
        stages = [stage for stage in workflow.stages if level in stage.levels]
        others = [stage for stage in workflow.stages if other in stage.levels]
        for stage, later in product(stages, others):
            if later.key == stage.key:
                yield _at(workflow, lines, stage, "levels", "two_reviews_in_one", levels=[level, other])
            elif later.key not in workflow.distinct_from[stage.key]:
                yield lines.fault(("distinct",), "reviews_not_distinct", stages=[stage.key, later.key])


def _proofs(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    signed = [stage for stage in workflow.stages if stage.kind is StageKind.SIGN_OFF]
    if not signed:
        yield lines.fault(("stages",), "no_sign_off")
    for stage in signed:
        if stage.acts_on is not Subject.PROOF:
            yield _at(workflow, lines, stage, "per", "sign_off_without_proof")
        missing = [key for key in workflow.by_key if key not in workflow.ancestors[stage.key] | {stage.key}]
        if missing:
            yield _at(workflow, lines, stage, "after", "signed_too_early", before=missing)


def _deadlines(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        if stage.within is not None and stage.within.working_days == 0:
            yield _at(workflow, lines, stage, "within", "deadline_of_zero")


def _overrides(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        if stage.override and not stage.may_be_overridden:
            yield _at(workflow, lines, stage, "override", "not_to_be_overridden")


def _required(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        if stage.requires and not stage.by_people:
            yield _at(workflow, lines, stage, "requires", "required_of_nobody")


#: They keep the system or its rules: drafts are not to be known of by them, so a stage of theirs never ends.
#: Readers only read, and machines may hold that role.
_NEVER_DECIDE = ADMINISTRATORS | {Role.POLICY_KEEPER, Role.READER}


def _deciding(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        for key, people in (("who", stage.who), ("override", stage.override)):
            for role in dict.fromkeys(who.role for who in people if who.role in _NEVER_DECIDE):
                yield _at(workflow, lines, stage, key, "role_cannot_decide", role=role)


#: Whoever passes these passes the text, and not a part of it.
_OF_THE_TEXT = frozenset({StageKind.SIGN_OFF, StageKind.CONFIRM_MARKS})


def _watching(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        if not stage.by_people or "blocks" in stage.watches:
            continue
        if stage.levels or stage.kinds & _OF_THE_TEXT:
            yield _at(workflow, lines, stage, "watches", "watches_not_the_text")
        elif not stage.watches and stage.kind is not StageKind.CONSULT:
            yield _at(workflow, lines, stage, "watches", "watches_nothing")


def _kept_up(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    """Yield what may be skipped and must not be: the rule check, and the signature of a line."""
    for kind, code in (
        (StageKind.RULE_CHECK, "rule_check_may_be_skipped"),
        (StageKind.SIGN_OFF, "sign_off_may_be_skipped"),
    ):
        stages = [stage for stage in workflow.stages if kind in stage.kinds]
        if stages and all(stage.applies_if is not None for stage in stages):
            yield _at(workflow, lines, stages[0], "applies_if", code)


def _staffed(workflow: Workflow, lines: Lines, people: Collection[Participant]) -> Iterator[Fault]:
    for key, (persons, posts) in staffing.unknown(workflow, people).items():
        if persons:
            yield _at(workflow, lines, workflow.by_key[key], "who", "persons_unknown", persons=list(persons))
        if posts:
            yield _at(workflow, lines, workflow.by_key[key], "who", "posts_unheld", posts=list(posts))
    for key, draft in staffing.vacant(workflow, people).items():
        data = {"draft": draft} if draft else {}
        yield _at(workflow, lines, workflow.by_key[key], "who", "nobody_holds_it", **data)
    for short in staffing.shortages(workflow, people):
        names = [group.name for index, group in enumerate(workflow.distinct) if short.set in {None, index}]
        path = ("distinct",) if short.set is None else ("distinct", short.set)
        code = "too_few_people_for_sets" if short.set is None else "too_few_people_for_set"
        yield lines.fault(
            path,
            code,
            names=names,
            stages=list(short.stages),
            people=list(short.persons),
            needed=short.needed,
            **({"draft": short.draft} if short.draft else {}),
        )
