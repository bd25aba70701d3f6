"""Makes the table of usage: `python -m app.negative_list.usage.build --help`.

It takes texts (a document's name, a tab and a paragraph a line, also packed with xz), the word list of jieba
and, for the sets of characters that are taken for each other, a Chinese font; pypinyin and Pillow have to be
there. Only counts are kept of the texts.
"""

import argparse
import json
import lzma
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.negative_list.usage.count_table import BITS, Keys, level_of, made, runs

#: Characters beyond these are unknown.
_CHARACTERS = (1 << BITS) - 1
#: A rarer character is nothing that another was meant to be.
_COMMON = 40
_LONGEST = 4
#: How often a run of so many characters has to be seen to be kept.
_LEAST = {2: 2, 3: 2, 4: 2}
_SOUNDS, _SHAPES = 40, 16
_ALIKE = 0.80
_PIXELS = 40


def lines_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the document and the text of each line."""
    opened: Callable[..., Any] = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        for line in file:
            document, _, text = line.rstrip("\n").partition("\t")
            yield document, text


def is_held_out(document: str, parts: int) -> bool:
    """Whether a document is one of those that thresholds are tuned on."""
    return parts > 0 and zlib.crc32(document.encode()) % parts == 0


def indexes(text: str, index: NDArray[np.uint16]) -> NDArray[np.uint64]:
    """Return the number of each character; 0 for an unknown one."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    return index.take(np.minimum(codes, len(index) - 1)).astype(np.uint64)


def counted(text: str, index: NDArray[np.uint16], length: int) -> tuple[Keys, NDArray[np.int64]]:
    """Return the runs of a length that were seen often enough, with how often."""
    keys = runs(indexes(text, index), length)
    keys = keys[keys != 0]
    keys.sort()
    opens = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.zeros(0, int)
    counts = np.diff(np.append(opens, len(keys)))
    often = counts >= _LEAST[length]
    return keys[opens[often]], counts[often]


def added(texts: Iterable[str], index: NDArray[np.uint16], out: Path) -> int:
    """Count further texts with the characters of a table that is there, into a table of their own.

    Returns how many runs of characters it holds; what was seen once is left out.
    """
    text = "\n".join(texts)
    grams = [counted(text, index, length) for length in range(2, _LONGEST + 1)]
    keys = np.concatenate([found for found, _ in grams])
    counts = np.concatenate([found for _, found in grams])
    order = np.argsort(-counts, kind="stable")
    # Eight slots at least; a third of them stay empty.
    slots, without_room = made(keys[order], level_of(counts[order]), max(3 * len(keys), 100) / 1e6)
    np.save(out, slots)
    return len(keys) - without_room


def index_of(text: str) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Return the number of each character by its code point, and how often each number was seen."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    seen = np.bincount(np.minimum(codes, 0xFFFF), minlength=0x10000)
    seen[:0x4E00] = 0
    seen[0xA000:] = 0
    order = np.argsort(-seen, kind="stable")[:_CHARACTERS]
    order = order[seen[order] > 0]
    index = np.zeros(0x10000, dtype=np.uint16)
    index[order] = np.arange(1, len(order) + 1)
    return index, np.concatenate(([0], seen[order]))


def words_of(path: Path, index: NDArray[np.uint16]) -> tuple[Keys, NDArray[np.int64]]:
    """Return the words of jieba's list of two to four known characters, with its counts."""
    keys: dict[int, int] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, count, *_ = line.split(" ")
        if 2 <= len(word) <= _LONGEST:
            (key,) = runs(indexes(word, index), len(word))
            if key:
                keys[int(key)] = max(2, int(count))
    found = np.array(list(keys), dtype=np.uint64)
    return found, np.array(list(keys.values()), dtype=np.int64)


def _syllables(char: str) -> set[str]:
    import pypinyin

    found: set[str] = set()
    for syllable in pypinyin.pinyin(char, style=pypinyin.Style.NORMAL, heteronym=True)[0]:
        # What speakers of many dialects do not tell apart: zh and z, n and l, in and ing.
        loose = syllable
        for old, new in (("zh", "z"), ("ch", "c"), ("sh", "s")):
            loose = new + loose[2:] if loose.startswith(old) else loose
        loose = "l" + loose[1:] if loose.startswith("n") and len(loose) > 1 else loose
        loose = loose[:-1] if loose.endswith(("ang", "eng", "ing")) else loose
        found.update((syllable, "~" + loose))
    return found


