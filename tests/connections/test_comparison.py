"""What is online held against what was released: paragraphs, order, what is more, and the frame around it."""

import pytest

from app.connections.online.comparison import LONGEST, MOST, Change, differences, read

RELEASED = ("第一段，十二户。", "第二段。", "第三段。")


@pytest.mark.parametrize(
    ("online", "found"),
    [
        (("页眉", *RELEASED, "版权所有"), ()),
        (("第一段，十二户。", "第二段。"), (Change("missing", "第三段。"),)),
        (
            ("第一段，十三户。", "第二段。", "第三段。"),
            (Change("missing", "第一段，十二户。"),),
        ),
        (
            ("第一段，十二户。", "第二段（改）。", "第三段。"),
            (Change("missing", "第二段。"), Change("inserted", "第二段（改）。")),
        ),
        (
            ("第一段，十二户。", "插入的广告", "第二段。", "第三段。"),
            (Change("inserted", "插入的广告"),),
        ),
        (("第二段。", "第一段，十二户。", "第三段。"), (Change("missing", "第二段。"),)),
        ((), tuple(Change("missing", one) for one in RELEASED)),
    ],
)
def test_differences(online: tuple[str, ...], found: tuple[Change, ...]) -> None:
    assert differences(RELEASED, online) == found


def test_only_so_much_is_told() -> None:
    told = differences([f"{number}" + "长" * 500 for number in range(50)], [])
    assert len(told) == MOST
    assert all(len(one.text) == LONGEST + 1 for one in told)


def test_a_page_is_read_as_it_is_seen() -> None:
    page = read(
        "<html><head><title>题</title><style>p{}</style></head><body><nav>首页</nav><p>一 <b>二</b>\n三</p>"
        "<script>var a='<p>x</p>'</script><div>四<br>五</div><table><tr><td>六</td><td>七</td></tr></table>"
        '<img src="a.png"><img data-src="https://mmbiz.qpic.cn/b"><noscript>看不见</noscript>&amp;八\u200b</body>'
    )
    assert page.paragraphs == ("首页", "一二三", "四", "五", "六", "七", "&八")
    assert page.pictures == ("a.png", "https://mmbiz.qpic.cn/b")


def test_white_space_and_forms_of_characters_are_no_change() -> None:
    assert read("<p>e\u0301 a</p>").paragraphs == read("<p>\u00e9&nbsp;a</p>").paragraphs
