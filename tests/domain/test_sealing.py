"""Seals of rows: any column that changes is told, by name."""

from app.domain.record.sealing import changed, is_same, seal

COLUMNS = [("a", b"1"), ("b", None), ("c", b"3")]
NAMES = ("a", "b", "c")


def test_a_seal_holds_for_the_same_row_under_the_same_salt_only() -> None:
    first = seal("salt", "draft", COLUMNS)
    assert len(first) == 64 + 4 * len(COLUMNS)
    assert is_same(first, seal("salt", "draft", COLUMNS))
    assert not is_same(first, seal("other", "draft", COLUMNS))
    assert not is_same(first, seal("salt", "revision", COLUMNS))


def test_the_columns_that_differ_are_named() -> None:
    was, now = seal("salt", "draft", COLUMNS), seal("salt", "draft", [("a", b"1"), ("b", b"2"), ("c", b"4")])
    assert not is_same(was, now)
    assert changed(was, now, NAMES) == ("b", "c")
    assert changed(was, was, NAMES) == ()


def test_seals_of_other_columns_tell_no_names() -> None:
    was = seal("salt", "draft", COLUMNS)
    assert changed(was, seal("salt", "draft", COLUMNS[:2]), NAMES) == ()
    assert changed(was, was, NAMES[:2]) == ()


def test_a_column_that_a_later_version_added_leaves_older_seals_good() -> None:
    was = seal("salt", "draft", COLUMNS[:2])
    filled = [*COLUMNS[:2], ("d", b"0")]
    assert is_same(was, seal("salt", "draft", filled, added={"d": b"0"}))
    assert not is_same(was, seal("salt", "draft", filled, added={"d": b"1"}))
    assert not is_same(was, seal("salt", "draft", filled))
