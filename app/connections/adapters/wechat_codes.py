"""What WeChat's return codes mean to those who have to do something about them.

Source: 微信公众平台开发文档, 全局返回码 and the pages of 草稿箱 and 发布能力 (developers.weixin.qq.com), read
2026-12-01.
"""

from datetime import timedelta

#: The access token is no more: a new one is asked for, and the call made once more.
TOKEN_CODES = frozenset({40001, 40014, 42001})
#: A `media_id` that is not there: a draft that was deleted or published, a cover that was deleted.
NO_SUCH_MEDIA = 40007

#: What passes by itself, and how long to wait.
LATER: dict[int, tuple[str, timedelta]] = {
    -1: ("微信系统繁忙", timedelta(minutes=1)),
    45009: ("今天的接口调用次数已用完", timedelta(hours=1)),
    45011: ("接口调用太频繁", timedelta(minutes=2)),
}

#: What somebody has to mend.
WORDS: dict[int, str] = {
    40001: "AppSecret 不对，或者不是这个公众号的。请在公众平台核对后更新配置。",
    40005: "图片格式不被接受，正文图片只能是 JPG 或 PNG。",
    40006: "图片大小不合要求。",
    40007: "封面或者草稿（media_id）在公众号里已不存在。",
    40009: "图片大小不合要求，正文图片要小于 1 MB。",
    40013: "AppID 不对，请核对 channels.yaml 里的 app_id。",
    40125: "AppSecret 无效，请在公众平台核对后更新配置。",
    40164: "本系统的出口地址不在公众号的 IP 白名单里，请在公众平台的“基本配置”里加上。",
    41001: "调用缺少访问令牌。",
    43002: "接口调用方式不对。",
    44002: "提交的内容是空的。",
    45002: "正文超过微信的长度限制（少于 2 万字符，小于 1 MB）。",
    45003: "标题超过微信的长度限制。",
    45004: "摘要超过微信的长度限制。",
    45166: "正文不合微信的要求（如含有不允许的链接或标签）。",
    47001: "提交的内容格式不对。",
    48001: "这个公众号没有该接口的权限（未认证的账号可能不能发布），请改为只进草稿箱。",
    48004: "这个公众号的接口被封禁，请登录公众平台查看。",
    50002: "这个公众号的功能受限，可能已被冻结。",
    53503: "草稿没有通过微信的发布检查，请到公众平台查看草稿。",
    53504: "微信要求到公众平台官网使用这份草稿。",
    53505: "微信要求先在公众平台手动保存一次草稿再发表。",
}

#: What a task of publishing ended in, where it did not end well.
ENDED: dict[int, str] = {
    2: "微信没有通过原创声明的审核。",
    3: "微信发布失败（常规失败）。",
    4: "微信平台审核不通过。",
    5: "发布后文章已被删除。",
    6: "发布后文章被微信封禁。",
}


def words_of(code: int, said: str) -> str:
    """Return what a code means, and what WeChat said itself."""
    return f"{WORDS.get(code, '微信没有接受这次调用。')}（微信返回 {code}：{said[:200]}）"
