"""Plain text as parts: what is read as what, and where each character stands in the file."""

from hypothesis import given
from hypothesis import strategies as st

from app.negative_list.source.files import read_parts
from app.negative_list.text.model import PartKind


def test_plain_text_is_a_title_and_lines() -> None:
    read = read_parts("\ufeff\r\n题\r\n一\n\n二\r三")
    assert [(part.kind, part.text.strip()) for part in read.parts] == [
        (PartKind.TITLE, "题"),
        (PartKind.BODY, "一"),
        (PartKind.BODY, "二"),
        (PartKind.BODY, "三"),
    ]
    assert read.structure.fields == {"title": "题"}


def test_each_character_stands_where_it_says() -> None:
    text = "题\r\n一 二\n"
    for part in read_parts(text).parts:
        places = read_parts(text).places[part.ref]
        assert len(places) == len(part.text) + 1
        assert "".join(text[place] for place in places[:-1]) == part.text


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    read = read_parts(text)
    for part in read.parts:
        assert part.text.strip()
        assert all(0 <= place <= len(text) for place in read.places[part.ref])
