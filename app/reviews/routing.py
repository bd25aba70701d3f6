"""Which workflow a draft walks through: the routing policy in force, asked of the draft's facts."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from app.domain.document.model import Document
from app.domain.files.faults import Faults
from app.domain.files.policy_files import PolicyFiles, Unreadable
from app.domain.routing.channels import by_channel, joint, route_names
from app.domain.routing.lint import lint
from app.domain.routing.measuring import measured
from app.domain.routing.rules import Choice, Routed, Routing, extended, facts_in, routed
from app.domain.workflow import Case, Stage, Workflow, combined
from app.domain.workflow.classing import decided, heavier_than, is_lighter, lighter
from app.domain.workflow.sample_drafts import Grade, conditions
from app.infra.errors import Invalid, Reason, Unavailable
from app.infra.policy_faults import reason_of
from app.negative_list.usage.doubtful_characters import usage
from app.negative_list.usage.segments import clearly_cuts_a_word
from app.reviews import workflows

#: Faults of workflow files: a draft that goes elsewhere is not held up by them.
_OF_WORKFLOWS = frozenset({"unknown_workflow", "faulty_workflow"})

#: Laid-out workflows kept by the digest of the file's workflow and the routing that they were made with.
_KEPT = 64
_laid_out: dict[tuple[str, int], tuple[Routing, Workflow]] = {}


def keys(policies: PolicyFiles) -> tuple[str, ...]:
    """Return the key of every workflow file, sorted; those of files with faults too, empty without any."""
    return tuple(
        path.removeprefix("workflows/").removesuffix(".yaml") for path in policies.below("workflows")
    )


def routing_in_force(policies: PolicyFiles) -> Routing:
    """Return the routing policy as its file says now.

    Raises `Unavailable` without such a file, or with every fault of a bad one: nothing begins where nobody
    can read which stages are owed. Faults of the workflow files are left to the drafts that walk them.
    """
    try:
        return _routing(policies)
    except FileNotFoundError as error:
        raise Unavailable("routing_unusable", reasons=[Reason("routing_missing")]) from error
    except Unreadable as error:
        raise Unavailable("routing_unusable", reasons=[Reason("routing_unreadable")]) from error
    except Faults as error:
        told = [reason_of(fault, "routing.yaml") for fault in error.faults]
        raise Unavailable("routing_unusable", reasons=told) from error


def laid_out(policies: PolicyFiles, key: str) -> Workflow:
    """Return the workflow `key` in force with the stages that routing may add: what a case begins with now.

    Raises `Unavailable` as `workflows.in_force` and `routing_in_force` do.
    """
    workflow, routing = workflows.in_force(policies, key), routing_in_force(policies)
    known = _laid_out.get((workflow.digest, id(routing)))
    if known is None or known[0] is not routing:
        if len(_laid_out) >= _KEPT:
            _laid_out.clear()
        known = _laid_out[workflow.digest, id(routing)] = routing, extended(workflow, routing)
    return known[1]


def facts_of(policies: PolicyFiles, document: Document, *, rules: Collection[str]) -> dict[str, list[str]]:
    """Return what the routing in force makes of a text, each fact with what told of it; empty for none.

    `rules` are ids of the rules that hit. Raises `Unavailable` as `routing_in_force`.
    """
    return facts_in(document, routing_in_force(policies), rules=rules, cuts=_cuts)


def route(policies: PolicyFiles, case: Case, *, given: frozenset[str]) -> Routed:
    """Return the workflow of a draft that is handed in, with what decided it.

    `case` is the draft with its targets, class, flags and found facts; `given` are those of its flags that
    its submitter gave. Raises `Unavailable`, and `Invalid` for given flags that neither the routing nor the
    workflow asks for, for no class where one is required, and for one that the routing does not name.
    """
    routing = routing_in_force(policies)
    _classed(routing, case.grade)
    by_line = by_channel(case, routing)
    workflow = _joint(policies, by_line)
    known = flags_known(routing, workflow)
    if unknown := sorted(given - known.keys()):
        data = {"flags": "、".join(unknown), "known": "、".join(known) or "无"}
        raise Invalid("malformed", reasons=[Reason("flag_unknown", data, field="flags")])
    return _routed(case, by_line, workflow)


def _classed(routing: Routing, grade: Grade) -> None:
    if routing.classes is None:
        return
    known = "、".join(routing.classes.names.values())
    if grade is None and routing.classes.required:
        raise Invalid("malformed", reasons=[Reason("class_required", {"known": known}, field="class")])
    if grade is not None and grade not in routing.classes.names:
        data = {"given": grade, "known": known}
        raise Invalid("malformed", reasons=[Reason("class_unknown", data, field="class")])


def classes(policies: PolicyFiles) -> tuple[dict[str, str], bool]:
    """Return the classes that a draft may be given, by letter with the house's names, and whether it must.

    All three by their letters where the routing names none, or cannot be read.
    """
    try:
        named = routing_in_force(policies).classes
    except Unavailable:
        named = None
    if named is None:
        return {grade: f"{grade} 类" for grade in ("A", "B", "C")}, False
    return {str(grade): name for grade, name in named.names.items()}, named.required


def routes_of(found: Routed) -> frozenset[str]:
    """Return the names of the ways that a draft was sent, which its case keeps."""
    return route_names(found.by_line or {"": found.chosen})


def chosen(policies: PolicyFiles, found: Routed) -> tuple[Workflow, ...]:
    """Return the workflows in force that a draft was sent to, one of each."""
    return tuple(laid_out(policies, key) for key in dict.fromkeys(found.by_line.values() or [found.chosen]))


def _joint(policies: PolicyFiles, by_line: Mapping[str, Choice]) -> Workflow:
    return joint({line: laid_out(policies, choice.workflow) for line, choice in by_line.items()})


def _routed(case: Case, by_line: Mapping[str, Choice], workflow: Workflow) -> Routed:
    if "" in by_line:
        return routed(case, by_line[""], workflow)
    rules = "、".join(dict.fromkeys(choice.rule for choice in by_line.values()))
    first = next(iter(by_line.values())).model_copy(update={"rule": rules, "workflow": workflow.key})
    lines = {line: choice.workflow for line, choice in by_line.items()}
    return replace(routed(case, first, workflow), by_line=lines)


def whole(policies: PolicyFiles, case: Case, version: Workflow) -> Routed:
    """Return where any draft of this text goes, joined with `version`, which the case walks already.

    By every fact that any text of the case ever held. Raises `Unavailable` as `again`.
    """
    wanted = by_channel(replace(case, found=case.ever_found), routing_in_force(policies))
    return _routed(case, wanted, combined(version, _joint(policies, wanted)))


def again(policies: PolicyFiles, before: Case, now: Case, version: Workflow) -> Routed | None:
    """Return where a new text sends a case that goes on, if that is elsewhere than before; else `None`.

    Both are asked of the routing in force, with every fact that any text of the case ever held: so a change
    of the file moves no case, and a text that becomes lighter again keeps the heavier workflow. `version` is
    what the case walks; the workflow that is returned asks for all of it, see `rerouting.combined`. Raises
    `Unavailable` where the routing or the workflow that is asked for cannot be read.
    """
    routing = routing_in_force(policies)
    raised = {flag for stage in version.stages for flag in _raised(stage)}
    was = by_channel(replace(before, found=before.ever_found, flags=before.flags - raised), routing)
    wanted = by_channel(replace(now, found=now.ever_found), routing)
    if _ways(wanted) <= {*_ways(was), *before.routes, version.key}:
        return None
    both = combined(version, _joint(policies, wanted))
    return None if both.digest == version.digest else _routed(now, wanted, both)


def reclassed(policies: PolicyFiles, case: Case, grade: Grade, version: Workflow) -> Routed | None:
    """Return what a case on `version` walks with another class; `None` where that is what it walks now.

    A heavier class asks for all that its workflow asks for, on top of `version`; with a lighter one that
    workflow is walked from here on, and what was decided stays. Raises `Unavailable` as `again`.
    """
    now = replace(case, grade=grade)
    if not is_lighter(grade, case.grade):
        return again(policies, case, now, version)
    routing = routing_in_force(policies)
    wanted = by_channel(replace(now, found=now.ever_found), routing)
    if _ways(wanted) == _ways(by_channel(replace(case, found=case.ever_found), routing)):
        return None
    workflow = lighter(version, _joint(policies, wanted), decided(case), heavier_than(grade))
    return _routed(now, wanted, workflow)


def _ways(by_line: Mapping[str, Choice]) -> frozenset[str]:
    return route_names({line: choice.workflow for line, choice in by_line.items()})


def kept(earlier: Case, grade: Grade, flags: frozenset[str]) -> tuple[Grade, frozenset[str]]:
    """Return class and flags of a draft that is handed in after it was recalled: what it had, and more.

    Raises `Invalid` for another class than it had.
    """
    if grade is not None and earlier.grade is not None and grade != earlier.grade:
        raise Invalid("malformed", reasons=[Reason("class_stays", {"now": earlier.grade}, field="class")])
    return earlier.grade or grade, flags | earlier.flags


def _raised(stage: Stage) -> Iterator[str]:
    for who in stage.who:
        yield from who.raises
    for outcome in stage.outcomes:
        yield from outcome.raises


def same_marks(case: Case, grade: str | None, flags: frozenset[str]) -> None:
    """Refuse another class or further flags for a case that goes on: they decided which way it walks."""
    reasons = []
    if grade is not None and grade != case.grade:
        reasons.append(Reason("class_stays", {"now": case.grade or "未定"}, field="class"))
    if more := sorted(flags - case.flags):
        reasons.append(Reason("flags_stay", {"flags": "、".join(more)}, field="flags"))
    if reasons:
        raise Invalid("malformed", reasons=reasons)


def with_text(
    policies: PolicyFiles,
    document: Document,
    case: Case,
    *,
    rules: Collection[str],
    walks: Workflow | None = None,
) -> Case:
    """Return a case with the facts of its text: rules that hit, what routing makes of it, what it measures.

    `walks` is the version that the case walks already, whose conditions are asked too. Raises `Unavailable`
    as `routing_in_force`: what a text asks for is not left unasked.
    """
    found = frozenset(rules) | facts_of(policies, document, rules=rules).keys()
    found |= measured(document, routing_in_force(policies), _walked(policies, walks), _cuts)
    return replace(case, found=found, ever_found=case.ever_found | found)


def _cuts(text: str, start: int, end: int) -> bool:
    return clearly_cuts_a_word(text, start, end, usage())


def _walked(policies: PolicyFiles, walks: Workflow | None) -> Iterator[Workflow]:
    if walks is not None:
        yield walks
    for key in dict.fromkeys(choice.workflow for choice in routing_in_force(policies).choose):
        try:
            yield laid_out(policies, key)
        except Unavailable:
            # Nothing can be sent there now, so what it would ask is asked once it can be read.
            continue


def flags_known(routing: Routing, workflow: Workflow) -> dict[str, str]:
    """Return the flags that a draft may be given for this workflow, each with its word; empty for none."""
    asked = [when for choice in routing.choose if choice.when for when in choice.when.parts()]
    asked += conditions(workflow.stages)
    raised = {flag for stage in workflow.stages for flag in _raised(stage)}
    titles = {**routing.flags, **workflow.flags}
    # What a stage raises on the way is not for the submitter to give.
    return {flag: titles.get(flag, flag) for when in asked for flag in when.flags if flag not in raised}


def choices(policies: PolicyFiles) -> dict[str, str]:
    """Return every flag that some workflow in force asks for, with its word; empty when none can be read."""
    found: dict[str, str] = {}
    try:
        routing = routing_in_force(policies)
    except Unavailable:
        return found
    for choice in routing.choose:
        try:
            found |= flags_known(routing, laid_out(policies, choice.workflow))
        except Unavailable:
            continue
    return found


@lru_cache(maxsize=8)
def _routing(policies: PolicyFiles) -> Routing:
    linted = lint(policies.text("routing.yaml"), InForce(policies))
    faults = tuple(fault for fault in linted.faults if fault.code not in _OF_WORKFLOWS)
    if linted.routing is None or faults:
        raise Faults(faults)
    return linted.routing


class InForce(Mapping[str, Workflow]):
    """The workflows in force by key, each read when it is asked for; files with faults are not there."""

    def __init__(self, policies: PolicyFiles) -> None:
        self.policies = policies

    def __getitem__(self, key: str) -> Workflow:
        try:
            return workflows.in_force(self.policies, key)
        except Unavailable as error:
            raise KeyError(key) from error

    def __iter__(self) -> Iterator[str]:
        return (key for key in keys(self.policies) if key in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
