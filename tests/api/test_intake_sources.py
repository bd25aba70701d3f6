"""Where a text comes from: an address that readers can follow, shown everywhere, and counted nowhere."""

import pytest

from app.domain.addresses import web_address_faults
from app.domain.document.model import Document
from app.domain.vocabulary import ChannelKind
from app.drafts.intake.files import read_file
from app.drafts.intake.service import Format, take_in
from app.infra.errors import Invalid
from app.proofs.layout import render
from tests.api.formats import handed_in

SCHEME, CHARACTER, INCOMPLETE = "address_scheme", "address_character", "address_incomplete"


@pytest.mark.parametrize(
    ("address", "codes"),
    [
        ("https://www.qinghe.gov.cn/a?b=1&c=（二）#d", []),
        ("HTTP://民政局.中国/通知", []),
        ("http://oa/1", []),
        ("http://[::1]:8080/a", []),
        ("javascript:alert(1)", [SCHEME]),
        ("java\tscript:alert(1)", [SCHEME, CHARACTER]),
        ("不是网址", [SCHEME]),
        ("www.qinghe.gov.cn/a", [SCHEME]),
        ("//a.cn/x", [SCHEME]),
        ("ftp://a.cn/x", [SCHEME]),
        ("mailto:a@b.cn", [SCHEME]),
        ("data:text/html,x", [SCHEME]),
        ("https://", [INCOMPLETE]),
        ("https://?x", [INCOMPLETE]),
        ("https://a.cn:99999/", [INCOMPLETE]),
        ("http://[::1", [INCOMPLETE]),
        ("https:a.cn", [SCHEME]),
        ("https://a.cn/x y", [CHARACTER]),
        ("https://a.cn/\u202egnp", [CHARACTER]),
        ('https:// "', [CHARACTER, INCOMPLETE]),
    ],
)
def test_only_the_whole_address_of_a_page_is_one(address: str, codes: list[str]) -> None:
    assert list(web_address_faults(address)) == codes


@pytest.mark.parametrize("form", list(Format))
def test_a_source_that_nobody_can_follow_is_refused_with_all_reasons(form: Format) -> None:
    content = handed_in("文", form)
    with pytest.raises(Invalid) as refused:
        take_in(form, content, {"title": "题\x07", "source_url": "不是 网址"})
    assert [(one.code, one.field) for one in refused.value.reasons] == [
        ("control_character", "title"),
        (SCHEME, "source_url"),
        (CHARACTER, "source_url"),
    ]
    taken = take_in(form, content, {"title": "题", "source_url": " https://a.cn/x\n"})
    assert taken.document.source_url == "https://a.cn/x"
    assert take_in(form, content, {"title": "题", "source_url": "  "}).document.source_url == ""


def test_the_head_of_a_file_names_a_source_or_it_is_listed() -> None:
    bad, good = "---\nsource_url: 不是网址\n---\n\n文", "---\nsource_url: https://a.cn/1\n---\n\n文"
    taken = take_in(Format.MARKDOWN, bad, {"title": "题"})
    assert taken.document.source_url == ""
    assert [(one.kind, one.what) for one in taken.left_out] == [("front_matter", "source_url: 不是网址")]
    assert [one.what for one in read_file(bad, ".md").left_out] == ["source_url: 不是网址"]
    assert take_in(Format.MARKDOWN, good, {"title": "题"}).document.source_url == "https://a.cn/1"


def document(**fields: str) -> Document:
    return Document.model_validate({"title": "题", "blocks": [{"kind": "paragraph", "text": "文"}], **fields})


@pytest.mark.parametrize("kind", list(ChannelKind))
def test_every_proof_shows_where_a_text_comes_from(kind: ChannelKind) -> None:
    def shown(**fields: str) -> str:
        config = {"permit": "证", "imprint": "资料"}
        return render(document(**fields), kind, channel="网", section="栏", config=config).content.decode()

    # An article of WeChat has no links to elsewhere: there the address stands in words.
    link = "https://a.cn/?b=1&amp;c" if kind is ChannelKind.WECHAT else ">https://a.cn/?b=1&amp;c</a>"
    begun = "" if kind is ChannelKind.WECHAT else "<a "
    both = shown(source="清河日报", source_url="https://a.cn/?b=1&c")
    assert f"来源：清河日报　原文链接：{begun}" in both
    assert ("<a " in both) is bool(begun)
    assert link in both
    alone = shown(source_url="https://a.cn/?b=1&c")
    assert f"原文链接：{begun}" in alone
    assert link in alone
    assert "来源：" not in alone
    # One that was taken before it was judged is words.
    old = shown(source_url="javascript:alert(1)")
    assert "原文链接：javascript:alert(1)" in old
    assert "href" not in old.partition("<body>")[2]
    assert "链接" not in shown()


def test_characters_are_those_of_the_text() -> None:
    assert document().characters == 2
    assert document(source="清河日报", source_url="https://a.cn/1").characters == 2
    assert document(subtitle="副题", summary="摘 要", byline="王芳").characters == 8
