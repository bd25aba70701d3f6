"""A WeChat official account: pictures, cover, draft box, and publishing where the account may.

Source: 微信公众平台开发文档 (developers.weixin.qq.com): stable_token, media/uploadimg, material/add_material,
draft/add, draft/get, freepublish/submit, get and delete; read 2026-12-01.
"""

import json
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from app.connections.adapters.base import (
    File,
    LaidIn,
    Later,
    Outcome,
    Parcel,
    Pending,
    Published,
    Refused,
    Tools,
)
from app.connections.adapters.wechat_codes import (
    ENDED,
    LATER,
    NO_SUCH_MEDIA,
    TOKEN_CODES,
    words_of,
)
from app.infra.outgoing_calls import Call, CallFailed
from app.proofs.layout.markup import asset
from app.webhooks.addresses import targets as addresses
from app.webhooks.addresses.targets import AllowList

#: What the platform takes. Source: media/uploadimg ("jpg/png", below 1 MB); draft/add for the words.
PICTURES = frozenset({"image/jpeg", "image/png"})
MOST_BYTES = 1024 * 1024
LONGEST_AUTHOR, LONGEST_SUMMARY = 16, 120
#: More of an answer is not read.
_MOST_ANSWER = 1_000_000
#: How often a task of publishing is asked after.
POLL = timedelta(seconds=15)


