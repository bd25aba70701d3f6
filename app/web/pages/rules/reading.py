"""The rules for reading: what they say, on what they rest, how they do, and a place to try them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import ChannelKind
from app.infra.clock import beijing
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, NotFound, Reason
from app.infra.runtime import Runtime, runtime_of
from app.negative_list import Part, PartKind, Policy, Report, Rule, Scope, Severity, View, check
from app.negative_list.source.rules import (
    CheckerMatch,
    Covering,
    Inside,
    LineHas,
    Near,
    RegexMatch,
    StructureMatch,
    TermsMatch,
)
from app.negative_list.text.model import SEVERITIES
from app.policies import queries as policy_queries
from app.policies import service as policies
from app.policies.in_use import policy_of
from app.policies.negative_list import rule_text
from app.policies.queries import Version
from app.policies.versions import digest_in_use, files_of
from app.screening.rules import health
from app.screening.rules.health import Health
from app.screening.rules.router import chosen, counted_for
from app.web.components.text_view import Hit, place_name, runs
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, SentForm, Viewer
from app.words.labels import LABELS, choices
from app.words.policy_faults import plain

router = APIRouter()

#: What the first part of a rule's id stands for.
GROUPS = {
    "privacy": "个人信息",
    "secrecy": "保密",
    "wording": "用语",
    "adlaw": "广告用语",
    "names": "名称",
    "lang": "语言文字",
    "num": "数字",
    "date": "日期",
    "link": "链接",
    "media": "图片与媒体",
    "consistency": "前后一致",
}
#: Longer texts are for the API and the command line: a page with that many marks helps nobody.
MAX_TRIED = 100_000
#: Words of a rule that are listed before the rest is counted.
_WORDS = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A rule in the list."""

    rule: Rule
    group: str
    basis: tuple[str, ...]
    health: Health


@dataclass(frozen=True, slots=True)
class Lately:
    """Where a rule hit, in words."""

    address: str
    title: str
    number: str
    place: str
    excerpt: str
    waived: bool
    found_at: Any


def group_name(rule_id: str) -> str:
    """Return the Chinese name of a rule's group; its code for one that a bureau made up."""
    code = rule_id.partition(".")[0]
    return GROUPS.get(code, code)


def asked_policy(runtime: Runtime, session: Session, digest: str) -> Policy:
    """Return the version of this digest; what is in force for an empty one. Raises `NotFound`, `Conflict`."""
    return policies.loaded(runtime, digest) if digest else policy_of(session, runtime)


def keeps(viewer: Viewer) -> bool:
    """Say whether the viewer may propose versions."""
    return policies.may(viewer.actor, *policies.KEEPERS)


@router.get("/rules")
def listing(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    group: str = "",
    severity: str = "",
    channel: str = "",
    policy: str = "",
) -> Response:
    """Show the rules; filters stand in the address."""
    runtime = runtime_of(request)
    weight = next((one for one in Severity if one == severity), None)
    kind = next((one for one in ChannelKind if one == channel), None)
    asked = asked_policy(runtime, session, policy)
    states = {one.rule: one for one in health.of_rules(session, asked, counted_for(viewer.actor))}
    rows = [
        Row(rule, group_name(rule.id), tuple(map(str, rule.basis)), states[rule.id])
        for rule in chosen(asked, group=group or None, severity=weight, channel=kind)
    ]
    given = {"group": group, "severity": weight or "", "channel": kind or "", "policy": policy}
    codes = dict.fromkeys(rule.id.split(".")[0] for rule in asked.rules)
    return page(
        request,
        "rules.html",
        viewer=viewer,
        section="/rules",
        rows=rows,
        groups=[(code, GROUPS.get(code, code)) for code in codes],
        given=given,
        severities=choices(Severity),
        channels=choices(ChannelKind),
        total=len(asked.rules),
        for_shadow=[one for one in states.values() if one.for_shadow],
        policy=asked,
        in_force=_is_in_force(session, asked),
        faults=[*map(plain, runtime.negative_list.faults)],
        keeps=keeps(viewer),
    )


