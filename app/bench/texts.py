"""Texts and terms for the rules' benchmark: the demo's prose, and terms drawn from its characters."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random

from app.bench.figures import Options
from app.demo import load as demo
from app.drafts.intake.files import read_file
from app.infra.paths import shipped
from app.negative_list.text.model import PartKind

#: Length of the draft that one check is timed on, in characters.
DRAFT = 1500
RULE = "bench.terms"
_RULES = """\
version: 1
rules:
- id: bench.terms
  title: 测速词表
  severity: warn
  weight: 1
  scope: {{channels: ["*"], sections: ["*"]}}
  match: {{kind: lexicon, view: raw, lexicon: bench_terms.tsv, overlap: all}}
  message: “{{match}}”在测速词表里。
  examples:
    hit:
    - {{text: "{term}", at: [0, {length}]}}
    miss:
    - 正常的一句话。
"""


def paragraphs(options: Options) -> list[str]:
    """Return the paragraphs that texts are made of: those of `--corpus`, else of the demo's drafts.

    Raises `OSError` and `UnicodeDecodeError` for a file that is no text in UTF-8, `ValueError` for one with
    less than one draft.
    """
    if options.corpus is not None:
        lines = options.corpus.read_text(encoding="utf-8").splitlines()
    else:
        drafts = [read_file(draft["text"], ".md") for draft in demo.texts("drafts.yaml")]
        lines = [part.text for draft in drafts for part in draft.parts.parts if part.kind is PartKind.BODY]
    written = [line.strip() for line in lines if line.strip()]
    if sum(map(len, written)) < DRAFT:
        raise ValueError(f"a text of at least {DRAFT} characters is needed")
    return written


def draft_of(lines: Sequence[str], length: int = DRAFT) -> list[str]:
    """Return the first paragraphs, `length` characters in all, the last one cut."""
    taken: list[str] = []
    left = length
    for line in lines:
        taken.append(line[:left])
        left -= len(taken[-1])
        if left <= 0:
            break
    return taken


def terms(lines: Sequence[str], draft: Sequence[str], count: int, planted: int = 5) -> list[str]:
    """Return `count` different terms of 3 to 6 characters, as frequent in their characters as the prose.

    `planted` of them stand in the draft, each once if it can be; the others do not. Raises `ValueError` for a
    text of too few different characters.
    """
    luck = Random(20261125)  # noqa: S311 – the same terms on every machine
    prose = "".join(char for line in lines for char in line if "一" <= char <= "鿿")
    text = "\n".join(draft)
    windows = [line[start : start + 5] for line in draft for start in range(len(line) - 4)]
    han = [window for window in dict.fromkeys(windows) if all("一" <= char <= "鿿" for char in window)]
    # Those that stand in the draft once come first; a text that says everything twice has none.
    luck.shuffle(han)
    rarest = dict.fromkeys(sorted(han, key=text.count)[:planted])
    for _ in range(count * 100):
        if len(rarest) == count:
            break
        term = "".join(luck.choices(prose, k=luck.randint(3, 6)))
        if term not in text:
            rarest[term] = None
    else:
        raise ValueError("the text has too few different characters to make the terms of")
    return list(rarest)


def policy_folder(folder: Path, words: Sequence[str]) -> Path:
    """Make a copy of the shipped negative list in `folder`, with one more rule that lists `words`."""
    made = folder / "negative_list"
    shutil.copytree(shipped("policies") / "negative_list", made)
    head = made / "policy.yaml"
    told = head.read_text(encoding="utf-8")
    head.write_text(told.replace("includes:\n", "includes:\n- bench/*.yaml\n"), encoding="utf-8")
    rows = "".join(f"{word}\t\n" for word in words)
    (made / "lexicons" / "bench_terms.tsv").write_text(f"# 测速词表\n{rows}", encoding="utf-8")
    rules = made / "bench"
    rules.mkdir()
    (rules / "terms.yaml").write_text(_RULES.format(term=words[0], length=len(words[0])), encoding="utf-8")
    return made
