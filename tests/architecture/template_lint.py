"""A linter of the page templates: `python -m tests.architecture.template_lint [FILE…]`, all by default.

It reads a template as it is written, not as it is rendered. What Jinja does is masked by as many other
characters, so that the HTML around it keeps its places; each branch, loop, macro and block has to close
what it opens.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, TemplateSyntaxError, nodes

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "app" / "web" / "templates"

VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905 – read as a line
)
#: What may not stand in a paragraph: browsers end the paragraph before it.
BLOCKS = frozenset(
    "address article aside blockquote details div dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header "  # noqa: SIM905
    "hr main menu nav ol p pre section table ul".split()
)
#: What cannot hold its like, at whatever depth.
ALONE = frozenset({"a", "button", "form", "label", "select"})
PARENTS = {
    "li": {"ul", "ol", "menu"},
    "tr": {"table", "thead", "tbody", "tfoot"},
    "td": {"tr"},
    "th": {"tr"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "option": {"select", "optgroup", "datalist"},
    "caption": {"table"},
    "legend": {"fieldset"},
    "summary": {"details"},
    "figcaption": {"figure"},
}
#: Kinds of `input` that say themselves what they are, or are not seen.
SELF_NAMED = {"hidden", "submit", "button", "reset"}

_JINJA = re.compile(
    r"\{#.*?#\}|\{%(?:\"[^\"]*\"|'[^']*'|.)*?%\}|\{\{(?:\"[^\"]*\"|'[^']*'|.)*?\}\}", re.DOTALL
)
_KEYWORD = re.compile(r"\{%[-+]?\s*(\w+)")
#: An expression is masked by a character of its own, the same for the same text, so that names compare.
_FIRST_MASK = 0xE000
_MASKED = re.compile(r"[\ue000-\uf8ff]")


class Fault(NamedTuple):
    """One thing that is wrong: in which line (from 1), a code, and what stands there."""

    line: int
    code: str
    what: str


class _Tag(NamedTuple):
    start: int
    name: str
    attributes: list[tuple[str, str | None]]
    text: str

    def get(self, name: str) -> str | None:
        """Return the value of an attribute, empty if it has none; None if it is not there."""
        return next((value or "" for key, value in self.attributes if key == name), None)


class _End(NamedTuple):
    start: int
    name: str


class _Words(NamedTuple):
    start: int
    text: str


class _Control(NamedTuple):
    start: int
    keyword: str


class _Reader(HTMLParser):
    """Tells the tags of a masked template with where they stand."""

    def __init__(self, masked: str) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[_Tag | _End | _Words] = []
        self._starts = [0, *(match.end() for match in re.finditer("\n", masked))]
        self.feed(masked)
        self.close()

    def _place(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append(_Tag(self._place(), tag, attrs, self.get_starttag_text() or ""))

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(_End(self._place(), tag))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self.parts.append(_Words(self._place(), data))


def _mask(source: str) -> tuple[str, list[_Control]]:
    """Return the template with all of Jinja masked, as long as before, and the statements in it."""
    masks: dict[str, str] = {}
    controls: list[_Control] = []

    def masked(match: re.Match[str]) -> str:
        text = match[0]
        if text.startswith("{{"):
            sign = masks.setdefault(text.strip("{}- "), chr(_FIRST_MASK + len(masks)))
        else:
            sign = " "
            keyword = _KEYWORD.match(text)
            if keyword is not None and not (keyword[1] == "set" and "=" in text):
                controls.append(_Control(match.start(), keyword[1]))
        return re.sub(r"[^\n]", sign, text)

    return _JINJA.sub(masked, source), controls


@dataclass
class _Frame:
    """A branch, loop, macro or block that is open: where it began, and how many elements were open then."""

    start: int
    depth: int


OPENING = {"if", "for", "macro", "call", "filter", "block", "set", "with", "autoescape"}


@dataclass
class _Lint:
    source: str
    faults: list[Fault] = field(default_factory=list)
    open: list[_Tag] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)
    ids: list[tuple[str, int, tuple[int, ...]]] = field(default_factory=list)
    #: Labels by what they are for, and fields that nothing around them names.
    labels: dict[str, int] = field(default_factory=dict)
    nameless: list[_Tag] = field(default_factory=list)

    def tell(self, start: int, code: str, what: str) -> None:
        self.faults.append(Fault(self.source.count("\n", 0, start) + 1, code, what))

    def read(self) -> list[Fault]:
        masked, controls = _mask(self.source)
        parts: list[_Tag | _End | _Words | _Control] = [*_Reader(masked).parts, *controls]
        for part in sorted(parts, key=lambda part: part.start):
            match part:
                case _Control():
                    self.control(part)
                case _Tag():
                    self.tag(part)
                case _End():
                    self.end(part)
                case _Words():
                    self.words(part)
        self.leave(0, len(self.source), "the end")
        for match in re.finditer(r"</?\s*[\ue000-\uf8ff]", masked):
            self.tell(match.start(), "made-tag", "the name of a tag is made by an expression")
        self.names()
        return sorted(self.faults)

    # --- what is open ---

    def control(self, control: _Control) -> None:
        if control.keyword in OPENING:
            self.frames.append(_Frame(control.start, len(self.open)))
        elif control.keyword in {"else", "elif"}:
            self.leave(self.frames[-1].depth, control.start, control.keyword)
            self.frames[-1].start = control.start
        elif control.keyword.startswith("end"):
            frame = self.frames.pop()
            self.leave(frame.depth, control.start, control.keyword)

    def leave(self, depth: int, start: int, where: str) -> None:
        for tag in self.open[depth:]:
            self.tell(tag.start, "unclosed", f"<{tag.name}> is not closed before {where}")
        del self.open[depth:]

    def end(self, end: _End) -> None:
        depth = self.frames[-1].depth if self.frames else 0
        names = [tag.name for tag in self.open[depth:]]
        if end.name in VOID or end.name not in names:
            self.tell(end.start, "unopened", f"</{end.name}> closes nothing that was opened here")
            return
        last = depth + len(names) - 1 - names[::-1].index(end.name)
        self.leave(last + 1, end.start, f"</{end.name}>")
        if end.name == "form" and self.open[last].get("method") == "post":
            form = self.source[self.open[last].start : end.start]
            if "csrf()" not in form and "{# no csrf: " not in form:
                self.tell(
                    self.open[last].start,
                    "no-token",
                    "a form that changes something has neither csrf() nor a reason",
                )
        del self.open[last]

    def words(self, words: _Words) -> None:
        if self.open and self.open[-1].name in {"script", "style"} and words.text.strip():
            start = words.start + len(words.text) - len(words.text.lstrip())
            self.tell(start, "inline", f"what <{self.open[-1].name}> holds belongs in a file")

    # --- one tag ---

    def tag(self, tag: _Tag) -> None:
        raw = self.source[tag.start : tag.start + len(tag.text)]
        self.placed(tag)
        self.attributes(tag, raw)
        self.needed(tag)
        if (label := tag.get("for")) is not None and tag.name == "label":
            self.labels.setdefault(label, tag.start)
        if (name := tag.get("id")) is not None:
            self.ids.append((name, tag.start, tuple(frame.start for frame in self.frames)))
        if tag.name in {"input", "select", "textarea"} and not self.named(tag):
            self.nameless.append(tag)
        if tag.name not in VOID:
            self.open.append(tag)

    def placed(self, tag: _Tag) -> None:
        parent = self.open[-1].name if self.open else None
        if parent is not None and parent not in PARENTS.get(tag.name, {parent}):
            self.tell(tag.start, "misplaced", f"<{tag.name}> stands in <{parent}>")
        above = {tag.name for tag in self.open}
        if tag.name in BLOCKS and "p" in above:
            self.tell(tag.start, "misplaced", f"<{tag.name}> stands in <p>, which it ends")
        if tag.name in ALONE and tag.name in above:
            self.tell(tag.start, "misplaced", f"<{tag.name}> stands in <{tag.name}>")

    def attributes(self, tag: _Tag, raw: str) -> None:
        for name, value in tag.attributes:
            if name.startswith(("on", "hx-on")):
                self.tell(tag.start, "inline", f"{name} is a script")
            elif name == "style":
                self.tell(tag.start, "inline", "style belongs in the style sheet")
            if (value or "").strip().lower().startswith("javascript:"):
                self.tell(tag.start, "inline", f"{name} is a script")
        if "{%" not in raw:
            for name, count in Counter(name for name, _ in tag.attributes).items():
                if count > 1 and not _MASKED.match(name):
                    self.tell(tag.start, "twice", f"{name} stands twice in one tag")
        if re.search(r"=\s*[\ue000-\uf8ff]", re.sub(r"\"[^\"]*\"|'[^']*'", '""', tag.text)):
            self.tell(tag.start, "unquoted", "the value of an attribute is made without quotes around it")

    def needed(self, tag: _Tag) -> None:
        """Ask for what an element cannot do without."""
        needs = {"img": "alt", "html": "lang", "iframe": "title", "button": "type", "form": "method"}
        if (name := needs.get(tag.name)) and tag.get(name) is None:
            self.tell(tag.start, "lacks", f"<{tag.name}> has no {name}")
        if tag.name == "form" and tag.get("method") not in {None, "get", "post", "dialog"}:
            self.tell(tag.start, "lacks", "a form's method is get or post")
        if tag.name == "script" and tag.get("src") is None:
            self.tell(tag.start, "inline", "<script> has no src")
        if tag.get("target") == "_blank" and "noopener" not in (tag.get("rel") or ""):
            self.tell(tag.start, "lacks", "a new window without rel=noopener")

    # --- who names what ---

    def named(self, tag: _Tag) -> bool:
        return (
            (tag.name == "input" and tag.get("type") in SELF_NAMED)
            or tag.get("hidden") is not None
            or tag.get("aria-label") is not None
            or tag.get("aria-labelledby") is not None
            or any(tag.name == "label" for tag in self.open)
        )

    def names(self) -> None:
        """Hold fields, labels and ids against each other, once all are known."""
        ids = {name for name, _, _ in self.ids}
        for tag in self.nameless:
            if tag.get("id") is None or tag.get("id") not in self.labels:
                self.tell(tag.start, "nameless", f"nothing says what this <{tag.name}> is for")
        for name, start in self.labels.items():
            if name not in ids:
                self.tell(start, "nameless", "a label is for a field that is not in this file")
        for (name, _, frames), (again, start, others) in pairwise(sorted(self.ids)):
            if name == again and frames == others and not _MASKED.search(name):
                self.tell(start, "twice", f"the id {name} is given twice")


def _safe(source: str) -> Iterator[Fault]:
    """Yield where a template says itself that text is safe: only code that made it may know that."""
    tree = Environment(autoescape=True).parse(source)
    for filtered in tree.find_all(nodes.Filter):
        if filtered.name == "safe":
            yield Fault(filtered.lineno, "safe", "|safe: text that was escaped is Markup, made in code")
    for marked in tree.find_all(nodes.MarkSafe):
        yield Fault(marked.lineno, "safe", "text is marked as safe")
    for scoped in tree.find_all(nodes.ScopedEvalContextModifier):
        yield Fault(scoped.lineno, "safe", "autoescape is for the whole installation")


def lint(source: str) -> list[Fault]:
    """Return all that is wrong with a template; empty if it is sound."""
    try:
        safe = list(_safe(source))
    except TemplateSyntaxError as error:
        return [Fault(error.lineno, "syntax", str(error.message))]
    return sorted([*_Lint(source).read(), *safe])


def main(paths: list[str]) -> int:
    """Print what is wrong with these templates, or with all; return 1 if anything is."""
    files = [Path(path) for path in paths] or sorted(TEMPLATES.rglob("*.html"))
    faults = 0
    for path in files:
        for fault in lint(path.read_text(encoding="utf-8")):
            print(f"{path}:{fault.line}: {fault.code}: {fault.what}")  # noqa: T201
            faults += 1
    print(f"{len(files)} templates, {faults} faults")  # noqa: T201
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
