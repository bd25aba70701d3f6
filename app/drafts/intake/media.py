"""Pictures and what is embedded: taken where it was uploaded, listed with its address where it was not."""

from typing import TYPE_CHECKING, Any, NamedTuple

from app.drafts.intake.element_words import LAZY, candidates, own, said, shortened
from app.drafts.intake.runs import Inline
from app.drafts.intake.styles import pictures

if TYPE_CHECKING:
    from app.drafts.intake.html import Reader

_EMBEDDED = frozenset({"iframe", "object", "embed", "applet", "audio", "video", "bgsound"})
_KINDS = {
    "applet": "object",
    "bgsound": "audio",
    "mpvoice": "audio",
    "qqmusic": "audio",
    "mpvideosnap": "video",
    "formula": "math",
}


#: Elements that only say something for the one around them.
_PARTS = frozenset({"source", "track", "param"})


_EMPTY = frozenset({"embed", "bgsound", "basefont", "keygen", "source", "track", "param", "area", "frame"})


class _Picture(NamedTuple):
    address: str
    alt: str
    caption: str
    others: str = ""


class Media:
    """What of this kind a reader comes upon."""

    def __init__(self, reader: "Reader") -> None:
        self._reader = reader
        self._images: list[_Picture] = []
        self._caption = ""

    def image(self, node: Any) -> None:  # noqa: ANN401 – lxml has no types
        """Keep a picture until the block that it stands in ends."""
        offered = candidates(node)
        for picture in node.iterancestors("picture"):
            offered += [
                candidate
                for part in picture.iter("source")
                for candidate in [*candidates(part), part.get("src")]
            ]
        address = next((node.get(name).strip() for name in LAZY if (node.get(name) or "").strip()), "")
        source = node.get("src", "").strip()
        if not address or (source and not source.startswith("data:") and _is_ours(source)):
            address = source or next(iter(offered), "") or "（没有地址）"
        alt = node.get("alt", "").strip()
        if self._reader.look.invisible:
            self._reader.unseen.append(f" {alt} {shortened(address)} ")
            return
        if self._reader.anchor is not None:
            self._reader.builder.leave_out("image_link", f"{alt} {self._reader.anchor[1]}")
        others = [candidate for candidate in dict.fromkeys(offered) if candidate and candidate != address]
        self._images.append(_Picture(address, alt, self._caption, " ".join(others)))
        self._caption = ""

    def flush(self) -> None:
        """Append the pictures of the block that ended."""
        images, self._images = self._images, []
        if any(_is_ours(image.address) for image in images):
            self._reader.sign_alone()
        for image in images:
            self._reader.builder.image(image.address, image.alt, image.caption, others=image.others)

    def background(self, address: str) -> None:
        """List a picture that lies behind an element."""
        self._reader.builder.leave_out("background_image", shortened(address))

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
        if (
            tag in _PARTS
            and next(node.iterancestors("picture", "audio", "video", "object"), None) is not None
        ):
            return False
        if tag in _EMBEDDED or tag in _KINDS or tag.startswith(("mp-", "mpc", "qqmusic")):
            return True
        if known or ":" in tag:
            return False
        empty = not "".join(node.itertext()).strip() and next(node.iter("img", "table", "hr"), None) is None
        return empty and bool(node.attrib)

    def embedded(self, node: Any, tag: str) -> None:  # noqa: ANN401
        """List something embedded by its name and address, and read the words in it."""
        kind = _KINDS.get(tag, tag if tag in _EMBEDDED else "embedded")
        what = own(node) if tag in _EMPTY else said(node)
        self._reader.builder.leave_out(kind, what.strip() or f"<{tag}>")
        if tag in _EMPTY:
            # It holds nothing: what a parser put into it stands behind it.
            self._reader.walk(node)

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
