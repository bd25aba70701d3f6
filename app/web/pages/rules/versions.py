"""Versions of policies: what is in force, what is proposed, and who brings it in."""

import json
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import ActivationState, BackTestState, PolicyKind
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Conflict, Invalid, NotFound, Reason
from app.infra.http.problems import sentence
from app.infra.runtime import runtime_of
from app.negative_list import Policy
from app.policies import granting, proposals
from app.policies import queries as policy_queries
from app.policies import service as policies
from app.policies.models import BackTest
from app.policies.negative_list import rule_text
from app.policies.negative_list.rule_text import LexiconChange, RuleChange
from app.policies.versions import digest_in_use
from app.screening.backtests import service as backtests
from app.web.forms import limits
from app.web.pages.rules import activation_requests, file_versions
from app.web.pages.rules.reading import keeps
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Reader, SentForm, Viewer
from app.words.labels import label
from app.words.policy_faults import plain

router = APIRouter()


#: What a kind's versions are counted in.
_UNITS = {
    PolicyKind.NEGATIVE_LIST: "条规则",
    PolicyKind.WORKFLOWS: "个流程",
    PolicyKind.ROUTING: "条规则",
    PolicyKind.CALENDAR: "年",
    PolicyKind.URGENT: "份",
    PolicyKind.CHANNELS: "个阵地",
    PolicyKind.QUALITY: "种计法",
}


@dataclass(frozen=True, slots=True)
class Differences:
    """What a version changes against what is in force; `new_blocks` are rules that would newly block."""

    rules: tuple[RuleChange, ...]
    lexicons: tuple[LexiconChange, ...]
    new_blocks: tuple[str, ...]


@router.get("/policies")
def listing(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    kind: PolicyKind = PolicyKind.NEGATIVE_LIST,
) -> Response:
    """Show the versions of a kind of policies, and what is wrong with the folder."""
    runtime = runtime_of(request)
    found = policy_queries.versions(session, kind)
    names = activation_requests.names(session, found)
    of_list = kind is PolicyKind.NEGATIVE_LIST
    return page(
        request,
        "rules_policies.html",
        viewer=viewer,
        section="/rules",
        kind=kind,
        kinds=[(one, label(one)) for one in PolicyKind],
        kind_name=label(kind),
        unit=_UNITS[kind],
        faults=[*map(plain, runtime.negative_list.faults)] if of_list else [],
        told=[] if of_list else [sentence(one) for one in proposals.folder_faults(runtime, kind)],
        follows=not of_list and runtime.granted is None,
        versions=[activation_requests.shown(one, names) for one in found],
        asked=[(one, activation_requests.wish(one.asked, names)) for one in found if one.asked is not None],
        keeps=keeps(viewer),
    )


@router.get("/policies/{digest}")
def one_version(request: Request, viewer: Reader, session: ReadSession, digest: str) -> Response:
    """Show a version: what it changes, how it did on the archive, and its way into force."""
    return version_page(request, viewer, session, digest)


def version_page(
    request: Request, viewer: Viewer, session: Session, digest: str, error: AppError | None = None
) -> Response:
    """Return the page of a version, perhaps with the refusal of what was tried on it."""
    runtime = runtime_of(request)
    found = policy_queries.version(session, digest)
    if found.row.kind != PolicyKind.NEGATIVE_LIST:
        return file_versions.version_page(request, viewer, session, found, error)
    names = activation_requests.names(session, [found])
    in_use = digest_in_use(session)
    trouble, changed = "", None
    try:
        policy = policies.loaded(runtime, digest)
    except Conflict as refused:
        policy, trouble = None, refused.code
    if policy is not None and in_use is not None and in_use != digest:
        # What is in force may not run under this engine; then there is nothing to compare with.
        with suppress(Conflict):
            changed = _differences(session, policies.loaded(runtime, in_use), policy)
    grants = policies.may(viewer.actor, *policies.GRANTERS)
    test = backtests.newest_done(session, in_use, digest) if in_use and grants else None
    asked = found.asked
    return page(
        request,
        "rules_policy.html",
        viewer=viewer,
        section="/rules",
        error=error,
        one=activation_requests.shown(found, names),
        wishes=[activation_requests.wish(one, names) for one in found.activations],
        asked=activation_requests.wish(asked, names) if asked else None,
        stale=asked is not None and asked.base != in_use,
        may_grant=asked is not None and grants and asked.asked_by != viewer.actor.id,
        own=asked is not None and asked.asked_by == viewer.actor.id,
        policy=policy,
        trouble=trouble,
        changes=changed,
        files=sorted(json.loads(found.row.files)) if keeps(viewer) else [],
        tests=backtests.listing(session, candidate=digest, limit=10) if grants else (),
        test=test,
        summary=_summary(test) if test else None,
        keeps=keeps(viewer),
        grants=grants,
        label_of=lambda state: label(BackTestState(state)),
    )


def _differences(session: Session, before: Policy, after: Policy) -> Differences:
    was = policy_queries.files(session, before.digest)
    now = policy_queries.files(session, after.digest)
    new = policies.new_blocks(before, after)
    return Differences(
        rule_text.rule_changes(before, was, after, now),
        rule_text.lexicon_changes(was, now),
        tuple(rule.title for rule in after.rules if rule.id in new),
    )


def _summary(test: BackTest) -> dict[str, float]:
    report = json.loads(test.report or "{}")
    sums = {name: sum(row[name] for row in report["rules"]) for name in ("added", "removed", "changed")}
    return {
        **sums,
        "items": report["items"],
        "base": report["blocked"]["base_a_month"],
        "candidate": report["blocked"]["candidate_a_month"],
    }


@router.post("/policies/{digest}/activations")
def ask(request: Request, sent: SentForm, digest: str) -> Response:
    """Ask that a version be brought into force."""
    runtime = runtime_of(request)

    def verb(session: Session) -> None:
        note = sent.form.within("note", limits.ACTIVATION)
        proposals.ask(session, runtime, digest=digest, note=note, actor=sent.actor, at=runtime.clock())

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent.viewer, digest, error)
    return see_other(f"/policies/{digest}", "activation_asked")


@router.post("/policies/{digest}/activations/{wish_id}")
def decide(request: Request, sent: SentForm, digest: str, wish_id: UUID) -> Response:
    """Grant or refuse what somebody else asked for."""
    runtime, form = runtime_of(request), sent.form
    try:
        with runtime.database.read() as session:
            policies.about(session, wish_id, digest)
        done = granting.decide(
            runtime,
            activation_id=wish_id,
            grant=_grants(form.word("verdict")),
            back_test=form.word("back_test"),
            accepted=file_versions.accepted(form),
            comment=form.within("comment", limits.ACTIVATION_DECISION),
            actor=sent.actor,
        )
    except NotFound:
        raise
    except AppError as error:
        return _again(request, sent.viewer, digest, error)
    if done.state == ActivationState.REFUSED:
        return see_other(f"/policies/{digest}", "activation_refused")
    tried = policy_queries.shadowed(done)
    return see_other(f"/policies/{done.activated}", "activation_tried" if tried else "activation_granted")


def _grants(verdict: str) -> bool:
    if verdict not in {"grant", "refuse"}:
        raise Invalid(
            "malformed", reasons=[Reason("field", {"message": "请选择同意或者不同意。"}, "verdict")]
        )
    return verdict == "grant"


def _again(request: Request, viewer: Viewer, digest: str, error: AppError) -> Response:
    with database_of(request).read() as session:
        return version_page(request, viewer, session, digest, error)
