"""RFC 9457 problems: one table of codes with their words, and the handlers that render them.

A code is stable; its Chinese sentence says what is wrong and what to do next. Features add theirs through
`problems(...)` and `reasons(...)` in their own `errors.py`; a test finds every code that has no words.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from app.infra.clock import moment
from app.infra.errors import AppError, Invalid, NotFound, Reason, Unavailable
from app.infra.http.field_words import name_of
from app.infra.http.methods import allowed

MEDIA_TYPE = "application/problem+json"
#: So many reasons are told of one error; an answer is not to be a multiple of what was asked.
MOST_REASONS = 100
#: A place of a fault is told up to here: a field's name may be as long as the body.
LONGEST_FIELD = 200

#: code → (Chinese title, English title)
PROBLEMS: dict[str, tuple[str, str]] = {
    "malformed": ("提交的内容不符合要求，请按下列各条修改后重新提交。", "The request is malformed."),
    "unauthenticated": ("请先登录。", "Sign in first."),
    "token_invalid": ("访问令牌无效，请重新获取。", "The token is not valid."),
    "token_expired": ("访问令牌已过期，请重新获取。", "The token has expired."),
    "not_found": ("没有找到，或者您不在知悉范围内。", "Not found, or not visible to you."),
    "method_not_allowed": ("这个地址不支持这种操作。", "Method not allowed."),
    "forbidden": ("您没有进行这项操作的权限。", "You may not do this."),
    "concurrent_change": (
        "刚刚有人改动了同一内容，请刷新后再试。",
        "Somebody changed the same thing just now.",
    ),
    "precondition_required": ("请用 If-Match 写明您看到的版本。", "If-Match is required."),
    "precondition_malformed": (
        'If-Match 写法不对：收到的是 {given}；应原样写上读取时得到的 ETag，即带英文双引号的版本号，如 "3"。',
        'If-Match is not in the form of an ETag that was given out, such as "3".',
    ),
    "precondition_failed": (
        "内容已被他人修改，请刷新后再操作。",
        "The content has changed since you read it.",
    ),
    "too_large": ("内容超过大小限制。", "The content is too large."),
    "unsupported_media_type": ("不支持这种内容类型。", "The media type is not supported."),
    "too_many_requests": ("操作过于频繁，请稍后再试。", "Too many requests; try again later."),
    "database_unavailable": (
        "系统暂时不可用，您的操作没有生效，请稍后再试。",
        "Temporarily unavailable; nothing was changed.",
    ),
    "outcome_unknown": (
        "数据库在保存时断开，没有给出答复：操作可能已经生效。请刷新查看，没有生效再重做一次。",
        "The database went away while storing: it may have been done. Look before you repeat it.",
    ),
    "database_gone": (
        "数据库文件已被移走或者替换，您的操作没有生效。请系统管理员用 sanshen doctor 查看原因，处理后再试。",
        "The database file was moved or replaced; nothing was changed.",
    ),
    "database_busy": ("系统繁忙，您的操作没有生效，请稍后再试。", "Busy; nothing was changed."),
    "internal": ("系统出现内部错误，已记录，请联系管理员并提供请求编号。", "Internal error."),
    "not_acceptable": (
        "这个地址给不出 Accept 里要的内容类型。",
        "No media type of this answer is acceptable to the client.",
    ),
    "idempotency_answer_lost": (
        "这个 Idempotency-Key 已经用过，但当时的答复已无法读出；请先查看结果，再换一个 Idempotency-Key。",
        "The answer kept under this Idempotency-Key can no longer be read.",
    ),
    "value_unusable": (
        "请求里有数据库无法保存或比较的值（数字过大、时间超出范围或含有空字符），请改正后再试。",
        "The request holds a value that no database can store or compare.",
    ),
    "idempotency_key_reused": (
        "同一个 Idempotency-Key 用在了不同的请求上。",
        "The Idempotency-Key was used for another request.",
    ),
}

#: code → Chinese sentence; `{names}` are filled from the reason's data
REASONS: dict[str, str] = {
    "field": "{message}",
    "more_reasons": "另有 {count} 处同样需要修改，改完以上各处后重新提交即可看到。",
    "unknown_field": "不认识的字段“{name}”。",
    "unknown_parameter": "不认识的查询参数“{name}”，请删去或检查拼写；可用的有：{known}。",
    "parameter_twice": "查询参数“{name}”写了 {times} 次，这里只能写一个值。",
    "media_type": "请求内容的类型是 {given}，这里只收 {taken}。",
    "content_coding": "不接收经过压缩（Content-Encoding: {given}）的请求内容，请原样发送。",
    "acceptable": "这里能给出：{given}。",
    "idempotency_key": "Idempotency-Key 应为 1–200 个英文字母、数字、标点，中间可以有空格。",
}

#: pydantic's error types in Chinese; anything else is told with pydantic's own words
_FIELD_MESSAGES = {
    "missing": "缺少这一项。",
    "extra_forbidden": "不认识的字段，请删去或检查拼写。",
    "string_type": "应为文字。",
    "string_too_short": "太短，至少 {min_length} 个字符。",
    "string_too_long": "太长：至多 {max_length} 个字符，现有 {length} 个，请删去 {over} 个。",
    "string_pattern_mismatch": "格式不对，{form}。",
    "int_type": "应为整数。",
    "int_parsing": "应为整数。",
    "bool_type": "应为 true 或 false。",
    "list_type": "应为列表。",
    "tuple_type": "应为列表。",
    "dict_type": "应为对象。",
    "model_attributes_type": "应为对象。",
    "too_short": "至少要有 {min_length} 项。",
    "too_long": "至多 {max_length} 项。",
    "enum": "只能是以下之一：{expected}。",
    "literal_error": "只能是以下之一：{expected}。",
    "uuid_parsing": "应为 UUID。",
    "uuid_type": "应为 UUID。",
    "datetime_parsing": "应为 RFC 3339 时间。",
    "datetime_from_date_parsing": "应为 RFC 3339 时间。",
    "datetime_type": "应为 RFC 3339 时间。",
    "datetime_object_invalid": "应为 RFC 3339 时间。",
    "timezone_aware": "时间要写明时区，如 2026-01-01T08:00:00+08:00。",
    "date_parsing": "应为日期，如 2026-01-01。",
    "date_from_datetime_parsing": "应为日期，如 2026-01-01。",
    "date_from_datetime_inexact": "应为日期，不带时刻。",
    "date_type": "应为日期，如 2026-01-01。",
    "int_parsing_size": "数字过大。",
    "int_from_float": "应为整数。",
    "bool_parsing": "应为 true 或 false。",
    "finite_number": "应为有限的数。",
    "float_type": "应为数。",
    "float_parsing": "应为数。",
    "greater_than_equal": "不能小于 {ge}。",
    "less_than_equal": "不能大于 {le}。",
    "json_invalid": "不是有效的 JSON。",
    "union_tag_invalid": "种类只能是以下之一：{expected_tags}。",
    "union_tag_not_found": "缺少种类 kind。",
    "value_error": "{error}",
    "string_unicode": "文字含有无效的 Unicode 字符。",
}

#: What may stand where a pattern is asked for; nobody is shown the pattern itself.
_FORMS = {
    r'^"[0-9]{1,9}"(, ?"[0-9]{1,9}")*$': '应为带英文引号的版本号，例如 "3"',
    r"^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$": ("应为 2–64 位的英文字母、数字和 . _ @ -，以字母或者数字开头"),
    r"^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$": (
        "应为邮箱地址，如 wang@example.gov.cn"
    ),
    r"^[a-z][a-z0-9_]{0,39}$": "应为小写英文字母、数字和下划线，以字母开头，不超过 40 位",
    r"^[A-Za-z0-9_-]+$": "应为英文字母、数字、下划线和短横线",
    r"^[0-9a-f]{64}$": "应为 64 位的小写十六进制摘要",
    r"^[0-9a-f]{16,64}$": "应为 16–64 位的小写十六进制摘要",
    r"^[a-z]+:[A-Za-z0-9_.:-]+$": "应为“种类:编号”，如 draft:0190…",
    r"^[^\x00-\x1f]+$": "不能为空，也不能有换行和控制字符",
    r"^[^\x00-\x1f]*$": "不能有换行和控制字符",
    r"^[^/]{1,40}/[^/]{1,40}$": "应为“阵地/栏目”，如 wechat/news",
    r"^(https?://[^\s\x00-\x1f]+)?$": "应为 http:// 或者 https:// 开头、没有空格的网址",
    r"^[!-~]([ -~]*[!-~])?$": "应为可见的英文字符，前后没有空格",
    r"^https?://.": "应为 http:// 或者 https:// 开头的网址",
    r"\S": "不能只有空格",
}
#: Where what stands there is not known by a sentence of its own.
_FORM = "请对照接口说明核对写法"

log = structlog.get_logger()


def problems(more: dict[str, tuple[str, str]]) -> None:
    """Add a feature's problem codes. Raises `ValueError` for a code that has other words already."""
    for code, words in more.items():
        if PROBLEMS.setdefault(code, words) != words:
            raise ValueError(f"problem code {code} is taken")


