"""Write fold.tsv and t2s.tsv anew.

Run by hand when Unicode or the source of the traditional characters moves on; the product reads only the
two files, so that a policy digest means the same on every Python:

    python -m app.negative_list.text.tables.generate TSCharacters.txt
"""

import sys
import unicodedata
from pathlib import Path

HERE = Path(__file__).parent

#: Default-ignorable code points: zero-width characters, variation selectors, bidi controls, tags.
#: Source: Unicode DerivedCoreProperties, Default_Ignorable_Code_Point.
IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
#: Combining marks that can be laid over a Chinese character to hide it from a search.
MARKS = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))


def _dropped(code: int) -> bool:
    return any(first <= code <= last for first, last in (*IGNORABLE, *MARKS))


def fold_character(char: str) -> str:
    """Return the compatibility form of one character in lower case; empty when it shows nothing."""
    if _dropped(ord(char)):
        return ""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", char).casefold())
    if folded.isdigit() and unicodedata.decomposition(char).startswith("<circle>"):
        # A number of a list is no digit of what follows it: ④1月27日 is not 41月27日. So ④ reads like ⑷.
        return f"({folded})"
    return "".join(part for part in folded if not _dropped(ord(part)))


def _common(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def certain(traditional: str, forms: list[str]) -> str | None:
    """Return the one simplified form of a character; None where two forms are in common use (乾, 徵, 瞭).

    A second form outside GB 2312 (戰: 战 or 𢧐) does not make the first one doubtful.
    """
    if len(forms) > 1:
        forms = [form for form in forms if _common(form)]
    if len(traditional) != 1 or len(forms) != 1 or len(forms[0]) != 1 or forms[0] == traditional:
        return None
    return forms[0]


def main(source: Path) -> None:
    """Write both tables; `source` is OpenCC's TSCharacters.txt."""
    lines = [
        f"{code:X}\t{folded}"
        for code in range(0x110000)
        if not 0xD800 <= code <= 0xDFFF
        and (folded := fold_character(chr(code))) != chr(code)
        # The dropped planes are long runs; fold.py knows them from their first and last code point.
        and not 0xE0000 <= code <= 0xE0FFF
    ]
    (HERE / "fold.tsv").write_text(
        f"# code point (hex), folded form; Unicode {unicodedata.unidata_version}\n" + "\n".join(lines) + "\n",
        encoding="utf-8",
    )
    pairs = []
    for line in source.read_text(encoding="utf-8").splitlines():
        traditional, _, forms = line.partition("\t")
        simplified = certain(traditional, forms.split())
        if simplified is not None:
            pairs.append(f"{traditional}\t{simplified}")
    (HERE / "t2s.tsv").write_text("\n".join(sorted(pairs)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
