"""`sanshen convert` and `sanshen diff`: files as the service would take them in."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.check import CHANGES, read_bytes, read_file
from app.cli.output import err, fail, out, print_json

if TYPE_CHECKING:
    from app.drafts.export.queries import Exported
    from app.drafts.intake.service import Intake
    from app.words.differences import Difference

#: What a file can be written as.
_CHANGES = {"edited": "改", "added": "增", "removed": "删"}
KINDS = ("json", "html", "docx", "pdf", "text")


def convert(
    file: Annotated[Path, typer.Argument(metavar="文件", help="文本、Markdown、HTML 或 Word 文件。")],
    *,
    to: Annotated[str, typer.Option("--to", help="转成：json、html、docx、pdf 或 text。")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="写到这个文件；缺省写到标准输出。")
    ] = None,
    red_head: Annotated[
        str, typer.Option("--red-head", help="转成 docx 时首页的红头，如 某某市民政局文件；缺省没有。")
    ] = "",
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
    if to in {"docx", "pdf"} and output is None and out.is_terminal:
        fail("这种文件不能写到屏幕上，请用 --output 指定文件。")
    taken = _taken(file, title.strip(), changes)
    for entry in taken.left_out:
        times = f"（{entry.count} 处）" if entry.count > 1 else ""
        err.print(f"没有进入正文：{entry.name}：{entry.what}{times}", markup=False, soft_wrap=True)
    content = _written(taken, to, red_head.strip())
    if output is None:
        typer.get_binary_stream("stdout").write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        fail(f"写不了 {output}：{error.strerror}")


def diff(
    old: Annotated[Path, typer.Argument(metavar="旧文件", help="文本、Markdown、HTML 或 Word 文件。")],
    new: Annotated[Path, typer.Argument(metavar="新文件", help="同上，格式可以不同。")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON。")] = False,
) -> None:
    """比较两个文件的文字：先对齐段落，再比字词；标点的改动另用文字说明。有不同时返回 1。"""
    from app.words.differences import differences

    before, after = (_taken(file, "", CHANGES[0]).document for file in (old, new))
    changes = differences(before, after)
    if as_json:
        print_json([asdict(difference) for difference in changes])
    else:
        for difference in changes:
            out.print(
                f"{_CHANGES[difference.kind]}　{difference.place}：{_line(difference)}",
                markup=False,
                soft_wrap=True,
            )
    if changes:
        raise typer.Exit(1)


def _line(difference: "Difference") -> str:
    """Return what differs in one line: [-what went-], {+what came+}, and in words what eyes would miss."""
    signs = {"removed": "[-{}-]", "added": "{{+{}+}}", "same": "{}"}
    told = "".join(signs[piece.kind].format(piece.text) for piece in difference.stretches)
    notes = "；".join(piece.note for piece in difference.stretches if piece.note)
    return f"{told}（{notes}）" if notes else told


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


def _written(taken: "Intake", to: str, red_head: str) -> bytes:
    """Return what was taken in as another kind of file."""
    from app.domain.document.model import document_bytes
    from app.drafts.export.docx.service import docx_of
    from app.drafts.export.queries import Exported
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
    names = {picture.sha256: picture.name for picture in taken.pictures}
    if to == "pdf":
        return _printed(Exported(document, pictures, names))
    return docx_of(document, pictures, names, red_head=red_head)


def _printed(source: "Exported") -> bytes:
    """Return a PDF, or say which characters keep it from being set and leave with 2."""
    from app.drafts.export.pdf import Paper, pdf_of
    from app.infra.errors import AppError
    from app.infra.http.problems import sentence

    try:
        return pdf_of(source, Paper())
    except AppError as refusal:
        fail(*(sentence(reason) for reason in refusal.reasons))
