"""Every table is either vouched for by the record, column by column, or declared with the reason why not."""

from sqlmodel import SQLModel

from app.audit import seals
from app.audit.vouched_tables import CONTENT, NOT_VOUCHED, VOUCHED
from app.domain.record.chain import FaultCode
from app.events.catalogue import NAMED
from app.infra.migrate import load_tables
from app.words.tables import TABLES

load_tables()


def test_every_table_is_vouched_for_or_says_why_not() -> None:
    tables = set(SQLModel.metadata.tables)
    undeclared = tables - VOUCHED.keys() - NOT_VOUCHED.keys()
    assert not undeclared, f"declare in app/audit/vouched_tables.py: {sorted(undeclared)}"
    assert VOUCHED.keys() | NOT_VOUCHED.keys() == tables
    assert not VOUCHED.keys() & NOT_VOUCHED.keys()
    assert all(NOT_VOUCHED.values())


def test_every_column_of_a_vouched_table_is_sealed_or_says_why_not() -> None:
    for name, known in VOUCHED.items():
        columns = {one.name for one in SQLModel.metadata.tables[name].columns}
        assert known.left_out.keys() <= columns, name
        assert all(known.left_out.values()), name
        assert known.added.keys() <= columns, name
        assert {one.name for one in seals.columns_of(name)} == columns - known.left_out.keys()
        assert known.home is None or known.home[1] in columns, name


def test_content_and_what_names_it_are_there() -> None:
    for name, (column, digest) in CONTENT.items():
        columns = {one.name for one in SQLModel.metadata.tables[name].columns}
        assert {column, *([digest] if digest else [])} <= columns, name
    assert NAMED
    for fields in NAMED.values():
        assert {one for where in fields.values() for one in where} <= CONTENT.keys()


def test_every_table_and_every_fault_has_words() -> None:
    from app.cli import record_words

    assert SQLModel.metadata.tables.keys() == TABLES.keys()
    assert {str(one) for one in FaultCode} == set(record_words._FAULTS)
