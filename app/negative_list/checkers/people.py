"""People and their posts, bodies and their short names."""

from collections.abc import Iterable, Mapping, Sequence

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon

#: Of two or three characters each.
_POSTS = frozenset((
    "总书记", "副书记", "书记", "副主席", "主席", "副总理", "总理", "副省长", "省长",
    "副市长", "市长", "副县长", "县长", "副区长", "区长", "副局长", "局长", "副厅长",
    "厅长", "副部长", "部长", "副主任", "主任", "副处长", "处长", "副科长", "科长", "副院长",
    "院长", "副站长", "站长", "副会长", "会长", "秘书长", "调研员",
))  # fmt: skip


class PersonPost(Checker):
    """A person of the table with another post beside the name than the table gives.

    The lexicon has the columns name and posts (`|` between several).
    """

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        found = lexicon(args, "lexicon", lexicons, ("name", "posts"))
        self._posts: dict[str, tuple[str, ...]] = {}
        for row in found.rows() if found else ():
            self._posts[row["name"]] = tuple(post for post in row["posts"].split("|") if post)
        self.words = tuple(self._posts)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each name of the table with a post beside it that the table does not give."""
        text = context.view.text
        for number, start, end in hits:
            name = self.words[number]
            held = self._posts[name]
            before = _post(text[max(0, start - 3) : start], text[max(0, start - 2) : start])
            if before:
                if not _holds(held, before):
                    yield Spot(start - len(before), end, tuple(f"{right}{name}" for right in held))
                continue
            after = _post(text[end : end + 3], text[end : end + 2])
            if after and not _holds(held, after):
                yield Spot(start, end + len(after), tuple(f"{name}{right}" for right in held))


def _post(*texts: str) -> str:
    """Return the first of these texts that is a post; empty when none is."""
    return next((text for text in texts if text in _POSTS), "")


def _holds(held: Iterable[str], post: str) -> bool:
    return any(
        right.endswith(post) and (post.startswith("副") or not right.endswith(f"副{post}")) for right in held
    )


class AbbreviationFirst(Checker):
    """A short name of a body that stands before its full name was given.

    The lexicon has the columns full and short (`|` between several).
    """

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        found = lexicon(args, "lexicon", lexicons, ("full", "short"))
        names: list[tuple[str, str]] = []
        for row in found.rows() if found else ():
            names.append((row["full"], row["full"]))
            names.extend((short, row["full"]) for short in row["short"].split("|") if short)
        self._full = tuple(full for _, full in names)
        self.words = tuple(word for word, _ in names)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return the first short name of each body that comes before its full name."""
        del context
        given: set[str] = set()
        covered = -1
        for number, start, end in hits:
            full = self._full[number]
            if self.words[number] == full:
                given.add(full)
                covered = end
            elif start >= covered and full not in given:
                given.add(full)
                yield Spot(start, end, (full,))
