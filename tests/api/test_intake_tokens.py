"""Nested pages and Markdown of words that occur once: each is in the text, or listed, and none twice."""

from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.document.model import readings_of
from app.drafts.intake.service import Format, Intake, take_in
from app.infra.errors import Invalid

#: Two letters of scripts that nothing else here is written in: no markup, number or label is one by chance.
_FIRST, _BASE = 0x3400, 80

TAGS = """
    a abbr article aside b bdi blockquote body button canvas caption center cite code col colgroup
    data dd del details dfn dialog dir div dl dt em fieldset figcaption figure font footer form h1
    h2 h3 h6 header hr i iframe ins kbd label legend li main mark marquee math menu mp-common nav
    nobr noframes noscript object ol optgroup option output p pre progress q rp rt ruby s samp
    section select small span strike strong sub summary sup svg table tbody td template textarea
    tfoot th thead time title tr tt u ul var video xmp my-box o:p unknown
""".split()  # noqa: SIM905 – so many words read best as words
STYLES = """
    display:none|visibility:hidden|visibility:visible|visibility:collapse|font-size:0|font-size:16px|opacity:0
    display:block|display:inline-block|display:flex|display:contents|position:absolute;left:-9999px
    text-indent:-999em|height:0;overflow:hidden|overflow:hidden;max-height:0px|clip-path:inset(100%)
    transform:scale(0)|transform:translate(-5000px,0)|color:transparent|color:red|color:#fff|background:#000
    text-decoration:line-through|vertical-align:super|white-space:pre|text-transform:uppercase|order:-1
    direction:rtl|float:left|list-style:none|counter-reset:list-item 3
    counter-set:list-item 9
    text-align:right|-webkit-text-security:disc|margin-left:-9999px|background-clip:text;color:transparent|margin-left:2em
""".replace("\n", "|").split("|")
SPOKEN = ["title", "alt", "placeholder", "label", "summary", "aria-label", "data-title", "cite", "href"]
BARE = [
    "hidden",
    "open",
    "reversed",
    "checked",
    "colspan=2",
    "rowspan=2",
    "start=4",
    "value=6",
    "type=a",
    "class=x",
]


