"""Pictures and what is embedded: taken where it was uploaded, listed with its address where it was not."""

from typing import TYPE_CHECKING, Any

from app.drafts.intake.runs import Inline
from app.drafts.intake.styles import pictures

if TYPE_CHECKING:
    from app.drafts.intake.html import Reader

#: Where the address of something lies, the best first: pages that load lazily keep it apart from `src`.
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-backsrc", "data-url")
_ADDRESSES = (
    *("src", *_LAZY, "data", "href", "xlink:href", "poster"),
    *("data-cover", "data-mpvid", "vid", "voice_encode_fileid"),
)
#: What a thing is called.
_NAMES = (
    *("title", "name", "alt", "aria-label", "data-title", "data-nickname", "nickname", "data-weapp-title"),
    *("music_name", "singer", "data-desc", "data-alias", "data-id", "data-miniprogram-nickname"),
)
_EMBEDDED = frozenset({"iframe", "object", "embed", "applet", "audio", "video", "bgsound"})
_KINDS = {
    "applet": "object",
    "bgsound": "audio",
    "mpvoice": "audio",
    "qqmusic": "audio",
    "mpvideosnap": "video",
}


class Media:
    """What of this kind a reader comes upon."""

    def __init__(self, reader: "Reader") -> None:
        self._reader = reader
        self._images: list[tuple[str, str, str]] = []
        self._caption = ""

    def image(self, node: Any) -> None:  # noqa: ANN401 – lxml has no types
        """Keep a picture until the block that it stands in ends."""
        address = next((node.get(name).strip() for name in _LAZY if (node.get(name) or "").strip()), "")
        source = node.get("src", "").strip()
        if not address or (source and not source.startswith("data:") and _is_ours(source)):
            address = source or node.get("srcset", "").strip().split(" ")[0] or "（没有地址）"
        self._images.append((address, node.get("alt", "").strip(), self._caption))
        self._caption = ""

    def flush(self) -> None:
        """Append the pictures of the block that ended."""
        images, self._images = self._images, []
        if any(_is_ours(address) for address, _, _ in images):
            self._reader.sign_alone()
        for address, alt, caption in images:
            self._reader.builder.image(address, alt, caption)

    def background(self, address: str) -> None:
        """List a picture that lies behind an element."""
        shown = address if not address.startswith("data:") else address.split(",", 1)[0]
        self._reader.builder.leave_out("background_image", shown)

    def drawn(self, svg: Any) -> None:  # noqa: ANN401
        """List the pictures that a drawing is made of."""
        for node in svg.iter():
            if isinstance(node.tag, str):
                for address in pictures(node.get("style", "")):
                    self.background(address)
                if node.tag.lower() == "image" and (address := node.get("href") or node.get("xlink:href")):
                    self.background(address)

    @staticmethod
    def is_embedded(node: Any, tag: str, *, known: bool) -> bool:  # noqa: ANN401
        """Tell whether an element stands for something that a platform shows in its place."""
        if tag in _EMBEDDED or tag in _KINDS or tag.startswith(("mp-", "mpc", "qqmusic")):
            return True
        if known or ":" in tag:
            return False
        empty = not "".join(node.itertext()).strip() and next(node.iter("img", "table", "hr"), None) is None
        return empty and bool(node.attrib)

    def embedded(self, node: Any, tag: str) -> None:  # noqa: ANN401
        """List something embedded by its name and address, and read the words in it."""
        parts = [node, *node.iter("source", "param")]
        names = [part.get(name) for part in parts[:1] for name in _NAMES]
        addresses = [part.get(name) for part in parts for name in _ADDRESSES]
        said = dict.fromkeys(word.strip() for word in (*names, *addresses) if word and word.strip())
        kind = _KINDS.get(tag, tag if tag in _EMBEDDED else "embedded")
        inner = " ".join(self._reader.text_of(node).split())
        self._reader.builder.leave_out(kind, " ".join([*said, *([inner] if inner else [])]) or f"<{tag}>")

    def figure(self, figure: Any) -> None:  # noqa: ANN401
        """Read a figure: the words below its one picture are the picture's."""
        captions = list(figure.iter("figcaption"))
        alone = len(list(figure.iter("img"))) == 1 and figure.find(".//table") is None
        reader = self._reader
        if alone and len(captions) == 1 and captions[0].find(".//img") is None:
            self._caption = reader.words_of(captions[0])
            captions[0].clear(keep_tail=True)
        reader.walk(figure)
        reader.flush()
        if self._caption:
            # The picture is hidden, so its words stand for themselves.
            reader.run = Inline([(self._caption, frozenset())])
            self._caption = ""
            reader.flush()


def _is_ours(address: str) -> bool:
    return address.startswith(("sha256:", "/api/v1/assets/"))
