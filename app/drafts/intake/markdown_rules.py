"""What Markdown here does otherwise than CommonMark: Chinese emphasis, tables, tags, bounded links."""

import re
from bisect import bisect_left
from collections.abc import MutableMapping
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock, html_block
from markdown_it.rules_inline import StateInline, autolink, html_inline, image, link
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

from app.drafts.intake.runs import wide
from app.drafts.intake.tags import is_tag

_RULER = re.compile(r"^[-:|][-:|\s]*$")
_COLUMN = re.compile(r"^:?-+:?$")
#: Signs of Chinese texts that Western ones have too.
_SHARED = frozenset("“”‘’—…·•①②③④⑤⑥⑦⑧⑨⑩※°×%‰")
_CODE = re.compile(r"`+")
_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_DESTINATION = re.compile(
    r"\(\s*(?:<[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"(?:\s+(?:\"[^\"]{0,2000}\"|'[^']{0,2000}'|\([^()]{0,2000}\)))?\s*\)"
)


class Inlines(ParserInline):
    """The inline parser over the state below."""

    def parse(
        self, src: str, md: MarkdownIt, env: MutableMapping[str, Any], tokens: list[Token]
    ) -> list[Token]:
        """Process the input string and push inline tokens into `tokens`."""
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


class _State(StateInline):
    """Knows which brackets can begin a link at all, and lets emphasis meet Chinese signs."""

    def __init__(self, *args: Any) -> None:  # noqa: ANN401 – as the state that it extends
        super().__init__(*args)
        self._openers: list[int] | None = None

    def may_open(self, at: int) -> bool:
        """Tell whether the bracket at `at` has a partner that a link could end with."""
        if self._openers is None:
            self._openers = sorted(_openers(self.src, bool(self.env.get("references"))))
        index = bisect_left(self._openers, at)
        return index < len(self._openers) and self._openers[index] == at

    def _is_ended(self, at: int) -> bool:
        """Tell whether the next asterisks could end what one before `at` begins."""
        following = self.src.find("*", at, self.posMax)
        if following < 0:
            return False
        end = following
        while end < self.posMax and self.src[end] == "*":
            end += 1
        after = self.src[end] if end < self.posMax else " "
        return end - following == 3 or (
            end - following == 1 and not _is_product(self.src[following - 1], after, 1)
        )

    def _is_begun(self, at: int) -> bool:
        """Tell whether bare words before `at` begin with one asterisk, and nothing stands right before it."""
        before = self.src.rfind("*", 0, at)
        if before < 0 or not _SLANTED.fullmatch(self.src, before + 1, at):
            return False
        return before == 0 or (self.src[before - 1] not in "*\\" and not self.src[before - 1].isalnum())

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 – the parser's names
        """Say whether a run of markers may open and close emphasis.

        As CommonMark has it, but that punctuation beside a Chinese character parts no words there: no spaces
        stand around it. Source: CommonMark 0.31, 6.2; the case is commonmark/commonmark-spec#650.
        """
        marker, end = self.src[start], start
        while end < self.posMax and self.src[end] == marker:
            end += 1
        before = self.src[start - 1] if start > 0 else " "
        after = self.src[end] if end < self.posMax else " "
        space_before, space_after = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
        sign_before, sign_after = _is_punctuation(before), _is_punctuation(after)
        chinese = _is_chinese(before, after)
        left = not space_after and (not sign_after or space_before or sign_before or chinese)
        right = not space_before and (not sign_before or space_after or sign_after or chinese)
        if marker == "*" and _is_product(before, after, end - start):
            # One asterisk may still begin what ends at a sign or a space, **粗*斜***, or end what began so.
            opens = left and end - start == 1 and not after.isdigit() and self._is_ended(end)
            return Scanned(opens, end - start == 1 and self._is_begun(start), end - start)
        can_open = left and (canSplitWord or not right or sign_before)
        can_close = right and (canSplitWord or not left or sign_after or (sign_before and chinese))
        return Scanned(can_open, can_close, end - start)


#: Words that one asterisk before them makes slanted up to the next one: `*斜*体`, but not `*注：长*宽`.
_SLANTED = re.compile(r"\w{1,20}")


def _is_punctuation(char: str) -> bool:
    return isMdAsciiPunct(ord(char)) or isPunctChar(char)


def _is_product(before: str, after: str, length: int) -> bool:
    """Tell whether asterisks are signs of arithmetic: 5*6*7, 长*宽, (a+b)*(c+d), 10**8.

    Chinese is written without spaces, so two asterisks beside a Chinese character are emphasis.
    """
    if length > 1:
        return before.isalnum() and after.isalnum() and not wide(before) and not wide(after)
    return (before.isalnum() or before in ")）") and (after.isalnum() or after in "(（")


def _is_chinese(before: str, after: str) -> bool:
    """Tell whether a place stands in Chinese text: a Chinese character on one side, or two of its signs."""
    if wide(before) or wide(after):
        return True
    return before in _SHARED and after in _SHARED


def _openers(src: str, has_references: bool) -> set[int]:
    """Return where the brackets open that a link or a picture could begin with. Linear in `src`.

    The parser looks for the end of each bracket anew, so it may only be asked where there is one: its partner
    is followed by an address or a label, or its words could be a label themselves.
    """
    openers: set[int] = set()
    stack: list[tuple[int, bool]] = []
    at, end = 0, len(src)
    code_ends = _code_ends(src)
    while at < end:
        char = src[at]
        if char == "\\":
            at += 2
        elif char == "`" and at in code_ends:
            at = code_ends[at]
        elif char == "<" and (tag := _TAG.match(src, at)):
            at = tag.end()
        elif char == "[":
            if stack:
                stack[-1] = (stack[-1][0], True)
            stack.append((at, False))
            at += 1
        elif char == "]" and stack:
            opener, holds_brackets = stack.pop()
            following = src[at + 1 : at + 2]
            if following in {"(", "["} or (has_references and not holds_brackets and at - opener <= 1000):
                openers.add(opener)
            at += 1
            if following == "(" and (destination := _DESTINATION.match(src, at)):
                # Brackets of an address part nothing around it; if it turns out to be none, they are text.
                within = _openers(destination[0][1:], has_references)
                openers |= {at + 1 + opener for opener in within}
                at = destination.end()
        else:
            at += 1
    return openers


def _code_ends(src: str) -> dict[int, int]:
    """Return for each place where code begins the place behind its end."""
    runs = [(match.start(), match.end()) for match in _CODE.finditer(src)]
    following: dict[int, tuple[int, int]] = {}
    ends: dict[int, int] = {}
    for start, end in reversed(runs):
        if end - start in following:
            ends[start] = following[end - start][1]
        following[end - start] = (start, end)
    return ends


def bounded_link(state: StateInline, silent: bool) -> bool:
    """Read a link where there can be one."""
    return state.src[state.pos] == "[" and state.may_open(state.pos) and link(state, silent)  # type: ignore[attr-defined]


def bounded_image(state: StateInline, silent: bool) -> bool:
    """Read a picture where there can be one."""
    at = state.pos
    return state.src.startswith("![", at) and state.may_open(at + 1) and image(state, silent)  # type: ignore[attr-defined]


# --- tables ----------------------------------------------------------------


def table_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table, as GitHub's Markdown has it, but keep the cells that are more than its head has.

    Rows are not filled up here, so that a table is never larger than its source.
    Source: GitHub Flavored Markdown 0.29, 4.10.
    """
    if start + 2 > end or state.sCount[start + 1] < state.blkIndent:
        return False
    if state.is_code_block(start) or state.is_code_block(start + 1):
        return False
    head = state.getLines(start, start + 1, state.blkIndent, False).strip()
    ruler = state.getLines(start + 1, start + 2, state.blkIndent, False).strip()
    if "|" not in head or not _RULER.match(ruler) or "|" not in ruler + head:
        return False
    columns = _split(ruler)
    names = _split(head)
    if not columns or len(columns) != len(names) or not all(_COLUMN.match(column) for column in columns):
        return False
    if silent:
        return True
    aligned = [_ALIGNED.get((column[0], column[-1]), "") for column in columns]
    rows, following = [names], start + 2
    terminators = state.md.block.ruler.getRules("blockquote")
    around, state.parentType = state.parentType, "table"
    while following < end and state.sCount[following] >= state.blkIndent and not state.isEmpty(following):
        if state.is_code_block(following) or any(rule(state, following, end, True) for rule in terminators):
            break
        rows.append(_split(state.getLines(following, following + 1, state.blkIndent, False).strip()))
        following += 1
    state.parentType = around
    _push(state, rows, aligned, (start, following))
    state.line = following
    return True


#: Where the words of a column stand, by the first and last sign below its head.
_ALIGNED = {(":", ":"): "text-align:center", ("-", ":"): "text-align:right"}


def _push(state: StateBlock, rows: list[list[str]], aligned: list[str], lines: tuple[int, int]) -> None:
    state.push("table_open", "table", 1).map = list(lines)
    for number, cells in enumerate(rows):
        tag = "td" if number else "th"
        if number < 2:
            state.push("thead_open" if not number else "tbody_open", "tbody" if number else "thead", 1)
        state.push("tr_open", "tr", 1)
        for column, cell in enumerate(cells):
            opened = state.push(f"{tag}_open", tag, 1)
            if style := aligned[column] if column < len(aligned) else "":
                opened.attrSet("style", style)
            token = state.push("inline", "", 0)
            token.content, token.children, token.map = cell, [], [lines[0] + number, lines[0] + number + 1]
            state.push(f"{tag}_close", tag, -1)
        state.push("tr_close", "tr", -1)
        if not number:
            state.push("thead_close", "thead", -1)
    if len(rows) > 1:
        state.push("tbody_close", "tbody", -1)
    state.push("table_close", "table", -1)


def _split(line: str) -> list[str]:
    """Return the cells of a row; an escaped bar is one of the text."""
    cells = [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)]
    if cells and not cells[0]:
        del cells[0]
    if cells and not cells[-1]:
        del cells[-1]
    return cells


# --- HTML in Markdown ------------------------------------------------------

_AUTOLINK = re.compile(r"<(?:https?:|ftp:|mailto:|tel:|[^<>\s:]+@)", re.IGNORECASE)
_OPENS = re.compile(r"<(table|ol|ul|dl|figure|pre)\b", re.IGNORECASE)


def html_of_tags(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a block of HTML, unless what it begins with is no tag."""
    return is_tag(state.src, state.bMarks[start] + state.tShift[start]) and html_block(
        state, start, end, silent
    )


def html_tag(state: StateInline, silent: bool) -> bool:
    """Read a tag of HTML, unless it is none."""
    return (
        state.src[state.pos] == "<"
        and is_tag(state.src, state.pos, in_line=True)
        and html_inline(state, silent)
    )


def bounded_autolink(state: StateInline, silent: bool) -> bool:
    """Read an address in angle brackets where it leads out: `<ab:1>` are words."""
    match = _AUTOLINK.match(state.src, state.pos)
    return match is not None and autolink(state, silent)


def whole_html(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a table or list of HTML to its end, also over the blank lines at which HTML blocks else end."""
    if state.is_code_block(start) or state.sCount[start] < state.blkIndent:
        return False
    line = state.getLines(start, start + 1, state.blkIndent, False)
    opened = _OPENS.match(line.lstrip())
    if opened is None:
        return False
    tag = opened[1].lower()
    depth, following = 0, start
    ends = re.compile(rf"<(/?){tag}\b", re.IGNORECASE)
    while following < end:
        text = state.getLines(following, following + 1, 0, False)
        depth += sum(-1 if tag[1] else 1 for tag in ends.finditer(text))
        following += 1
        if depth <= 0:
            break
    if depth > 0:
        return False
    if silent:
        return True
    token = state.push("html_block", "", 0)
    token.map, token.content = [start, following], state.getLines(start, following, state.blkIndent, True)
    state.line = following
    return True
