"""What a picture of a workflow says: its rows, a few words on each stage, and where a case stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.domain.vocabulary import StageKind, StageState, Subject
from app.domain.workflow.case import DONE, Case
from app.domain.workflow.condition_words import Label, condition
from app.domain.workflow.definition import Stage, Workflow
from app.domain.workflow.needs import AtLeast, Committee, Qualification, Who

_MARKS = {
    StageState.OPEN: "●",
    StageState.PASSED: "✓",
    StageState.WAITING: "…",
    StageState.SKIPPED: "–",
    StageState.OVERRIDDEN: "⇥",
    StageState.SENT_BACK: "↩",
    StageState.DECLINED: "✕",
    StageState.VOIDED: "↺",
}
#: Where a stage has several lines, the first of these that one of them is in speaks for the stage.
_LOUDEST = (
    StageState.OPEN,
    StageState.DECLINED,
    StageState.SENT_BACK,
    StageState.WAITING,
    StageState.VOIDED,
    StageState.OVERRIDDEN,
    StageState.PASSED,
    StageState.SKIPPED,
)
_TITLES: dict[Qualification, str] = {
    "assistant": "助理级",
    "intermediate": "中级",
    "senior": "高级（正、副高）",
}
#: Kinds that a level says better: 初审 is a review, 一校 a proofread.
_LEVELLED = frozenset({StageKind.REVIEW, StageKind.PROOF})
_SETS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands at a stage: the state that speaks for it and that of each line; `None`: not yet."""

    state: StageState | None
    lines: tuple[tuple[str, StageState | None], ...]


def rows(workflow: Workflow) -> tuple[tuple[Stage, ...], ...]:
    """Return the stages in rows: each stage below all that it waits for, parallel ones side by side."""
    depth: dict[str, int] = {}
    for stage in workflow.ordered:
        before = [depth[key] for key in workflow.after[stage.key] if key in depth]
        depth[stage.key] = max(before, default=-1) + 1
    return tuple(
        tuple(stage for stage in workflow.stages if depth[stage.key] == level)
        for level in range(max(depth.values()) + 1)
    )


def edges(workflow: Workflow) -> tuple[tuple[str, str], ...]:
    """Return who waits for whom, without what follows from other edges, in the order of the file."""
    return tuple(
        (before, stage.key)
        for stage in workflow.stages
        for before in workflow.after[stage.key]
        if before in workflow.by_key
        and not any(
            before in workflow.ancestors[other] for other in workflow.after[stage.key] if other != before
        )
    )


def standing(case: Case, stage: Stage) -> Standing:
    """Return where a case stands at a stage."""
    current = case.current()
    lines = tuple(
        (line, None if (run := current.get((stage.key, line))) is None else run.state)
        for line in case.lines_of(stage)
    )
    states = {state for _, state in lines}
    if states == {StageState.PASSED, None} or (
        None in states and states <= {None, *DONE} and len(states) > 1
    ):
        # Some lines are through, others have not come so far.
        return Standing(StageState.WAITING, lines)
    return Standing(next((state for state in _LOUDEST if state in states), None), lines)


def set_marks(workflow: Workflow) -> dict[str, str]:
    """Return for each stage the marks of the distinct sets that it belongs to; empty for none."""
    return {
        stage.key: "".join(
            set_mark(index) for index, group in enumerate(workflow.distinct) if stage.key in group.stages
        )
        for stage in workflow.stages
    }


def set_mark(index: int) -> str:
    """Return the mark of the distinct set with this index."""
    return _SETS[index] if index < len(_SETS) else f"({index + 1})"


def mark(state: StageState | None) -> str:
    """Return the sign of a state; a ring for a stage that the case has not reached."""
    return "○" if state is None else _MARKS[state]


def duties(stage: Stage, label: Label) -> str:
    """Return what a stage is for, in words: its levels, or its kinds, and what it does beside."""
    kinds = [kind for kind in (stage.kind, *stage.also) if not (stage.levels and kind in _LEVELLED)]
    return "、".join(
        dict.fromkeys([*(label(level) for level in stage.levels), *(label(kind) for kind in kinds)])
    )


def tag(stage: Stage, label: Label) -> str:
    """Return the duties in brackets; nothing where the title says the same."""
    said = duties(stage, label)
    return "" if said == stage.title else f"〔{said}〕"


