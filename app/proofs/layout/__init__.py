"""Laying out a text for a kind of channel: the same text and settings always give the same bytes."""

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.document.model import Document
from app.domain.vocabulary import ChannelKind
from app.proofs.layout import journal, website, wechat
from app.proofs.layout.pages import Rendered, Setting

_RENDERERS: dict[ChannelKind, Callable[[Document, Setting], Rendered]] = {
    ChannelKind.WECHAT: wechat.render,
    ChannelKind.JOURNAL: journal.render,
}


def render(
    document: Document,
    kind: ChannelKind,
    *,
    channel: str,
    section: str,
    config: Mapping[str, Any],
    files: Mapping[str, str] | None = None,
) -> Rendered:
    """Return a text laid out for a channel, and the channel's limits that it exceeds.

    `channel` and `section` are their names as people read them, `config` the channel's settings, `files` the
    names of the draft's files by SHA-256. Kinds without a layout of their own are laid out as web pages.
    """
    lay_out = _RENDERERS.get(kind, website.render)
    setting = Setting(channel=channel, section=section, config=dict(config), files=files or {})
    return lay_out(document, setting)


__all__ = ["Rendered", "Setting", "render"]
