"""What bytes that are no UTF-8 seem to be: said where it is certain, and not guessed elsewhere."""

import pytest

from app.negative_list.source.files import looks_like


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("民政局开展冬季送温暖活动".encode("gbk"), "GBK 编码的文字"),
        ("民政局开展冬季送温暖活动".encode("gbk")[:-1], "GBK 编码的文字"),
        ("民政局开展冬季送温暖活动".encode(), ""),
        (b"plain words \xff", ""),
        (b"\xff\xff\xff\xff", ""),
        (b"", ""),
    ],
)
def test_only_what_is_certain_is_said(data: bytes, what: str) -> None:
    assert looks_like(data) == what


@pytest.mark.parametrize("beginning", [b"PK\x03\x04", b"%PDF-1.7"])
def test_known_beginnings_are_named(beginning: bytes) -> None:
    assert looks_like(beginning + b"\x00" * 20) != ""
