"""Forms read off a page as a browser sends them, for tests that press the button again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from httpx import Response

_PRESSED = {"submit", "button", "reset", "image"}


@dataclass
class Field:
    """A control: its kind (an input's type, `textarea`, `select`), name, value and limit of characters."""

    kind: str
    name: str
    value: str
    limit: int = 0
    checked: bool = True
    options: list[str] = field(default_factory=list)
    required: bool = False

    @property
    def is_text(self) -> bool:
        return self.kind in {"textarea", "text", "search", "url", "email", "tel"}


@dataclass
class Form:
    """A form as it stands on a page."""

    method: str
    action: str
    fields: list[Field]

    def values(self) -> dict[str, list[str]]:
        """What a browser sends when nobody touches anything, without the button."""
        sent: dict[str, list[str]] = {}
        for one in self.fields:
            if one.checked and one.kind not in _PRESSED:
                sent.setdefault(one.name, []).append(one.value)
        return sent

    def named(self, name: str) -> Field:
        return next(one for one in self.fields if one.name == name)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._field: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("method", "get"), given.get("action", ""), [])
            self.forms.append(self._form)
        elif tag == "option" and self._field is not None:
            self._field.options.append(given.get("value", ""))
            if "selected" in given or len(self._field.options) == 1:
                self._field.value = given.get("value", "")
        elif tag in {"input", "textarea", "select", "button"} and "name" in given and self._form is not None:
            # What nobody can type into is as good as hidden, and some of it is there for password managers.
            shown = "hidden" if "readonly" in given else given.get("type", "text")
            kind = {"input": shown, "button": "submit"}.get(tag, tag)
            ticked = kind in {"checkbox", "radio"}
            one = Field(
                kind,
                given["name"],
                given.get("value", "on" if ticked else ""),
                int(given.get("data-limit") or 0),
                not ticked or "checked" in given,
                required="required" in given,
            )
            self._form.fields.append(one)
            if tag in {"textarea", "select"}:
                self._field = one

    def handle_data(self, data: str) -> None:
        if self._field is not None and self._field.kind == "textarea":
            self._field.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag in {"textarea", "select"} and self._field is not None:
            if tag == "textarea":
                self._field.value = self._field.value.removeprefix("\n")
            self._field = None


def forms_of(html: str) -> Iterator[Form]:
    """Yield the forms of a page that are sent with POST."""
    reader = _Reader()
    reader.feed(html)
    yield from (form for form in reader.forms if form.method == "post")


def form_at(page: Response, action: str) -> dict[str, str]:
    """Return what the first form of a page for `action` sends; fail when there is none."""
    form = next((one for one in forms_of(page.text) if one.action == action), None)
    assert form is not None, (page.status_code, action, page.text[:2000])
    return {name: values[-1] for name, values in form.values().items()}
