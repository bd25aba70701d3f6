"""Rules about what is not running text: pictures, tables, videos, lengths."""

import re
from collections.abc import Iterable
from itertools import pairwise

from app.negative_list.checkers.base import StructureCheck, Thing
from app.negative_list.source.fields import Fields
from app.negative_list.text.fold import fold_text
from app.negative_list.text.model import PartKind, Structure, TableFact

#: A map of a product's name (养老服务地图) is no map of the country.
_MAPS = re.compile(
    r"(?<![服务子民单导程益善])地图|区划(?:简|示意)?图|区位图|分布(?:示意)?图|疆域|版图|轮廓图|国界|界线图|[省市县]域图"
)
_ADDRESS = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,10})(?:[/:?#].*)?", re.IGNORECASE)
#: What is no description of a picture: the name of its file, or that it is one.
_NO_WORDS = re.compile(
    r"(?:图片?|照片|image|img|photo|picture|未命名|截图|无标题|微信图片|屏幕截图)?[\s_\-]*\d*(?:[\d_\-]*)"
    r"|[\w\- ().]{1,80}\.(?:jpe?g|png|gif|bmp|webp|tiff?)",
    re.IGNORECASE,
)
#: Drives and shares of one machine, and addresses that only the program knew in which the text was written.
_ON_ONE_MACHINE = re.compile(
    r"file:|[a-z]:[\\/]|\\\\|blob:|cid:|about:|/(?:Users|home|tmp|private|storage|data/user)/"
    r"|https?://(?:localhost|127\.|0\.0\.0\.0|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)",
    re.IGNORECASE,
)
_MAP_NUMBER = re.compile(r"审图号")
_NUMBER = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?")
_TOTALS = frozenset({"合计", "总计", "共计", "总和"})
_SUBTOTALS = ("小计", "其中")


class ImageWithoutAlt(StructureCheck):
    """A picture without words for those who cannot see it."""

    reads = "images"

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return each picture without alternative text."""
        for image in structure.images:
            if not image.alt.strip():
                yield Thing(PartKind.ALT, f"{image.ref}/alt", "")


class ImageAltWithoutWords(StructureCheck):
    """A picture whose alternative text says nothing of it: 图片, IMG_2034.jpg."""

    reads = "images"

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return each such text."""
        for image in structure.images:
            alt = image.alt.strip()
            if alt and _NO_WORDS.fullmatch(alt):
                yield Thing(PartKind.ALT, f"{image.ref}/alt", alt, start=0, end=len(image.alt))


class LinkText(StructureCheck):
    """A link without a target, or whose words are the address of another host than it leads to."""

    reads = "links"

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return each such link, at its target."""
        for link in structure.links:
            target = link.href.strip()
            if target.lower() in {"", "#", "about:blank"} or target.lower().startswith("javascript:"):
                yield Thing(PartKind.LINK, link.ref, link.text, (), "链接是空的")
                continue
            said, leads = _ADDRESS.fullmatch(link.text.strip()), _ADDRESS.fullmatch(target)
            if said and leads and _host(said[1]) != _host(leads[1]):
                yield Thing(PartKind.LINK, link.ref, link.text, (), f"实际去向是{leads[1]}")


def _host(name: str) -> str:
    return name.lower().removeprefix("www.")


class ImageWithoutCredit(StructureCheck):
    """A picture that names no author or source; a caption with 摄, 供图 or 来源 counts."""

    reads = "images"

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return each picture without author or source; a file that refers to one has no place for them."""
        for image in structure.images:
            if (
                not image.address
                and not image.credit.strip()
                and not re.search("摄|供图|来源|图片由|绘", image.caption)
            ):
                yield Thing(PartKind.CAPTION, f"{image.ref}/credit", "")


class ImageOnOneMachine(StructureCheck):
    """A picture that a file refers to on the machine where it was written: no reader will see it."""

    reads = "images"

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return each such picture, at its words or its place."""
        for image in structure.images:
            if _ON_ONE_MACHINE.match(image.address):
                yield Thing(PartKind.ALT, f"{image.ref}/alt", image.alt.strip() or image.address[:80])


class MapWithoutNumber(StructureCheck):
    """A picture whose words say that it is a map, without its approval number (审图号)."""

    reads = "images"

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return each map without its approval number."""
        for image in structure.images:
            words = f"{image.alt}\n{image.caption}\n{image.credit}"
            found = _MAPS.search(words)
            if found and not _MAP_NUMBER.search(words):
                kind, name = (
                    (PartKind.ALT, "alt") if _MAPS.search(image.alt) else (PartKind.CAPTION, "caption")
                )
                yield Thing(kind, f"{image.ref}/{name}", found[0])


class VideoWithoutCaption(StructureCheck):
    """A video without a caption."""

    reads = "videos"

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return each video without a caption."""
        for video in structure.videos:
            if not video.caption.strip():
                yield Thing(PartKind.CAPTION, f"{video.ref}/caption", "")


#: What stands before and behind the name of a column without making it another: 居民身份证号码, 本人手机号.
_OWNER = re.compile(
    r"^(?:申请人|救助对象|户主|本人|居民|公民|有效|家庭|监护人的?|法定代理人|持证人|联系人|个人)+"
)
_NOTE = re.compile(r"[(\[].*[)\]]$")
_NUMBER_SIGN = re.compile(r"(?:号码|编号|号)$")


#: A longer cell is a sentence, no head of a column.
_LONGEST_HEAD = 10


class TableColumns(StructureCheck):
    """A table with a column that must not be public, wherever its head stands.

    That may be under a title, in a second row of heads, or in front of a row. Signs and spaces in the head,
    remarks in brackets behind it, and whose it is (本人、居民), do not matter.

    `people` are columns that name a person. Where they are given, `office` columns are let be in a table that
    names none: the telephone of an office may be public. Beside people, a head that has a word of `words` in
    it must not be public, too: 家庭人口及收入.
    """

    reads = "tables"

    def __init__(self, args: Fields) -> None:
        columns, office, people = args.texts("columns"), args.texts("office"), args.texts("people")
        if not columns:
            args.fault("columns", "缺少栏目名：columns: [身份证号, 手机号]")
        self._columns = frozenset(map(_head, columns))
        self._words = args.texts("words")
        self._office, self._people = frozenset(map(_head, office)), frozenset(map(_bare, people))

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return each head of a column that must not be public."""
        for table in structure.tables:
            named = not self._people or any(
                self._names_people(cell) for row in table.rows for cell in row if cell
            )
            unwanted = self._columns | self._office if named else self._columns
            for number, row in enumerate(table.rows):
                for column, cell in enumerate(row):
                    if cell and (_head(cell) in unwanted or (named and self._speaks_of(cell))):
                        yield Thing(table.part, table.cell(number, column), cell, start=0, end=len(cell))

    def _speaks_of(self, cell: str) -> bool:
        bare = _bare(cell)
        return len(bare) <= _LONGEST_HEAD and any(word in bare for word in self._words)

    def _names_people(self, cell: str) -> bool:
        return _bare(cell) in self._people


def _head(text: str) -> str:
    """Return the name of a column as it is compared: without whose it is, and without 号码 behind it."""
    bare = _bare(_NOTE.sub("", fold_text(text).strip()))
    return _NUMBER_SIGN.sub("", _OWNER.sub("", bare) or bare)


def _bare(text: str) -> str:
    return re.sub(r"\W|_", "", fold_text(text))


class TableTotal(StructureCheck):
    """A row 合计 whose number is not the sum of the column above it; tables with subtotals are left alone."""

    reads = "tables"

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return each total that is not the sum of its column."""
        for table in structure.tables:
            yield from _totals(table)


def _totals(table: TableFact) -> Iterable[Thing]:
    rows = [tuple(map(fold_text, row)) for row in table.rows]
    if any(cell.startswith(_SUBTOTALS) for row in rows for cell in row):
        return
    places = [index for index, row in enumerate(rows) if any(_bare(cell) in _TOTALS for cell in row[:2])]
    if len(places) != 1 or places[0] != len(rows) - 1 or len(rows) < 3:
        return
    for column in range(1, len(rows[0])):
        numbers = [_number(row[column]) for row in rows[1:-1]]
        total = _number(rows[-1][column])
        if total is None or None in numbers or _counts_up(numbers):
            continue
        given = sum(number for number in numbers if number is not None)
        if abs(given - total) > 1e-6:
            cell = table.rows[-1][column]
            yield Thing(
                table.part, table.cell(len(rows) - 1, column), cell, (f"{given:g}",),
                f"各行相加为{given:g}", 0, len(cell),
            )  # fmt: skip


def _counts_up(numbers: list[float | None]) -> bool:
    """Whether a column only numbers the rows: 1, 2, 3."""
    return (
        len(numbers) > 1
        and numbers[0] == 1
        and all(one is not None and other == one + 1 for one, other in pairwise(numbers))
    )


def _number(cell: str) -> float | None:
    found = _NUMBER.fullmatch(cell.strip())
    return float(found[0].replace(",", "")) if found else None


class FileTraces(StructureCheck):
    """What a file tells besides its content: `kinds: [author, company]`, but for `ordinary: [WPS Office]`.

    A trace that is one of the ordinary words, or begins with one and goes on with digits, names nobody.
    """

    reads = "traces"

    def __init__(self, args: Fields) -> None:
        self._kinds = frozenset(args.texts("kinds"))
        if not self._kinds:
            args.fault("kinds", "缺少种类：kinds: [author, last_author, company]")
        self._ordinary = frozenset(map(_plain_name, args.texts("ordinary")))

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return each trace of these kinds that names somebody or something."""
        for trace in structure.traces:
            if trace.kind in self._kinds and _plain_name(trace.text) not in self._ordinary:
                yield Thing(PartKind.ATTACHMENT, trace.ref, trace.text, start=0, end=len(trace.text))


def _plain_name(text: str) -> str:
    """Return a name as it is compared: without signs, and without the numbers behind it."""
    bare = _bare(text).lower()
    return bare.rstrip("0123456789") or bare


class TextLength(StructureCheck):
    """A field that is longer than a channel takes: `field: title, max: 32`, in characters."""

    reads = "fields"

    def __init__(self, args: Fields) -> None:
        self._field = args.choice("field", ("title", "subtitle", "summary", "byline"), "title")
        self._most = int(args.number("max", 32, low=1, high=100_000))

    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return what of the field is over its length."""
        text = structure.fields.get(self._field, "")
        if len(text) > self._most:
            yield Thing(
                PartKind(self._field), self._field, text[self._most :], (),
                f"共{len(text)}字，最多{self._most}字", self._most, len(text),
            )  # fmt: skip