def reasons(more: dict[str, str]) -> None:
    """Add a feature's reason codes. Raises `ValueError` for a code that is already there with other words."""
    for code, words in more.items():
        if REASONS.setdefault(code, words) != words:
            raise ValueError(f"reason code {code} is taken")


#: How the data of some reasons become words, where these stand with a feature above.
_WORDINGS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}


def worded(code: str, words: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    """Let `words` make the data for the sentence of a reason: for codes whose own words stand elsewhere."""
    _WORDINGS[code] = words


#: Entries of data that are instants, beside all that end in `_at`.
_INSTANTS = frozenset({"until", "latest"})


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def sentence(reason: Reason) -> str:
    """Return the Chinese sentence of a reason."""
    data = _WORDINGS[reason.code](reason.data) if reason.code in _WORDINGS else reason.data
    said = REASONS.get(reason.code, reason.code).format_map(_Blank(_told(data)))
    # What pydantic says is about "this one"; elsewhere the sentences name what they are about.
    named = name_of(reason.field or "") if reason.code == "field" and "type" in reason.data else ""
    return f"{named}：{said}" if named else said


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reason's data for its sentence: lists in one, instants in Beijing's time and words.

    Where there is a name of an entry (`line_name` of `line`), it is told in its place.
    """
    return {key: data.get(f"{key}_name") or _words(key, value) for key, value in data.items()}


def _words(key: str, value: object) -> object:
    if isinstance(value, (list, tuple)):
        return "、".join(map(str, value))
    if not key.endswith("_at") and key not in _INSTANTS:
        return value
    try:
        return moment(datetime.fromisoformat(str(value)))
    except ValueError:
        return value


def problem_body(error: AppError, request_id: str) -> dict[str, Any]:
    """Return the problem+json body of an error."""
    title, title_en = PROBLEMS[error.code]
    known = next((reason.data for reason in error.reasons if reason.code == error.code), {})
    told = list(error.reasons[:MOST_REASONS])
    if (more := len(error.reasons) - len(told)) > 0:
        told.append(Reason("more_reasons", {"count": more}))
    body = {
        "type": f"urn:sanshen:problem:{error.code}",
        "title": title.format_map(_Blank(_told({**known, **error.data}))),
        "title_en": title_en,
        "status": error.status,
        "code": error.code,
        "request_id": request_id,
        "reasons": [
            {"code": reason.code, "message": sentence(reason), "data": reason.data, "field": reason.field}
            for reason in told
        ],
    }
    return body | error.members | ({"data": error.data} if error.data else {})


def problem(request: Request, error: AppError) -> Response:
    """Return an error as problem+json."""
    # For the log of the request, which so names every refusal with who asked and from where.
    request.state.problem = error.code
    body = problem_body(error, getattr(request.state, "request_id", ""))
    return JSONResponse(body, status_code=error.status, media_type=MEDIA_TYPE, headers=error.headers)


def field_reasons(errors: Any) -> list[Reason]:  # noqa: ANN401 – pydantic's list of dicts
    """Return every fault that pydantic found as a reason with its field: `body.targets.0.channel`."""
    reasons = []
    for error in errors:
        kind, context = error["type"], dict(error.get("ctx") or {})
        context = {key: _listed(str(value)) for key, value in context.items()}
        if kind == "string_too_long":
            context |= _measured(str(error.get("input", "")), int(context["max_length"]))
        context["form"] = _FORMS.get(context.get("pattern", ""), _FORM)
        message = _FIELD_MESSAGES.get(kind, error["msg"]).format_map(_Blank(context))
        field = ".".join(str(part) for part in error["loc"])[:LONGEST_FIELD]
        reasons.append(Reason("field", {"message": message, "type": kind}, field=field))
    return reasons


def too_long(field: str, text: str, limit: int) -> Reason:
    """Return why `text` is refused, which has more than `limit` characters: in a body and in a form alike."""
    message = _FIELD_MESSAGES["string_too_long"].format_map({"max_length": limit, **_measured(text, limit)})
    return Reason("field", {"message": message, "type": "string_too_long"}, field=field)


def _measured(text: str, limit: int) -> dict[str, int]:
    """Return how long a text is, and by how much too long; white space around it counts where it must."""
    length = len(bare) if len(bare := text.strip()) > limit else len(text)
    return {"length": length, "over": length - limit}


def _listed(value: str) -> str:
    """Return pydantic's list of words ('a', 'b' or 'c') as people write one."""
    if not value.startswith("'"):
        return value
    return value.replace("' or '", "、").replace("', '", "、").strip("'")


def malformed(error: ValidationError, *, prefix: str = "") -> Invalid:
    """Return a pydantic error of our own parsing as an `Invalid` with every fault."""
    reasons = field_reasons(error.errors(include_url=False))
    return Invalid(
        "malformed",
        reasons=[Reason(r.code, r.data, field=f"{prefix}{r.field}".rstrip(".")) for r in reasons],
    )


_BY_STATUS = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "database_unavailable",
}


