"""A stand-in for WeChat's platform, on 127.0.0.1: it answers as 微信公众平台开发文档 says.

Errors, delays, and answers that are lost on the way are among it.
"""

import json
import threading
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

NO_MEDIA = {"errcode": 40007, "errmsg": "invalid media_id"}
APP_ID, SECRET = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef"


@dataclass
class Platform:
    """What an account holds; `fail` maps a path to answers that are given first, one a call."""

    token: str = "token-1"
    made: int = 1
    still_publishing: int = 0
    ends_in: int = 0
    fail: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    covers: dict[str, bytes] = field(default_factory=dict)
    drafts: dict[str, dict[str, Any]] = field(default_factory=dict)
    articles: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                body = self.rfile.read(int(self.headers["content-length"]))
                said = outer.answer(parts.path, query, self.headers, body)
                if said is None:  # the connection breaks before the answer
                    self.connection.close()
                    return
                raw = json.dumps(said, ensure_ascii=False).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_args: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def end_token(self) -> None:
        """Let the token that was given out be good no more."""
        self.made += 1
        self.token = f"token-{self.made}"

    def paths(self) -> list[str]:
        return [path.rpartition("/cgi-bin/")[2] for path, _ in self.asked]

    def answer(
        self, path: str, query: dict[str, str], headers: Message, body: bytes
    ) -> dict[str, Any] | None:
        is_form = headers["content-type"].startswith("multipart/form-data")
        asked: dict[str, Any] = {} if is_form else json.loads(body)
        self.asked.append((path, asked))
        if path == "/cgi-bin/stable_token":
            if (asked["appid"], asked["secret"]) != (APP_ID, SECRET):
                return {"errcode": 40125, "errmsg": "invalid appsecret"}
            return {"access_token": self.token, "expires_in": 7200}
        if self.fail.get(path):
            said = self.fail[path].pop(0)
            if said.get("errcode") == 42001:
                self.end_token()
            if said.get("lost"):
                self.act(path, query, asked, headers, body)
                return None
            return said
        if query.get("access_token") != self.token:
            return {"errcode": 40001, "errmsg": "invalid credential, access_token is invalid or not latest"}
        return self.act(path, query, asked, headers, body)

    def act(
        self, path: str, query: dict[str, str], asked: dict[str, Any], headers: Message, body: bytes
    ) -> dict[str, Any]:
        name = path.removeprefix("/cgi-bin/").replace("/", "_")
        if name in {"media_uploadimg", "material_add_material"}:
            return self.take_picture(name, query, _file(headers, body))
        calls = {
            "draft_add": self.add_draft,
            "draft_get": self.get_draft,
            "freepublish_submit": self.submit,
            "freepublish_get": self.tell,
            "freepublish_delete": self.delete,
        }
        return calls[name](asked) if name in calls else {"errcode": 40066, "errmsg": "invalid url"}

    def take_picture(self, name: str, query: dict[str, str], content: bytes) -> dict[str, Any]:
        if name == "material_add_material":
            assert query["type"] == "image"
            media = f"cover-{len(self.covers) + 1}"
            self.covers[media] = content
            return {"media_id": media, "url": "http://mmbiz.qpic.cn/cover"}
        if not content.startswith((b"\x89PNG", b"\xff\xd8")):
            return {"errcode": 40005, "errmsg": "invalid file type"}
        url = f"http://mmbiz.qpic.cn/mmbiz_png/{len(self.pictures) + 1}/0?from=appmsg&wx=1"
        self.pictures[url] = content
        return {"url": url}

    def add_draft(self, asked: dict[str, Any]) -> dict[str, Any]:
        (article,) = asked["articles"]
        if article["thumb_media_id"] not in {*self.covers, "our-cover"}:
            return dict(NO_MEDIA)
        if "/api/v1/assets/" in article["content"]:
            return {"errcode": 45166, "errmsg": "invalid content"}
        media = f"draft-{len(self.drafts) + len(self.tasks) + 1}"
        self.drafts[media] = article
        return {"media_id": media}

    def get_draft(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = self.drafts.get(asked["media_id"])
        return dict(NO_MEDIA) if found is None else {"news_item": [found]}

    def submit(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["media_id"] not in self.drafts:
            return dict(NO_MEDIA)
        task = str(100000001 + len(self.tasks))
        self.tasks[task] = f"article-{asked['media_id']}"
        self.articles[self.tasks[task]] = self.drafts.pop(asked["media_id"])
        return {"errcode": 0, "errmsg": "ok", "publish_id": task, "msg_data_id": "1"}

    def tell(self, asked: dict[str, Any]) -> dict[str, Any]:
        task = asked["publish_id"]
        if self.still_publishing:
            self.still_publishing -= 1
            return {"publish_id": task, "publish_status": 1, "fail_idx": []}
        if self.ends_in:
            return {"publish_id": task, "publish_status": self.ends_in, "fail_idx": [1]}
        item = [{"idx": 1, "article_url": f"https://mp.weixin.qq.com/s/{self.tasks[task]}"}]
        return {
            "publish_id": task,
            "publish_status": 0,
            "article_id": self.tasks[task],
            "article_detail": {"count": 1, "item": item},
            "fail_idx": [],
        }

    def delete(self, asked: dict[str, Any]) -> dict[str, Any]:
        gone = self.articles.pop(asked["article_id"], None) is None
        return dict(NO_MEDIA) if gone else {"errcode": 0, "errmsg": "ok"}


def _file(headers: Message, body: bytes) -> bytes:
    whole = f"Content-Type: {headers['content-type']}\r\n\r\n".encode() + body
    parts = BytesParser().parsebytes(whole).get_payload()
    assert isinstance(parts, list)
    part = parts[0]
    assert isinstance(part, Message)
    assert part.get_param("name", header="content-disposition") == "media"
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content
