"""The words of the refusals about channels."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "channels_malformed": ("阵地配置文件有误，请按下列各条修改。", "The channels file is malformed."),
    }
)
reasons(
    {
        "channel_unit_unknown": "阵地“{channel}”所属的单位“{unit}”不存在，或者不止一个。",
        "channel_of_several_roots": (
            "阵地“{channel}”没有写明单位，归最上级单位，而最上级单位不止一个；请在阵地文件里写明 unit。"
        ),
        "channel_kind_fixed": "阵地“{channel}”已经登记为另一种类型，不能改变。",
        "unknown_channel": "没有阵地“{channel}”，或者本单位不能向它投稿。",
        "unknown_section": "阵地“{channel}”没有栏目“{section}”。",
        "channel_twice": "阵地“{channel}”写了两次；一篇稿件在一个阵地只进一个栏目。",
    }
)
