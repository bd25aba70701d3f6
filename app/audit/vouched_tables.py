"""What the record vouches for: every table is here, either vouched for or with the reason why not.

A test walks all tables. Of a table that is vouched for every column is sealed in the event of the transaction
that wrote it (`app.audit.seals`), but for those that are named here with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Vouched:
    """A table that the record vouches for.

    `home` is the kind of stream and the column that names it: where its rows are sealed if that stream has an
    event of the transaction. `left_out` gives for each column that is not sealed the reason. `added` holds
    columns that a later version added to rows that were sealed before, and what it filled them with.
    `packed` is the column by which its rows belong to a draft, where evidence packages hold all of them: the
    draft's id, or a reference to another packed table.
    """

    home: tuple[str, str] | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    added: Mapping[str, object] = field(default_factory=dict)
    packed: str = ""


_DRAFT = ("draft", "draft_id")

VOUCHED: Mapping[str, Vouched] = {
    "unit": Vouched(("unit", "id")),
    "user_account": Vouched(
        ("user", "id"), added={"must_change_password": False, "credentials": 0, "person_id": None}
    ),
    "person": Vouched(("user", "id")),
    "told_apart": Vouched(("user", "one_id")),
    "role_grant": Vouched(("user", "user_id")),
    "delegation": Vouched(("user", "principal_id")),
    "absence": Vouched(("user", "user_id")),
    "channel": Vouched(),
    "section": Vouched(),
    "draft": Vouched(("draft", "id"), packed="id"),
    "draft_target": Vouched(_DRAFT, packed="draft_id"),
    "draft_reader": Vouched(_DRAFT, packed="draft_id"),
    "draft_asset": Vouched(_DRAFT, packed="draft_id"),
    "revision": Vouched(_DRAFT, packed="draft_id"),
    "asset": Vouched(),
    "check_report": Vouched(_DRAFT, packed="draft_id"),
    "waiver": Vouched(_DRAFT, packed="draft_id"),
    "ignored_finding": Vouched(_DRAFT, packed="draft_id"),
    "back_test": Vouched(
        left_out=dict.fromkeys(
            ("state", "done", "total", "cursor", "partial", "error"),
            "回测进行中的进度；结果另有摘要",
        )
    ),
    "policy_file": Vouched(),
    "policy_version": Vouched(added={"kind": "negative_list"}),
    "policy_activation": Vouched(("policy", "digest")),
    "policy_in_use": Vouched(added={"kind": "negative_list"}),
    "workflow_version": Vouched(),
    "workflow_migration": Vouched(),
    "workflow_risk": Vouched(),
    "review_case": Vouched(_DRAFT, packed="draft_id"),
    "stage_run": Vouched(packed="case_id"),
    "decision": Vouched(_DRAFT, packed="draft_id"),
    # It holds how people outside are reached: that is nobody's but the house's.
    "sign_link": Vouched(_DRAFT),
    "proof": Vouched(_DRAFT, packed="draft_id"),
    "proof_mark": Vouched(
        _DRAFT, added={"answer": "", "answered_by": None, "answered_at": None}, packed="draft_id"
    ),
    "comment_thread": Vouched(_DRAFT, packed="draft_id"),
    "thread_comment": Vouched(_DRAFT, packed="draft_id"),
    "release": Vouched(_DRAFT, packed="draft_id"),
    "release_ticket": Vouched(packed="release_id"),
    "scheduled_release": Vouched(_DRAFT, packed="draft_id"),
    "publication": Vouched(_DRAFT, packed="draft_id"),
    "review_debt": Vouched(_DRAFT, packed="draft_id"),
    # At home with what is out: its package tells of everything that was done about it.
    "remedy": Vouched(("draft", "of_draft_id"), packed="of_draft_id"),
    "channel_order": Vouched(_DRAFT, packed="draft_id"),
    "publication_end": Vouched(
        _DRAFT, left_out={"looked_at": "到时是否已经处理；处理本身另有留痕"}, packed="draft_id"
    ),
    "publishing_tool": Vouched(("tool", "id")),
    "tool_key": Vouched(
        ("tool", "tool_id"),
        left_out=dict.fromkeys(("last_used_at", "last_used_from"), "最近一次使用的时间和地址，随使用而变"),
    ),
    "webhook_endpoint": Vouched(("webhook", "id"), added={"tool_id": None, "paused_at": None}),
    "webhook_secret": Vouched(),
    "notice_robot": Vouched(("robot", "id"), left_out={"next_at": "何时可以再发，只管发送的快慢"}),
}

NOT_VOUCHED: Mapping[str, str] = {
    "audit_event": "留痕本身：逐条核对链条和末尾",
    "audit_head": "留痕本身：与各条留痕的末尾核对",
    "audit_private": "留痕里的个人信息：逐项与承诺核对",
    "audit_log": "全部记录的总日志：逐条核对，并与检查点核对",
    "audit_tile": "总日志的中间结果：逐个重算",
    "audit_logged": "总日志写到哪里的记号：与总日志核对",
    "audit_checkpoint": "检查点本身：核对签名，并与总日志核对",
    "browser_session": "登录会话，几小时内失效；登录和退出本身有留痕",
    "sign_in_failure": "登录失败的计数，只管限制重试",
    "former_password": "用过的密码的摘要，只管不许重复；改密码本身有留痕",
    "idempotency_key": "接口重复请求的答复，只保存一段时间",
    "job": "后台任务的排队和进度；任务做成的事各有留痕",
    "notice": "给个人的消息，看过没有",
    "notice_preference": "个人接收消息的方式",
    "working_copy": "还没有保存的底稿，只有写的人自己看得到；保存成修订时有留痕",
    "editor_presence": "谁正开着修改页，一分钟后作废",
    "robot_message": "群机器人消息的发送情况",
    "webhook_message": "发往外部系统的消息；所说的事各有留痕",
    "webhook_delivery": "发往外部系统的消息的投递情况",
    "webhook_attempt": "每次投递得到的答复，只保存一段时间；投递成败另有留痕",
    "received_webhook": "外部系统来信的防重记录；来信做成的事各有留痕",
    "installation": "这套安装的标识和密钥指纹，启动时另行核对",
    "process_beat": "各进程的心跳，用来看它们是否还在运行",
    "online_check": "网上核查的最近结果，每天重做；发现的改动和失效另有留痕",
    "channel_push": "推送到阵地的进度；获准、发布、失败各有留痕",
    "rule_hit": "规则命中的统计；命中本身在检查报告里",
    "stage_call": "环节到期的提醒；提醒本身有留痕",
    "asset_reading": "从附件原文读出的文字，随时可以重读；附件原文另有摘要，查出的问题在检查报告里",
    "draft_counter": "稿件编号的流水；编号本身在稿件里",
}

#: Table → column whose bytes have a name by their SHA-256 → column that repeats it, if there is one.
CONTENT: Mapping[str, tuple[str, str | None]] = {
    "asset": ("content", "sha256"),
    "back_test": ("report", None),
    "check_report": ("report", None),
    "policy_file": ("content", "sha256"),
    "proof": ("content", "digest"),
    "release_ticket": ("text", "name"),
    "revision": ("document", "digest"),
    "workflow_version": ("definition", "digest"),
}
