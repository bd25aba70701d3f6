from typing import Literal

from app.infra.errors import AppError, Invalid, Reason, Unauthenticated
from app.infra.http.problems import problems, reasons

#: What the token endpoint names its refusals beside our own codes. Source: RFC 6749, section 5.2.
OAuthError = Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]


class TokenRefused(Invalid):
    """An exchange that asks for what is not given. Source: RFC 6749, section 5.2, for the status."""

    status = 400


def token_refused(error: OAuthError, *faults: Reason) -> AppError:
    """Return the refusal of an exchange, under the names of OAuth 2.0 and with every fault in words."""
    return TokenRefused("malformed", reasons=faults, members={"error": error})


def client_refused() -> AppError:
    """Return the refusal of a client that is unknown or whose key is not good."""
    return Unauthenticated(
        "client_refused",
        headers={"WWW-Authenticate": "Basic"},
        members={"error": "invalid_client"},
    )


problems(
    {
        "key_refused": ("密钥不对、已过期或已撤销。", "The key is wrong, has expired or was revoked."),
        "key_address": ("这个密钥不能从这个网络地址使用。", "The key may not be used from this address."),
        "key_scope": (
            "这个密钥没有这项操作所需的权限；审校、签发等须由人决定的操作，任何密钥都不能做。",
            "The key does not open this operation; decisions are for people alone.",
        ),
        "tool_key_needed": (
            "这个地址只供发布工具用自己的密钥访问。",
            "Only a tool that comes with a key of its own may ask for this.",
        ),
        "key_ended": ("这个密钥已经撤销、过期或更换。", "The key has ended already."),
        "key_editor_gone": (
            "这个密钥所代的编辑已停用，或不再有投稿权限。",
            "The editor for whom the key acts may hand nothing in any more.",
        ),
        "client_refused": (
            "客户端编号或密钥不对，或密钥已过期、已撤销。",
            "The client is unknown, or its key is not good.",
        ),
    }
)
reasons(
    {
        "scope_missing": "需要权限 {scope}，这个密钥没有。",
        "scope_none": "这项操作不对工具开放。",
        "scope_not_held": "密钥没有权限 {scope}。",
        "key_channel": "这个发布工具没有登记阵地“{channel}”。",
        "key_editor_needed": "权限 submit 要写明代哪位编辑投稿。",
        "key_editor_unneeded": "没有权限 submit 的密钥不代任何人。",
        "key_editor_unfit": "没有这位编辑，或其不在这个单位投稿。",
        "key_network": "“{given}”不是有效的网络地址段（如 10.1.2.0/24）。",
        "key_expiry": "有效期须在现在之后、{days} 天之内。",
        "grant_type": "grant_type 应为 client_credentials。",
    }
)
