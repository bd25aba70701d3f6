"""A file that a draft holds, read by what its bytes are: the one door for attachments and pictures."""

from app.drafts.intake.kinds import PICTURES, Kind, kind_of, trouble_of
from app.drafts.intake.reading import Reading, unreadable

#: Files within files within files.
_DEEPEST = 2


def read_held(content: bytes, *, depth: int = 0) -> Reading:
    """Return what a file says. Of what is no kind that can be read, why."""
    kind = kind_of(content)
    if kind is None:
        return unreadable(f"没有检查：{trouble_of(content)}")
    if kind in PICTURES:
        from app.drafts.intake.pictures import read_picture

        return read_picture(content)
    if kind is Kind.TEXT:
        from app.drafts.intake.sheets.delimited import read_plain

        return read_plain(content)

    if kind in {Kind.XLS, Kind.ODS}:
        from app.drafts.intake.sheets.old_workbook import read_old_workbook

        return read_old_workbook(content, kind)

    def nested(within: bytes) -> Reading:
        if depth >= _DEEPEST:
            return unreadable("嵌在太深的地方，没有检查")
        return read_held(within, depth=depth + 1)

    if kind is Kind.XLSX:
        from app.drafts.intake.sheets.workbook import read_workbook

        return read_workbook(content, nested)
    if kind is Kind.PDF:
        from app.drafts.intake.pdf.reader import read_pdf

        return read_pdf(content, nested)
    from app.drafts.intake.docx.attachment import read_word

    return read_word(content, nested)