def notes(stage: Stage, label: Label, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what people want to know of a stage, a line each: who, how many, when, under which condition.

    `names` are words for channels, sections, flags and facts by code; a code without one stands for itself.
    """
    people = [who_words(who, label, names) for who in stage.who]
    if any(who.when is not None for who in stage.who):
        yield from (f"办理：{person}" for person in people)
    else:
        yield f"办理：{' / '.join(people) or '系统自动'}"
    if stage.by_people and stage.need != "any":
        yield _need(stage, label, names)
    if stage.author_may_act and not any(who.author for who in stage.who):
        yield "作者可以办理（自审）"
    if stage.per == "channel":
        yield "每个阵地分别看校样" if stage.acts_on is Subject.PROOF else "每个阵地分别办理"
    if stage.errors_left is not None:
        yield f"遗留差错不超过 {stage.errors_left} 处"
    if stage.same_person_as is not None:
        yield f"由办理“{names.get(stage.same_person_as, stage.same_person_as)}”的同一人办理"
    if stage.not_head_of_author:
        yield "作者所在部门的负责人不办理"
    yield from _work(stage)
    yield from _origin(stage, label, names)


def _work(stage: Stage) -> Iterator[str]:
    if stage.shows_findings:
        yield "校样旁列出规则命中"
    if "threads_resolved" in stage.requires:
        yield "本人的批注和修改建议都已解决才能通过"
    if stage.within is not None:
        some = "".join(f"，{grade} 类 {days} 个" for grade, days in sorted(stage.within.by_class.items()))
        yield f"{stage.within.working_days} 个工作日内{some}"


def _origin(stage: Stage, label: Label, names: Mapping[str, str]) -> Iterator[str]:
    if stage.applies_if is not None:
        yield f"仅限：{condition(stage.applies_if, label, names)}"
    if stage.added_by is not None:
        rule = names.get(stage.added_by)
        yield f"由分流规则“{rule}”增加" if rule else f"由分流规则 {stage.added_by} 增加"
    raised = dict.fromkeys(
        (
            *(flag for who in stage.who for flag in who.raises),
            *(flag for outcome in stage.outcomes for flag in outcome.raises),
        )
    )
    if raised:
        yield f"可引出后续环节：{'、'.join(names.get(flag, flag) for flag in raised)}"


def text_picture(
    workflow: Workflow, label: Label, *, case: Case | None = None, names: Mapping[str, str] | None = None
) -> str:
    """Return the workflow as text for a terminal, with where the case stands when one is given.

    `names` are words for channels, sections, flags and facts by code; a code without one stands for itself.
    """
    names = {
        **{key: stage.title for key, stage in workflow.by_key.items()},
        **workflow.flags,
        **(names or {}),
    }
    marks, told, by_row = set_marks(workflow), [f"{workflow.title}（{workflow.key}）"], rows(workflow)
    previous: set[str] = set()
    for stages in by_row:
        if previous:
            told.append("│")
        for index, stage in enumerate(stages):
            parallel = len(stages) > 1
            lead = ("├─" if index < len(stages) - 1 else "└─") if parallel else ""
            state, lines = _told(case, stage, label, names)
            sets = f" {marks[stage.key]}" if marks[stage.key] else ""
            told.append(f"{lead}{mark(state)} {stage.title}{tag(stage, label)}{sets}{lines}")
            # What waits for something else than the whole row above says for what.
            before = set(workflow.after[stage.key])
            rest = ("│   " if index < len(stages) - 1 else "    ") if parallel else "│   "
            if before - previous or (previous - before and previous):
                waits = "、".join(workflow.by_key[key].title for key in workflow.after[stage.key]) or "提交"
                told.append(f"{rest}在“{waits}”之后")
            told += [f"{rest}{note}" for note in notes(stage, label, names)]
        previous = {stage.key for stage in stages}
    told += [
        f"{set_mark(index)} {group.name}（{'、'.join(workflow.by_key[key].title for key in group.stages)}）"
        for index, group in enumerate(workflow.distinct)
    ]
    return "\n".join(told)


def line_states(standing: Standing, label: Label, names: Mapping[str, str]) -> str:
    """Return the state of each line in words, for a stage that has a line per channel; else of the stage."""
    if any(line for line, _ in standing.lines):
        return "；".join(f"{names.get(line, line)}{_state(state, label)}" for line, state in standing.lines)
    return _state(standing.state, label)


def _told(
    case: Case | None, stage: Stage, label: Label, names: Mapping[str, str]
) -> tuple[StageState | None, str]:
    if case is None:
        return None, ""
    stands = standing(case, stage)
    return stands.state, f"：{line_states(stands, label, names)}"


def _state(state: StageState | None, label: Label) -> str:
    return "未到" if state is None else label(state)


def who_words(who: Who, label: Label, names: Mapping[str, str]) -> str:
    """Return whom a line of a file names, in words."""
    if who.role is not None:
        named = label(who.role) + {"unit": "", "channel": "（本阵地）", "section": "（本栏目）"}[who.scope]
    elif who.head_of_author:
        named = "作者所在部门负责人"
    elif who.outside:
        named = "外请人员（凭一次性链接）"
    else:
        named = who.post or who.person or "作者本人（自审）"
    more = [
        "" if who.qualification == "none" else f"职称{_TITLES[who.qualification]}以上",
        "" if who.group is None else f"{names.get(who.group, who.group)}组",
        "" if who.when is None else f"仅限{condition(who.when, label, names)}",
    ]
    said = "，".join(part for part in more if part)
    return f"{named}（{said}）" if said else named


_IN_FAVOUR = {"majority": "过半数", "two_thirds": "三分之二以上", "all": "全体"}
_CLOSES = {"at_majority": "结果已定即结束", "all_voted": "人人表态后结束", "at_time": "到期限结束"}
_VETO = {"anybody": "任何一人不同意即不通过", "chair": "主持人不同意即不通过"}


def _committee(committee: Committee, label: Label, names: Mapping[str, str]) -> str:
    favour = committee.in_favour
    needed = f"{favour} 人" if isinstance(favour, int) else _IN_FAVOUR[favour]
    of = "" if committee.of == "members" or isinstance(favour, int) else "（弃权不计）"
    parts = [
        f"表决：{needed}同意{of}",
        "" if committee.members is None else f"共 {committee.members} 人",
        "" if not committee.present else f"至少 {committee.present} 人表态",
        _CLOSES[committee.closes],
        _VETO.get(committee.veto, ""),
        "" if committee.chair is None else f"主持人：{who_words(committee.chair, label, names)}",
        "不通过即退稿" if committee.fails == "decline" else "",
    ]
    return "；".join(part for part in parts if part)


def _need(stage: Stage, label: Label, names: Mapping[str, str]) -> str:
    if stage.committee is not None:
        return _committee(stage.committee, label, names)
    if isinstance(stage.need, AtLeast):
        return f"至少 {stage.need.at_least} 人同意"
    return "全体同意" if stage.need == "all" else "每组一人同意"
