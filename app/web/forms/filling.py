"""A page's form filled in with what was sent from it, whatever its template says. Pure.

The pages are our own: what stands in them is escaped, so tags are found as they are written.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from app.web.forms.typed import READ_AT, Typed

_FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)
_FOLD = re.compile(r"<details\b[^>]*>|</details>")
_TICKED = frozenset({"checkbox", "radio"})
#: What stays as the page has it: what it says itself, what is pressed, and what is never filled in.
_UNTOUCHED = frozenset({"hidden", "submit", "button", "reset", "image", "password", "file"})

_ID = re.compile(r'\sid="([^"]+)"')
_DESCRIBED = re.compile(r'\saria-describedby="([^"]+)"')
#: What forms call that which a refusal names otherwise.
_CALLED = {"checklist": ("ticked",), "release_at": ("release_at", "until")}

#: Where in the page, and what stands there then.
_Edit = tuple[int, int, str]


@dataclass(slots=True)
class _Control:
    """One field of a form: where its start tag stands (`start:end`), and what is between its tags."""

    kind: str
    name: str
    value: str
    start: int
    tag: str
    until: int = 0
    options: "list[_Control]" = field(default_factory=list)

    @property
    def end(self) -> int:
        """Where its start tag ends."""
        return self.start + len(self.tag)

    def with_word(self, name: str, *, present: bool) -> _Edit:
        """Return the edit that gives it a mere word such as `checked`, or takes it away."""
        return self.start, self.end, _with(self.tag, name, "" if present else None)


@dataclass(frozen=True, slots=True)
class Filled:
    """A page after filling in: whether the form is on it, and the typed fields for which it has no place."""

    html: str
    there: bool
    left: tuple[tuple[str, str], ...]


def filled(html: str, sent: Typed, wrong: Sequence[tuple[str, str]] = ()) -> Filled:
    """Return the page with the form that was sent filled in as it was, open and marked as not yet stored.

    The form is the one with the same address whose hidden fields say the same, but for what they say of the
    state that was read. One that its template fills itself says so by `data-own`; it is only looked for.
    `wrong` are fields and what is wrong with each: the words stand at the field, and whatever tells of it
    elsewhere on the page leads there.
    """
    found = _matching(html, sent)
    if found is None:
        return Filled(html, False, sent.words)
    start, tag, controls = found
    names = {control.name for control in controls}
    own = " data-own" in tag
    left = () if own else tuple((key, value) for key, value in sent.words if key not in names)
    edits = [(start, start + len(tag), _with(tag, "data-unsaved", "yes"))]
    if not own:
        edits += _edits(controls, sent)
    edits += _unfolded(html, start)
    page, marked = _applied(html, edits), () if own else tuple(wrong)
    return Filled(_marked(page, sent, marked), True, left)


def _marked(html: str, sent: Typed, wrong: Sequence[tuple[str, str]]) -> str:
    """Return the page with its form's wrong fields marked; what its template has marked stays as it is."""
    found = _matching(html, sent) if wrong else None
    if found is None:
        return html
    edits: list[_Edit] = []
    led: dict[str, str] = {}
    for name, words in wrong:
        called = _CALLED.get(name, (name,))
        controls = [
            one
            for one in found[2]
            if one.name in called
            and one.kind != "hidden"
            and (one.kind not in _TICKED or " checked" not in one.tag)
        ]
        if not controls or not (place := _id_of(controls[0])) or place in led.values():
            continue
        led[name] = place
        if any("aria-invalid" in control.tag for control in controls):
            continue
        said = f"{place}-wrong"
        for one in controls:
            described = _DESCRIBED.search(one.tag)
            ids = f"{said} {described[1]}" if described else said
            tag = _with(_with(one.tag, "aria-invalid", "true"), "aria-describedby", ids)
            edits.append((one.start, one.end, tag))
        first = controls[0]
        # Beside a box to tick stands its label: the words go before both.
        at = html.rindex("<div", 0, first.start) if first.kind in _TICKED else first.start
        edits.append((at, at, f'<p class="field-error" id="{said}">{escape(words)}</p>'))
    page = _applied(html, edits)
    for name, place in led.items():
        page = page.replace(f'href="#f-{escape(name)}"', f'href="#{place}"')
    return page


def _id_of(control: _Control) -> str:
    match = _ID.search(control.tag)
    return match[1] if match else ""


