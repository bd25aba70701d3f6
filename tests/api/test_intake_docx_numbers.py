"""What Word writes before paragraphs by itself is written out, as Word counts."""

# ruff: noqa: E501 – markup is read best in the lines in which it is written.

import pytest

from app.domain.document.model import Heading, ListItem
from app.drafts.intake.builder import Builder
from app.drafts.intake.docx.number_formats import written
from app.drafts.intake.docx.service import read_docx
from tests.api.word import level, lists, numbered, p, root, word


def texts(body: str, numbering: str, styles: str = "") -> list[str]:
    parts = {"numbering.xml": ("numbering", numbering)}
    if styles:
        parts["styles.xml"] = ("styles", root("w:styles", styles))
    builder = Builder()
    read_docx(word(body, parts), builder)
    return [block.text for block in builder.blocks if hasattr(block, "text")]


FORMS = {
    "decimal": {1: "1", 12: "12"},
    "decimalZero": {3: "03", 12: "12"},
    "upperRoman": {4: "IV", 1999: "MCMXCIX"},
    "lowerRoman": {9: "ix"},
    "upperLetter": {1: "A", 26: "Z", 27: "AA", 28: "BB", 53: "AAA"},
    "lowerLetter": {2: "b", 30: "dd"},
    "ordinal": {1: "1st", 2: "2nd", 3: "3rd", 11: "11th", 12: "12th", 21: "21st", 113: "113th"},
    "cardinalText": {1: "One", 21: "Twenty-one", 105: "One hundred five"},
    "ordinalText": {1: "First", 12: "Twelfth", 20: "Twentieth", 21: "Twenty-first", 100: "One hundredth"},
    "chineseCounting": {0: "零", 1: "一", 10: "十", 11: "十一", 20: "二十", 99: "九十九", 100: "一〇〇", 120: "一二〇"},
    "chineseCountingThousand": {
        10: "十", 19: "十九", 100: "一百", 101: "一百零一", 110: "一百一十", 1001: "一千零一",
        1010: "一千零一十", 10000: "一万", 10100: "一万零一百", 12345: "一万二千三百四十五",
    },
    "chineseLegalSimplified": {1: "壹", 10: "壹拾", 25: "贰拾伍", 103: "壹佰零叁"},
    "ideographLegalTraditional": {2: "貳", 16: "壹拾陸"},
    "taiwaneseCountingThousand": {10: "十", 10000: "一萬"},
    "ideographDigital": {1: "一", 10: "一〇", 205: "二〇五"},
    "ideographTraditional": {1: "甲", 10: "癸", 11: "甲"},
    "ideographZodiac": {1: "子", 12: "亥", 13: "子"},
    "ideographZodiacTraditional": {1: "甲子", 60: "癸亥"},
    "japaneseCounting": {10: "十", 100: "百", 1234: "千二百三十四"},
    "decimalEnclosedCircle": {1: "①", 20: "⑳", 21: "㉑", 50: "㊿", 51: "51"},
    "decimalEnclosedCircleChinese": {10: "⑩"},
    "decimalEnclosedFullstop": {1: "⒈", 20: "⒛", 21: "21."},
    "decimalEnclosedParen": {1: "⑴", 20: "⒇", 21: "(21)"},
    "ideographEnclosedCircle": {1: "㊀", 10: "㊉"},
    "decimalFullWidth": {10: "１０"},
    "numberInDash": {7: "- 7 -"},
    "chicago": {1: "*", 4: "§", 5: "**"},
    "hex": {255: "FF"},
    "none": {5: ""},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_numbers_are_written_as_word_writes_them(form: str) -> None:
    assert {number: written(number, form) for number in FORMS[form]} == FORMS[form]


def test_a_form_of_ones_own_is_filled_up_with_zeros() -> None:
    assert [written(number, "custom", "001, 002, 003, ...") for number in (7, 1000)] == ["007", "1000"]


def test_the_levels_of_an_official_text() -> None:
    numbering = lists(
        level(0, "chineseCountingThousand", "%1、"),
        level(1, "chineseCountingThousand", "（%2）"),
        level(2, "decimal", "%3."),
        level(3, "decimal", "（%4）"),
        level(4, "decimalEnclosedCircle", "%5"),
    )
    body = "".join(numbered(f"条{at}", depth) for at, depth in enumerate((0, 1, 1, 2, 3, 3, 4, 2, 0, 1)))
    assert texts(body, numbering) == [
        *("一、条0", "（一）条1", "（二）条2", "1.条3", "（1）条4", "（2）条5", "①条6", "2.条7", "二、条8", "（一）条9"),
    ]  # fmt: skip


def test_labels_stand_apart_from_western_words_and_close_to_chinese_signs() -> None:
    numbering = lists(
        level(0, "decimal", "%1.", suffix="tab"), level(1, "chineseCounting", "第%2条", suffix="space")
    )
    body = numbered("甲", 0) + numbered("乙", 1)
    assert texts(body, numbering) == ["1. 甲", "第一条 乙"]


def test_levels_above_are_said_and_legal_ones_in_digits() -> None:
    numbering = lists(
        level(0, "chineseCounting", "第%1章"),
        level(1, "decimal", "%1.%2"),
        level(2, "decimal", "%1.%2.%3", more="<w:isLgl/>"),
    )
    body = numbered("甲", 0) + numbered("乙", 1) + numbered("丙", 2)
    assert texts(body, numbering) == ["第一章甲", "一.1乙", "1.1.1丙"]


def test_a_level_restarts_after_the_one_that_it_names_or_never() -> None:
    numbering = lists(
        level(0, "decimal", "%1)"),
        level(1, "decimal", "%2)"),
        level(2, "lowerLetter", "%3)", more='<w:lvlRestart w:val="1"/>'),
        level(3, "lowerRoman", "%4)", more='<w:lvlRestart w:val="0"/>'),
    )
    body = "".join(numbered("", depth) for depth in (0, 1, 2, 3, 1, 2, 3, 0, 2, 3))
    assert texts(body, numbering) == ["1)", "1)", "a)", "i)", "2)", "b)", "ii)", "2)", "a)", "iii)"]


def test_numbers_of_one_list_go_on_unless_one_says_where_it_starts() -> None:
    numbers = (
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/>'
        "</w:lvlOverride></w:num>"
    )
    numbering = lists(level(0, "decimal", "%1、"), numbers=numbers)
    body = "".join(numbered("", number=number) for number in (1, 2, 3, 3, 1))
    assert texts(body, numbering) == ["1、", "2、", "5、", "6、", "7、"]


def test_a_number_may_write_a_level_in_its_own_way() -> None:
    own = level(0, "upperLetter", "%1、", start=3)
    numbers = f'<w:num w:numId="1"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">{own}</w:lvlOverride></w:num>'
    assert texts(numbered("甲") + numbered("乙"), lists(level(0, "decimal", "%1."), numbers=numbers)) == [
        "C、甲",
        "D、乙",
    ]


def test_a_style_gives_the_level_that_is_linked_to_it_and_another_may_take_it_away() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/>'
        "</w:numPr></w:pPr></w:style>"
        '<w:style w:type="paragraph" w:styleId="2"><w:name w:val="heading 2"/><w:basedOn w:val="1"/></w:style>'
    )
    numbering = lists(
        level(0, "chineseCounting", "第%1章", suffix="space").replace(
            "<w:suff", '<w:pStyle w:val="1"/><w:suff'
        ),
        level(1, "chineseCounting", "第%2节", suffix="space").replace(
            "<w:suff", '<w:pStyle w:val="2"/><w:suff'
        ),
    )
    bare = p("附则", style="1", properties='<w:numPr><w:numId w:val="0"/></w:numPr>')
    body = p("总则", style="1") + p("范围", style="2") + p("对象", style="2") + bare
    parts = {"numbering.xml": ("numbering", numbering), "styles.xml": ("styles", root("w:styles", styles))}
    builder = Builder()
    read_docx(word(body, parts), builder)
    assert [(block.text, block.level) for block in builder.blocks if isinstance(block, Heading)] == [
        *(("第一章 总则", 1), ("第一节 范围", 2), ("第二节 对象", 2), ("附则", 1)),
    ]


