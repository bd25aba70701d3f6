"""The words of refusals about orders to channels."""

from app.infra.http.problems import problems, reasons
from app.publication import errors as _words  # noqa: F401 – tool_channel has its words there

_ORDERS: dict[str, tuple[str, str]] = {
    "order_unknown": ("没有这条指令，或不属于这个发布工具。", "No such order for this tool."),
    "order_overtaken": (
        "这条指令已被后来的更正或撤稿取代，请取最新的指令办理。",
        "The order was overtaken by a later one.",
    ),
    "order_confirmed": ("这条指令已于 {at} 回报办结，不能再报。", "The order was confirmed already."),
    "order_needs_publication": (
        "更正要凭更正稿的发布凭证回报发布（签发 {release}），系统据此登记已更正。",
        "Report the publication of the correction by its ticket: that confirms the order.",
    ),
}

problems(_ORDERS)
reasons({code: chinese for code, (chinese, _) in _ORDERS.items()})
