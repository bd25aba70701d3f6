"""The words of the refusals about versions of policy files."""

from app.domain.files.faults import Fault
from app.infra.http.problems import problems, reasons, worded
from app.words.policy_faults import sentence

problems(
    {
        "policy_unknown": (
            "没有这个版本；请核对摘要。",
            "There is no such version.",
        ),
        "policy_engine_changed": (
            "这个版本是用另一版规则引擎做成的，用现在的引擎检查会得出不同的结果，因此不能运行。",
            "This version was made under another engine and cannot give the same findings today.",
        ),
        "policy_fixed": (
            "这个系统使用固定的负面清单，不能更换。",
            "The negative list of this process is fixed.",
        ),
        "policy_faulty": (
            "规则有错误，没有保存；请按下列各条修改。",
            "The policy has faults; nothing was stored.",
        ),
        "policy_unchanged": (
            "内容与已有的版本相同，没有形成新的版本。",
            "The same as a version that is there already.",
        ),
        "policies_follow_folder": (
            "按设置，这里直接使用政策文件夹里的文件，不经申请和批准（SANSHEN_POLICIES_FOLLOW=folder）。",
            "The files of the policy folder are in force as they lie there.",
        ),
        "policy_risks_open": (
            "流程里有须由批准人逐条接受的提醒，还没有写明理由；什么也没有改动。",
            "Warnings of the workflows have to be accepted with a reason each.",
        ),
        "policy_in_force": ("这个版本正在使用。", "This version is in force."),
        "activation_unknown": ("没有这项启用申请。", "There is no such wish to activate."),
        "activation_asked": ("这个版本已经有人申请启用，等待批准。", "Its activation was asked for already."),
        "activation_decided": ("这项启用申请已经有人处理。", "The activation was decided already."),
        "activation_stale": (
            "申请之后，另一个版本已经启用；请重新回测、重新申请。",
            "Another version came into force meanwhile; ask again.",
        ),
        "activation_refused_by_rule": (
            "不能这样处理启用申请，原因如下。",
            "The activation cannot be decided like this.",
        ),
        "back_test_unknown": (
            "没有与这项申请相符的回测报告；请先完成回测并看过结果。",
            "There is no finished back-test of these two versions with this digest.",
        ),
        "back_test_same": ("两个版本相同，不需要回测。", "Both versions are the same."),
        "rule_unknown": ("没有这条规则。", "There is no such rule."),
        "lexicon_unknown": ("没有这份词表。", "There is no such lexicon."),
    }
)
reasons(
    {
        "role_over_all": "政策文件对所有单位一样，须在最上级单位担任该角色。",
        "risk_without_reason": "流程“{workflow}”：{said}请写明接受的理由。",
        "risk_not_open": "没有待接受的提醒 {fingerprint}。",
        "own_activation": "不能批准自己提出的启用申请。",
        "policy_file_misplaced": "{file} 不是“{kind}”的文件；请核对文件名和位置。",
        "policy_too_large": "全部规则文件合计不能超过 {limit} 字节。",
    }
)
worded(
    "risk_without_reason", lambda data: {**data, "said": sentence(Fault(0, "", data["fault"], data["of"]))}
)
