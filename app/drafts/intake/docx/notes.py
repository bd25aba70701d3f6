"""Footnotes, endnotes and comments: their signs in the text, and what they say."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.drafts.intake.docx.names import W14, W15, Node, W

#: So much of the words that a comment is about is shown with it.
_QUOTED = 60


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment: who, when, in answer to which other one, and whether it is settled."""

    key: str
    author: str
    date: str
    node: Node
    paragraph: str = ""


@dataclass(slots=True)
class Notes:
    """The notes that a text refers to, in the order of their signs, and what its comments are about."""

    #: `(kind, id)` of footnotes and endnotes; the place in the list is the number less one.
    cited: list[tuple[str, str]] = field(default_factory=list)
    known: dict[tuple[str, str], Node] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    referred: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def add(self, kind: str, part: str, root: Node) -> None:
        """Learn the notes of a part; what only draws a line above them is none."""
        self.parts[kind] = part
        for node in root if root is not None else ():
            if node.tag == f"{W}{kind}" and node.get(f"{W}type", "normal") == "normal":
                self.known[kind, node.get(f"{W}id", "")] = node

    def number(self, kind: str, name: str) -> int | None:
        """Return the number of a note, in the order of the text; `None` where there is no such note."""
        key = (kind, name)
        if key not in self.known:
            return None
        if key not in self.cited:
            self.cited.append(key)
        return self.cited.index(key) + 1

    def opens(self, name: str) -> None:
        """Begin the words that a comment is about."""
        self._open.append(name)
        self.about.setdefault(name, "")

    def quote(self, text: str) -> None:
        """Take words as those that the comments around are about."""
        for name in self._open:
            self.about[name] += text

    def closes(self, name: str) -> None:
        """End the words that a comment is about."""
        if name in self._open:
            self._open.remove(name)

    def refers(self, name: str) -> None:
        """Note that the text has the sign of a comment."""
        self.referred.append(name)


def comments_of(root: Node) -> dict[str, Comment]:
    """Return the comments of a part by id, as they are written."""
    comments: dict[str, Comment] = {}
    for node in root.iterchildren(f"{W}comment") if root is not None else ():
        paragraphs = [part.get(f"{W14}paraId", "") for part in node.iter(f"{W}p")]
        key = node.get(f"{W}id", "")
        comments[key] = Comment(
            key,
            node.get(f"{W}author", "") or node.get(f"{W}initials", ""),
            node.get(f"{W}date", "")[:10],
            node,
            paragraphs[-1].upper() if paragraphs else "",
        )
    return comments


@dataclass(frozen=True, slots=True)
class Threads:
    """Which comment answers which, and which are settled, by the paragraphs that end them."""

    above: dict[str, str]
    settled: frozenset[str]

    @classmethod
    def of(cls, root: Node) -> "Threads":
        """Return what the part beside the comments says; nothing without one."""
        above, settled = dict[str, str](), set[str]()
        for node in root.iter(f"{W15}commentEx") if root is not None else ():
            name = node.get(f"{W15}paraId", "").upper()
            if parent := node.get(f"{W15}paraIdParent", "").upper():
                above[name] = parent
            if node.get(f"{W15}done", "0").lower() in {"1", "true"}:
                settled.add(name)
        return cls(above, frozenset(settled))


def told(
    comments: dict[str, Comment], threads: Threads, notes: Notes, words: dict[str, str]
) -> Iterator[str]:
    """Yield each comment as it is listed: who, when, about what, what, and whether it is settled."""
    by_paragraph = {comment.paragraph: comment for comment in comments.values() if comment.paragraph}
    for comment in comments.values():
        by = " ".join(filter(None, [comment.author, comment.date]))
        above = by_paragraph.get(threads.above.get(comment.paragraph, ""))
        settled = comment.paragraph in threads.settled or (
            above is not None and above.paragraph in threads.settled
        )
        state = "，已解决" if settled else ""
        if above is not None:
            yield f"{by or '（未署名）'} 答复 {above.author or '（未署名）'}{state}：{words[comment.key]}"
            continue
        about = notes.about.get(comment.key, "").replace("\n", " ").strip()
        about = f"“{about[:_QUOTED]}{'…' * (len(about) > _QUOTED)}”" if about else ""
        yield f"{by or '（未署名）'}{f'，关于{about}' if about else ''}{state}：{words[comment.key]}"
