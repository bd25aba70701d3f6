"""`sanshen policy words`: a vendor's word list, looked at and made into a lexicon."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.check import BEIJING, read_handed_in
from app.cli.output import fail, out, print_json, said

if TYPE_CHECKING:
    from app.negative_list.quality.first_look import Hits
    from app.negative_list.source.word_lists import Columns, Taken

MAX_BYTES = 50_000_000
_WORKBOOKS = (".xlsx", ".xlsm")
_SHOWN = 10
#: Lines that a delimiter is told from.
_LOOKED_AT = 200
_NAMES = {"term": "词", "suggestion": "建议", "note": "说明", "category": "类别"}
_COLUMN = "列，写第几列（从 1 数）或者表头。"


def words(
    file: Annotated[Path, typer.Argument(metavar="词表", help="CSV、TSV 或 xlsx，UTF-8 或 GBK。")],
    *,
    term: Annotated[str, typer.Option("--term", help=f"词所在的{_COLUMN}")] = "",
    suggestion: Annotated[str, typer.Option("--suggestion", help=f"建议所在的{_COLUMN}没有就写 0。")] = "",
    note: Annotated[str, typer.Option("--note", help=f"说明所在的{_COLUMN}")] = "",
    category: Annotated[str, typer.Option("--category", help=f"类别所在的{_COLUMN}")] = "",
    only: Annotated[list[str] | None, typer.Option("--only", help="只收这一类，可写多次。")] = None,
    against: Annotated[
        list[Path] | None, typer.Option("--against", help="旧稿文件或文件夹：先看每个词会命中什么。")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="写成词表文件（lexicons/某某.tsv），不覆盖。")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出。")] = False,
) -> None:
    """Say what is made of a vendor's list and what each word hits, and write the lexicon if asked to."""
    from app.negative_list.source import word_lists

    rows = _rows(file)
    given = {"term": term, "suggestion": suggestion, "note": note, "category": category}
    try:
        found = word_lists.taken(rows, _columns(rows, given))
    except ValueError as error:
        fail(f"{file}：{error}")
    if not found.words:
        fail(f"{file}：没有可以收入的词", *found.told())
    if only:
        _known(found, only)
        found.words = [word for word in found.words if word.category in only]
    looked, characters = _looked(found, against) if against else ([], 0)
    if to is not None:
        _write(found, file, to)
    if as_json:
        _as_json(found, looked, characters)
        return
    _say(found, rows)
    if against:
        _say_looked(looked, characters, len(found.words))
    if to is not None:
        _line(f"写入 {to}；规则里写 match: {{kind: lexicon, lexicon: {to.name}}}，并给出命中和不命中的例句")


