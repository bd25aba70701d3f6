"""The tour: one draft goes all the way over HTTP, every role played, every promise checked.

Each step is a method that does something, checks it, and returns what it saw in a line of Chinese. A check
that fails raises; the command then says so and leaves with 1.
"""

import io
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.demo import mend, offline
from app.demo.client import Person, Refusal, json_bytes, refusal_of, send
from app.demo.receiver import Receiver, signed_headers
from app.domain.document.model import FIELDS, Document, sha256
from app.domain.vocabulary import ChannelKind
from app.proofs.layout import render

CHANNELS = (("wechat", "news"), ("website", "news"), ("journal", "theory"))
FORMATS = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
#: Rounds of mending before the tour gives the text up.
ROUNDS = 5
#: How long to wait for work that is done in the background, in seconds.
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Step:
    """One step that held: what it was, what was seen, and how long it took in milliseconds."""

    title: str
    seen: str
    milliseconds: float


class Tour:
    """Plays the demo bureau's people against the server at `url`, with the text of `file`.

    `title` is its title; without one the text's own is taken, or the name of the file where it has none.
    """

    def __init__(self, url: str, file: Path, receiver: Receiver, title: str = "") -> None:
        self.url, self.file, self.receiver, self.title = url, file, receiver, title
        self.channels: tuple[tuple[str, str], ...] = CHANNELS
        self.people: dict[str, Person] = {}
        self.draft: dict[str, Any] = {}
        self.case: dict[str, Any] = {}
        self.tool: dict[str, Any] = {}
        self.findings: list[dict[str, Any]] = []
        self.evidence = b""
        self.marks = 0
        self.releases: dict[str, dict[str, Any]] = {}

    def steps(self) -> Iterator[Step]:
        """Walk, yielding each step as it held; raise what says why one did not."""
        plan: list[tuple[str, Callable[[], str]]] = [
            ("登记发布工具与通知地址", self.register),
            ("编辑交稿", self.hand_in),
            ("负面清单检查", self.check),
            ("修改与豁免", self.mend),
            ("送审", self.submit),
            ("越权与过期操作被拒绝", self.refusals),
            ("初审、复审、终审", self.review),
            ("按阵地排出校样", self.proofs),
            ("一校、二校、三校", self.proofread),
            ("改样与核红", self.confirm),
            ("签发", self.sign),
            ("发布工具收到签发通知", self.notified),
            ("发布前询问、发布、回报", self.publish),
            ("导出证据包", self.export),
            ("离线核验证据包", self.verify),
            ("改动一个字节即被指出", self.tamper),
        ]
        try:
            for title, act in plan:
                began = time.perf_counter()
                seen = act()
                yield Step(title, seen, round((time.perf_counter() - began) * 1000, 1))
        finally:
            for person in self.people.values():
                person.close()

    def by(self, login: str) -> Person:
        """Return the person who signs in as `login`."""
        return self.people.setdefault(login, Person(self.url, login))

    def register(self) -> str:
        """Let the system administrator make a publishing tool and an address to be told."""
        admin = self.by("xitong")
        unit = next(unit["id"] for unit in admin("GET", "/api/v1/units") if unit["name"] == "清河市民政局")
        channels = [code for code, _ in CHANNELS]
        self.tool = admin(
            "POST", "/api/v1/tools", {"unit_id": unit, "name": "发布助手", "channels": channels}
        )
        made = admin(
            "POST", "/api/v1/webhooks/endpoints", {"unit_id": unit, "url": self.receiver.url, "events": []}
        )
        self.receiver.secrets.append(made["secret"])
        return f"{self.receiver.url}，签名密钥只显示一次"

    def hand_in(self) -> str:
        """Hand the file in as it is; a title too long for WeChat is shortened by its author."""
        content = {
            "format": FORMATS.get(self.file.suffix.lower(), "text"),
            "content": self.file.read_text("utf-8"),
        }
        if self.title:
            content["title"] = self.title
        said = ""
        try:
            self._create(content)
        except Refusal as refusal:
            # No line can be the title, or a single line would be all title and no text.
            if self.title or refusal.reasons.isdisjoint({"title_missing", "content_empty"}):
                raise
            content["title"] = self.file.stem[:200]
            self._create(content)
            said = "；原文没有标题，以文件名为题"
        self._fit_title()
        document = Document.model_validate(self._shown()["document"])
        if render(document, ChannelKind.WECHAT, channel="", section="", config={}).exceeded:
            self.channels = tuple(channel for channel in CHANNELS if channel[0] != "wechat")
            self._create(content)
            self._fit_title()
            said += "；超出公众号的篇幅，只发网站和内刊"
        left = sum(entry.get("count", 1) for entry in self.draft["left_out"])
        title = self.draft["title"]
        return f"{self.draft['number']}《{title}》，{document.characters} 字，{left} 处未进入正文{said}"

    def _create(self, content: dict[str, str]) -> None:
        targets = [{"channel": channel, "section": section} for channel, section in self.channels]
        self.draft = self.by("bianji")("POST", "/api/v1/drafts", {**content, "targets": targets})

    def _fit_title(self) -> None:
        if len(self.draft["title"]) > 32:
            document = Document.model_validate(self._shown()["document"])
            self._revise(document.model_copy(update={"title": document.title[:32]}))

    def check(self) -> str:
        """Read the report on what was handed in; blocking findings must stop it."""
        report = self.by("bianji")("GET", f"/api/v1/drafts/{self.draft['id']}/report")
        self.findings = report["findings"]
        counts = report["counts"]
        if report["open_blockers"]:
            self.case = self._submit()
            assert self.case["state"] == "blocked", (
                "a blocking finding must stop the first review from opening"
            )
            held = "；送审被拦下，初审没有开启"
        else:
            held = ""
        return f"阻断 {counts['block']}、提醒 {counts['warn']}、提示 {counts['info']}{held}"

    def mend(self) -> str:
        """Mend what can be mended, as its author; a quotation is let through by a second person."""
        waived = 0
        for _ in range(ROUNDS):
            report = self.by("bianji")("GET", f"/api/v1/drafts/{self.draft['id']}/report")
            document = Document.model_validate(self._shown()["document"])
            open_ = [
                finding for finding in report["findings"] if finding["fingerprint"] in report["open_blockers"]
            ]
            mendable = [*open_, *self._left_for_proof(report)]
            keep = mend.to_waive(document, open_) if not waived else None
            new = mend.mended(document, mendable, keep=keep["fingerprint"] if keep else None)
            if keep is None and new == document:
                break
            if new != document:
                self._revise(new)
            if keep is not None:
                waived += self._waive()
        report = self.by("bianji")("GET", f"/api/v1/drafts/{self.draft['id']}/report")
        assert not report["open_blockers"], "blocking findings are still open after mending and waivers"
        return f"改后剩 {sum(report['counts'].values())} 条命中，其中豁免 {waived} 条（由复审另一人批准）"

    def _left_for_proof(self, report: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the warnings that the author mends: all but one, which is left for a proofreader to mark."""
        warned = [
            finding
            for finding in report["findings"]
            if finding["severity"] == "warn" and finding["suggestions"]
        ]
        return [finding for finding in warned if finding is not next(filter(mend.is_markable, warned), None)]

    def _waive(self) -> int:
        report = self.by("bianji")("GET", f"/api/v1/drafts/{self.draft['id']}/report")
        document = Document.model_validate(self._shown()["document"])
        open_ = [
            finding for finding in report["findings"] if finding["fingerprint"] in report["open_blockers"]
        ]
        finding = mend.to_waive(document, open_)
        if finding is None:
            return 0
        asked = self.by("bianji")(
            "POST",
            f"/api/v1/drafts/{self.draft['id']}/waivers",
            {
                "fingerprint": finding["fingerprint"],
                "reason": "quotation",
                "explanation": "引用历史资料的原文",
            },
        )
        path = f"/api/v1/waivers/{asked['id']}/decision"
        grant = {"grant": True, "comment": "引文，予以保留"}
        assert self.by("bianji").refused(403, "POST", path, grant).status == 403
        self.by("fushen")("POST", path, grant)
        return 1

    def submit(self) -> str:
        """Submit to the first review, if a granted waiver has not brought the draft there already."""
        self._await(lambda: self._case_state() != "blocked" or self._text_is_newer())
        if self._case_state() in {"", "blocked", "returned"}:
            self.case = self._submit()
        assert self._case_state() == "running", f"the case is {self._case_state()}"
        return "初审已开启"

    def _text_is_newer(self) -> bool:
        return bool(self.case) and self.case["revision"] != self._shown()["digest"]

    def refusals(self) -> str:
        """Try what must not work; each refusal has its own code."""
        path = f"/api/v1/cases/{self.case['id']}/decisions"
        form = {"stage": "initial_review", "digest": self.case["revision"], "verdict": "approve"}
        own = self.by("bianji").refused(403, "POST", path, form)
        wrong = self.by("chushen").refused(409, "POST", path, {**form, "digest": "0" * 64})
        early = self.by("zhongshen").refused(409, "POST", path, {**form, "stage": "final_review"})
        codes = sorted(own.reasons | wrong.reasons | early.reasons | {own.code, wrong.code, early.code})
        assert "stale_digest" in codes, codes
        return "、".join(codes)

    def review(self) -> str:
        """Three reviews by three people, each quoting the digest that they read."""
        added: list[str] = []
        for login, stage in (
            ("chushen", "initial_review"),
            ("fushen", "second_review"),
            ("zhongshen", "final_review"),
        ):
            added += self._added()
            self._decide(login, stage, "", self.case["revision"])
        more = f"；因稿件情形另办{'、'.join(added)}" if added else ""
        return f"三人各签一次，均引用同一摘要 {self.case['revision'][:12]}{more}"

    def _added(self) -> list[str]:
        """Pass the stages that routing added for what the text holds; each by a reviewer who may."""
        told: list[str] = []
        while waiting := [
            stage for stage in self._case()["stages"] if stage["state"] == "open" and _is_added(stage)
        ]:
            stage = waiting[0]
            login = next(
                name for name in ("fushen", "zhongshen", "chushen") if self._may(name, stage["stage"])
            )
            self._decide(login, stage["stage"], "", self.case["revision"], stage["checklist"])
            told.append(stage["title"])
        return told

    def _may(self, login: str, stage: str) -> bool:
        shown = self.by(login)("GET", f"/api/v1/cases/{self.case['id']}")
        options = next(row["options"] for row in shown["stages"] if row["stage"] == stage)
        return any(option["verb"] == "approve" and option["allowed"] for option in options)

    def proofs(self) -> str:
        """Each channel's proof is laid out in the background; its digest names its bytes."""
        self._await(lambda: len(self._case()["proofs"]) == len(self.channels))
        told = []
        for line, digest in self.case["proofs"].items():
            content = self.by("yijiao")("GET", f"/api/v1/proofs/{digest}/content")
            assert sha256(content) == digest, "the proof's bytes are not those that its digest names"
            told.append(f"{line} {len(content)} 字节")
        return "，".join(told)

    def proofread(self) -> str:
        """Three proofreaders on each channel; one of them marks an error."""
        marked = ""
        for line in dict(self.case["proofs"]):
            for login, stage in (
                ("yijiao", "first_proof"),
                ("erjiao", "second_proof"),
                ("sanjiao", "third_proof"),
            ):
                if not marked and stage == "second_proof":
                    marked = self._mark(login, line)
                self._decide(login, stage, line, self._case()["proofs"][line])
        return f"{len(self.case['proofs'])} 个阵地各三人；{marked}"

    def _mark(self, login: str, line: str) -> str:
        report = self.by(login)("GET", f"/api/v1/drafts/{self.draft['id']}/report")
        document = Document.model_validate(self._shown(login)["document"])
        edit = mend.correction(document, report["findings"])
        if edit is None:
            return "文字太短，没有可以标的小差错"
        mark = {
            "line": line,
            "digest": self.case["proofs"][line],
            "kind": edit.kind,
            "place": edit.place,
            "start": edit.start,
            "end": edit.end,
            "quote": edit.quote,
            "new_text": edit.new_text,
            "error_type": "word",
        }
        self.by(login)("POST", f"/api/v1/cases/{self.case['id']}/marks", mark)
        self.marks += 1
        return f"二校标出 1 处：{edit.quote} → {edit.new_text or '（删）'}"

    def confirm(self) -> str:
        """Carry the mark out; proofs are laid out anew, and another person confirms each."""
        before = dict(self.case["proofs"])
        if self.marks:
            carried = self.by("bianji")("POST", f"/api/v1/cases/{self.case['id']}/carry-out", {})
            assert carried["marks"] == self.marks, carried
        self._await(lambda: self._case()["proofs"].keys() == before.keys() and self._confirmable())
        changed = sum(self.case["proofs"][line] != before[line] for line in before)
        for line, digest in self.case["proofs"].items():
            self._decide("yijiao", "confirm_marks", line, digest)
        return f"改样 {self.marks} 处，{changed} 份新校样，核红由他人完成"

    def _confirmable(self) -> bool:
        waiting = [
            stage
            for stage in self.case["stages"]
            if stage["stage"] == "confirm_marks" and stage["state"] == "open"
        ]
        return len(waiting) == len(self.channels) and self.case["revision"] == self._shown()["digest"]

    def sign(self) -> str:
        """签发: a signed ticket for each channel, bound to one digest."""
        for line, digest in self._case()["proofs"].items():
            signed = self.by("qianfa")(
                "POST",
                f"/api/v1/cases/{self.case['id']}/releases",
                {"line": line, "digest": digest, "comment": "同意"},
            )
            self.releases[line] = signed["release"]
        assert self._case_state() == "cleared", self.case["state"]
        return "、".join(
            f"{line}（有效至 {release['expires_at'][:16]}）" for line, release in self.releases.items()
        )

    def notified(self) -> str:
        """Wait for the outbox to deliver one signed message for each release."""
        told = [self.receiver.wait("release.signed", seconds=PATIENCE) for _ in self.releases]
        digests = {message["data"]["digest"] for message in told}
        assert digests == {release["digest"] for release in self.releases.values()}, told
        return f"{len(told)} 条，签名有效"

    def publish(self) -> str:
        """Ask with the digest, publish and report, as the tool; what it may not do is refused."""
        secret, clearance, reports = (
            self.tool["secret"],
            self.tool["clearance_url"],
            self.tool["publications_url"],
        )
        for line, release in self.releases.items():
            asked = json_bytes({"channel": line, "digest": release["digest"]})
            answer = send(clearance, asked, signed_headers(secret, asked))
            assert answer["statement"]["outcome"] == "cleared", answer
            report = json_bytes(
                {
                    "ticket": release["ticket"],
                    "external_id": f"tour-{line}",
                    "url": "",
                    "digest": release["digest"],
                }
            )
            headers = signed_headers(secret, report)
            first = send(reports, report, headers)
            # A tool that lost the answer asks again, and is given the same one.
            assert send(reports, report, headers) == first, first
        unknown = json_bytes({"channel": "website", "digest": "f" * 64})
        answer = send(clearance, unknown, signed_headers(secret, unknown))
        assert answer["statement"]["outcome"] == "refused", answer
        forged = signed_headers("whsec_" + "A" * 43 + "=", unknown)
        assert refusal_of(lambda: send(clearance, unknown, forged)).status == 401
        return f"{len(self.releases)} 个阵地已发布；重复的报告得到同一个回答，未经签发、伪造签名均被拒绝"

    def export(self) -> str:
        """Export the whole trail as one file."""
        self.evidence = self.by("shenji")("POST", f"/api/v1/drafts/{self.draft['id']}/evidence")
        with zipfile.ZipFile(io.BytesIO(self.evidence)) as archive:
            return f"{len(archive.namelist())} 个文件，{len(self.evidence)} 字节"

    def verify(self) -> str:
        """Run the verifier from the package alone: no installation, no service, no database."""
        done = offline.verify(self.evidence)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip().splitlines()[0]

    def tamper(self) -> str:
        """Change one byte in each file of the package in turn: every time the verifier says where."""
        tried = 0
        for name, package in offline.each_with_a_changed_byte(self.evidence):
            done = offline.verify(package)
            assert done.returncode == 1, f"a changed byte in {name} was not reported"
            assert name.split("/")[-1] in done.stdout, f"{name} is not named: {done.stdout}"
            tried += 1
        return f"{tried} 个文件各改一个字节，全部被指出"

    def _shown(self, login: str = "bianji") -> dict[str, Any]:
        shown: dict[str, Any] = self.by(login)("GET", f"/api/v1/drafts/{self.draft['id']}")
        return shown

    def _revise(self, document: Document) -> None:
        shown = self._shown()
        content = document.model_dump(mode="json")
        body = {"format": "blocks", "content": content["blocks"], **{name: content[name] for name in FIELDS}}
        path = f"/api/v1/drafts/{self.draft['id']}/revisions"
        etag = {"If_Match": f'"{shown["version"]}"'}
        self.draft = self.by("bianji")("POST", path, {**body, "attachments": content["attachments"]}, **etag)

    def _submit(self) -> dict[str, Any]:
        path = f"/api/v1/drafts/{self.draft['id']}/submissions"
        body = {"digest": self._shown()["digest"], "comment": "请审"}
        case: dict[str, Any] = self.by("bianji")("POST", path, body)
        return case

    def _case(self) -> dict[str, Any]:
        with suppress(Refusal):
            self.case = self.by("bianji")("GET", f"/api/v1/drafts/{self.draft['id']}/case")
        return self.case

    def _case_state(self) -> str:
        return str(self._case().get("state", ""))

    def _decide(self, login: str, stage: str, line: str, digest: str, checklist: Sequence[str] = ()) -> None:
        form = {
            "stage": stage,
            "line": line or None,
            "digest": digest,
            "verdict": "approve",
            "comment": "同意",
            "checklist": list(checklist),
        }
        self.by(login)("POST", f"/api/v1/cases/{self.case['id']}/decisions", form)

    def _await(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > until:
                raise TimeoutError("后台任务没有在一分钟内完成")
            time.sleep(0.05)


def _is_added(stage: Mapping[str, Any]) -> bool:
    return stage["added_by"] is not None
