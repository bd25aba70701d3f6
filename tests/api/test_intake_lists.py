"""What stands before the items of a list is what a browser writes there."""

import pytest

from tests.api.test_intake_meaning import lost, words

OURS = f"/api/v1/assets/{'a' * 64}"


def styled(style: str, items: str = "<li>甲<li>乙", tag: str = "ol", more: str = "") -> str:
    return f'<{tag} {more} style="{style}">{items}</{tag}>'


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (styled("list-style-type:simp-chinese-formal"), ["壹、甲", "贰、乙"]),
        (styled("list-style-type:decimal-leading-zero", more="start=9"), ["09. 甲", "10. 乙"]),
        (styled("list-style:inside lower-greek"), ["α. 甲", "β. 乙"]),
        (styled("list-style-type:cjk-earthly-branch"), ["子、甲", "丑、乙"]),
        (styled("list-style-type:simp-chinese-informal", more="start=100"), ["一百、甲", "一百零一、乙"]),
        (styled("list-style-type:'→ '", tag="ul"), ["→ 甲", "→ 乙"]),
        (styled(r"list-style:'\2713  Ab' outside", tag="ul"), ["✓ Ab甲", "✓ Ab乙"]),
        (styled("list-style-type:''", tag="ul"), ["甲", "乙"]),
        # A style of its own counts for more than a type, and the later one for more than the earlier.
        (styled("list-style-type:disc", more="type=a"), ["•甲", "•乙"]),
        (styled("list-style:none;list-style-type:upper-roman"), ["I.甲", "II.乙"]),
        # Beneath an item such words go on with it, and its list counts on.
        (
            "<ol><li>外<ol style='list-style-type:simp-chinese-formal'><li>内<li>里</ol><li>后</ol>",
            ["1.外", "壹、内", "贰、里", "2.后"],
        ),
        (styled("list-style-type:hebrew", "<li><h2>节</h2><li><p>一<p>续"), ["א. 节", "ב. 一", "续"]),
    ],
)  # fmt: skip
def test_every_style_that_browsers_have_is_counted(content: str, shown: list[str]) -> None:
    assert words("html", content) == shown
    assert lost("html", content) == []


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        # Items that are not shown, or not as items, have no number, and neither do those of other lists.
        ("<ol reversed><li>甲<li hidden>藏<li style='display:none'>藏<li>乙</ol>", ["2.甲", "1.乙"]),
        (
            "<ol reversed><li>甲<ul><li>子</ul><div><li>乙</div><li>丙</ol>",
            ["3.甲", "  •子", "2.乙", "1.丙"],
        ),
        ("<ol><li>甲<li style='display:block'>散<li>乙</ol>", ["1.甲", "散", "2.乙"]),
        ("<ol><li>甲<li style='visibility:hidden'>藏<li>丙</ol>", ["1.甲", "3.丙"]),
        # An item's own number and kind, whatever its list is.
        ("<ul><li style='list-style-type:decimal' value=5>甲<li>乙</ul>", ["5.甲", "•乙"]),
        ("<ul><li>甲<li type=i>乙</ul>", ["•甲", "ii.乙"]),
        ("<ol><li value=x>甲<li value=-2>乙<li value=3.7>丙</ol>", ["1.甲", "-2.乙", "3.丙"]),
        ("<ul start=4 reversed style='list-style-type:decimal'><li>甲<li>乙</ul>", ["1.甲", "2.乙"]),
        # What an item begins with stands after its number, text or not.
        ("<ol><li>一<table><tr><td>a<td>b</table>后<li>二</ol>", ["1.一", "a|b", "后", "2.二"]),
        ("<ol><li><table><tr><td>a<td>b</table>后<li>二</ol>", ["1.", "a|b", "后", "2.二"]),
        (f"<ol start=4><li><img src={OURS}><li>二</ol>", ["4.", "image", "5.二"]),
        ("<ol><li><ol type=a><li>内</ol><li>外</ol>", ["1.", "  a.内", "2.外"]),
        ("<ol><li><table><tr><td>盒</table>后</ol>", ["1.盒", "后"]),
    ],
)  # fmt: skip
def test_every_item_has_its_own_number(content: str, shown: list[str]) -> None:
    assert words("html", content) == shown


@pytest.mark.parametrize(
    ("style", "listed"),
    [
        ("list-style-type:upper-greek", ("list_style", "upper-greek")),
        ("list-style-type:symbols(cyclic '*' '†')", ("list_style", "symbols(cyclic '*' '†')")),
        ("list-style:url(https://a.cn/b.png) decimal", ("background_image", "https://a.cn/b.png")),
    ],
)
def test_a_style_that_nobody_knows_is_listed_and_counted_in_digits(
    style: str, listed: tuple[str, str]
) -> None:
    assert lost("html", styled(style)) == [listed]
    assert words("html", styled(style)) == ["1.甲", "2.乙"]
