"""The form of documents: told where it is needed, and no digest of an older document changes."""

import json

import pytest
from pydantic import ValidationError

from app.domain.document.model import (
    SCHEMA_VERSION,
    Document,
    Paragraph,
    Span,
    SpanKind,
    digest,
    document_bytes,
    field_digests,
)
from app.domain.document.signs import text_and_media_digest

PLAIN = Document(title="题", blocks=(Paragraph(text="文"),))
READ = Paragraph(text="㼆", spans=(Span(kind=SpanKind.RUBY, start=0, end=1, reading="hóng"),))


def test_an_older_document_keeps_its_bytes() -> None:
    assert b"schema_version" not in document_bytes(PLAIN)
    # As it was before documents had forms.
    assert digest(PLAIN) == "e3b20aa3cfd0c5c395ccee967b53732d25481e99286c1922263789b08c40eb24"


def test_what_only_a_later_form_holds_names_that_form() -> None:
    document = Document(title="题", blocks=(READ,))
    written = json.loads(document_bytes(document))
    assert written["schema_version"] == SCHEMA_VERSION == 2
    assert Document.model_validate(written) == document
    assert set(field_digests(document)) == set(field_digests(PLAIN))


def test_a_copy_has_the_form_that_it_needs() -> None:
    later = PLAIN.model_copy(update={"blocks": (READ,)})
    assert later == Document(title="题", blocks=(READ,))
    assert digest(later.model_copy(update={"blocks": PLAIN.blocks})) == digest(PLAIN)


def test_a_form_that_nobody_knows_yet_is_refused() -> None:
    with pytest.raises(ValidationError):
        Document.model_validate({**PLAIN.model_dump(mode="json"), "schema_version": SCHEMA_VERSION + 1})


def test_the_form_is_not_chosen_by_whoever_hands_in() -> None:
    claimed = Document.model_validate({**PLAIN.model_dump(mode="json"), "schema_version": 2})
    assert digest(claimed) == digest(PLAIN)


def test_a_reading_says_something() -> None:
    def read(reading: str) -> Document:
        span = Span(kind=SpanKind.RUBY, start=0, end=1, reading=reading)
        return Document(title="题", blocks=(Paragraph(text="㼆", spans=(span,)),))

    digests = {text_and_media_digest(document) for document in (read("hóng"), read("kēng"))}
    assert len(digests | {text_and_media_digest(Document(title="题", blocks=(Paragraph(text="㼆"),)))}) == 3


@pytest.mark.parametrize(
    "spans",
    [
        [{"kind": "ruby", "start": 0, "end": 1}],
        [{"kind": "bold", "start": 0, "end": 1, "reading": "x"}],
        [{"kind": "ruby", "start": 0, "end": 1, "reading": ""}],
        [{"kind": "ruby", "start": 0, "end": 1, "reading": "x" * 201}],
        [
            {"kind": "ruby", "start": 0, "end": 2, "reading": "x"},
            {"kind": "ruby", "start": 1, "end": 2, "reading": "y"},
        ],
    ],
)
def test_readings_lie_over_words_and_apart(spans: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError):
        Paragraph.model_validate({"text": "清河", "spans": spans})
