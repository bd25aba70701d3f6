"""`sanshen convert`: a file as the service would take it in, written as another kind."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.check import CHANGES, read_bytes, read_file
from app.cli.output import err, fail, out

if TYPE_CHECKING:
    from app.drafts.intake.service import Intake

#: What a file can be written as.
KINDS = ("json", "html", "docx", "text")


def convert(
    file: Annotated[Path, typer.Argument(metavar="文件", help="文本、Markdown、HTML 或 Word 文件。")],
    *,
    to: Annotated[str, typer.Option("--to", help="转成：json、html、docx 或 text。")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="写到这个文件；缺省写到标准输出。")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="标题；缺省用原文的标题，原文没有就用文件名。")] = "",
    changes: Annotated[
        str,
        typer.Option(
            "--tracked-changes", help="Word 文件里没有接受的修订：original 按修订前，accepted 全部接受。"
        ),
    ] = "original",
) -> None:
    """把文件按交稿时的读法读一遍，再写成别的格式。没有进入正文的内容逐项列在标准错误里。"""
    if to not in KINDS:
        fail(f"--to 只能是 {'、'.join(KINDS)}")
    if changes not in CHANGES:
        fail(f"--tracked-changes 只能是 {'、'.join(CHANGES)}")
    if to == "docx" and output is None and out.is_terminal:
        fail("Word 文件不能写到屏幕上，请用 --output 指定文件。")
    taken = _taken(file, title.strip(), changes)
    for entry in taken.left_out:
        times = f"（{entry.count} 处）" if entry.count > 1 else ""
        err.print(f"没有进入正文：{entry.name}：{entry.what}{times}", markup=False, soft_wrap=True)
    content = _written(taken, to)
    if output is None:
        typer.get_binary_stream("stdout").write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        fail(f"写不了 {output}：{error.strerror}")


def _taken(file: Path, title: str, changes: str) -> "Intake":
    """Return what a file says, or say what keeps it from being read and leave with 2."""
    from base64 import b64encode

    from app.drafts.intake.docx.changes import TrackedChanges
    from app.drafts.intake.service import Format, take_in
    from app.drafts.uploads import format_of
    from app.infra.errors import AppError
    from app.infra.http.problems import sentence

    faults: list[str] = []
    kind = format_of(file.name)
    content: str | None
    if kind is Format.DOCX:
        data = read_bytes(file, faults)
        content = None if data is None else b64encode(data).decode()
    else:
        content = read_file(file, faults)
    if content is None:
        fail(*faults)
    fields = {"title": title} if title else {}
    try:
        try:
            return take_in(kind, content, fields, changes=TrackedChanges(changes))
        except AppError as refusal:
            if title or not any(reason.code == "title_missing" for reason in refusal.reasons):
                raise
            return take_in(kind, content, {"title": file.stem}, changes=TrackedChanges(changes))
    except AppError as refusal:
        fail(f"{file}：", *(sentence(reason) for reason in refusal.reasons))


def _written(taken: "Intake", to: str) -> bytes:
    """Return what was taken in as another kind of file."""
    from app.domain.document.model import document_bytes
    from app.drafts.export.docx.service import docx_of
    from app.proofs.layout import website
    from app.proofs.layout.pages import Setting

    document = taken.document
    if to == "json":
        return document_bytes(document) + b"\n"
    if to == "text":
        return "".join(f"{text}\n" for _, text in document.texts()).encode()
    if to == "html":
        return website.render(document, Setting(channel="", section="")).content
    pictures = {picture.sha256: picture.content for picture in taken.pictures}
    return docx_of(document, pictures, {picture.sha256: picture.name for picture in taken.pictures})
