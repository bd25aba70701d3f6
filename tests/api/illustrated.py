"""A text with two pictures and an attachment, released on channels, and how a tool hosts its files."""

import re
from typing import Any

from app.domain.document.model import Document, Image, Paragraph, Span, SpanKind
from tests import factories, states
from tests.api.desk import Desk
from tests.api.press import proofread, signed

ONE, OTHER = (b"\x89PNG\r\n\x1a\n" + bytes([filling]) * 20 for filling in (1, 2))
PAPER = "办理流程：一、申请；二、审核。\n".encode()


@states.step()
def illustrated(desk: Desk, *channels: str) -> Desk:
    """Hand in a text, add its files, and bring it to where its lines can be signed."""
    desk.draft(None, *channels)
    held = {}
    for name, content, role in (
        ("送棉被.png", ONE, "image"),
        ("查取暖.png", OTHER, "image"),
        ("办理流程.txt", PAPER, "attachment"),
    ):
        answer = desk.client.post(
            f"/api/v1/drafts/{desk.draft_id}/assets",
            files={"file": (name, content)},
            data={"role": role},
            headers=desk.headers("editor"),
        )
        assert answer.status_code == 201, answer.text
        held[name] = answer.json()["sha256"]
    plain = factories.document()
    document = Document(
        title=plain.title,
        summary="志愿者走访独居老人。",
        byline="通讯员 甲",
        blocks=(
            Image(sha256=held["送棉被.png"], alt="志愿者把棉被交给老人", caption="送棉被", credit="甲 摄"),
            *plain.blocks,
            Paragraph(
                text="详见活动公告。",
                spans=(Span(kind=SpanKind.LINK, start=2, end=6, href="https://mzj.example.cn/gg.html"),),
            ),
            Paragraph(text='水温＜60℃ & 室温＞18℃时，标签写作 src="x"。'),
            Image(sha256=held["查取暖.png"], alt="志愿者检查取暖炉"),
        ),
        attachments=(held["办理流程.txt"],),
    )
    told = document.model_dump(mode="json")
    desk.revise({"format": "blocks", "content": told.pop("blocks"), **told})
    return proofread(desk, *channels)


def hosted(text: str, at: str = "https://img.example.cn/m?id={}&f=png") -> tuple[str, list[dict[str, Any]]]:
    """Return a text with the addresses of a tool's own, escaped as HTML wants it, and what lies where."""
    files: dict[str, str] = {}

    def moved(match: re.Match[str]) -> str:
        address = files.setdefault(match[1], at.format(match[1][:8]))
        return address.replace("&", "&amp;")

    text = re.sub(r"/api/v1/assets/([0-9a-f]{64})", moved, text)
    return text, [{"address": address, "sha256": digest} for digest, address in files.items()]


__all__ = ["ONE", "OTHER", "PAPER", "hosted", "illustrated", "signed"]