def _cause(error: Unavailable) -> str | None:
    """Return what the database said, in one line and without the values of any statement."""
    if not isinstance(error.__cause__, DBAPIError):
        return None
    said = error.__cause__.orig
    return f"{type(said).__name__}: {str(said).partition(chr(10))[0]}"


def install(app: FastAPI) -> None:
    """Render every error of `app` as problem+json; pages put their own handlers before these."""

    @app.exception_handler(AppError)
    def _app_error(request: Request, error: AppError) -> Response:
        if isinstance(error, Unavailable):
            log.error("request.unavailable", code=error.code, cause=_cause(error))
        else:
            log.info("request.refused", code=error.code, reasons=[reason.code for reason in error.reasons])
        return problem(request, error)

    @app.exception_handler(RequestValidationError)
    def _malformed(request: Request, error: RequestValidationError) -> Response:
        if any(fault["loc"][0] == "path" for fault in error.errors()):
            # An address that could name nothing names nothing, whatever else is wrong with the request.
            return problem(request, NotFound("not_found"))
        return problem(request, Invalid("malformed", reasons=field_reasons(error.errors())))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = allowed(request)
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=headers)
        known = AppError(_BY_STATUS.get(error.status_code, "malformed"), headers=headers)
        # A body that does not even parse is malformed as any other is.
        known.status = 422 if error.status_code == 400 else error.status_code
        return problem(request, known)

    @app.exception_handler(Exception)
    def _internal(request: Request, error: Exception) -> Response:
        log.error("request.failed", error=type(error).__name__, exc_info=error)
        return problem(request, AppError("internal"))
