"""Where links lead."""

import re
from collections.abc import Iterable, Mapping, Sequence

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
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


class HostList:
    """Hosts and, as `*.gov.cn`, all below one."""

    def __init__(self, terms: Iterable[str]) -> None:
        lowered = [term.lower() for term in terms]
        self.hosts = frozenset(term for term in lowered if not term.startswith("*."))
        self._below = tuple(term[1:] for term in lowered if term.startswith("*."))

    def __contains__(self, host: str) -> bool:
        return host in self.hosts or any(host.endswith(end) or host == end[1:] for end in self._below)


class Host(Checker):
    """Hosts of web addresses against a list of hosts (`*.gov.cn` stands for all below).

    `report: unknown`: not in the list; `listed`: in it; `http`: an address without encryption.
    """

    words: Sequence[str] = ("https://", "http://", "www.")

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        self._report = args.choice("report", ("unknown", "listed", "http"), "unknown")
        found = lexicon(args, "lexicon", lexicons)
        entries = found.entries(f"lexicons/{found.name}", args.faults) if found else ()
        self._listed = HostList(entry.term for entry in entries)
        if self._report == "listed":
            # Short links are often typed without https://.
            self.words = (*Host.words, *(f"{host}/" for host in sorted(self._listed.hosts)))

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
                    wrong = url[2] not in self._listed
                case "listed":
                    wrong = url[2] in self._listed
                case _:
                    wrong = url[1] == "http://"
            if wrong:
                yield Spot(start, last, (), url[2])


#: The ends of host names that are told without a protocol: those that drafts name.
_ENDS = "com|cn|net|org|top|xyz|vip|cc|info|site|shop|club|online|tv|nu|app|link|ltd|wang|work|fun"
_BARE = re.compile(rf"(?:[a-z0-9](?:[a-z0-9-]{{0,40}}[a-z0-9])?\.){{1,4}}(?:{_ENDS})(?![a-z0-9.])")


_NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-")


class BareHost(Checker):
    """A host name without protocol and without www. that is not in the list: qinghelaoren.com.

    Addresses of mail are none, nor what stands in a whole address.
    """

    words: Sequence[str] = tuple(f".{end}" for end in _ENDS.split("|"))

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        table = lexicon(args, "lexicon", lexicons)
        entries = table.entries(f"lexicons/{table.name}", args.faults) if table else ()
        self._listed = HostList(entry.term for entry in entries)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each host name that is not in the list."""
        text, view = context.view.text, context.view
        covered = -1
        for _, place, _ in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
            first, _ = view.bounds(view.part_at(place))
            start = place
            while start > first and text[start - 1] in _NAME_CHARS:
                start -= 1
            if start < covered or (start > first and text[start - 1] in _HOST_CHARS | {"_"}):
                continue
            host = _BARE.match(text, start)
            if host is None or host[0].startswith("www."):
                continue
            covered = host.end()
            if text[covered : covered + 1] != "@" and host[0] not in self._listed:
                yield Spot(start, covered, (), host[0])
