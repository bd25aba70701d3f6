"""How a document of a public body looks. Source: GB/T 9704-2012 《党政机关公文格式》, clauses 5 and 7.

A4; margins 37 mm above and 28 mm at the binding; 22 lines of 28 characters of size 三号 (16 pt); the title in
二号 (22 pt) 小标宋体, headings 黑体, 楷体, 仿宋体, the text 仿宋体; the page number in 四号 (14 pt).
Fonts are named, not embedded: where one is missing, the program takes the one named beside it.
"""

from app.drafts.export.docx.names import Attribute, Element, children, element
from app.drafts.intake.docx.own_styles import (
    ATTACHMENT,
    CAPTION,
    CONTINUED,
    CREDIT,
    DIVIDER,
    FIELD_STYLES,
    NUMBERED,
    TABLE,
    TABLE_CAPTION,
)

#: Lengths in twentieths of a point.
PAGE_WIDTH, PAGE_HEIGHT = 11906, 16838
TOP, BOTTOM, LEFT, RIGHT = 2098, 1984, 1588, 1474
TEXT_WIDTH = PAGE_WIDTH - LEFT - RIGHT
#: 225 mm in 22 lines.
LINE = 579

BODY, TITLE, HEAD, SUBHEAD, NUMBER = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312", "宋体"
LATIN = "Times New Roman"
#: What a program without the font takes.
_BESIDE = {BODY: "仿宋", TITLE: "宋体", SUBHEAD: "楷体", HEAD: "SimHei", NUMBER: "SimSun"}

_WORD_URI = "http://schemas.microsoft.com/office/word"
CELL = "CellText"
_FIELD_NAMES = {
    "subtitle": "副标题（三审）",
    "summary": "摘要（三审）",
    "byline": "署名（三审）",
    "source": "来源（三审）",
    "source_url": "来源网址（三审）",
}


def fonts(east: str = BODY, latin: str = LATIN) -> Element:
    """Return the fonts of a run; the hint puts quotation marks and dashes into the Chinese one."""
    return element("w:rFonts", hint="eastAsia", ascii=latin, hAnsi=latin, eastAsia=east, cs=latin)


def _size(half_points: int) -> list[Element]:
    return [element("w:sz", val=half_points), element("w:szCs", val=half_points)]


_DEFAULT: dict[str, Attribute] = {"default": 1}


def _style(
    key: str,
    name: str,
    *,
    paragraph: list[Element] | None = None,
    run: list[Element] | None = None,
    based_on: str | None = "Normal",
) -> Element:
    return element(
        "w:style",
        element("w:name", val=name),
        element("w:basedOn", val=based_on) if based_on else None,
        element("w:next", val="Normal") if key != "Normal" else None,
        element("w:qFormat"),
        children(element("w:pPr"), paragraph or []),
        children(element("w:rPr"), run or []),
        type="paragraph",
        styleId=key,
        **_DEFAULT if key == "Normal" else {},
    )


