"""From a template and plain data to a PDF, through typst: nothing of the data is ever run as markup."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst

from app.typesetting import fonts

_TEMPLATES = Path(__file__).parent / "templates"
MEDIA_TYPE = "application/pdf"
#: What every template begins with.
_SHARED = "blocks.typ"


class GlyphsMissing(Exception):
    """The fonts lack characters: setting would leave holes. `characters` names them, each once."""

    def __init__(self, characters: tuple[str, ...]) -> None:
        super().__init__("".join(characters))
        self.characters = characters


def typeset(template: str, data: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> bytes:
    """Return a PDF of `data` set by `templates/<template>.typ`: the same bytes for the same arguments.

    `data` is what JSON can hold; every string in it may be shown and is looked at first, keys and entries
    whose keys begin with `_` (names of files) aside. `files` are pictures by plain names without a folder,
    which the template reads by these names.
    Raises `GlyphsMissing` with every character that cannot be drawn; nothing is set then. Whatever the setter
    warns of (a font, a size) is a fault of the template: `RuntimeError`.
    """
    if lacking := fonts.missing("".join(_words(data))):
        raise GlyphsMissing(lacking)
    source = _source(template)
    with TemporaryDirectory(prefix="sanshen-page-") as name_of_it:
        folder = Path(name_of_it)
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content)
        (folder / "main.typ").write_text(source, encoding="utf-8")
        made, warnings = typst.compile_with_warnings(
            folder / "main.typ",
            root=folder,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
            format="pdf",
            timestamp=0,
        )
    if warnings:
        raise RuntimeError("; ".join(warning.message for warning in warnings))
    return made


@cache
def _source(template: str) -> str:
    return "\n".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in (_SHARED, f"{template}.typ"))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts.folder())]
    )


def _words(data: Any) -> Iterator[str]:  # noqa: ANN401 – what JSON can hold
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if not key.startswith("_"):
                yield from _words(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _words(value)
