"""Where links lead."""

import re
from collections.abc import Iterable, Mapping, Sequence

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.source.yaml_tree import Fields
from app.negative_list.text.buffer import Buffer

_URL = re.compile(r"(https?://)?([a-z0-9](?:[a-z0-9.\-]*[a-z0-9])?)(?::\d{1,5})?(?:[/?#][!-~]*)?")
_TRAILING = ".,;:!?)\"'"
_CHINESE_MARKS = frozenset("，；！？（）【】｜")
_HOST_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-/@")


def _ends(buffer: Buffer, start: int, end: int) -> int:
    """Return where an address in the fold view ends: at the latest before a mark that was typed as Chinese.

    ，folds to a comma, which an address may hold; so one would run on into the next.
    """
    text, origin = buffer.raw.text, buffer.origin
    for place in range(start, end):
        if text[place if origin is None else int(origin[place])] in _CHINESE_MARKS:
            return place
    return end


class Host(Checker):
    """Hosts of web addresses against a list of hosts (`*.gov.cn` stands for all below).

    `report: unknown`: not in the list; `listed`: in it; `http`: an address without encryption.
    """

    words: Sequence[str] = ("https://", "http://", "www.")

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        self._report = args.choice("report", ("unknown", "listed", "http"), "unknown")
        found = lexicon(args, "lexicon", lexicons)
        entries = found.entries(f"lexicons/{found.name}", args.faults) if found else ()
        self._hosts = frozenset(entry.term.lower() for entry in entries if not entry.term.startswith("*."))
        self._below = tuple(entry.term[1:].lower() for entry in entries if entry.term.startswith("*."))
        if self._report == "listed":
            # Short links are often typed without https://.
            self.words = (*Host.words, *(f"{host}/" for host in sorted(self._hosts)))

    def _listed(self, host: str) -> bool:
        return host in self._hosts or any(host.endswith(end) or host == end[1:] for end in self._below)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each address whose host is, or is not, in the list."""
        text = context.view.text
        last = -1
        for number, start, end in hits:
            if start < last or (number > 1 and start and text[start - 1] in _HOST_CHARS):
                continue
            _, stop = context.view.bounds(context.view.part_at(start))
            url = _URL.match(text, start, stop)
            if url is None or "." not in url[2]:
                continue
            finish = _ends(context.buffer, url.start(2), url.end())
            last = max(end, start + len(text[start:finish].rstrip(_TRAILING)))
            match self._report:
                case "unknown":
                    wrong = not self._listed(url[2])
                case "listed":
                    wrong = self._listed(url[2])
                case _:
                    wrong = url[1] == "http://"
            if wrong:
                yield Spot(start, last, (), url[2])
