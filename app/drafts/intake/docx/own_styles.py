"""Styles of the Word files that are written here: what they mark is read back as what it is."""

from app.domain.addresses import web_address_faults
from app.domain.document.list_numbers import sign
from app.domain.document.model import Block, Image, Numbering, Paragraph, Table
from app.drafts.intake.builder import Sign
from app.drafts.intake.docx.numbering import Label

#: Fields of a draft that stand beside its text.
FIELD_STYLES = {
    "subtitle": "SanshenSubtitle",
    "summary": "SanshenSummary",
    "byline": "SanshenByline",
    "source": "SanshenSource",
    "source_url": "SanshenSourceUrl",
}
CAPTION, CREDIT, ATTACHMENT = "SanshenCaption", "SanshenCredit", "SanshenAttachment"
TABLE_CAPTION = "SanshenTableCaption"
CAPTIONS = frozenset({CAPTION, CREDIT, TABLE_CAPTION})
#: Items of numbered lists, further paragraphs of an item, lines across.
NUMBERED, CONTINUED, DIVIDER = "SanshenNumbered", "SanshenContinued", "SanshenDivider"
#: Tables of which exactly the rows that say so are the head.
TABLE = "SanshenTable"
#: The forms of Word that a document's lists can have.
NUMBERINGS = {
    "decimal": Numbering.DECIMAL,
    "lowerLetter": Numbering.LOWER_ALPHA,
    "upperLetter": Numbering.UPPER_ALPHA,
    "lowerRoman": Numbering.LOWER_ROMAN,
    "upperRoman": Numbering.UPPER_ROMAN,
    "chineseCounting": Numbering.CHINESE,
}
_LIMITS = {"subtitle": 200, "summary": 2000, "byline": 200, "source": 200, "source_url": 2000}
_BY_STYLE = {style: field for field, style in FIELD_STYLES.items()}


def field_of(style: str | None, text: str) -> str | None:
    """Return which field a paragraph is; `None` for one of the text, or one that no field could hold."""
    field = _BY_STYLE.get(style or "")
    if field is None or not text.strip() or len(text) > _LIMITS[field]:
        return None
    return None if field == "source_url" and web_address_faults(text) else field


def sign_of(style: str | None, label: Label | None) -> Sign | None:
    """Return the number of an item of a list that was written here; `None` for every other paragraph."""
    if style != NUMBERED or label is None or label.number is None:
        return None
    numbering = NUMBERINGS.get(label.form)
    if numbering is None or label.words.strip() != sign(label.number, numbering):
        return None
    return Sign(label.depth, label.number, numbering)


def with_captions(blocks: list[Block], styled: list[tuple[int, str]]) -> list[Block]:
    """Return the blocks with the words of captions in the pictures and tables that they belong to.

    `styled` are the places of paragraphs in the styles of captions and credits, in their order.
    """
    kept: list[Block | None] = list(blocks)
    for at, style in styled:
        block = kept[at] if at < len(kept) else None
        if not isinstance(block, Paragraph):
            continue
        name = "credit" if style == CREDIT else "caption"
        near = at + 1 if style == TABLE_CAPTION else _before(kept, at)
        other = kept[near] if 0 <= near < len(kept) else None
        fits = isinstance(other, Table if style == TABLE_CAPTION else Image)
        if other is not None and fits and not getattr(other, name):
            kept[near], kept[at] = other.model_copy(update={name: block.text}), None
    return [block for block in kept if block is not None]


def _before(kept: list[Block | None], at: int) -> int:
    """Return where the block stands that comes before; -1 for none."""
    return next((near for near in range(at - 1, -1, -1) if kept[near] is not None), -1)