def _rows(file: Path) -> list[list[str]]:
    try:
        content = file.read_bytes()
    except OSError as error:
        fail(f"{file}：读不了，{said(error)}")
    if len(content) > MAX_BYTES:
        fail(f"{file}：{len(content)} 字节，超过 {MAX_BYTES} 字节")
    if file.suffix.lower() in _WORKBOOKS:
        from app.drafts.intake.subprocess_reader import read_file

        reading = read_file(content)
        if not reading.grids:
            fail(f"{file}：{reading.unread[0].why if reading.unread else '没有读到表格'}")
        return [list(row) for row in reading.grids[0].rows]
    text = _text(content)
    some = text.splitlines()[:_LOOKED_AT]
    delimiter = max("\t,;|", key=lambda sign: sum(sign in line for line in some))
    csv.field_size_limit(len(text) + 1)
    if delimiter == ",":
        read = csv.reader(StringIO(text, newline=""))
    else:
        # Quotes stand in words, too: only commas are quoted.
        read = csv.reader(StringIO(text, newline=""), delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return [row for row in read if any(row)]


def _text(content: bytes) -> str:
    from app.drafts.intake.sheets.delimited import encoding_of

    encoding = encoding_of(content)
    if encoding is not None:
        return content.decode(encoding).removeprefix("\ufeff")
    # Lists that were put together of several have lines in several encodings.
    return "\n".join(_decoded(line) for line in content.removeprefix(b"\xef\xbb\xbf").splitlines())


def _decoded(line: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("utf-8", "replace")


def _columns(rows: Sequence[Sequence[str]], given: dict[str, str]) -> "Columns":
    from app.negative_list.source import word_lists

    columns = word_lists.guessed(rows)
    chosen = {what: _place(rows[0], what, name) for what, name in given.items() if name}
    # A column that is named for one thing is no other.
    rest = {
        what: None if getattr(columns, what) in chosen.values() else getattr(columns, what) for what in given
    }
    mapped = {**rest, **chosen}
    if mapped["term"] is None:
        fail("请用 --term 写明词在第几列")
    return word_lists.Columns(
        mapped["term"], mapped["suggestion"], mapped["note"], mapped["category"], head=columns.head
    )


def _place(head: Sequence[str], what: str, name: str) -> int | None:
    if name.isascii() and name.isdigit():
        if int(name) > len(head):
            fail(f"--{what}：只有 {len(head)} 列，没有第 {name} 列")
        return int(name) - 1 if int(name) else None
    if name not in head:
        fail(f"--{what}：没有“{name}”这一列，表头是 {'、'.join(head)}")
    return head.index(name)


def _known(found: "Taken", only: Sequence[str]) -> None:
    unknown = [name for name in only if name not in found.categories]
    if unknown:
        fail(f"--only：没有类别“{'”“'.join(unknown)}”，有 {'、'.join(found.categories)}")


def _looked(found: "Taken", against: Sequence[Path]) -> "tuple[list[Hits], int]":
    from app.cli.policy import texts_of
    from app.negative_list.quality.first_look import first_look

    files, faults = texts_of(against)
    if faults:
        fail(*faults)

    def texts() -> Iterator[str]:
        for file in files:
            handed_in = read_handed_in(file, faults, most=None)
            if handed_in is not None:
                yield "\n".join(part.text for part in handed_in[1].parts.parts)

    looked = first_look([word.term for word in found.words], texts())
    if faults:
        fail(*faults)
    return looked


def _write(found: "Taken", file: Path, to: Path) -> None:
    from app.negative_list.source import word_lists

    today = datetime.now(UTC).astimezone(BEIJING).date().isoformat()
    try:
        with to.open("x", encoding="utf-8") as written:
            written.write(word_lists.lexicon(found.words, source=file.name, entered=today))
    except FileExistsError:
        fail(f"{to} 已经有了，没有覆盖")
    except OSError as error:
        fail(f"{to}：写不了，{said(error)}")


def _as_json(found: "Taken", looked: "Sequence[Hits]", characters: int) -> None:
    print_json(
        {
            "columns": found.columns._asdict(),
            "words": len(found.words),
            "categories": dict(found.categories),
            "left_out": found.left_out,
            "doubtful": found.doubtful,
            "hits": [one._asdict() for one in looked],
            "characters": characters,
        }
    )


def _say(found: "Taken", rows: Sequence[Sequence[str]]) -> None:
    shown = [
        f"{name}＝第 {place + 1} 列" + (f"（{rows[0][place]}）" if found.columns.head else "")
        for what, name in _NAMES.items()
        if (place := getattr(found.columns, what)) is not None
    ]
    _line(f"{'，'.join(shown)}；共 {len(rows) - found.columns.head} 行，收入 {len(found.words)} 个词")
    for word in found.words[:3]:
        right = "|".join(word.suggestions) or "（无建议）"
        _line(f"  例：{word.term} → {right} {word.note} {word.category}".rstrip())
    if found.columns.category is not None:
        several = [f"{name or '（空）'} {count}" for name, count in list(found.categories.items())[:_SHOWN]]
        _line(f"类别：{'、'.join(several)}")
    for line in found.told():
        _line(line)


def _say_looked(looked: "Sequence[Hits]", characters: int, count: int) -> None:
    total = sum(one.places for one in looked)
    a_page = total / characters * 10_000 if characters else 0.0
    _line(
        f"旧稿 {characters} 字：{count} 个词中有 {len(looked)} 个命中，共 {total} 处，每万字 {a_page:.2f} 处"
    )
    for one in looked[:_SHOWN]:
        _line(f"  {one.term}：{one.places} 处，{one.texts} 篇；如“{one.example}”")


def _line(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