class Platform:
    """The calls of one account; the access token is kept while this object lives.

    `base` is where the platform is; only there is called. A call takes `seconds` at most.
    """

    def __init__(
        self, base: str, app_id: str, secret: str, *, loopback: bool = False, seconds: float = 30
    ) -> None:
        parts = urlsplit(base)
        host = (parts.hostname or "").lower()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        shown = f"[{host}]" if ":" in host else host
        self._base = base.rstrip("/")
        self._allowed = AllowList(frozenset({f"{shown}:{port}"}), loopback)
        self._app_id, self._secret, self._seconds = app_id, secret, seconds
        self._token = ""

    def ask(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Call with JSON. Raises `Later` and `Refused`; `NoSuchMedia` where a `media_id` is not there."""
        body = json.dumps(asked, ensure_ascii=False).encode()
        return self._with_token(path, {}, body, "application/json")

    def upload(self, path: str, file: File, content: bytes, **query: str) -> dict[str, Any]:
        """Hand a picture over. Raises as `ask`."""
        ending = "png" if file.media_type == "image/png" else "jpg"
        form = httpx.Request(
            "POST",
            "https://form.invalid",
            files={"media": (f"{file.sha256[:16]}.{ending}", content, file.media_type)},
        )
        return self._with_token(path, query, form.read(), form.headers["content-type"])

    def _with_token(self, path: str, query: dict[str, str], body: bytes, kind: str) -> dict[str, Any]:
        token = self._token or self._new_token(by_force=False)
        said = self._post(path, {**query, "access_token": token}, body, kind)
        for by_force in (False, True):
            if said.get("errcode") not in TOKEN_CODES:
                break
            # It ended while we were at work, or somebody else had a new one made.
            token = self._new_token(by_force=by_force)
            said = self._post(path, {**query, "access_token": token}, body, kind)
        return _good(said)

    def _new_token(self, *, by_force: bool) -> str:
        asked = {
            "grant_type": "client_credential",
            "appid": self._app_id,
            "secret": self._secret,
            "force_refresh": by_force,
        }
        said = self._post("/cgi-bin/stable_token", {}, json.dumps(asked).encode(), "application/json")
        self._token = str(_good(said).get("access_token", ""))
        if not self._token:
            raise Later("微信没有给出访问令牌")
        return self._token

    def _post(self, path: str, query: dict[str, str], body: bytes, kind: str) -> dict[str, Any]:
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        with Call(self._seconds) as call:
            try:
                target = addresses.resolve(url, allowed=self._allowed, call=call)
                answer = call.post(
                    target.url,
                    server_name=target.host,
                    headers={"Host": target.host_header, "Content-Type": kind, "User-Agent": "Sanshen/1"},
                    body=body,
                    most=_MOST_ANSWER,
                )
            except (addresses.Unreachable, CallFailed) as error:
                raise Later(f"连不上微信平台（{error}）") from error
        if not 200 <= answer.status < 300 or not answer.whole:
            raise Later(f"微信平台答复异常（HTTP {answer.status}）")
        try:
            said = json.loads(answer.body)
        except ValueError as error:
            raise Later("微信平台的答复读不懂") from error
        if not isinstance(said, dict):
            raise Later("微信平台的答复读不懂")
        return said


class NoSuchMedia(Refused):
    """A `media_id` that is not in the account (any more)."""


def _good(said: dict[str, Any]) -> dict[str, Any]:
    code = int(said.get("errcode") or 0)
    if code == 0:
        return said
    told = str(said.get("errmsg", ""))
    if code in LATER:
        words, wait = LATER[code]
        raise Later(words, wait)
    if code == NO_SUCH_MEDIA:
        raise NoSuchMedia(words_of(code, told))
    raise Refused(words_of(code, told))


class Wechat:
    """Publishes in one account; `cover` is the `media_id` of a picture for texts without one."""

    def __init__(self, platform: Platform, *, publishes: bool, cover: str = "") -> None:
        self._platform = platform
        self._publishes = publishes
        self._cover = cover

    def publish(self, parcel: Parcel, tools: Tools) -> Outcome:
        """Go one step after the other, each noted before the next; see `Adapter`."""
        done = tools.progress
        if "draft" not in done:
            _check(parcel)
            text = self._with_pictures(parcel, tools)
            cover = self._cover_of(parcel, tools)
            said = self._platform.ask("/cgi-bin/draft/add", {"articles": [_article(parcel, text, cover)]})
            tools.note(draft=str(said["media_id"]))
        if not self._publishes:
            return LaidIn(str(done["draft"]))
        if "task" not in done:
            self._submit(tools)
        return self._ended(parcel, tools)

    def take_down(self, external_id: str) -> None:
        """Delete an article that was published by this service; an account's draft people delete."""
        try:
            self._platform.ask("/cgi-bin/freepublish/delete", {"article_id": external_id, "index": 0})
        except NoSuchMedia:
            return

    def _with_pictures(self, parcel: Parcel, tools: Tools) -> str:
        """Return the fragment with its pictures at the platform's addresses; each is handed over once."""
        lies: dict[str, str] = dict(tools.progress.get("pictures", {}))
        text = parcel.fragment
        for file in parcel.files:
            if file.sha256 not in lies:
                said = self._platform.upload("/cgi-bin/media/uploadimg", file, tools.content_of(file.sha256))
                lies[file.sha256] = str(said["url"])
                tools.note(pictures=dict(lies))
            text = text.replace(asset(file.sha256).encode(), escape(lies[file.sha256]).encode())
        tools.ask(text, {address: digest for digest, address in lies.items()})
        return text.decode()

    def _cover_of(self, parcel: Parcel, tools: Tools) -> str:
        cover = next((file for file in parcel.files if file.sha256 == parcel.cover), None)
        if cover is None:
            return self._cover
        if "cover" not in tools.progress:
            content = tools.content_of(cover.sha256)
            said = self._platform.upload("/cgi-bin/material/add_material", cover, content, type="image")
            tools.note(cover=str(said["media_id"]))
        return str(tools.progress["cover"])

    def _submit(self, tools: Tools) -> None:
        """Have the draft published. What was begun and not answered is never begun again unseen."""
        draft = str(tools.progress["draft"])
        if tools.progress.get("submitting"):
            try:
                self._platform.ask("/cgi-bin/draft/get", {"media_id": draft})
            except NoSuchMedia as error:
                # A draft that was published leaves the box: it went through, and its answer was lost.
                raise Refused(
                    "提交发布时连接断开，草稿已不在草稿箱里，可能已经发布。请到公众平台核对，然后在这里回报网址。"
                ) from error
        tools.note(submitting=True)
        said = self._platform.ask("/cgi-bin/freepublish/submit", {"media_id": draft})
        tools.note(task=str(said["publish_id"]))

    def _ended(self, parcel: Parcel, tools: Tools) -> Outcome:
        said = self._platform.ask("/cgi-bin/freepublish/get", {"publish_id": tools.progress["task"]})
        status = int(said.get("publish_status", 1))
        if status == 1:
            return Pending(POLL)
        if status != 0:
            raise Refused(ENDED.get(status, f"微信发布没有成功（状态 {status}）。"))
        items = said.get("article_detail", {}).get("item", [])
        url = str(items[0].get("article_url", "")) if items else ""
        if parcel.replaces:
            self.take_down(parcel.replaces)
        return Published(str(said["article_id"]), url)


def _check(parcel: Parcel) -> None:
    """Raise `Refused` with everything that the platform will not take, before anything is handed over."""
    faults = []
    for file in parcel.files:
        if file.kind != "picture":
            faults.append(f"“{file.filename or file.sha256[:8]}”不是图片，不能由接口放进正文")
        elif file.media_type not in PICTURES:
            faults.append(f"图片“{file.filename or file.sha256[:8]}”是 {file.media_type}，只能是 JPG 或 PNG")
        elif file.size >= MOST_BYTES:
            faults.append(f"图片“{file.filename or file.sha256[:8]}”有 {file.size} 字节，要小于 1 MB")
    if faults:
        raise Refused("；".join(faults) + "。请修改后重新审签，或者在公众平台手工发布后回报。")


def _article(parcel: Parcel, text: str, cover: str) -> dict[str, Any]:
    if not cover:
        raise Refused("正文没有图片，channels.yaml 里也没有写封面（cover），微信要求有封面。")
    article: dict[str, Any] = {
        "title": parcel.title,
        "content": text,
        "thumb_media_id": cover,
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
    }
    # What is too long for the platform is left out: nothing goes out that nobody has read like this.
    if 0 < len(parcel.author) <= LONGEST_AUTHOR:
        article["author"] = parcel.author
    if 0 < len(parcel.summary) <= LONGEST_SUMMARY:
        article["digest"] = parcel.summary
    if parcel.source_url:
        article["content_source_url"] = parcel.source_url
    return article
