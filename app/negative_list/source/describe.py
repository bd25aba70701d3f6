"""A rule in words: what it looks for, on what basis, where it applies, and its examples."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.negative_list.engine.report import PART_NAMES, SEVERITY_NAMES
from app.negative_list.source.policy import Policy
from app.negative_list.source.rules import (
    Allowed,
    CheckerMatch,
    Condition,
    Covering,
    Example,
    Inside,
    LineHas,
    Near,
    RegexMatch,
    Rule,
    StructureMatch,
    TermsMatch,
)
from app.negative_list.text.model import PartKind, View

#: Terms that are shown of a long list.
_TERMS = 20


def summary(rule: Rule) -> str:
    """Return a rule in one line."""
    shadow = "（试运行）" if rule.shadow else ""
    return f"{SEVERITY_NAMES[rule.severity]}{shadow}  {rule.id}  {rule.title}"


def as_plain(policy: Policy, rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON values."""
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity.value,
        "weight": rule.weight,
        "shadow": rule.shadow,
        "waivable": rule.waivable,
        "mask": rule.mask,
        "basis": [{**basis._asdict(), "shown": str(basis)} for basis in rule.basis],
        "effective": {
            "from": rule.effective_from and rule.effective_from.isoformat(),
            "until": rule.effective_until and rule.effective_until.isoformat(),
        },
        "scope": {
            "channels": _allowed(rule.scope.channels),
            "sections": _allowed(rule.scope.sections),
            "stages": _allowed(rule.scope.stages),
            "parts": ["*"] if rule.scope.parts is None else sorted(rule.scope.parts),
        },
        "scope_shown": scope_text(policy, rule),
        "match": match_text(rule),
        "unless": [condition_text(condition) for condition in rule.unless],
        "message": rule.message,
        "examples": {
            "hit": [_example(example) for example in rule.hits],
            "miss": [_example(example) for example in rule.misses],
        },
        "file": rule.file,
        "line": rule.line,
        "content": rule.content,
    }


def _allowed(allowed: Allowed) -> list[str]:
    included = ["*"] if allowed.include is None else sorted(allowed.include)
    return [*included, *(f"!{name}" for name in sorted(allowed.exclude))]


def _example(example: Example) -> dict[str, Any]:
    shown = {key: value for key, value in example._asdict().items() if value is not None and key != "line"}
    shown["part"] = example.part.value
    if example.on is not None:
        shown["on"] = example.on.isoformat()
    return shown


def scope_text(policy: Policy, rule: Rule) -> str:
    """Return in Chinese where a rule applies."""
    kinds = (
        "全文"
        if rule.scope.parts is None
        else "、".join(PART_NAMES[kind] for kind in PartKind if kind in rule.scope.parts)
    )
    stages = f"；环节：{_names(rule.scope.stages, {})}" if rule.scope.stages != Allowed() else ""
    return (
        f"阵地：{_names(rule.scope.channels, policy.channels)}；"
        f"栏目：{_names(rule.scope.sections, policy.sections)}{stages}；部位：{kinds}"
    )


def _names(allowed: Allowed, names: Mapping[str, str]) -> str:
    shown = (
        "全部"
        if allowed.include is None
        else "、".join(names.get(one, one) for one in sorted(allowed.include))
    )
    if allowed.exclude:
        shown += f"（{'、'.join(names.get(one, one) for one in sorted(allowed.exclude))}除外）"
    return shown


def match_text(rule: Rule) -> str:
    """Return in Chinese what a rule looks for."""
    match rule.match:
        case TermsMatch(view, terms):
            shown = "、".join(
                f"{term}→{'|'.join(suggestions)}" if suggestions else term
                for term, suggestions in list(terms.items())[:_TERMS]
            )
            skips = "（字间的空格、连接号等不计）" if view is View.SKIP else ""
            return f"{len(terms)}个词{skips}：{shown}{'……' if len(terms) > _TERMS else ''}"
        case RegexMatch(_, source, _, _, validate):
            return f"正则 {source}{f'，并通过 {validate} 校验' if validate else ''}"
        case CheckerMatch(name, args) | StructureMatch(name, args):
            shown = "，".join(f"{key}={value}" for key, value in args.items())
            return f"检查器 {name}{f'（{shown}）' if shown else ''}"


def condition_text(condition: Condition) -> str:
    """Return in Chinese where a rule lets a hit pass."""
    match condition:
        case Inside(opening, close, only):
            return f"在{opening}{close}之内" + (f"，仅限：{'、'.join(only)}" if only else "")
        case Covering(words):
            return f"属于更长的词：{'、'.join(words)}"
        case Near(before, words, within):
            return f"{'前' if before else '后'}{within}字内有：{'、'.join(words)}"
        case LineHas(source):
            return f"同一行有：{source}"


def as_text(policy: Policy, rule: Rule) -> str:
    """Return a rule in Chinese, for people."""
    return "\n".join(_lines(policy, rule))


def _lines(policy: Policy, rule: Rule) -> Iterator[str]:
    yield summary(rule)
    yield f"  依据：{'；'.join(map(str, rule.basis)) or '（没有写）'}"
    since = rule.effective_from.isoformat() if rule.effective_from else "一直"
    until = f"，到 {rule.effective_until.isoformat()} 为止" if rule.effective_until else ""
    yield f"  生效：{since}{until}"
    yield f"  范围：{scope_text(policy, rule)}"
    yield f"  查找：{match_text(rule)}"
    for condition in rule.unless:
        yield f"  例外：{condition_text(condition)}"
    yield f"  提示：{rule.message}"
    if not rule.waivable:
        yield "  不可豁免"
    for name, examples in (("应当命中", rule.hits), ("不应命中", rule.misses)):
        for example in examples:
            yield f"  {name}：{example.text or example.structure}"
    yield f"  文件：{rule.file}:{rule.line}"
