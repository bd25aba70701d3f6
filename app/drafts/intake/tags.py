"""Which angle brackets begin a tag: `x<y`, `List<String>` and `<姓名>` are words of their writers."""

import re
from functools import lru_cache

_KNOWN = frozenset(
    """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink
    blockquote body br button canvas caption center cite code col colgroup command content data
    datalist dd del details dfn dialog dir div dl dt element em embed fieldset figcaption figure font
    footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image img input
    ins isindex kbd keygen label legend li link listing main map mark marquee math menu menuitem meta
    meter multicol nav nextid nobr noembed noframes noscript object ol optgroup option output p param
    picture plaintext portal pre progress q qqmusic rb rp rt rtc ruby s samp script search section
    select shadow slot small source spacer span strike strong style sub summary sup svg table tbody td
    template textarea tfoot th thead time title tr track tt u ul var video wbr xml xmp
    """.split()  # noqa: SIM905 – so many words read best as words
)
#: Attributes that are written without a value; a tag of other bare words is a comparison: `a<b and b>c`.
_BARE = frozenset(
    """
    allowfullscreen alt async autofocus autoplay checked class compact contenteditable controls default
    defer disabled download draggable hidden href id inert ismap itemscope loop multiple muted nomodule
    noshade novalidate nowrap open playsinline readonly required reversed selected src style title
    """.split()  # noqa: SIM905
)
#: What lies in these is no markup of the page's own: it is left as it stands, up to the end of the element.
_OF_OTHERS = frozenset({"script", "style", "svg", "math", "textarea", "title", "xmp", "xml"})
_TAG = re.compile(r"</?([A-Za-z][^\s/<>]*)([^<>]{0,4000})")
#: So far before its end an element that nobody knows is looked for.
_NEAR = 4000
_VALUED = re.compile(r"\s[\w:.@-]+\s*=\s*[\"']")


#: Elements of words within a line, which writers close: `1<b>2` without an end compares.
_CLOSED = frozenset(
    """
    a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby s samp
    small span strike strong sub sup time tt u var
    """.split()  # noqa: SIM905
)
_ENDS = re.compile(r"</([A-Za-z][^\s/<>]*)")
#: Declarations, instructions and comments; of what else begins with `<!`, `<?` or `</` nothing would be seen.
_NO_WORDS = re.compile(
    r"<(?:!--|!\[|!(?:doctype|element|attlist|entity|notation)\b|\?[A-Za-z]|/[A-Za-z])", re.IGNORECASE
)


def is_tag(text: str, at: int, *, in_line: bool = False) -> bool:
    """Tell whether the `<` at `at` begins a tag, a comment or the like, and no words.

    `in_line` is a line of Markdown, in which blocks begin and end elsewhere: `x<p>y` compares.
    """
    match = _TAG.match(text, at)
    if match is None:
        return _NO_WORDS.match(text, at) is not None
    name, rest = match[1].lower(), match[2]
    if not name.isascii() or _compares(text, match, name, in_line=in_line):
        return False
    if not (name in _KNOWN or "-" in name or ":" in name or name.startswith("mp")):
        # Of an element that nobody knows the attributes show that it is one.
        if text[at + 1] != "/":
            return _VALUED.search(rest) is not None
        begun = text.rfind(f"<{match[1]}", max(0, at - _NEAR), at)
        return begun >= 0 and is_tag(text, begun)
    if "=" in rest or '"' in rest:
        return True
    bare = rest.strip().strip("/").lower().split()
    return not bare or any(word in _BARE or "-" in word or ":" in word for word in bare)


def _compares(text: str, tag: re.Match[str], name: str, *, in_line: bool) -> bool:
    """Tell whether a bare tag that nothing closes stands between two words: `1<b>2`, `(x)<i>y`."""
    if tag[2].strip() or text[tag.start() + 1] == "/" or not (name in _CLOSED or (in_line and name == "p")):
        return False
    before, after = text[tag.start() - 1 : tag.start()], text[tag.end() + 1 : tag.end() + 2]
    if not (before.isalnum() or before in {")", "）"}) or not (after.isalnum() or after in {"(", "（"}):
        return False
    if (name == "p" or not in_line) and not (before.isascii() and after.isascii()):
        # Pages are closed as carelessly as people write: 甲<b>乙</td>.
        return False
    return _last_ends(text).get(name, -1) < tag.start()


#: Ends that end nothing, wherever they are written. Source: HTML Standard, 13.2.6.4.7, 13.2.6.4.19.
_ENDS_OF_ALL = re.compile(r"</(body|html|br)(?=[\s/>])[^<>]*>", re.IGNORECASE)


#: What ends a paragraph where it begins or ends. Source: HTML Standard, 13.2.6.4.7 and "button scope".
_PARTS = frozenset(
    """
    address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html li listing main marquee menu nav
    object ol plaintext pre search section summary table tbody td template tfoot th thead tr ul xmp
    """.split()  # noqa: SIM905
)


@lru_cache(maxsize=1)
def _last_ends(text: str) -> dict[str, int]:
    """Return where each element is closed for the last time."""
    return {match[1].lower(): match.start() for match in _ENDS.finditer(text)}


def with_words_kept(text: str) -> str:
    """Return HTML in which every `<` that begins no tag is written as text. Linear in `text`.

    The ends of `body` and `html` are left away: what follows them is shown, but the parser drops it. `</br>`,
    which it drops too, becomes the break that it is, and `</p>` where no paragraph is open an empty one: it
    parts what stands around it.
    """
    parts: list[str] = []
    at, done = 0, 0
    in_paragraph = False
    unended: set[str] = set()
    while (at := text.find("<", at)) >= 0:
        if text.startswith("<!--", at):
            if (at := text.find("-->", at)) < 0:
                break
            continue
        match = _TAG.match(text, at)
        if not is_tag(text, at):
            parts += [text[done:at], "&lt;"]
            done = at + 1
        elif match is not None and text[at + 1] != "/" and (name := match[1].lower()) in _OF_OTHERS - unended:
            if end := re.compile(f"</{name}", re.IGNORECASE).search(text, at):
                at = end.start()
                continue
            unended.add(name)
        elif end := _ENDS_OF_ALL.match(text, at):
            # Browsers take `</br>` for a break.
            parts += [text[done:at], "<br>" if end[1].lower() == "br" else ""]
            done = end.end()
        elif match is not None and (name := match[1].lower()) in _PARTS | {"p"}:
            if name == "p" and text[at + 1] == "/" and not in_paragraph:
                parts += [text[done:at], "<p>"]
                done = at
            in_paragraph = name == "p" and text[at + 1] != "/"
        at += 1
    return "".join([*parts, text[done:]])
