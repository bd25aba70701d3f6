"""The rules of the negative list, how they do, and the waivers of their findings."""

from typing import Annotated

from fastapi import Path, Query, Request
from sqlmodel import Session

from app.domain.vocabulary import ChannelKind
from app.identity.access import Actor, CurrentActor
from app.infra.db import ReadSession
from app.infra.errors import NotFound
from app.infra.http.routing import ApiRouter
from app.infra.runtime import Runtime, runtime_of
from app.negative_list import Policy, Rule, Severity
from app.policies import queries as policy_queries
from app.policies import service as policies
from app.policies.in_use import policy_of
from app.policies.negative_list import rule_text
from app.policies.schemas import Digest
from app.screening.rules import health
from app.screening.rules.health import Health
from app.screening.rules.schemas import PlaceOut, RuleDetailOut, RuleOut, RulesOut

router = ApiRouter(tags=["negative list"])

Group = Annotated[str | None, Query(max_length=40)]


@router.get("/rules")
def list_rules(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    group: Group = None,
    severity: Severity | None = None,
    channel: ChannelKind | None = None,
    policy: Annotated[Digest | None, Query()] = None,
) -> RulesOut:
    """List the rules in force, or those of any stored version."""
    asked = _policy(session, runtime_of(request), policy)
    states = {of_rule.rule: of_rule for of_rule in health.of_rules(session, asked, counted_for(actor))}
    return RulesOut(
        policy=asked.digest,
        items=[
            _rule(rule, states[rule.id])
            for rule in chosen(asked, group=group, severity=severity, channel=channel)
        ],
    )


@router.get("/rules/{rule_id}")
def show_rule(
    request: Request,
    rule_id: Annotated[str, Path(max_length=200)],
    actor: CurrentActor,
    session: ReadSession,
    policy: Annotated[Digest | None, Query()] = None,
) -> RuleDetailOut:
    """Show a rule: its text, basis, examples, and where it hit lately."""
    asked = _policy(session, runtime_of(request), policy)
    rule = asked.rule(rule_id)
    if rule is None:
        raise NotFound("rule_unknown")
    state = next(
        of_rule for of_rule in health.of_rules(session, asked, counted_for(actor)) if of_rule.rule == rule_id
    )
    files = policy_queries.files(session, asked.digest)
    return RuleDetailOut(
        **_rule(rule, state).model_dump(),
        policy=asked.digest,
        file=rule.file,
        line=rule.line,
        text=rule_text.rule_text(files, asked, rule).text,
        message=rule.message,
        examples_hit=[example.text for example in rule.hits],
        examples_miss=[miss.text for miss in rule.misses],
        lately=[
            PlaceOut(
                draft_id=hit.draft.id,
                number=hit.draft.number,
                title=hit.draft.title,
                ref=hit.finding.ref,
                excerpt=hit.finding.excerpt,
                waived=hit.waived,
                found_at=hit.found_at,
            )
            for hit in health.lately(session, rule_id, actor)
        ],
    )


def counted_for(actor: Actor) -> Actor | None:
    """Return whose drafts count in the figures of rules: all for policy keepers, else what they may see."""
    return None if policies.may(actor, *policies.KEEPERS) else actor


def chosen(
    policy: Policy,
    *,
    group: str | None = None,
    severity: Severity | None = None,
    channel: ChannelKind | None = None,
) -> list[Rule]:
    """Return the rules of a group (the first part of their ids), a severity, a kind of channel."""
    return [
        rule
        for rule in policy.rules
        if (not group or rule.id.split(".")[0] == group)
        and (severity is None or rule.severity is severity)
        and (channel is None or rule.scope.channels.applies(frozenset({str(channel)})))
    ]


def _policy(session: Session, runtime: Runtime, digest: str | None) -> Policy:
    return policies.loaded(runtime, digest) if digest else policy_of(session, runtime)


def _rule(rule: Rule, state: Health) -> RuleOut:
    return RuleOut(
        id=rule.id,
        title=rule.title,
        group=rule.id.split(".")[0],
        severity=rule.severity,
        shadow=rule.shadow,
        waivable=rule.waivable,
        basis=[str(basis) for basis in rule.basis],
        effective_from=rule.effective_from,
        effective_until=rule.effective_until,
        channels=sorted(rule.scope.channels.include or ()),
        hits=state.hits,
        shadow_hits=state.shadow_hits,
        waived=state.waived,
        waived_share=state.waived_share,
        for_shadow=state.for_shadow,
        last_found_at=state.last_found_at,
    )
