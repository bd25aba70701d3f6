"""Texts cut into runs, whatever they hold: positions are code points and the words stay as they are."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.document.model import Document, Heading, ListItem, Paragraph, Span, SpanKind, Table
from app.negative_list.text.model import Finding, PartKind, Severity
from app.web.components.text_view import Hit, numbered, page, place_name, runs


def finding(
    start: int, end: int, *, ref: str = "blocks/0", severity: str = "warn", key: str = "a"
) -> Finding:
    return Finding(
        "rule",
        "规则",
        Severity(severity),
        PartKind.BODY,
        ref,
        start,
        end,
        start,
        end,
        "…",
        "说明",
        (),
        (),
        key * 64,
    )


def hit(number: int, start: int, end: int, severity: str = "warn") -> Hit:
    return Hit(number, finding(start, end, severity=severity), "第1段")


def test_a_finding_after_an_emoji_is_marked_on_its_own_characters() -> None:
    text = "👨‍👩‍👧😀残废人办证"
    start = text.index("残废人")
    marked = [run for run in runs(text, [hit(1, start, start + 3, "block")]) if run.hits]
    assert [run.text for run in marked] == ["残废人"]
    assert marked[0].severity is Severity.BLOCK


def test_overlapping_findings_share_the_run_and_the_worst_gives_the_colour() -> None:
    found = runs("甲乙丙丁戊", [hit(1, 0, 3, "info"), hit(2, 2, 5, "block")])
    assert [(run.text, run.hits, run.severity, run.starts) for run in found] == [
        ("甲乙", (1,), Severity.INFO, (1,)),
        ("丙", (2, 1), Severity.BLOCK, (2,)),
        ("丁戊", (2,), Severity.BLOCK, ()),
    ]


def test_a_finding_of_no_width_is_shown_on_its_neighbour() -> None:
    assert [run.text for run in runs("甲乙", [hit(1, 2, 2)]) if run.hits] == ["乙"]
    assert [run.text for run in runs("甲乙", [hit(1, 0, 0)]) if run.hits] == ["甲"]
    assert runs("", [hit(1, 0, 0)]) == ()


def test_markup_and_findings_cross_without_nesting() -> None:
    spans = (
        Span(kind=SpanKind.BOLD, start=1, end=3),
        Span(kind=SpanKind.LINK, start=2, end=4, href="javascript:x"),
    )
    found = runs("甲乙丙丁戊", [hit(1, 2, 5)], spans)
    assert [(run.text, run.styles, run.href, run.href_ends, bool(run.hits)) for run in found] == [
        ("甲", (), None, False, False),
        ("乙", ("bold",), None, False, False),
        ("丙", ("bold",), "javascript:x", False, True),
        ("丁", (), "javascript:x", True, True),
        ("戊", (), None, False, True),
    ]


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), max_size=8))
def test_runs_join_to_the_text_and_every_finding_inside_is_shown(
    text: str, ranges: list[tuple[int, int]]
) -> None:
    hits = [hit(number, min(pair), max(pair)) for number, pair in enumerate(ranges, 1)]
    found = runs(text, hits)
    assert "".join(run.text for run in found) == text
    if text:
        starts = [number for run in found for number in run.starts]
        assert sorted(starts) == [one.number for one in hits]
    for one in hits:
        low, high = one.finding.start, one.finding.end
        if low < high <= len(text):
            assert "".join(run.text for run in found if one.number in run.hits) == text[low:high]


def test_findings_are_numbered_in_reading_order_and_waived_ones_only_inform() -> None:
    document = Document(title="标题", blocks=(Paragraph(text="甲乙"), Paragraph(text="丙丁")))
    found = numbered(
        [
            finding(0, 1, ref="blocks/1", key="b"),
            finding(1, 2, severity="block", key="c"),
            finding(0, 1, ref="title", key="a"),
            finding(0, 1, ref="attachments/0", key="d"),
        ],
        document,
        frozenset({"c" * 64}),
    )
    assert [(one.number, one.finding.ref, one.in_text) for one in found] == [
        (1, "title", True),
        (2, "blocks/0", True),
        (3, "blocks/1", True),
        (4, "attachments/0", False),
    ]
    assert found[1].severity is Severity.INFO
    shown = page(document, found)
    assert shown.counts == {Severity.BLOCK: 0, Severity.WARN: 3, Severity.INFO: 1}


def test_headings_never_skip_a_level_and_lists_are_counted() -> None:
    document = Document(
        title="标题",
        blocks=(
            Heading(text="大", level=3),
            Heading(text="小", level=4),
            Heading(text="又大", level=1),
            ListItem(text="一", ordered=True),
            ListItem(text="甲", depth=1),
            ListItem(text="二", ordered=True),
            Paragraph(text="完"),
            ListItem(text="重来", ordered=True),
        ),
    )
    pieces = page(document).pieces
    assert [piece.level for piece in pieces if piece.kind == "heading"] == [3, 4, 3]
    assert [[item.sign for item in piece.items] for piece in pieces if piece.kind == "list"] == [
        ["1.", "•", "2."],
        ["1."],
    ]


def test_cells_of_a_table_are_marked_where_they_stand() -> None:
    document = Document(title="标题", blocks=(Table(rows=(("甲", "乙"), ("丙", "丁"))),))
    found = numbered([finding(0, 1, ref="blocks/0/rows/1/0")], document)
    [table] = page(document, found).pieces
    hit = [[bool(cell.runs[0].hits) for cell in row] for row in table.rows]
    assert hit == [[False, False], [True, False]]


def test_places_are_told_in_words() -> None:
    assert [
        place_name(ref) for ref in ("title", "blocks/2", "blocks/0/rows/1/0", "blocks/4/alt", "attachments/0")
    ] == [
        "标题",
        "第3段",
        "第1段表格第2行第1格",
        "第5段替代文字",
        "全文",
    ]
    assert place_name("blocks/2", PartKind.LINK) == "第3段的链接"
