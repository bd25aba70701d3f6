# ruff: noqa: E501, T201
"""`python -m tests.policies.confusions CORPUS FONT --date DAY`: makes `confusions.tsv` and `slips.tsv` anew.

CORPUS is a file of official prose (`.xz`: a document's id, a tab and a paragraph a line), FONT a free font. It
wants jieba (MIT), pypinyin (MIT), Pillow (MIT-CMU) and numpy beside it; the product needs none of the first three.

* `confusions.tsv`: common words of two characters with one of them changed for one of like sound or shape, as far
  as what comes of it never stands in the corpus, and is not to be expected where two words meet.
* `slips.tsv`: everyday slips typed in by hand (`slips.txt`: wrong, right). Where the corpus has the wrong form as
  part of other words, what stands behind or before it there becomes the column of longer right words.
"""

import argparse
import lzma
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import jieba  # type: ignore[import-untyped, import-not-found, unused-ignore]
import numpy as np
from PIL import Image, ImageDraw, ImageFont  # type: ignore[import-not-found, unused-ignore]
from pypinyin import Style, pinyin  # type: ignore[import-not-found, unused-ignore]

LEXICONS = Path(__file__).resolve().parents[2] / "policies" / "negative_list" / "lexicons"
#: So often a word stands in the corpus to be one that people write.
COMMON = 60
#: So often two words may be expected to meet there and make the written form, seen never.
MEETING = 0.25
#: Characters that a pen slips to: those that stand so often in the corpus.
WRITTEN = 400
#: Lines of the list.
MOST = 16_000
#: Of a slip that stands more often in the corpus than this, within other words, no guard is made: it is no slip.
GUARDED = 1_000
#: Where it stands in no other word and is this many times as rare as the right word, it is a slip there, too.
RARER = 200
#: In so many contexts two words meet where the slip stands: there will be more.
MEETINGS = 3
#: Longer right words of one slip.
LONGER = 90
_SOUNDS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


