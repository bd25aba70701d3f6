"""The words of the description: what the API is, what its groups are, what fields and parameters mean."""

from typing import Any

from app.infra.http.field_words import FIELDS

Schema = dict[str, Any]
#: What the description says before all operations.
ABOUT = """\
Drafts are handed in, reviewed, proofread, signed, cleared and reported as published. Every refusal is
`application/problem+json` (RFC 9457) with a stable `code`, a Chinese and an English title, and all reasons at
once; `x-problems` lists the codes.

**Signing in.** `POST /api/v1/auth/token` gives a Bearer token. Publishing tools sign their messages instead
(Standard Webhooks 1.0.0).

**Repeating.** Every POST that makes something takes an `Idempotency-Key`: the same request with the same key
is done once and answered alike. Publishing tools repeat a message under its `webhook-id`.

**Versions.** An `ETag` names a version; `If-Match` says which one was read, `If-None-Match` asks for no more
than is new.

**Pages.** A list answers with a cursor, null on the last page, which goes back unchanged as `cursor`, `after`
or `before`, whichever the operation has. Unknown query parameters and fields are refused.

**Short answers.** `Prefer: return=minimal` on submissions and decisions gives `CaseBriefOut` (`x-minimal`).

There is no CORS: browsers on other sites cannot read the API.
"""
#: The groups of operations, in the order of the page.
TAGS = (
    {"name": "drafts", "x-displayName": "稿件", "description": "Content: handing in, revising, files."},
    {
        "name": "screening",
        "x-displayName": "检查与豁免",
        "description": "What the negative list finds, and what is let through.",
    },
    {
        "name": "comments",
        "x-displayName": "批注与修改建议",
        "description": "What is said of selected words, and what the author takes over.",
    },
    {"name": "reviews", "x-displayName": "审校", "description": "Cases, stages and decisions."},
    {
        "name": "proofs",
        "x-displayName": "校样",
        "description": "What was laid out for a channel, and the marks on it.",
    },
    {
        "name": "publication",
        "x-displayName": "签发与发布",
        "description": "Signing off, tickets, schedules, the urgent lane, evidence.",
    },
    {
        "name": "webhooks",
        "x-displayName": "发布工具与通知地址",
        "description": "Publishing tools that ask and report; addresses that are told.",
    },
    {
        "name": "integrations",
        "x-displayName": "工具的访问密钥",
        "description": "Keys of publishing tools, and what a tool may know of itself.",
    },
    {
        "name": "connections",
        "x-displayName": "接入的阵地",
        "description": "What the service publishes itself on channels, and what was found online.",
    },
    {"name": "notifications", "x-displayName": "通知", "description": "Notices, by page, mail and robot."},
    {
        "name": "outside signing",
        "x-displayName": "外部签审",
        "description": "Links by which somebody without an account decides once.",
    },
    {
        "name": "workflows",
        "x-displayName": "审校流程",
        "description": "Workflow files, and moving cases from one version to another.",
    },
    {
        "name": "negative list",
        "x-displayName": "负面清单",
        "description": "Rules, their versions and back-tests.",
    },
    {"name": "channels", "x-displayName": "阵地", "description": "Where content goes."},
    {
        "name": "identity",
        "x-displayName": "人员与登录",
        "description": "Signing in, people, units, roles, delegations, absences.",
    },
    {"name": "audit", "x-displayName": "留痕", "description": "The record, for audit administrators."},
    {"name": "jobs", "x-displayName": "后台任务", "description": "The queue of durable work."},
    {"name": "operations", "x-displayName": "运行维护", "description": "For whoever runs the service."},
)


def explain(name: str, schema: Schema) -> None:
    """Give every property of a schema its description, unless it has one."""
    for key, inner in schema.get("properties", {}).items():
        words = FIELDS.get(f"{name}.{key}") or FIELDS.get(key)
        if words and "description" not in inner:
            inner["description"] = words


def explain_parameter(parameter: Schema) -> None:
    """Give a parameter its description, unless it has one."""
    words = FIELDS.get(parameter["name"])
    if words and not parameter.get("description"):
        parameter["description"] = words