def _is_in_force(session: Session, policy: Policy) -> bool:
    in_use = digest_in_use(session)
    return in_use is None or in_use == policy.digest


@router.get("/rules/try")
def try_form(request: Request, viewer: Reader, session: ReadSession, policy: str = "") -> Response:
    """Show the place to try rules on a text."""
    return _try_page(request, viewer, session, Form((("policy", policy),)))


@router.post("/rules/try")
def try_out(request: Request, sent: SentForm) -> Response:
    """Check a pasted text, and store nothing."""
    with database_of(request).read() as session:
        try:
            return _try_page(request, sent.viewer, session, sent.form, tried=True)
        except AppError as error:
            return _try_page(
                request, sent.viewer, session, Form(), error=error, text=sent.form.text("content")
            )


def _try_page(
    request: Request,
    viewer: Viewer,
    session: Session,
    form: Form,
    *,
    tried: bool = False,
    error: AppError | None = None,
    text: str = "",
) -> Response:
    runtime = runtime_of(request)
    text = form.text("content") or text
    policy = asked_policy(runtime, session, form.word("policy"))
    kind = next((one for one in ChannelKind if one == form.word("channel")), None)
    if tried and len(text) > MAX_TRIED:
        reason = Reason(
            "field", {"message": f"网页上至多试 {MAX_TRIED} 字；更长的请用接口或命令行。"}, field="content"
        )
        raise Invalid("malformed", reasons=[reason])
    report = _checked(runtime, policy, text, kind) if tried and text.strip() else None
    hits = _hits(report) if report else ()
    return page(
        request,
        "rules_try.html",
        viewer=viewer,
        section="/rules",
        error=error,
        text=text,
        runs=runs(text, hits) if report else (),
        hits=hits,
        report=report,
        groups=_by_rule(hits),
        counts=[(severity, report.counts[severity]) for severity in SEVERITIES] if report else [],
        shadow=[_shown(finding) for finding in report.shadow] if report else [],
        policy=policy,
        versions=[one for one in policy_queries.versions(session, limit=30) if one.state != "earlier"],
        version_name=version_name,
        channel=kind or "",
        channels=choices(ChannelKind),
        keeps=keeps(viewer),
    )


def _checked(runtime: Runtime, policy: Policy, text: str, kind: ChannelKind | None) -> Report:
    scope = Scope(frozenset({str(kind)}) if kind else frozenset())
    part = Part(PartKind.BODY, "content", text)
    return check(policy, [part], scope=scope, on=beijing(runtime.clock()).date(), key=runtime.secret)


def _hits(report: Report) -> tuple[Hit, ...]:
    return tuple(Hit(number, finding, "") for number, finding in enumerate(report.findings, 1))


def _by_rule(hits: Sequence[Hit]) -> list[tuple[Hit, ...]]:
    found: dict[str, tuple[Hit, ...]] = {}
    for hit in sorted(hits, key=lambda one: SEVERITIES.index(one.severity)):
        found[hit.finding.rule] = (*found.get(hit.finding.rule, ()), hit)
    return list(found.values())


def _shown(finding: Any) -> str:  # noqa: ANN401 – the engine's finding
    return f"{finding.title}：“{finding.excerpt}”"


def version_name(version: Version) -> str:
    """Return a version in words: where it stands and the start of its digest."""
    names = {"in_force": "正在使用", "asked": "待批准", "candidate": "候选", "earlier": "曾经使用"}
    return f"{names[version.state]} {version.row.digest[:12]}"


