"""What a channel does not take, as far as a text shows it before it is laid out."""

from collections.abc import Iterable

from app.domain.document.model import Document
from app.domain.vocabulary import ChannelKind

#: Characters of a title. Source: WeChat official accounts, draft/add, `title`.
WECHAT_TITLE = 32
#: Characters of the content, tags included; the content must be shorter. Source: ibid., `content`.
WECHAT_CHARACTERS = 20_000
#: Bytes of the content in UTF-8; it must be smaller. Source: ibid.
WECHAT_BYTES = 1_000_000
#: The fewest characters that markup adds to a block: `<p></p>`.
_TAGS = 7


def exceeded(document: Document, kinds: Iterable[ChannelKind]) -> tuple[str, ...]:
    """Return the limits that the words alone exceed, as `kind.limit`; empty when none.

    A renderer counts exactly; what is named here cannot be laid out in any way, so it is refused at
    submission.
    """
    if ChannelKind.WECHAT not in set(kinds):
        return ()
    broken = []
    if len(document.title) > WECHAT_TITLE:
        broken.append("wechat.title")
    bare = sum(len(text) for place, text in document.texts() if place.startswith("blocks/"))
    if bare + _TAGS * len(document.blocks) >= WECHAT_CHARACTERS:
        broken.append("wechat.characters")
    return tuple(broken)
