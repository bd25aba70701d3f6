"""Tracked changes as data: which words stand in the text, and whose insertions and deletions are listed.

A tracked change is a proposal. Until whoever hands the file in says otherwise, the text is what it was before
(`TrackedChanges.ORIGINAL`): insertions are listed as not in it, deletions as still in it. See decision 66.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from app.drafts.intake.docx.names import Node, W


class TrackedChanges(StrEnum):
    """What becomes of changes that nobody has accepted: the text before them, or after all of them."""

    ORIGINAL = "original"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Change:
    """One tracked change around what is being read."""

    inserts: bool
    moves: bool = False
    author: str = ""
    date: str = ""

    @property
    def by(self) -> str:
        """Who made it and when, as it is told; empty where the file does not say."""
        named = "，".join(filter(None, [self.author, self.date[:10]]))
        moved = "移动" if self.moves else ""
        return "，".join(filter(None, [moved, named]))


_CHANGES = {
    f"{W}ins": (True, False),
    f"{W}cellIns": (True, False),
    f"{W}moveTo": (True, True),
    f"{W}del": (False, False),
    f"{W}cellDel": (False, False),
    f"{W}moveFrom": (False, True),
}


def change_of(node: Node) -> Change | None:
    """Return the change that an element says; `None` for any other element."""
    if node is None or node.tag not in _CHANGES:
        return None
    inserts, moves = _CHANGES[node.tag]
    return Change(inserts, moves, node.get(f"{W}author", ""), node.get(f"{W}date", ""))


def change_in(properties: Node) -> Change | None:
    """Return the change that properties of a paragraph's mark, a row or a cell say; `None` without one."""
    if properties is None:
        return None
    return next((change for node in properties if (change := change_of(node))), None)


@dataclass(slots=True)
class Changes:
    """The changes around what is being read, and what was changed in all, in the order of the text."""

    choice: TrackedChanges
    around: list[Change] = field(default_factory=list)
    #: Each change with its words.
    made: list[tuple[Change, str]] = field(default_factory=list)
    #: Changes of looks alone: of words, paragraphs, tables, sections, numbers.
    looks: int = 0
    #: Changes without words: ends of paragraphs, rows.
    silent: int = 0
    _joins: bool = False

    def keeps(self, change: Change) -> bool:
        """Tell whether words under this change stand in the text."""
        return change.inserts == (self.choice is TrackedChanges.ACCEPTED)

    @property
    def in_text(self) -> bool:
        """Whether what is being read stands in the text."""
        return all(map(self.keeps, self.around))

    @contextmanager
    def under(self, change: Change | None) -> Iterator[None]:
        """Read what stands under a change."""
        if change is None:
            yield
            return
        self.around.append(change)
        try:
            yield
        finally:
            self.around.pop()

    def note(self, words: str) -> None:
        """Note words read under the changes around; they go on from those before of the same change."""
        if not self.around or not words:
            return
        change = self.around[-1]
        if self._joins and self.made and self.made[-1][0] == change:
            self.made[-1] = (change, self.made[-1][1] + words)
        else:
            self.made.append((change, words))
        self._joins = True

    def part(self) -> None:
        """Say that what comes is no part of a change before: unchanged words, or another paragraph."""
        self._joins = False

    def told(self) -> Iterator[tuple[str, str]]:
        """Yield kind and words of what is to be listed, a summary first; nothing for an unchanged text."""
        inserted = sum(change.inserts for change, _ in self.made)
        deleted = len(self.made) - inserted
        if not self.made and not self.looks and not self.silent:
            return
        accepted = self.choice is TrackedChanges.ACCEPTED
        counts = (
            (inserted, f"插入 {inserted} 处"),
            (deleted, f"删除 {deleted} 处"),
            (self.silent, f"分段、表格行列 {self.silent} 处"),
            (self.looks, f"格式 {self.looks} 处"),
        )
        listed = "、".join(words for count, words in counts if count)
        total = sum(count for count, _ in counts)
        did = "已按交稿人的选择全部接受，正文是修订后的" if accepted else "都没有接受，正文是修订前的"
        yield "tracked_changes", f"含 {total} 处未接受的修订（{listed}），{did}"
        prefix = "accepted" if accepted else "pending"
        for change, words in self.made:
            kind = f"{prefix}_{'insertion' if change.inserts else 'deletion'}"
            yield kind, f"“{words}”（{change.by}）" if change.by else f"“{words}”"
