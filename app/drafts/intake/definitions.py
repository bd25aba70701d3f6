"""What Markdown defines apart from its text: footnotes, and the addresses of links.

A definition that nothing refers to, or that names no address, is text: people write `[单位]: 万元`.
"""

import re
from typing import Any

from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_inline import StateInline

_NOTE = re.compile(r"^\[\^([^\]\s]{1,100})\]:[ \t]*")
_REFERENCE = re.compile(r"\[\^([^\]\s]{1,100})\]")
#: A scheme, a path, a fragment, the name of a host or of a file.
_ADDRESS = re.compile(
    r"[A-Za-z][A-Za-z\d+.-]*:|[/#?]|[^\s*`/]+/|(?=[^\s*`]{1,2000}$)[^.].*\.[A-Za-z][A-Za-z\d]{1,9}$"
)


class _Addresses(dict[str, dict[str, Any]]):
    """The addresses that a text defines by their labels, and which of the labels its links asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.used: set[str] = set()
        self.defining = False

    def get(self, label: str, default: Any = None) -> Any:  # noqa: ANN401 – as the dict that it extends
        """Return the address of a label, as a link asks for it."""
        self.used.add(label)
        return super().get(label, default)

    def __contains__(self, label: object) -> bool:
        if not self.defining:
            self.used.add(str(label))
        return super().__contains__(label)


def definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take the address of a link, `[label]: address`; it is shown where no link turns out to use it."""
    known: _Addresses = state.env.setdefault("references", _Addresses())
    repeated = len(state.env.get("duplicate_refs", ()))
    known.defining = True
    taken = reference(state, start, end, silent)
    known.defining = False
    if not taken or silent:
        return taken
    source = state.getLines(start, state.line, state.blkIndent, False).strip()
    if len(state.env.get("duplicate_refs", ())) > repeated:
        again = state.env["duplicate_refs"][-1]
        first = known[again["label"]]
        if (first["href"], first["title"]) != (again["href"], again["title"]):
            _say(state, source, start)
        return True
    label = next(reversed(known))
    if not _ADDRESS.match(known[label]["href"]):
        del known[label]
        _say(state, source, start)
        return True
    token = state.push("definition", "", 0)
    token.content, token.meta, token.map = source, {"label": label}, [start, state.line]
    return True


def shown(token: Any, env: Any) -> bool:  # noqa: ANN401 – the parser's own kinds
    """Tell whether a definition is to be shown, since no link uses it."""
    return token.meta["label"] not in env["references"].used


def _say(state: StateBlock, source: str, start: int) -> None:
    """Let a definition be a paragraph."""
    state.push("paragraph_open", "p", 1).map = [start, state.line]
    token = state.push("inline", "", 0)
    token.content, token.children, token.map = source, [], [start, state.line]
    state.push("paragraph_close", "p", -1)


def note_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a footnote, `[^1]: words`, with its indented lines."""
    if state.is_code_block(start):
        return False
    line = state.getLines(start, start + 1, state.blkIndent, False).strip()
    match = _NOTE.match(line)
    if match is None:
        return False
    if silent:
        return True
    lines, following = [line[match.end() :]], start + 1
    while following < end:
        if state.sCount[following] < state.blkIndent and not state.isEmpty(following):
            # The quote or the item that the note stands in has ended.
            break
        text = state.getLines(following, following + 1, state.blkIndent, False)
        if text.strip() and not text.startswith(("    ", "\t")) and (not lines[-1].strip() or _begins(text)):
            break
        lines.append(text.strip())
        following += 1
    while following > start + 1 and state.isEmpty(following - 1):
        following -= 1
    words = "\n".join(lines).strip()
    notes = state.env.setdefault("notes", {})
    if match[1] in notes:
        notes[match[1]] += "\n\n" + words
    else:
        notes[match[1]] = words
    state.line = following
    return True


def _begins(text: str) -> bool:
    """Tell whether a line begins something of its own, so that it does not go on with a note."""
    return text.lstrip()[:1] in {"#", ">", "|", "-", "*", "+", "`", "<"} or _NOTE.match(text) is not None


def note_reference(state: StateInline, silent: bool) -> bool:
    """Read `[^1]` where there is such a footnote."""
    if not state.src.startswith("[^", state.pos):
        return False
    match = _REFERENCE.match(state.src, state.pos)
    notes = state.env.get("notes", {})
    if match is not None and match[1] not in notes and match[1].isalnum():
        state.env.setdefault("undefined", {})[match[0]] = True
    if match is None or match[1] not in notes or match.end() > state.posMax:
        return False
    if not silent:
        numbers = state.env.setdefault("cited", {})
        token = state.push("note_reference", "", 0)
        token.content = str(numbers.setdefault(match[1], len(numbers) + 1))
    state.pos = match.end()
    return True