def test_a_list_may_name_a_style_of_numbering() -> None:
    numbering = root(
        "w:numbering",
        '<w:abstractNum w:abstractNumId="0"><w:numStyleLink w:val="N"/></w:abstractNum>'
        f'<w:abstractNum w:abstractNumId="7"><w:styleLink w:val="N"/>{level(0, "ideographTraditional", "%1、")}'
        "</w:abstractNum>"
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="9"><w:abstractNumId w:val="7"/></w:num>',
    )
    styles = (
        '<w:style w:type="numbering" w:styleId="N"><w:name w:val="N"/><w:pPr><w:numPr><w:numId w:val="9"/></w:numPr>'
        "</w:pPr></w:style>"
    )
    assert texts(numbered("子") + numbered("丑"), numbering, styles) == ["甲、子", "乙、丑"]


def test_bullets_are_items_and_a_word_before_a_paragraph_is_a_word() -> None:
    numbering = lists(level(0, "bullet", "\uf0b7"), level(1, "bullet", "注："))
    builder = Builder()
    read_docx(
        word(numbered("甲", 0) + numbered("乙", 1), {"numbering.xml": ("numbering", numbering)}), builder
    )
    first, second = builder.blocks
    assert isinstance(first, ListItem)
    assert (first.ordered, first.text, second.text) == (False, "甲", "注：乙")
    assert not isinstance(second, ListItem)


def test_a_bullet_level_is_nothing_in_the_number_of_another() -> None:
    numbering = lists(level(0, "decimal", "%1"), level(1, "bullet", "•"), level(2, "decimal", "%1.%2.%3"))
    assert texts(numbered("甲", 0) + numbered("乙", 2), numbering) == ["1甲", "1..1乙"]


def test_paragraphs_that_are_gone_are_not_counted() -> None:
    numbering = lists(level(0, "decimal", "%1、"))
    gone = numbered("新").replace("<w:numPr>", "<w:numPr>", 1)
    gone = gone.replace("</w:pPr>", "<w:rPr><w:ins w:author='甲'/></w:rPr></w:pPr>").replace(
        "<w:r>", "<w:ins><w:r>"
    )
    gone = gone.replace("</w:r></w:p>", "</w:r></w:ins></w:p>")
    assert texts(numbered("一") + gone + numbered("二"), numbering) == ["1、一", "2、二"]
