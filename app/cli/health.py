"""`sanshen policy health`: how often each rule hits, and how much of it is let through."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.local_access import opened
from app.cli.output import fail, out, print_json
from app.cli.server import AsJson, DataDir, settings_with

if TYPE_CHECKING:
    from app.screening.rules.health import Health


def health(
    days: Annotated[int | None, typer.Option("--days", min=1, help="只统计最近这么多天的命中。")] = None,
    data: DataDir = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="没有命中的规则也列出。")] = False,
    as_json: AsJson = False,
) -> None:
    """列出每条规则的命中、豁免和试运行命中，以及失效的豁免；豁免超过三成的规则建议改为试运行。"""
    from app.identity.access import SYSTEM
    from app.infra.clock import system_clock
    from app.negative_list import Faults
    from app.policies.negative_list.following import FollowedPolicies
    from app.screening.rules import health as reading
    from app.screening.waivers import queries as waivers
    from app.words.policy_faults import located

    settings, at = settings_with(data), system_clock()
    with opened(settings) as database, database.read() as session:
        try:
            followed = FollowedPolicies(
                settings.policies / "negative_list", database, cache_dir=settings.cache
            )
        except Faults as error:
            fail("负面清单不能使用：", *map(located, error.faults))
        policy = followed.current
        since = at - timedelta(days=days) if days else None
        rules = reading.of_rules(session, policy, since=since)
        stale = [
            row
            for row in waivers.listing(session, policy, SYSTEM, at=at, limit=1000)
            if row.standing in waivers.STALE
        ]
    shown = [rule for rule in rules if every or rule.hits or rule.shadow_hits]
    if as_json:
        print_json(
            {
                "policy": policy.digest,
                "rules": [_plain(rule) for rule in shown],
                "stale_waivers": [
                    {"draft": draft.number, "rule": waiver.rule, "standing": str(standing)}
                    for waiver, draft, standing in stale
                ],
            }
        )
        return
    _print(shown)
    proposed = [rule for rule in rules if rule.for_shadow]
    if proposed:
        out.print(
            "建议改为试运行：" + "、".join(rule.rule for rule in proposed), markup=False, soft_wrap=True
        )
    out.print(f"失效的豁免 {len(stale)} 项；负面清单 {policy.digest[:12]}", markup=False)


def _plain(rule: "Health") -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "title": rule.title,
        "hits": rule.hits,
        "shadow_hits": rule.shadow_hits,
        "waived": rule.waived,
        "waived_share": round(rule.waived_share, 4),
        "for_shadow": rule.for_shadow,
        "last_found_at": rule.last_found_at.isoformat() if rule.last_found_at else None,
    }


def _print(rules: "list[Health]") -> None:
    from rich.table import Table

    if not rules:
        out.print("还没有命中。")
        return
    table = Table("规则", "名称", "命中", "试运行", "豁免", "豁免率", box=None)
    for rule in sorted(rules, key=lambda rule: -rule.hits):
        share = f"{rule.waived_share:.0%}" + ("　建议试运行" if rule.for_shadow else "")
        table.add_row(rule.rule, rule.title, str(rule.hits), str(rule.shadow_hits), str(rule.waived), share)
    out.print(table)
