"""The words of the refusals about notices and robots."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "preferences_overtaken": (
            "您填写期间，下列各项在别处改过，没有保存。请核对后再保存。",
            "Some choices were made elsewhere meanwhile.",
        ),
        "robot_refused": ("不能登记这个群机器人，请按下列各条修改。", "This robot cannot be used."),
        "robot_name_taken": ("本单位已有同名的群机器人。", "The unit has a robot of this name."),
        "robot_inactive": ("这个群机器人已经停用。", "The robot is disabled."),
    }
)
reasons(
    {
        "preference_overtaken": "“{kind}”现在是“{now}”。",
        "robot_not_https": "群机器人的地址必须以 https:// 开头。",
        "robot_without_key": "群机器人的地址里没有 key，请从群设置里完整复制。",
    }
)
