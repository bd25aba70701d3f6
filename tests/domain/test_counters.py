"""The counter styles of CSS, as browsers write them. The right values are those of the specification."""

import pytest

from app.domain.counters import counted


@pytest.mark.parametrize(
    ("style", "number", "shown"),
    [
        ("decimal", -3, "-3. "),
        ("decimal-leading-zero", 3, "03. "),
        ("decimal-leading-zero", -3, "-03. "),
        ("decimal-leading-zero", 120, "120. "),
        ("simp-chinese-informal", 110, "一百一十、"),
        ("simp-chinese-informal", 6001, "六千零一、"),
        ("simp-chinese-informal", -3, "负三、"),
        ("simp-chinese-formal", 21, "贰拾壹、"),
        ("simp-chinese-formal", 10, "壹拾、"),
        ("trad-chinese-formal", 3, "參、"),
        ("trad-chinese-informal", -1, "負一、"),
        ("cjk-ideographic", 12, "十二、"),
        ("cjk-ideographic", 10000, "一〇〇〇〇、"),
        ("cjk-decimal", 120, "一二〇、"),
        ("cjk-decimal", -1, "-1、"),
        ("cjk-earthly-branch", 12, "亥、"),
        ("cjk-earthly-branch", 13, "一三、"),
        ("cjk-heavenly-stem", 1, "甲、"),
        ("japanese-informal", 1101, "千百一、"),
        ("japanese-formal", 12, "壱拾弐、"),
        ("korean-hangul-formal", 12, "일십이, "),
        ("korean-hanja-informal", 100, "百, "),
        ("hebrew", 15, "טו. "),
        ("hebrew", 1000, "א׳. "),
        ("armenian", 1994, "ՌՋՂԴ. "),
        ("lower-armenian", 1, "ա. "),
        ("georgian", 19999, "ჵჰშჟთ. "),
        ("ethiopic-numeric", 100, "፻/ "),
        ("ethiopic-numeric", 78010092, "፸፰፻፩፼፺፪/ "),
        ("lower-greek", 25, "αα. "),
        ("upper-latin", 27, "AA. "),
        ("lower-alpha", 0, "0. "),
        ("lower-roman", 9, "ix. "),
        ("upper-roman", 4000, "4000. "),
        ("arabic-indic", 10, "١٠. "),
        ("thai", 12, "๑๒. "),
        ("hiragana", 49, "ああ、"),
        ("katakana-iroha", 1, "イ、"),
        ("disclosure-open", 9, "▾ "),
        ("upper-greek", 1, None),
        ("my-own", 1, None),
    ],
)
def test_a_counter_is_written_as_by_a_browser(style: str, number: int, shown: str | None) -> None:
    assert counted(style, number) == shown