@router.get("/rules/{rule_id}")
def one_rule(
    request: Request, viewer: Reader, session: ReadSession, rule_id: str, policy: str = ""
) -> Response:
    """Show a rule: text, basis, examples, and where it hit lately in drafts that the viewer may see."""
    runtime = runtime_of(request)
    asked = asked_policy(runtime, session, policy)
    rule = asked.rule(rule_id)
    if rule is None:
        raise NotFound("rule_unknown")
    state = next(
        one for one in health.of_rules(session, asked, counted_for(viewer.actor)) if one.rule == rule_id
    )
    files = files_of(session, asked.digest)
    found = health.lately(session, rule_id, viewer.actor)
    return page(
        request,
        "rules_one.html",
        viewer=viewer,
        section="/rules",
        rule=rule,
        group=group_name(rule.id),
        basis=rule.basis,
        message=_said(rule),
        about=_about(rule),
        exceptions=[_exception(one) for one in rule.unless],
        scope=_scope(rule),
        health=state,
        share=round(100 * state.waived_share),
        text=rule_text.rule_text(files, asked, rule).text if files else "",
        lately=[
            Lately(
                f"/drafts/{hit.draft.id}",
                hit.draft.title,
                hit.draft.number,
                place_name(hit.finding.ref, hit.finding.part),
                hit.finding.excerpt,
                hit.waived,
                hit.found_at,
            )
            for hit in found
        ],
        policy=asked,
        in_force=_is_in_force(session, asked),
        query=f"?policy={asked.digest}" if policy else "",
        keeps=keeps(viewer),
        sees_all=counted_for(viewer.actor) is None,
    )


def _about(rule: Rule) -> str:
    match rule.match:
        case TermsMatch(view=view, terms=terms):
            skips = "；字间夹着空格、连接号等也算" if view is View.SKIP else ""
            shown = [f"{word}→{'／'.join(right)}" if right else word for word, right in terms.items()]
            rest = len(shown) - _WORDS
            return "、".join(shown[:_WORDS]) + (f" 等{len(shown)}个词" if rest > 0 else "") + skips
        case RegexMatch(source=source, validate=validate):
            return f"符合正则 {source}" + (f"，并通过校验 {validate}" if validate else "")
        case CheckerMatch(name=name):
            return f"检查器 {name}"
        case StructureMatch(name=name):
            return f"结构检查 {name}"


def _said(rule: Rule) -> str:
    """Return what people are told, with dots for what depends on the hit."""
    message = rule.message
    for name in ("{match}", "{suggestion}", "{note}"):
        message = message.replace(name, "……")
    return message.replace("{title}", rule.title)


def _exception(condition: object) -> str:
    match condition:
        case Inside(open=start, close=end, only=only):
            return f"在{start}{end}里" + (f"，且内容是：{'、'.join(only)}" if only else "")
        case Covering(words=words):
            return f"是这些词的一部分：{'、'.join(words[:_WORDS])}" + ("等" if len(words) > _WORDS else "")
        case Near(before=before, words=words, within=within):
            return f"{'前' if before else '后'}面{within}个字以内有：{'、'.join(words)}"
        case LineHas(source=source):
            return f"同一行里有符合 {source} 的内容"
    return ""


def _scope(rule: Rule) -> list[tuple[str, str]]:
    kinds = {str(kind): word for kind, word in LABELS[ChannelKind].items()}
    parts = LABELS[PartKind]
    scope = rule.scope
    shown = []
    for title, allowed, words in (("阵地", scope.channels, kinds), ("栏目", scope.sections, {})):
        names = "、".join(words.get(one, one) for one in sorted(allowed.include or ()))
        but = "、".join(words.get(one, one) for one in sorted(allowed.exclude))
        shown.append((title, (names or "全部") + (f"，{but}除外" if but else "")))
    kinds_of_part = "、".join(parts[one] for one in PartKind if scope.parts and one in scope.parts)
    shown.append(("部位", kinds_of_part or "全部"))
    dates = (rule.effective_from, rule.effective_until)
    shown.append(
        ("施行", (f"{dates[0]} 起" if dates[0] else "没有限定") + (f"，{dates[1]} 止" if dates[1] else ""))
    )
    return shown


__all__ = ["asked_policy", "group_name", "keeps", "router", "version_name"]