def token(number: int) -> str:
    return chr(_FIRST + number // _BASE) + chr(_FIRST + 0x200 + number % _BASE)


def _words(numbers: "count[int]") -> str:
    return token(next(numbers))


@st.composite
def pages(draw: st.DrawFn) -> tuple[str, int]:
    numbers = count()

    def node(depth: int) -> str:
        tag = draw(st.sampled_from(TAGS))
        attributes = ""
        if draw(st.integers(0, 3)) == 0:
            attributes += f' style="{draw(st.sampled_from(STYLES)).strip()}"'
        if draw(st.integers(0, 7)) == 0:
            attributes += f" {draw(st.sampled_from(BARE))}"
        inner = _words(numbers) if draw(st.booleans()) else ""
        if depth:
            for _ in range(draw(st.integers(0, 3))):
                inner += node(depth - 1) + (_words(numbers) if draw(st.booleans()) else "")
        if tag in {"hr", "col"}:
            return f"<{tag}{attributes}>"
        return f"<{tag}{attributes}>{inner}</{tag}>"

    source = "".join(node(3) + _words(numbers) for _ in range(draw(st.integers(1, 3))))
    return f"<p>{_words(numbers)}</p>{source}", next(numbers)


PIECES = [
    "{0}\n\n",
    "# {0}\n\n",
    "## {0} ##\n\n",
    "{0}\n===\n\n",
    "- {0}\n",
    "- [x] {0}\n",
    "7. {0}\n",
    "3) {0}\n\n   {1}\n",
    "> {0}\n>> {1}\n\n",
    "| {0} | {1} |\n|---|---|\n| {2} | {3} | {4} |\n\n",
    "{0}|{1}\n-|-\n{2}\n\n",
    "```{0}\n{1}\n```\n",
    "~~~ {0} {1}\n{2}\n",
    "    {0}\n\n",
    "![{0}](/{1} '{2}')\n",
    "[{0}](https://a.cn/{1} '{2}')",
    "[{0}][r]\n\n[r]: https://a.cn/{2} '{3}'\n\n",
    "[{0}]: /{1}\n\n",
    "{0}[^n]\n\n[^n]: {2}\n\n",
    "[^m]: {1}\n    {2}\n\n",
    "**{0}**{1}*{2}*~~{3}~~\n",
    "`{0}` ``{1}``\n",
    "<div>{0}\n\n**{1}**\n\n</div>\n\n",
    "<span title={0}>{1}</span>",
    "<details><summary>{0}</summary>\n\n{1}\n\n</details>\n",
    "<!-- {0} -->\n\n",
    "<table><tr><td>{0}<td hidden>{1}</table>\n\n",
    "<{0}> <https://a.cn/{1}>\n",
    "{0}  \n{1}\\\n{2}\n",
    "\\*{0}\\* &lt;{1}&gt;\n",
    "$${0}$$ :{1}: [[{2}]] [TOC {3}]\n\n",
    "***\n\n",
]


@st.composite
def markdown(draw: st.DrawFn) -> tuple[str, int]:
    numbers = count()
    source = f"{_words(numbers)}\n\n"
    for _ in range(draw(st.integers(1, 6))):
        piece = draw(st.sampled_from(PIECES))
        indent = draw(st.sampled_from(["", "", "", "- ", "> ", "1. ", "   "]))
        source += indent + piece.format(*(_words(numbers) for _ in range(5)))
    return source, next(numbers)


def _missing(source: str, most: int, taken: Intake) -> tuple[list[str], list[str]]:
    """Return the words that are neither in the text nor listed, and those that are there twice."""
    text = "\n".join([taken.document.title, *(words for _, words in taken.document.texts())])
    text += "\n".join(words for block in taken.document.blocks for _, words in readings_of(block))
    listed = "\n".join(entry.what for entry in taken.left_out)
    handed = [token(number) for number in range(most) if token(number) in source]
    links = "\n".join(
        span.href or ""
        for block in taken.document.blocks
        for span in getattr(block, "spans", ())
        if span.href
    )
    lost = [word for word in handed if word not in text and word not in listed and word not in links]
    return lost, [word for word in handed if text.count(word) > max(1, source.count(word))]


def _taken(form: Format, source: str) -> Intake | None:
    try:
        return take_in(form, source, {"title": "题"})
    except Invalid as refusal:
        # A page of which nobody sees anything is refused, and the refusal lists what there was.
        if not {reason.code for reason in refusal.reasons} <= {"content_empty", "only_left_out"}:
            raise
        return None


@settings(max_examples=250, deadline=None)
@given(pages())
@example(("<html><body>㐀㘀</body></html>㐀㘁<html><head><title>㐀㘂</title><body><p>㐀㘃</html>", 4))
@example(("<table><tr style='visibility:collapse'><td>㐀㘀</td><td>㐀㘁</td></tr></table><p>㐀㘂</p>", 3))
@example(("<table><tbody style='visibility:hidden'><tr><td>㐀㘀<td>㐀㘁</table><p>㐀㘂</p>", 3))
@example(
    ("<figure><img alt=x src=/y><figcaption style='visibility:hidden'>㐀㘀</figcaption></figure><p>㐀㘁", 2)
)
@example(("<p>㐀㘀</p><table hidden><caption>㐀㘁</caption><tr><td>㐀㘂</td></tr></table>", 3))
def test_every_word_of_a_page_is_in_the_text_or_listed(page: tuple[str, int]) -> None:
    taken = _taken(Format.HTML, page[0])

    assert taken is None or _missing(*page, taken) == ([], [])


@settings(max_examples=250, deadline=None)
@given(markdown())
@example(("㐀㘀\n\n```㐀㘁\n㐀㘂\n```\n", 3))
def test_every_word_of_a_markdown_text_is_in_the_text_or_listed(text: tuple[str, int]) -> None:
    taken = _taken(Format.MARKDOWN, text[0])

    assert taken is None or _missing(*text, taken) == ([], [])


@pytest.mark.parametrize(
    "tag", ["span", "div", "td", "li", "h2", "figcaption", "caption", "video", "select", "a", "q"]
)
@pytest.mark.parametrize("attribute", SPOKEN)
def test_what_an_attribute_says_is_kept_or_listed(tag: str, attribute: str) -> None:
    inner = f"<{tag} {attribute}='/{token(0)}'>{token(1)}</{tag}>"
    around = {
        "td": "<table><tr>{}<td>x</table>",
        "li": "<ul>{}</ul>",
        "caption": "<table>{}<tr><td>1<td>2</table>",
    }
    source = f"<p>{token(2)}</p>" + around.get(tag, "{}").format(inner)

    taken = _taken(Format.HTML, source)

    assert taken is not None
    says = (
        attribute == "title" or (attribute == "href" and tag == "a") or (attribute == "cite" and tag == "q")
    )
    assert _missing(source, 3 if says else 0, taken) == ([], [])
