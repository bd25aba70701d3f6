"""A document on paper: a PDF, the same bytes for the same document."""

from dataclasses import dataclass

from app.drafts.export.queries import Exported
from app.infra.errors import Invalid, Reason
from app.typesetting.document import laid
from app.typesetting.press import GlyphsMissing, typeset


@dataclass(frozen=True, slots=True)
class Paper:
    """How a text is set: `sheet` as a draft on A4, `journal` as a page of an internal journal.

    `imprint` are the words at the head of every page, from left to right; `section` stands above the title.
    """

    template: str = "sheet"
    section: str = ""
    imprint: tuple[str, ...] = ()


def pdf_of(source: Exported, paper: Paper) -> bytes:
    """Return a document as a PDF. Raises `Invalid` that names the characters which the fonts lack."""
    page = laid(source.document, source.pictures, source.filenames)
    data = {**page.data, "section": paper.section, "imprint": list(paper.imprint)}
    try:
        return typeset(paper.template, data, page.files)
    except GlyphsMissing as lacking:
        told = Reason("glyphs_missing", {"characters": "、".join(lacking.characters)})
        raise Invalid("not_set", reasons=[told]) from lacking