def _indent(*, chars: int) -> Element:
    """Return an indent of the first line in hundredths of a character, as it stays right at every size."""
    return element("w:ind", firstLineChars=chars, firstLine=chars * 320 // 100)


def _flush() -> list[Element]:
    """Return what takes the indent of the first line away."""
    return [element("w:ind", firstLineChars=0, firstLine=0)]


def _heading(level: int) -> Element:
    font = {1: HEAD, 2: SUBHEAD}.get(level, BODY)
    return _style(
        f"Heading{level}",
        f"heading {level}",
        paragraph=[element("w:keepNext"), element("w:outlineLvl", val=level - 1)],
        run=[fonts(font)],
    )


def _centred(*more: Element) -> list[Element]:
    return [*more, element("w:ind", firstLineChars=0, firstLine=0), element("w:jc", val="center")]


def styles() -> Element:
    """Return the part of the styles."""
    body = [
        element("w:spacing", before=0, after=0, line=LINE, lineRule="exact"),
        _indent(chars=200),
        element("w:jc", val="both"),
    ]
    title = _centred(element("w:spacing", before=0, after=LINE, line=660, lineRule="exact"))
    shapes = {
        "subtitle": _centred(),
        "byline": _centred(),
        "source": [*_flush(), element("w:jc", val="right")],
        "source_url": [*_flush(), element("w:jc", val="right")],
        "summary": [],
    }
    return children(
        element(
            "w:styles",
            element(
                "w:docDefaults", element("w:rPrDefault", children(element("w:rPr"), [fonts(), *_size(32)]))
            ),
            _style("Normal", "Normal", paragraph=body, based_on=None),
            _style("Title", "Title", paragraph=title, run=[fonts(TITLE), *_size(44)]),
        ),
        [
            *map(_heading, range(1, 7)),
            _style("Quote", "Quote", run=[fonts(SUBHEAD)]),
            _style("ListBullet", "List Bullet"),
            *(
                _style(
                    FIELD_STYLES[field],
                    _FIELD_NAMES[field],
                    paragraph=shape,
                    run=[fonts(SUBHEAD)] if field in {"subtitle", "byline"} else [],
                )
                for field, shape in shapes.items()
            ),
            _style(CAPTION, "图片说明（三审）", paragraph=_centred(), run=[fonts(HEAD), *_size(28)]),
            _style(TABLE_CAPTION, "表题（三审）", paragraph=_centred(), run=[fonts(HEAD), *_size(28)]),
            _style(CREDIT, "图片署名（三审）", paragraph=_centred(), run=_size(24)),
            _style(NUMBERED, "编号（三审）"),
            _style(CONTINUED, "续段（三审）"),
            _style(DIVIDER, "分隔线（三审）"),
            _style(ATTACHMENT, "附件清单（三审）"),
            _style(
                CELL,
                "表格文字",
                paragraph=[element("w:spacing", before=0, after=0, line=400, lineRule="atLeast"), *_flush()],
                run=_size(24),
            ),
            element("w:style", element("w:name", val="表格（三审）"), type="table", styleId=TABLE),
            _style("Header", "header", paragraph=_flush()),
            _style("Footer", "footer", paragraph=_flush(), run=[fonts(NUMBER), *_size(28)]),
        ],
    )


def font_table() -> Element:
    """Return the part of the fonts, each with what to take in its place."""
    made = [
        element("w:font", element("w:altName", val=beside), element("w:charset", val="86"), name=font)
        for font, beside in _BESIDE.items()
    ]
    return children(element("w:fonts"), made)


def footer(align: str) -> Element:
    """Return the foot of a page with its number between two dashes. Source: GB/T 9704-2012, 7.5."""
    side: dict[str, Attribute] = {
        "firstLineChars": 0,
        "firstLine": 0,
        ("rightChars" if align == "right" else "leftChars"): 100,
    }

    def run(*content: Element) -> Element:
        return element("w:r", element("w:rPr", fonts(NUMBER, NUMBER)), *content)

    return element(
        "w:ftr",
        element(
            "w:p",
            element(
                "w:pPr",
                element("w:pStyle", val="Footer"),
                element("w:ind", **side),
                element("w:jc", val=align),
            ),
            run(element("w:t", text="— ")),
            run(element("w:fldChar", fldCharType="begin")),
            run(element("w:instrText", text=" PAGE ")),
            run(element("w:fldChar", fldCharType="separate")),
            run(element("w:t", text="1")),
            run(element("w:fldChar", fldCharType="end")),
            run(element("w:t", text=" —")),
        ),
    )


#: Where a page's head begins, below the upper edge of the paper.
_HEAD_AT = 851
#: The red head stands 35 mm below the upper edge of the text. Source: GB/T 9704-2012, 7.2.4.
_ABOVE_HEAD = TOP + 1984 - _HEAD_AT


def red_head(words: str) -> Element:
    """Return the head of the first page: who issues it, in red, above a red line across the text."""
    red = element("w:color", val="FF0000")
    size = 2 * max(22, min(44, 420 // len(words)))
    line = element("w:pBdr", element("w:bottom", val="single", sz=12, space=12, color="FF0000"))
    run = element("w:r", element("w:rPr", fonts(TITLE), red, *_size(size)), element("w:t", text=words))
    return element(
        "w:hdr",
        element(
            "w:p",
            element(
                "w:pPr",
                line,
                element("w:spacing", before=_ABOVE_HEAD, after=LINE),
                element("w:jc", val="center"),
            ),
            run,
        ),
    )


def section(odd: str, even: str, *, head: str | None = None) -> Element:
    """Return the page: its size, margins, feet and the head of the first page, by the ids of their parts."""
    first = (
        (
            element("w:headerReference", type="first", r_id=head),
            element("w:footerReference", type="first", r_id=odd),
        )
        if head is not None
        else ()
    )
    return element(
        "w:sectPr",
        *first,
        element("w:footerReference", type="default", r_id=odd),
        element("w:footerReference", type="even", r_id=even),
        element("w:pgSz", w=PAGE_WIDTH, h=PAGE_HEIGHT),
        element(
            "w:pgMar",
            top=TOP,
            right=RIGHT,
            bottom=BOTTOM,
            left=LEFT,
            header=_HEAD_AT,
            footer=1588 - 397,
            gutter=0,
        ),
        *((element("w:titlePg"),) if head is not None else ()),
    )


def settings() -> Element:
    """Return the part of the settings: left and right pages have feet of their own."""
    return element(
        "w:settings",
        element("w:zoom", percent=100),
        element("w:evenAndOddHeaders"),
        element("w:characterSpacingControl", val="compressPunctuation"),
        element(
            "w:compat",
            element(
                "w:compatSetting",
                name="compatibilityMode",
                uri="http://schemas.microsoft.com/office/word",
                val=15,
            ),
        ),
    )
