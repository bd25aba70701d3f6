from app.infra.http.problems import problems, reasons

problems(
    {
        "webhook_unsigned": (
            "缺少 webhook-id、webhook-timestamp 或 webhook-signature，或格式不对。",
            "The Standard Webhooks headers are missing or malformed.",
        ),
        "webhook_tool_unknown": (
            "不认识这个发布工具，请在地址里用 ?tool= 写明登记时得到的编号。",
            "The publishing tool is not known.",
        ),
        "webhook_signature_invalid": ("签名不对，请检查密钥和签名方法。", "The signature is not valid."),
        "webhook_expired": (
            "时间戳与服务器时间相差超过 5 分钟，请校准时钟后重新签名发送。",
            "The timestamp is too far off.",
        ),
        "webhook_replayed": (
            "这个 webhook-id 已经用在另一条消息上；新的消息请换一个 webhook-id。",
            "The webhook-id was used for another message.",
        ),
        "webhook_too_large": (
            "消息超过 1 MB；带上工具的访问密钥（Authorization: Bearer）可以发送更大的内容。",
            "The message is larger than 1 MB; one that comes with a key of the tool may be larger.",
        ),
        "webhook_key_needed": (
            "只有发布工具可以询问和报告：请用工具的密钥签名，或带上工具的访问密钥。",
            "Only a tool may ask and report: with a signature, or with a key.",
        ),
        "webhook_not_json": ("消息不是有效的 UTF-8 JSON 对象。", "The message is no JSON object in UTF-8."),
        "webhook_endpoint_refused": ("不能登记这个接收地址。", "This address cannot be used."),
        "webhook_endpoint_exists": (
            "本单位已经登记过这个接收地址；要改变接收哪些事件，请修改已有的登记。",
            "The unit has an endpoint at this address.",
        ),
        "webhook_endpoint_active": ("这个接收地址没有停用。", "The endpoint is enabled already."),
        "tool_active": ("这个发布工具没有停用。", "The tool is enabled already."),
        "webhook_endpoint_paused": ("这个接收地址已经暂停。", "The endpoint is paused already."),
        "webhook_endpoint_not_paused": ("这个接收地址没有暂停。", "The endpoint is not paused."),
        "webhook_endpoint_inactive": ("这个接收地址已经停用。", "The endpoint is disabled."),
        "webhook_delivery_under_way": ("这条通知正在投递，不需要重发。", "The delivery is still under way."),
        "tool_name_taken": ("本单位已有同名的发布工具。", "The unit has a tool of this name."),
        "tool_inactive": ("这个发布工具已经停用。", "The tool is disabled."),
    }
)
reasons(
    {
        "header_missing": "缺少请求头 {name}。",
        "header_malformed": "请求头 {name} 的格式不对。",
        "url_not_http": "地址必须以 http:// 或 https:// 开头，并写明主机。",
        "url_has_credentials": "地址里不能带用户名或密码。",
        "url_has_fragment": "地址里不能带 # 片段。",
        "url_has_unseen": "地址里有空格、换行、制表符或反斜杠，请删去后重新填写。",
        "host_number_form": "主机 {host} 是数字写法，IP 地址请写成四段十进制（如 192.0.2.1）。",
        "host_malformed": "主机 {host} 写法不对；中文域名请写成 xn-- 开头的形式。",
        "host_never_allowed": "主机 {host} 是云平台的内部地址或保留地址，任何时候都不能作为接收地址。",
        "host_is_this_machine": "主机 {host} 是本机，只有试用时打开 SANSHEN_WEBHOOK_LOOPBACK 才能使用。",
        "host_not_allowed": "主机 {host} 不在允许的名单里，请安全管理员加入后再登记。",
        "span_reversed": "结束时间不能早于开始时间。",
        "tool_of_unit": "这个单位没有这个发布工具。",
        "event_not_told": "事件 {event} 只留痕，不向外通知，请从列表中去掉。",
        "payload_not_base64": "payload_base64 不是有效的 base64。",
    }
)
