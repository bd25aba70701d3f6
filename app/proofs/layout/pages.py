"""What every layout shares: a page's frame, and what a renderer gives and gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from app.domain.addresses import web_address_faults
from app.domain.document.model import Document, sha256

MEDIA_TYPE = "text/html; charset=utf-8"
#: Around what a page shows. Words are escaped, so neither stands within.
BODY_BEGINS, BODY_ENDS = b"<body>\n", b"</body>\n</html>\n"


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a text is laid out for: names of channel and section, and the channel's settings.

    `files` are the names of the draft's files by SHA-256.
    """

    channel: str
    section: str
    config: dict[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def attachments(self, document: Document) -> list[tuple[str, str]]:
        """Return SHA-256 and name of each file attached; one whose name is not known is 附件 and a number."""
        return [
            (name, self.files.get(name) or f"附件{number}")
            for number, name in enumerate(document.attachments, 1)
        ]

    def not_carried(self, document: Document) -> str:
        """Return the words that name the attachments on a channel which carries none; empty for none."""
        names = "、".join(name for _, name in self.attachments(document))
        return f"附件（未随文刊载）：{names}" if names else ""


def source_line(document: Document) -> str:
    """Return where a text comes from, as markup: its source and the whole address; empty for neither."""
    words, address = escape(document.source), escape(document.source_url)
    if address and not web_address_faults(document.source_url):
        address = f'<a href="{address}">{address}</a>'
    told = [f"来源：{words}" if words else "", f"原文链接：{address}" if address else ""]
    return "　".join(part for part in told if part)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes that a proof is made of, and the limits of its channel that they exceed, as `kind.limit`."""

    content: bytes
    renderer: str
    exceeded: tuple[str, ...] = ()
    media_type: str = MEDIA_TYPE

    @property
    def digest(self) -> str:
        """The name of the proof: SHA-256 over its bytes."""
        return sha256(self.content)


def page(*, title: str, body: str, style: str = "", meta: dict[str, str] | None = None) -> bytes:
    """Return a whole page in UTF-8; `body` and `style` are markup, title and meta words; empty meta go."""
    named = "".join(
        f'<meta name="{escape(name)}" content="{escape(value)}">\n'
        for name, value in (meta or {}).items()
        if value
    )
    styled = f"<style>\n{style}</style>\n" if style else ""
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n{named}{styled}</head>\n"
        f"{BODY_BEGINS.decode()}{body}{BODY_ENDS.decode()}"
    ).encode()
