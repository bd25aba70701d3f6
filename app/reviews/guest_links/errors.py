"""The words about links by which people outside sign: what is wrong, and what to do next."""

from app.infra.http.problems import problems, reasons

#: What becomes of a link that cannot be used any more, and what its holder should do then.
GONE = {
    "link_used": (
        "这个链接已经用过，您的意见已经收到，不需要再操作。",
        "The link was used already.",
    ),
    "link_revoked": (
        "发出链接的人已将它收回，请与其联系；如仍需签审，会另发新链接。",
        "The link was revoked by who sent it.",
    ),
    "link_expired": (
        "这个链接已经过期，没有记录任何意见；请与发出链接的人联系，请其另发新链接。",
        "The link has expired; nothing was recorded.",
    ),
    "link_outdated": (
        "稿件在链接发出之后改动过，按原稿提出的意见不能计入；请与发出链接的人联系，请其按新稿另发链接。",
        "The text was changed after the link was sent.",
    ),
    "link_stage_over": (
        "稿件已不在这个环节，不再需要您签审；如有意见，请与发出链接的人联系。",
        "The case has moved on; this stage is not open.",
    ),
    "link_unsent": (
        "这个链接还没有发出，请与邀请您的单位联系。",
        "The link was not sent yet.",
    ),
    "link_paused": (
        "稿件正在请示，暂时不能签审；请过些时候在有效期内再打开这个链接。",
        "The case is on hold; try again later.",
    ),
}

problems(
    {
        **GONE,
        "link_unknown": (
            "没有这个链接。请核对地址是否完整，或者与发出链接的人联系。",
            "There is no such link.",
        ),
        "link_name_differs": (
            "您填写的姓名与链接所邀请的人不一致。链接只限受邀本人使用，请核对后重新填写。",
            "The name typed is not that of the invited person.",
        ),
        "link_not_to_be_made": (
            "不能发出这个签审链接，请按下列各条处理。",
            "The link cannot be made.",
        ),
        "link_code_differs": (
            "验证码不对。请输入邀请您的人当面或者在电话里告诉您的 8 位数字。",
            "The code is not that of this link.",
        ),
        "link_code_needed": (
            "请先输入邀请您的人当面或者在电话里告诉您的 8 位验证码。",
            "The code of this link is needed; it was told to you by who invited you.",
        ),
        "link_not_to_be_sent": (
            "不能发出这个签审链接，请按下列各条处理。",
            "The link cannot be sent.",
        ),
        "link_over": ("这个链接已经用过或者已经收回。", "The link was used or revoked already."),
    }
)
reasons(
    {code: chinese for code, (chinese, _) in GONE.items()}
    | {
        "link_by_author": "您参与过本稿的撰写或修改，不能由您邀请外部人员签审，请由审稿人邀请。",
        "link_not_outside": "环节“{stage}”不允许外部人员签审；流程文件中该环节的 who 须有 outside: true。",
        "link_signs": "环节“{stage}”是签发或者核红，须由本单位人员办理，不能凭链接签审。",
        "link_exists": "已向这位外部人员发出过这个环节的链接，尚未使用；如需重发，请先收回。",
        "link_namesake": (
            "“{name}”与本稿的{who}同名。如是同一人，不能再以外部人员身份签审；"
            "如确系同名不同人，请勾选后重新提交，由发出链接的另一人核实。"
        ),
        "link_sent_by_asker": "链接须由邀请人以外的审稿人发出，您只把验证码告诉受邀人。",
        "link_namesake_unconfirmed": (
            "“{name}”与本稿其他办理人同名，邀请人称是另一个人。请向受邀人核实后勾选，再发出链接。"
        ),
        "link_sent_by_author": "您参与过本稿的撰写或修改，不能由您发出签审链接，请由审稿人发出。",
        "link_phone_of_another": "这个电话已用于另一位外部人员，同一个电话只能对应一个人，请核对姓名和电话。",
        "phone_invalid": "电话号码应为 7–15 位数字。",
        "name_invalid": "姓名中要有文字。",
        "outcome_unknown": "没有这种处理结果，请从所列结果中选择。",
        "not_asked_by_you": "这个链接不是您发出的，只有发出的人可以收回。",
    }
)