def _pictures(chars: Iterable[str], font: Path) -> NDArray[np.float32]:
    from PIL import Image, ImageDraw, ImageFilter, ImageFont

    loaded = ImageFont.truetype(str(font), _PIXELS - 4, index=0)
    rows = []
    for char in chars:
        image = Image.new("L", (_PIXELS, _PIXELS))
        ImageDraw.Draw(image).text((_PIXELS // 2, _PIXELS // 2), char, fill=255, font=loaded, anchor="mm")
        pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(1.2)), dtype=np.float32).ravel()
        rows.append(pixels / max(1.0, float(np.linalg.norm(pixels))))
    return np.array(rows, dtype=np.float32)


def confusable(chars: str, seen: NDArray[np.int64], font: Path) -> NDArray[np.uint16]:
    """Return for each number the numbers that it may be taken for, by sound and then by shape; 0 fills up."""
    common = [number for number in range(1, len(chars)) if seen[number] >= _COMMON]
    sounds: dict[str, list[int]] = {}
    for number in common:
        for syllable in _syllables(chars[number]):
            sounds.setdefault(syllable, []).append(number)
    pictures = _pictures((chars[number] for number in common), font)
    found = np.zeros((len(chars), _SOUNDS + _SHAPES), dtype=np.uint16)
    place_of = np.array(common)
    for start in range(0, len(common), 500):
        alike = pictures[start : start + 500] @ pictures.T
        for row, number in enumerate(common[start : start + 500]):
            exact: list[int] = []
            loose: list[int] = []
            for syllable in _syllables(chars[number]):
                (loose if syllable.startswith("~") else exact).extend(sounds[syllable])
            sounding = [other for other in dict.fromkeys([*sorted(exact), *sorted(loose)]) if other != number]
            best = np.argsort(-alike[row])[: _SHAPES + 1]
            shaped = [int(place_of[other]) for other in best if alike[row][other] >= _ALIKE]
            shaped = [other for other in shaped if other != number]
            found[number, : len(sounding[:_SOUNDS])] = sounding[:_SOUNDS]
            found[number, _SOUNDS : _SOUNDS + len(shaped[:_SHAPES])] = shaped[:_SHAPES]
    return found


def build(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the files in `arguments.out`; return what was counted."""
    kept = (
        text
        for path in arguments.texts
        for document, text in lines_of(path)
        if not is_held_out(document, arguments.hold_out)
    )
    text = "\n".join(kept)
    index, seen = index_of(text)
    grams = [counted(text, index, length) for length in range(2, _LONGEST + 1)]
    keys = np.concatenate([found for found, _ in grams])
    counts = np.concatenate([found for _, found in grams])
    order = np.argsort(-counts, kind="stable")
    slots, without_room = made(keys[order], level_of(counts[order]), arguments.megabytes)
    words, word_counts = words_of(arguments.words, index)
    order = np.argsort(-word_counts, kind="stable")
    lexicon, _ = made(words[order], level_of(word_counts[order]), 2.4 * len(words) / 1e6)
    chars = np.zeros(len(seen), dtype=np.uint32)
    chars[index[index > 0]] = np.flatnonzero(index)
    told = {
        "characters": int(seen.sum()),
        "runs": {str(length): len(found) for length, (found, _) in enumerate(grams, 2)},
        "without_room": without_room,
        "words": len(words),
        **json.loads(arguments.sources),
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    np.save(arguments.out / "runs.npy", slots)
    np.save(arguments.out / "words.npy", lexicon)
    like = confusable("".join(map(chr, chars)), seen, arguments.font)
    np.savez_compressed(arguments.out / "characters.npz", codes=chars, seen=seen, like=like)
    (arguments.out / "sources.json").write_text(
        json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )
    return told


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--words", type=Path, required=True, help="jieba's dict.txt")
    parser.add_argument("--font", type=Path, required=True, help="a Chinese font, .ttf, .otf or .ttc")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--megabytes", type=float, default=7.0)
    parser.add_argument("--hold-out", type=int, default=0, help="leave out one document of so many")
    parser.add_argument("--sources", default="{}", help="JSON: what the texts are, from where, of which date")
    return parser.parse_args()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(build(_arguments()), ensure_ascii=False, indent=1) + "\n")
