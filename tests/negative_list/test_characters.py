"""Classes of characters, looked up in one pass over a text."""

from hypothesis import example, given
from hypothesis import strategies as st

from app.negative_list.pattern.charsets import DIGITS, HAN
from app.negative_list.pattern.parse import parse
from app.negative_list.text.characters import (
    CLASS_OF,
    DIGIT,
    LETTER,
    MARK,
    PAIRS,
    RARE,
    any_ordinary,
    classes,
    need_of,
)
from app.negative_list.text.fold import codes_of, fold

PROSE = "各县（区）民政局：\n2026年《办法》施行，“低保”标准ＡＢ提高10%；〔2026〕3号。、！？——·"
ODD = "國é①\u200b\u00ad\ue000\ufeff😀\ud83d\x00\uffff"
texts = st.text(st.one_of(st.sampled_from(PROSE), st.sampled_from(ODD + MARK), st.characters()))


@given(texts)
@example(PROSE)
@example("")
def test_each_sign_is_told_and_all_that_is_not_ordinary(text: str) -> None:
    found = classes(codes_of(text)).signs
    signs = [CLASS_OF[char] for char in text if char in CLASS_OF]
    assert found.replace(RARE, b"") == b"".join(signs)
    others = [classes(codes_of(char)).signs for char in text]
    assert found == b"".join(others)


@given(texts)
@example(PROSE)
def test_digits_and_letters_of_the_folded_text_are_told_by_the_typed_one(text: str) -> None:
    kinds = classes(codes_of(text)).kinds
    if RARE in kinds:
        return
    folded = fold(text).text
    assert (DIGIT in kinds) == any(char in "0123456789" for char in folded)
    assert (LETTER in kinds) == any(char.isascii() and char.isalpha() for char in folded)


def test_what_each_match_of_a_pattern_has_is_known() -> None:
    needs = {
        "[0-9]{3}号": DIGIT,
        "(?:[0-9]年|第[1-9])": DIGIT,
        "(?:[0-9]年|某年)": b"",
        "[0-9]{0,3}号": b"",
        "[a-z]年": LETTER,
        "[a-z0-9]年": b"",
        "《[^《》]{2,60}》": CLASS_OF["《"],
        "[àá]": RARE,
        "号": b"",
    }
    for source, need in needs.items():
        assert need_of(parse(source, fold=False)) == need, source


def test_prose_is_ordinary_and_what_a_set_pattern_looks_for_is_not() -> None:
    assert RARE not in classes(codes_of(PROSE)).kinds
    for char in ODD:
        assert classes(codes_of(char)).signs == RARE, char
    assert set(CLASS_OF) == {MARK, *PAIRS, *PAIRS.values()}
    assert len(set(CLASS_OF.values())) == len(CLASS_OF)


@given(texts)
@example(PROSE)
def test_what_is_ordinary_folds_to_as_many_ordinary_characters(text: str) -> None:
    if RARE in classes(codes_of(text)).kinds:
        return
    folded, origin = fold(text)
    assert origin is None
    assert len(folded) == len(text)
    assert RARE not in classes(codes_of(folded)).kinds


def test_sets_with_ordinary_characters_are_known() -> None:
    assert any_ordinary(DIGITS)
    assert any_ordinary(HAN)
    assert any_ordinary(((ord("“"), ord("“")),))
    assert not any_ordinary(((ord("國"), ord("國")), (0xE000, 0xF8FF), (0x1F600, 0x10FFFF)))
    assert not any_ordinary(())
