"""Which angle brackets begin a tag: `x<y`, `List<String>` and `<姓名>` are words of their writers."""

import re

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


def is_tag(text: str, at: int) -> bool:
    """Tell whether the `<` at `at` begins a tag, a comment or the like, and no words."""
    found = _TAG.match(text, at)
    if found is None:
        return True
    name, rest = found[1].lower(), found[2]
    if not name.isascii():
        return False
    if not (name in _KNOWN or "-" in name or ":" in name or name.startswith("mp")):
        # Of an element that nobody knows the attributes show that it is one.
        if text[at + 1] != "/":
            return _VALUED.search(rest) is not None
        begun = text.rfind(f"<{found[1]}", max(0, at - _NEAR), at)
        return begun >= 0 and is_tag(text, begun)
    if "=" in rest or '"' in rest:
        return True
    bare = rest.strip().strip("/").lower().split()
    return not bare or any(word in _BARE or "-" in word or ":" in word for word in bare)


def with_words_kept(text: str) -> str:
    """Return HTML in which every `<` that begins no tag is written as text. Linear in `text`."""
    parts: list[str] = []
    at, done = 0, 0
    unended: set[str] = set()
    while (at := text.find("<", at)) >= 0:
        if text.startswith("<!--", at):
            if (at := text.find("-->", at)) < 0:
                break
            continue
        found = _TAG.match(text, at)
        if found is not None and not is_tag(text, at):
            parts += [text[done:at], "&lt;"]
            done = at + 1
        elif found is not None and text[at + 1] != "/" and (name := found[1].lower()) in _OF_OTHERS - unended:
            if end := re.compile(f"</{name}", re.IGNORECASE).search(text, at):
                at = end.start()
                continue
            unended.add(name)
        at += 1
    return "".join([*parts, text[done:]])
