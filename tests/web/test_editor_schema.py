"""The editor's schema is the product's `Document`: every kind is there, and nothing is lost in it.

The committed script is run in node, which needs neither a browser nor a package.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from app.domain.document.model import (
    DEEPEST_LIST,
    NUMBERS,
    Align,
    Block,
    CellSpan,
    Divider,
    Document,
    Heading,
    Image,
    ListItem,
    Merge,
    Numbering,
    Paragraph,
    Quote,
    Span,
    SpanKind,
    Table,
    Video,
    digest,
)
from app.drafts.intake.runs import run_of
from tests.conftest import missing

PROGRAM = Path(__file__).parent / "editor" / "round_trip.mjs"
KINDS: tuple[type[BaseModel], ...] = get_args(get_args(Block)[0])


def ask(texts: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return what the editor makes of lists of blocks."""
    node = shutil.which("node")
    if node is None:
        missing("node")
    sent = json.dumps({"texts": texts})
    done = subprocess.run([node, PROGRAM], input=sent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def dumped(document: Document) -> list[Any]:
    blocks: list[Any] = document.model_dump(mode="json")["blocks"]
    return blocks


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    own: dict[str, Any] = ask([])["tables"]
    return own


def test_the_editor_knows_every_kind_of_block_with_every_field(tables: dict[str, Any]) -> None:
    model = {kind.model_fields["kind"].default: kind for kind in KINDS}
    assert set(tables["BLOCKS"]) == set(model)
    for name, kind in model.items():
        assert set(tables["BLOCKS"][name]) | {"kind"} == set(kind.model_fields), name
        for field, given_by_itself in tables["BLOCKS"][name].items():
            if not kind.model_fields[field].is_required() and field != "spans":
                plain = json.loads(json.dumps(kind.model_fields[field].default))
                assert given_by_itself == (list(plain) if isinstance(plain, tuple) else plain), (name, field)


def test_the_editor_knows_all_markup_and_every_way_to_align_and_number(tables: dict[str, Any]) -> None:
    assert set(tables["MARKS"]) == set(SpanKind)
    assert set(tables["ALIGNMENTS"]) == set(Align)
    assert set(tables["NUMBERINGS"]) == set(Numbering)
    assert set(tables["SPAN"]) == set(Span.model_fields)
    assert set(tables["CELL_SPAN"]) == set(CellSpan.model_fields)
    assert set(tables["MERGE"]) == set(Merge.model_fields)


LETTERS = st.text(
    st.one_of(
        st.sampled_from("一二三，。 \n\t𠮷😀aA1\u3000\u00a0\u202e[]"),
        st.characters(exclude_categories=("Cs", "Cc")),
    ),
    max_size=12,
)
HREFS = st.sampled_from(["https://a.example/", "https://b.example/?q=1&r=2", "mailto:x@a.example"])


@st.composite
def spans(draw: st.DrawFn, text: str) -> tuple[Span, ...]:
    """Spans as any program may write them: over each other, twice, unsorted, side by side."""
    drawn = []
    for _ in range(draw(st.integers(0, 5)) if text else 0):
        start = draw(st.integers(0, len(text) - 1))
        kind = draw(st.sampled_from(SpanKind))
        end = draw(st.integers(start + 1, len(text)))
        href = draw(HREFS) if kind is SpanKind.LINK else None
        reading = draw(st.sampled_from(["mā", "qīng hé", "注"])) if kind is SpanKind.RUBY else None
        if reading and any(span.reading and span.start < end and start < span.end for span in drawn):
            continue
        drawn.append(Span(kind=kind, start=start, end=end, href=href, reading=reading))
    return tuple(drawn)


@st.composite
def texts(draw: st.DrawFn) -> dict[str, Any]:
    text = draw(LETTERS)
    return {"text": text, "spans": draw(spans(text)), "align": draw(st.sampled_from([None, *Align]))}


@st.composite
def grids(draw: st.DrawFn) -> Table:
    height, width = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    free, merges = set(product(range(height), range(width))), []
    for _ in range(draw(st.integers(0, 3))):
        row, column = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        rows, columns = draw(st.integers(1, height - row)), draw(st.integers(1, width - column))
        merge = Merge(row=row, column=column, rows=rows, columns=columns)
        if free.issuperset(merge.cells()):
            free -= set(merge.cells())
            merges.append(merge)
    covered = {cell for merge in merges for cell in list(merge.cells())[1:]}
    rows_of = [
        ["" if (row, column) in covered else draw(LETTERS) for column in range(width)]
        for row in range(height)
    ]
    marked = [
        CellSpan(row=row, column=column, **span.model_dump())
        for row, cells in enumerate(rows_of)
        for column, text in enumerate(cells)
        for span in draw(spans(text))
    ]
    return Table(
        rows=tuple(map(tuple, rows_of)),
        caption=draw(LETTERS),
        head_rows=draw(st.integers(0, height)),
        merges=tuple(merges),
        spans=tuple(draw(st.permutations(marked))),
    )


SHA = st.sampled_from(["0" * 64, "ab" * 32])
BLOCKS = st.one_of(
    texts().map(lambda text: Paragraph(**text)),
    texts().map(lambda text: Quote(**text)),
    st.builds(lambda text, level: Heading(**text, level=level), texts(), st.integers(1, 6)),
    st.builds(
        lambda text, **more: ListItem(**text, **more),
        texts(),
        ordered=st.booleans(),
        depth=st.integers(0, DEEPEST_LIST),
        number=st.none() | st.integers(-NUMBERS, NUMBERS),
        numbering=st.sampled_from(Numbering),
        continues=st.booleans(),
    ),
    grids(),
    st.builds(Image, sha256=SHA, alt=LETTERS, caption=LETTERS, credit=LETTERS),
    st.builds(Video, sha256=SHA, caption=LETTERS),
    st.just(Divider()),
)
DOCUMENTS = st.lists(BLOCKS, max_size=6).map(
    lambda blocks: Document(title="题", blocks=(Paragraph(text="说"), *blocks))
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(DOCUMENTS, min_size=25, max_size=25))
def test_what_nobody_touched_is_saved_as_it_was(documents: list[Document]) -> None:
    for document, answer in zip(documents, ask([dumped(one) for one in documents])["answers"], strict=True):
        again = Document.model_validate({**document.model_dump(mode="json"), "blocks": answer["untouched"]})
        assert digest(again) == digest(document)
        assert answer["opaque"] == 0


def settled(block: Block) -> Block:
    """Return a block with its markup as the intake writes it: what lies side by side joined, in order."""
    if isinstance(block, Table):
        marked = [
            CellSpan(row=row, column=column, **span.model_dump())
            for row, cells in enumerate(block.rows)
            for column, text in enumerate(cells)
            for span in run_of(text, block.spans_of().get((row, column), ())).spans()
        ]
        real = sorted(
            (merge for merge in block.merges if merge.rows * merge.columns > 1),
            key=lambda merge: (merge.row, merge.column),
        )
        return block.model_copy(update={"spans": tuple(marked), "merges": tuple(real)})
    if isinstance(block, Paragraph | Heading | ListItem | Quote):
        return block.model_copy(update={"spans": run_of(block.text, block.spans).spans()})
    return block


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(DOCUMENTS, min_size=25, max_size=25))
def test_what_is_written_anew_says_the_same(documents: list[Document]) -> None:
    """Also without remembering what came: words, markup, numbers and merged cells come back."""
    for document, answer in zip(documents, ask([dumped(one) for one in documents])["answers"], strict=True):
        again = Document.model_validate({**document.model_dump(mode="json"), "blocks": answer["anew"]})
        for before, after in zip(document.blocks, again.blocks, strict=True):
            assert settled(after) == settled(before)


