"""What a source may ask for: time, memory and size are bounded, and what is too much is refused in words."""

import re
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.drafts.intake import markdown_rules, subprocess_reader
from app.drafts.intake import service as taking
from app.drafts.intake.builder import MOST_CELLS, TooMuch
from app.drafts.intake.markdown import as_html
from app.drafts.intake.service import Format, refusals, take_in
from app.drafts.intake.subprocess_reader import SMALL, Source, read, read_here
from app.infra.errors import Invalid, TooLarge, Unavailable
from app.infra.http.problems import sentence

ARTICLE = (
    "市民政局召开**座谈会**，听取[意见](https://a.cn)。\n\n1. 一\n2. 二\n\n"
    "|甲|乙|\n|-|-|\n|1|2|\n\n<!-- 注 -->\n\n"
)


def refused(form: str, content: Any) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        take_in(Format(form), content, {"title": "题"})
    return [one.code for one in refusal.value.reasons]


def test_what_is_heavy_is_read_elsewhere_and_says_the_same() -> None:
    source = Source("markdown", ARTICLE * (SMALL // len(ARTICLE) + 1), "题")
    assert source.is_heavy
    assert not Source("markdown", ARTICLE).is_heavy
    assert read(source) == read_here(source)


@pytest.mark.parametrize("limit", ["DEADLINE", "MOST_OUT"])
def test_a_child_that_takes_or_says_too_much_is_ended(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess_reader, limit, 0.01 if limit == "DEADLINE" else 10)
    assert refused("markdown", ARTICLE * 400) == ["conversion_too_heavy"]


def test_a_child_has_limits_of_its_own() -> None:
    script = (
        "import resource\nfrom app.drafts.intake.subprocess_child import _limit\n_limit()\n"
        "print(resource.getrlimit(resource.RLIMIT_CPU)[0], resource.getrlimit(resource.RLIMIT_FSIZE)[0])\n"
        "try:\n    bytearray(2_000_000_000)\nexcept MemoryError:\n    print('bounded')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(subprocess_reader.CPU_SECONDS), "0", "bounded"]


def test_a_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []
    real = subprocess.Popen

    def noting(*args: Any, **more: Any) -> Any:
        seen.append(more["env"])
        return real(*args, **more)

    monkeypatch.setenv("SANSHEN_SECRET", "x")
    monkeypatch.setattr(subprocess, "Popen", noting)
    read(Source("markdown", ARTICLE * 400, "题"))
    assert [name for name in seen[0] if name.startswith("SANSHEN")] == []


def test_without_a_turn_people_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess_reader, "PATIENCE", 0.01)
    for _ in range(subprocess_reader.AT_ONCE):
        subprocess_reader._turns.acquire()
    try:
        with pytest.raises(Unavailable) as busy:
            take_in(Format.MARKDOWN, ARTICLE * 400, {"title": "题"})
    finally:
        for _ in range(subprocess_reader.AT_ONCE):
            subprocess_reader._turns.release()
    assert busy.value.code == "conversion_busy"
    assert busy.value.headers["Retry-After"] == "30"


WIDE = "|a" * 300 + "|\n" + "|-" * 300 + "|\n"


@pytest.mark.parametrize(
    ("form", "content", "code"),
    [
        ("markdown", WIDE + "a|\n" * 200, "table_too_large"),
        ("markdown", (WIDE + "a|\n" * 40 + "\n") * 5, "table_too_large"),
        ("html", "<table>" + "<tr><td colspan=1000>a" * 51 + "</table>", "table_too_large"),
        ("html", "<table><tr><td colspan=999 rowspan=0>a" + "<tr><td>b" * 60 + "</table>", "table_too_large"),
        ("text", "a\n" * 50_002, "too_many_blocks"),
        ("html", "<b>" * 4000 + "深", "nested_too_deep"),
    ],
)
def test_what_grows_beyond_measure_is_refused(form: str, content: str, code: str) -> None:
    assert refused(form, content) == [code]


def test_a_small_source_makes_no_large_document(monkeypatch: pytest.MonkeyPatch) -> None:
    content = WIDE + "a|\n" * 150
    document = take_in(Format.MARKDOWN, content, {"title": "题"}).document
    assert len(document.model_dump_json()) < 6 * MOST_CELLS
    monkeypatch.setattr(taking, "MOST_RESULT", 10_000)
    with pytest.raises(TooLarge) as large:
        take_in(Format.MARKDOWN, content, {"title": "题"})
    assert large.value.data["limit"] == 10_000
    assert large.value.data["bytes"] > 100_000


def test_every_limit_has_words() -> None:
    for code in ("table_too_large", "too_many_blocks", "conversion_too_heavy", "nested_too_deep"):
        assert sentence(reading_reason(code)) != code


def reading_reason(code: str) -> Any:
    def much() -> None:
        with refusals():
            raise TooMuch(code, limit=5)

    with pytest.raises(Invalid) as refusal:
        much()
    return refusal.value.reasons[0]


# --- brackets ----------------------------------------------------------------

PLAIN = MarkdownIt("commonmark", {"html": True})
PLAIN.normalizeLink = lambda url: url  # type: ignore[method-assign]
PLAIN.validateLink = lambda url: True  # type: ignore[method-assign]
BRACKETS = st.lists(
    st.sampled_from([*"[])`a \\*\n", "![", "](", "(u)", "[r]", "<b>", "<http://x[>"]),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(BRACKETS)
@example("[a `[` b](u)")
@example("[![a](i[1].png)](u)")
@example("[[r]] [r][r] ![r][]")
def test_links_are_those_of_commonmark(source: str) -> None:
    # Asterisks between letters are signs of arithmetic here.
    assume(re.search(r"[\w)]\*+[\w(]", f"x{source}") is None)
    # So is a tag between them that nothing closes.
    assume(re.search(r"[\w)]<b>[\w(]", f"x{source}") is None)
    text = f"x{source}\n\n[r]\n\n[r]: /v"
    assert as_html(text) == PLAIN.render(text)


@pytest.mark.parametrize("source", ["![" * 4000, "[" * 4000 + "]" * 4000, "![a](" * 2000])
def test_brackets_without_partners_are_not_looked_after(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    for name in ("link", "image"):
        real = getattr(markdown_rules, name)

        def counting(state: Any, silent: bool, real: Any = real) -> bool:
            asked.append(state.pos)
            return bool(real(state, silent))

        monkeypatch.setattr(markdown_rules, name, counting)
    as_html(source)
    assert len(asked) <= 3 * source.count("](") + 3


@pytest.mark.parametrize("cited", [True, False])
def test_footnotes_cost_in_proportion_to_their_number(cited: bool) -> None:
    def seconds(count: int) -> float:
        references = "".join(f"甲[^{number}]\n\n" for number in range(count)) if cited else ""
        text = references + "".join(f"[^{number}]: 注\n\n" for number in range(count))
        began = time.process_time()
        html = as_html(text)
        assert html.count("<p>[") == count
        return time.process_time() - began

    seconds(10)
    # Looked up in lists, four times as many took sixty times as long.
    assert seconds(1600) < 16 * seconds(400)


def test_notes_that_cite_notes_keep_the_numbers_of_their_order() -> None:
    html = as_html("乙[^b]\n\n[^a]: 甲\n\n[^b]: 见[^c]\n\n[^c]: 丙\n")
    assert re.findall(r"\[\d\][^<]*", html) == ["[1]", "[1] 见", "[3]", "[2] 甲", "[3] 丙"]
