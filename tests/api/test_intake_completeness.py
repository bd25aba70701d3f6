"""Whatever is handed in: every letter is in the document or listed as left out."""

import re
from typing import TYPE_CHECKING

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from lxml import html
from markdown_it import MarkdownIt

from app.domain.document.model import readings_of
from app.drafts.intake.service import Format, Intake, take_in, to_document

if TYPE_CHECKING:
    from app.domain.document.model import Document

TITLED = {"title": "标题"}


def _letters(text: str) -> str:
    return "".join(sorted(re.sub(r"\W", "", text)))


def _kept(taken: Intake) -> str:
    words = [text for _, text in taken.document.texts()]
    words += [reading for block in taken.document.blocks for _, reading in readings_of(block)]
    return _letters("".join([*words, *(one.what * one.count for one in taken.left_out)]))


LETTERS = st.text(alphabet="甲乙丙丁abc，。 \n🙂", max_size=6)
#: What machines show, what is drawn, and what holds something only for old browsers.
OTHERS = [
    "svg",
    "mp-any",
    "object",
    "video",
    "audio",
    "map",
    "noembed",
    "select",
    "bdo",
    "code",
    "font",
    "embed",
]
INLINE = st.sampled_from(
    ["b", "i", "u", "span", "s", "a", "ruby", "rt", "o:p", "label", "del", "sub", *OTHERS]
)
BLOCK = st.sampled_from(
    [
        "p",
        "div",
        "section",
        "h1",
        "h2",
        "ul",
        "ol",
        "li",
        "blockquote",
        "table",
        "tr",
        "td",
        "th",
        "caption",
        "tbody",
        "pre",
        "figure",
        "figcaption",
        "form",
        "article",
        "script",
        "style",
        "noscript",
        "button",
        "center",
    ]
)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0:
        return draw(LETTERS)
    tag = draw(st.one_of(INLINE, BLOCK))
    inner = "".join(draw(st.lists(st.one_of(trees(depth - 1), LETTERS), max_size=3)))
    comment = draw(st.sampled_from(["", "", "", "<!--注-->", "<br>", "<img alt='图' src='/x'>"]))
    return f"{draw(LETTERS)}<{tag}>{inner}</{tag}>{comment}{draw(LETTERS)}"


@settings(max_examples=400, deadline=None)
@given(st.lists(trees(), min_size=1, max_size=4).map("".join))
@example("<table>外<tr>行<td>甲</td>间</tr><caption>题</caption></table>")
@example("<table><tr><td>甲<table><tr><td>乙</td><td>丙</td></tr></table></td><td>丁</td></tr></table>")
@example("<figure>甲<figcaption>乙</figcaption><img src='/x' hidden></figure>")
@example("<ul>甲<li>乙<ul><li>丙</li></ul>丁</li></ul>")
@example("<b><table><caption>甲</caption></table></b>")
@example("<rt><b><script>甲</script></b></rt><embed>乙<mp-any>丙<p>丁</p></mp-any>")
@example("<select>甲<option>乙</select><p hidden>丙<b>丁</b></p>")
def test_every_letter_of_an_html_text_is_in_the_document_or_listed(source: str) -> None:
    fed = f"<p>始</p>{source}"
    root = html.document_fromstring(fed.encode(), parser=html.HTMLParser(encoding="utf-8"))
    shown = "".join(
        (one.text or "") * (isinstance(one.tag, str) and one.tag not in {"style", "meta"}) + (one.tail or "")
        for one in root.iter()
    )

    taken = take_in(Format.HTML, fed, {"title": "x"})

    assume(not any("…" in one.what for one in taken.left_out))
    kept = _kept(taken)
    assert all(kept.count(letter) >= _letters(shown).count(letter) for letter in set(_letters(shown)) - {"x"})


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(alphabet="甲乙丙丁ab12*_`>#-+|![]()<>&\\~ \n", max_size=12),
            st.sampled_from(
                [
                    "# 甲\n\n",
                    "- 乙\n",
                    "  1. 丙\n",
                    "> 丁\n",
                    "|甲|乙|\n|---|---|\n|丙|丁|\n",
                    "```\n甲\n```\n",
                    "<div>乙</div>\n\n",
                    "![丙](/x)\n",
                    "[丁](http://a)\n",
                    "a <b>乙</b>\n",
                    "\n\n",
                ]
            ),
        ),
        max_size=8,
    ).map("".join)
)
def test_every_han_character_of_a_markdown_text_is_in_the_document_or_listed(source: str) -> None:
    fed = f"始\n\n{source}"
    rendered = html.document_fromstring(
        MarkdownIt("commonmark", {"html": True}).enable("table").render(fed).encode(),
        parser=html.HTMLParser(encoding="utf-8"),
    )
    shown = re.findall("[甲乙丙丁]", str(rendered.text_content()))

    taken = take_in(Format.MARKDOWN, fed, {"title": "x"})

    kept = _kept(taken)
    assert all(kept.count(letter) >= shown.count(letter) for letter in set(shown))


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1).filter(
        str.strip
    )
)
def test_plain_text_is_never_changed(line: str) -> None:
    document: Document = to_document(Format.TEXT, f"{line}\n{line}", TITLED)

    clean = line.removeprefix("\ufeff")
    if clean.strip():
        assert [getattr(block, "text", "") for block in document.blocks][-1] == line