@pytest.mark.parametrize(
    "block",
    [
        {"kind": "signature", "text": "清河市人民政府", "spans": []},
        {"kind": "paragraph", "text": "注音", "spans": [], "ruby": [{"start": 0, "end": 1, "words": "zhù"}]},
        {
            "kind": "paragraph",
            "text": "甲",
            "spans": [{"kind": "colour", "start": 0, "end": 1, "href": None}],
        },
        {"kind": "paragraph", "text": "甲", "spans": [{"kind": "bold", "start": 0, "end": 1, "weight": 9}]},
        {"kind": "paragraph", "text": "甲", "spans": [], "align": "justify"},
        {"kind": "list_item", "text": "甲", "spans": [], "ordered": True, "depth": 0, "numbering": "greek"},
        {"kind": "table", "rows": [["甲"]], "caption": "", "merges": [{"row": 0, "column": 0, "tilt": 1}]},
        {},
    ],
)
def test_what_the_editor_does_not_know_is_held_whole(block: dict[str, Any]) -> None:
    known = {"kind": "paragraph", "text": "甲", "spans": []}
    (answer,) = ask([[known, block, known]])["answers"]
    assert answer["untouched"] == [known, block, known]
    assert answer["anew"][1] == block
    assert answer["opaque"] == 1
