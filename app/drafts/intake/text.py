"""Plain text into blocks: every line a paragraph, every character kept."""

from app.domain.document.model import Paragraph
from app.drafts.intake.builder import MOST_BLOCKS, Builder, TooMuch
from app.drafts.intake.runs import Inline


def read_text(text: str, builder: Builder) -> None:
    """Take every line that is not blank as a paragraph; the first may become the title."""
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > MOST_BLOCKS:
        raise TooMuch("too_many_blocks", limit=MOST_BLOCKS)
    builder.blocks.extend(Paragraph(text=line) for line in lines)
    if lines:
        builder.offer_title(Inline([(lines[0], frozenset())]), at=0)
