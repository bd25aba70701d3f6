"""`sanshen usage`: characters that usage speaks against, and a bureau's own prose counted."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.check import read_file
from app.cli.chinese import CommandLine
from app.cli.output import fail, out, print_json, said

if TYPE_CHECKING:
    from app.negative_list.usage.doubtful_characters import Usage

app = CommandLine(no_args_is_help=True, help="用语证据：公文里几乎没有的写法。只供参考，不阻断。")

_OWN = ".npy"


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(metavar="文件…", help="文本、Markdown 或 HTML 文件。")],
    *,
    known: Annotated[Path | None, typer.Option("--known", help="本单位的用词，一行一个，不再提示。")] = None,
    beside: Annotated[list[Path] | None, typer.Option("--beside", help="usage count 得到的计数。")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON。")] = False,
) -> None:
    """列出几乎没有人这样写、换一个音近形近的字却很常见的地方。总是返回 0；文件读不了时返回 2。"""
    from app.negative_list.usage.doubtful_characters import usage

    faults: list[str] = []
    words = frozenset(filter(None, map(str.strip, (_text(known, faults) if known else "").splitlines())))
    if faults:
        fail(*faults)
    try:
        counts = usage(*(beside or ()))
    except (OSError, ValueError) as error:
        fail(f"--beside：读不了，{said(error) if isinstance(error, OSError) else '不是 usage count 的结果'}")
    rows = [row for file in files for row in _doubts(file, counts, words, faults)]
    if as_json:
        print_json({"characters": counts.characters, "doubts": rows})
    else:
        for row in rows:
            out.print(f"{row['file']} …{row['around']}…\n  {row['message']}", markup=False, soft_wrap=True)
    if faults:
        fail(*faults)


def _doubts(
    file: Path, counts: "Usage", known: frozenset[str], faults: list[str]
) -> Iterator[dict[str, Any]]:
    """Yield what is doubted in a file, with its place; a file that is not read is a fault."""
    from app.drafts.intake.builder import TooMuch
    from app.drafts.intake.files import read_file as read_as_handed_in
    from app.negative_list.text.fold import fold, span

    text = read_file(file, faults)
    if text is None:
        return
    try:
        parts = read_as_handed_in(text, file.suffix).parts.parts
    except TooMuch:
        faults.append(f"{file}：内容太多，请拆成几个文件")
        return
    for part in parts:
        folded, origin = fold(part.text)
        for doubt in counts.doubts(folded, known=known):
            start, end = (doubt.start, doubt.end) if origin is None else span(origin, doubt.start, doubt.end)
            written = part.text[start:end]
            yield {
                "file": str(file),
                "part": part.ref,
                "start": start,
                "end": end,
                "written": written,
                "better": doubt.better,
                "written_seen": doubt.written_seen,
                "better_seen": doubt.better_seen,
                "message": doubt.told(written, counts.characters),
                "around": part.text[max(0, start - 8) : end + 8],
            }


@app.command("count")
def count(
    files: Annotated[list[Path], typer.Argument(metavar="文件…", help="本单位已发布的文稿。")],
    *,
    to: Annotated[Path, typer.Option("--to", help="写到哪个 .npy 文件。")],
) -> None:
    """数本单位已发布文稿里的用字，只存计数，不存文字。用 usage check --beside 带上。"""
    from app.negative_list.text.fold import fold_text
    from app.negative_list.usage.build import added
    from app.negative_list.usage.doubtful_characters import usage

    if to.suffix != _OWN:
        fail(f"--to：应以 {_OWN} 结尾")
    faults: list[str] = []
    texts = [text for file in files if (text := read_file(file, faults)) is not None]
    if faults:
        fail(*faults)
    try:
        kept = added(map(fold_text, texts), usage().index, to)
    except OSError as error:
        fail(f"{to}：写不了，{said(error)}")
    out.print(f"数了 {len(texts)} 个文件 {sum(map(len, texts))} 字，留下 {kept} 个重复出现的字串，写到 {to}")


def _text(file: Path, faults: list[str]) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{file}：{said(error) if isinstance(error, OSError) else '不是 UTF-8 文本'}")
        return ""
