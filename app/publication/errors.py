"""The words of publication's refusals: what is wrong, and what to do next."""

from app.infra.http.problems import problems, reasons
from app.reviews import errors as _words  # noqa: F401 – line_unknown has its words there

problems(
    {
        "release_refused": ("还不能签发或发布，请先解决下列各项。", "The line cannot be released yet."),
        "release_not_renewable": ("这次签发已经用过或已失效，不能换发凭证。", "The release is used or void."),
        "policy_behind": (
            "现行负面清单刚刚更新，正在载入，稍后自动再试。",
            "The policy in force is being loaded; it is tried again.",
        ),
        "slip_before_submission": (
            "稿件还没有提交审校，没有审签单。",
            "The draft was never handed in, so there is no sheet.",
        ),
        "no_sign_off": ("这个审校流程没有签发环节。", "The workflow has no sign-off."),
        "ticket_forged": (
            "发布凭证不是本系统签发的，或已被改动。",
            "The ticket was not issued here, or was changed.",
        ),
        "evidence_of_copies": (
            "这篇稿件只是抄送给您知悉的，证据包请向经办人或者审计管理员索取。",
            "The draft was only copied to you; its evidence is for those who handle it.",
        ),
        "evidence_before_publication": (
            "稿件发布之后审计管理员才能导出证据包。",
            "The audit administrator may export evidence after publication.",
        ),
    }
)

#: What stands in the way of publishing, in the words that people and tools get.
_GATE: dict[str, tuple[str, str]] = {
    "case_not_ready": ("审签案目前的状态（{state}）不能签发或发布。", "The case is not ready."),
    "stage_missing": ("环节“{title}”还没有通过。", "A stage has not passed."),
    "review_missing": ("三审缺少一个级别：{level}。", "One of the three reviews is missing."),
    "same_person_twice": (
        "同一人做了规定须由不同人承担的环节：{stages}。",
        "One person stands twice in a distinct set.",
    ),
    "judged_by_author": (
        "环节“{stage}”是作者本人通过的：作者和办理人的账号属于同一人。请退回这个环节，由他人重新办理。",
        "An author stands behind a stage at which authors may not act.",
    ),
    "not_last_proof": (
        "要发布的内容不是这个阵地最后一次通过的校样。",
        "This is not the last approved proof.",
    ),
    "decided_on_other": (
        "环节“{title}”通过的是另一个版本，内容其后有改动。",
        "A stage passed on other content.",
    ),
    "not_checked": ("还没有用现行负面清单检查过这个版本。", "The active policy was not run on this text."),
    "open_findings": ("现行负面清单还有 {count} 处未处理的阻断问题。", "Blocking findings are open."),
    "not_signed": ("这个阵地还没有签发，或签发已因改动失效。", "The line is not signed off."),
    "embargoed": ("稿件不早于 {until} 发布。", "The draft is under an embargo."),
    "scheduled": (
        "这个阵地已定时于 {release_at} 发布；要现在发布，请先取消定时再签发。",
        "The line is scheduled for later.",
    ),
    "nothing_released": (
        "没有查到与所给内容一致的签发，未经签发不得发布；图片地址若已换过，请用 release 写明是哪次签发。",
        "Nothing like this was released.",
    ),
    "tool_channel": ("这个发布工具没有登记阵地“{channel}”。", "The tool does not serve this channel."),
    "tool_section": ("这个密钥不能用于栏目“{section}”。", "The key is not good for this section."),
    "channel_differs": ("签发的是阵地“{channel}”。", "The release is for another channel."),
    "digest_differs": ("内容与签发的不一致。", "The content is not what was released."),
    "file_not_released": (
        "所列文件（SHA-256 {sha256}）不在签发的内容里。",
        "A file that is named is no part of what was released.",
    ),
    "ticket_used": ("凭证已经使用过，一张凭证只能发布一次。", "The ticket was used."),
    "ticket_expired": ("凭证已于 {expired_at} 过期，请换发凭证。", "The ticket has expired."),
    "ticket_replaced": ("凭证已被新凭证取代，请使用最新的一张。", "The ticket was replaced by a newer one."),
    "publication_retracted": (
        "这篇稿件已由 {by} 于 {at} 撤稿，不得再发布。",
        "It was retracted, and may not go out again.",
    ),
    "publication_being_retracted": (
        "这篇稿件正在办理撤稿（{by}），办结之前不能发布或者更正。",
        "It is being retracted.",
    ),
    "digest_superseded": (
        "这一版已由更正稿 {by} 取代，请发布更正稿的内容（签发 {release}，摘要 {successor}）。",
        "A correction has taken its place; the data name its release and digest.",
    ),
    "publication_ended": ("下架时间（{at}）已到，不能再发布；要发布请先改下架时间。", "Its time is over."),
    "short_lane_not_for_this": (
        "流程“{workflow}”不足三审，只能用于更正或撤稿，也不能走急件通道。",
        "This workflow is for corrections or retractions alone, and nothing of it is owed.",
    ),
    "release_retracted": ("这次签发已经撤回。", "The release was retracted."),
}

problems(_GATE)
reasons({code: chinese for code, (chinese, _) in _GATE.items()})