def paragraphs(corpus: Path) -> Iterator[str]:
    """Yield the paragraphs of the corpus."""
    with lzma.open(corpus, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\n").partition("\t")[2]


def is_han(text: str) -> bool:
    """Whether a text is Chinese characters only."""
    return all("\u4e00" <= char <= "\u9fff" for char in text)


def sounds(char: str) -> set[str]:
    """Return how a character may sound, without tone, with sounds that people mix made one."""
    found = set()
    for sound in pinyin(char, style=Style.NORMAL, heteronym=True)[0]:
        plain = sound
        for longer, shorter in _SOUNDS:
            plain = plain.replace(longer, shorter)
        found.add(plain)
    return found


def shapes(chars: list[str], font: Path, *, near: int = 6, least: float = 0.86) -> dict[str, list[str]]:
    """Return for each character those that look most like it, drawn with a font and blurred."""
    drawn = []
    face = ImageFont.truetype(str(font), 40)
    for char in chars:
        image = Image.new("L", (48, 48))
        ImageDraw.Draw(image).text((4, -4), char, fill=255, font=face)
        pixels = np.asarray(image.resize((24, 24)), dtype=np.float32).ravel()
        pixels -= pixels.mean()
        drawn.append(pixels / (np.linalg.norm(pixels) or 1))
    table = np.stack(drawn)
    like = table @ table.T
    np.fill_diagonal(like, 0)
    found = {}
    for index, char in enumerate(chars):
        best = np.argsort(-like[index])[:near]
        found[char] = [chars[other] for other in best if like[index][other] >= least]
    return found


def count(corpus: Path) -> tuple[Counter[str], Counter[str], Counter[str], Counter[str]]:
    """Return how often pairs of characters stand in the corpus, and characters: at all, in front, at ends."""
    pairs: Counter[str] = Counter()
    chars: Counter[str] = Counter()
    starts: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for text in paragraphs(corpus):
        chars.update(text)
        pairs.update(first + second for first, second in pairwise(text))
        words = list(jieba.cut(text, HMM=False))
        for word, following in pairwise(words):
            if is_han(word[-1]) and is_han(following[0]):
                ends[word[-1]] += 1
                starts[following[0]] += 1
    return pairs, chars, starts, ends


def confusions(
    pairs: Mapping[str, int], starts: Mapping[str, int], ends: Mapping[str, int], like: Mapping[str, Iterable[str]]
) -> dict[str, str]:  # fmt: skip
    """Return wrong forms with the word that was meant, the commonest words first."""
    meetings = sum(starts.values())
    known: Mapping[str, Any] = jieba.dt.FREQ
    found: dict[str, tuple[float, str]] = {}
    for word, often in pairs.items():
        if often < COMMON or not is_han(word) or not known.get(word):
            continue
        for place, char in enumerate(word):
            for other in like.get(char, ()):
                wrong = other + word[1] if not place else word[0] + other
                if wrong[0] == wrong[1] or pairs.get(wrong) or known.get(wrong):
                    continue
                meet = ends.get(wrong[0], 0) * starts.get(wrong[1], 0) / meetings
                if meet <= MEETING * min(4, often / 1000 + 1):
                    found[wrong] = max(found.get(wrong, (0.0, "")), (float(often), word))
    best = sorted(found, key=lambda wrong: -found[wrong][0])[:MOST]
    return {wrong: found[wrong][1] for wrong in sorted(best)}


def guards(slips: Mapping[str, str], corpus: Path) -> dict[str, list[str] | None]:
    """Return for each slip the longer forms that the corpus has it in; None where it is no slip at all."""
    contexts: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    known: Mapping[str, Any] = jieba.dt.FREQ
    whole_text = "\n".join(paragraphs(corpus))
    for wrong in slips:
        place = whole_text.find(wrong)
        while place >= 0:
            end = place + len(wrong)
            contexts[wrong][whole_text[place - 1], whole_text[end]] += 1
            place = whole_text.find(wrong, end)
    found: dict[str, list[str] | None] = {}
    for wrong in slips:
        seen = contexts[wrong]
        if known.get(wrong) and len(wrong) == 2 and seen.total() > 5:
            found[wrong] = None
            continue
        longer: Counter[str] = Counter()
        bare = meeting = 0
        for (before, behind), often in seen.items():
            # 工作到 for 作到, 以经济 for 以经: the word that one of its characters belongs to.
            first, second = before + wrong[0], wrong[-1] + behind
            if is_han(behind) and (known.get(second) or not is_han(before)):
                longer[wrong + behind] += often
            if is_han(before) and known.get(first):
                longer[before + wrong] += often
            meeting += bool(known.get(first) and known.get(second))
            if not (known.get(first) or known.get(second)):
                bare += often
        whole = (
            meeting >= MEETINGS
            or seen.total() > GUARDED
            or len(longer) > LONGER
            or bare > max(2, whole_text.count(slips[wrong]) / RARER)
        )
        found[wrong] = None if whole else sorted(longer)
    return found


def _write_confusions(corpus: Path, font: Path, day: str) -> None:
    pairs, chars, starts, ends = count(corpus)
    common = [char for char, often in chars.most_common() if is_han(char) and often >= WRITTEN]
    by_sound: dict[str, list[str]] = defaultdict(list)
    for char in common:
        for sound in sounds(char):
            by_sound[sound].append(char)
    drawn = shapes(common, font)
    like = {
        char: {other for sound in sounds(char) for other in by_sound[sound] if other != char}
        | set(drawn[char])
        for char in common
    }
    made = confusions(pairs, starts, ends, like)
    for name in ("typos.tsv", "slips.tsv", "variants.tsv"):
        for line in (LEXICONS / name).read_text("utf-8").splitlines():
            made.pop(line.split("\t")[0], None)
    right = (LEXICONS / "typos.tsv").read_text("utf-8")
    made = {wrong: word for wrong, word in made.items() if wrong not in right}
    total = sum(chars.values()) // 10_000
    (LEXICONS / "confusions.tsv").write_text(
        "# 疑似错字：写法⇥常用写法⇥说明⇥包含它的正确词语\n"
        f"# 由常用词换上一个音近或者形近的字而来，只留在{total}万字公开公文语料里一次也没有出现过的；{day}\n"
        "# 词来自 jieba 词典（MIT），读音来自 pypinyin（MIT），字形由 Noto 字体（OFL）算出；"
        "语料：法律法规、政府报告、新闻联播文字稿\n"
        "# 由 python -m tests.policies.confusions 生成\n"
        + "".join(f"{wrong}\t{right}\n" for wrong, right in made.items()),
        encoding="utf-8",
    )


def main() -> None:
    """Write both lists anew."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("corpus", type=Path)
    asked.add_argument("font", type=Path)
    asked.add_argument("--date", required=True, help="the day to write into the lists")
    asked.add_argument("--slips", action="store_true", help="only slips.tsv, which takes seconds")
    given = asked.parse_args()
    jieba.initialize()
    if not given.slips:
        _write_confusions(given.corpus, given.font, given.date)
    typed = (Path(__file__).parent / "slips.txt").read_text(encoding="utf-8")
    slips = dict(line.split()[:2] for line in typed.splitlines() if line and not line.startswith("#"))
    typed_before = {
        line.split("\t")[0]
        for name in ("typos.tsv", "variants.tsv")
        for line in (LEXICONS / name).read_text("utf-8").splitlines()
    }
    in_right = (LEXICONS / "typos.tsv").read_text("utf-8")
    slips = {wrong: right for wrong, right in slips.items() if wrong not in typed_before}
    slips = {wrong: right for wrong, right in slips.items() if wrong not in in_right}
    lines = []
    for wrong, longer in guards(slips, given.corpus).items():
        if longer is None:
            print("left out, it is part of too much right text:", wrong)
            continue
        lines.append("\t".join((wrong, slips[wrong], "", "|".join(longer))).rstrip("\t") + "\n")
    (LEXICONS / "slips.tsv").write_text(
        "# 常见的二字、三字错写：写法⇥应为⇥说明⇥包含它的正确词语。"
        "写法由人工录入，例外取自2000多万字公开公文语料里出现过的上下文；{given.date}\n"
        "# 由 python -m tests.policies.confusions 从 tests/policies/slips.txt 生成\n"
        + "".join(sorted(lines)),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