def _matching(html: str, sent: Typed) -> tuple[int, str, list[_Control]] | None:
    best: tuple[int, int, str, list[_Control]] | None = None
    for match in _FORM.finditer(html):
        reader = _Reader(match.group(), match.start())
        if reader.method != "post" or urlsplit(reader.action).path != sent.action:
            continue
        controls = reader.controls
        hidden = {
            control.name for control in controls if control.kind == "hidden" and sent.all(control.name)
        } - READ_AT
        same = all(
            {control.value for control in controls if control.kind == "hidden" and control.name == name}
            == set(sent.all(name))
            for name in hidden
        )
        if not same:
            continue
        there = {control.name for control in controls}
        fits = sum(1 for key in {key for key, _ in sent.words} if key in there) * 100 + len(hidden)
        if best is None or fits > best[0]:
            best = (fits, match.start(), reader.tag, controls)
    return best[1:] if best else None


def _edits(controls: list[_Control], sent: Typed) -> Iterator[_Edit]:
    values = {name: list(sent.all(name)) for name in {control.name for control in controls}}
    for one in controls:
        given = values[one.name]
        if one.kind in _TICKED:
            yield one.with_word("checked", present=one.value in given)
        elif one.kind == "select-multiple":
            yield from (option.with_word("selected", present=option.value in given) for option in one.options)
        elif one.kind in _UNTOUCHED or not given:
            continue
        elif one.kind == "select":
            wanted = given.pop(0)
            if any(option.value == wanted for option in one.options):
                yield from (
                    option.with_word("selected", present=option.value == wanted) for option in one.options
                )
        elif one.kind == "textarea":
            # A line end right after the tag is not part of the text.
            yield one.end, one.until, "\n" + escape(given.pop(0))
        else:
            yield one.start, one.end, _with(one.tag, "value", given.pop(0))


def _applied(html: str, edits: list[_Edit]) -> str:
    parts, at = [], 0
    for start, end, new in sorted(edits):
        parts += [html[at:start], new]
        at = end
    return "".join((*parts, html[at:]))


def _with(tag: str, name: str, value: str | None) -> str:
    """Return a start tag with an attribute set to `value`, or without it; "" sets a mere word."""
    bare = re.sub(rf'\s{name}(?:="[^"]*")?(?=[\s/>])', "", tag)
    if value is None:
        return bare
    end = bare.rindex(">")
    said = f'{name}="{escape(value)}"' if value else name
    return f"{bare[:end]} {said}{bare[end:]}"


def _unfolded(html: str, start: int) -> Iterator[_Edit]:
    """Yield what opens the folds around a form."""
    open_folds: list[re.Match[str]] = []
    for match in _FOLD.finditer(html, 0, start):
        if match.group() == "</details>":
            open_folds.pop()
        else:
            open_folds.append(match)
    for match in open_folds:
        yield match.start(), match.end(), _with(match.group(), "open", "")


class _Reader(HTMLParser):
    """Reads one form; positions are those in the page, where the form begins at `base`."""

    def __init__(self, html: str, base: int) -> None:
        super().__init__(convert_charrefs=True)
        self.tag, self.method, self.action = "", "get", ""
        self.controls: list[_Control] = []
        self._base, self._starts = base, [0]
        self._inside: _Control | None = None
        for match in re.finditer("\n", html):
            self._starts.append(match.end())
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        text = self.get_starttag_text() or ""
        start = self._here()
        if tag == "form":
            self.tag, self.method, self.action = text, given.get("method", "get"), given.get("action", "")
        elif tag == "option" and self._inside is not None:
            option = _Control("option", "", given.get("value", ""), start, text)
            self._inside.options.append(option)
        elif tag in {"input", "textarea", "select", "button"} and "name" in given and "disabled" not in given:
            kind = {
                "input": given.get("type", "text"),
                "button": "submit",
                "select": "select-multiple" if "multiple" in given else "select",
            }.get(tag, tag)
            if given.get("autocomplete") == "one-time-code":
                kind = "password"
            value = given.get("value", "on" if kind in _TICKED else "")
            one = _Control(kind, given["name"], value, start, text)
            self.controls.append(one)
            if tag in {"textarea", "select"}:
                self._inside = one

    def handle_endtag(self, tag: str) -> None:
        if tag in {"textarea", "select"} and self._inside is not None:
            self._inside.until, self._inside = self._here(), None

    def _here(self) -> int:
        line, column = self.getpos()
        return self._base + self._starts[line - 1] + column
