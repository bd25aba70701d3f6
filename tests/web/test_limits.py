"""Texts that are too long: refused with their limit, in a form as over the API, and nowhere cut."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError

import app.web
from app.infra.errors import Invalid
from app.infra.http.problems import malformed, sentence
from app.web.forms.limits import BY_FORM, READ_OFF, longest
from app.web.shell.render import STATIC
from app.web.shell.viewer import MAX_FORM_BYTES, Form
from tests.web.forms import sign_in

TEMPLATES = STATIC.parent / "templates"
PAGES = Path(app.web.__path__[0])
#: What somebody types that has no limit of its own: whole texts, which are as long as a request may be, and
#: what is a date or a number once it is read.
WHOLE = re.compile(r"content|file|added|(text|edit|cell|new):.*|since|until|release_at|q|nth|days|.*_on|code")
#: Methods of a form that give what somebody typed.
TYPED = {"text", "word", "within", "all"}


@pytest.mark.parametrize("form", sorted(BY_FORM))
def test_a_form_refuses_what_is_too_long_with_its_limit(form: str) -> None:
    for name, most in BY_FORM[form].items():
        assert Form(((name, "字" * most),)).within(name, BY_FORM[form]) == "字" * most
        with pytest.raises(Invalid) as refused:
            Form(((name, "字" * (most + 3)),)).within(name, BY_FORM[form])
        (reason,) = refused.value.reasons
        assert (refused.value.code, reason.code, reason.field) == ("malformed", "field", name)
        assert sentence(reason).endswith(f"太长：至多 {most} 个字符，现有 {most + 3} 个，请删去 3 个。")


@pytest.mark.parametrize(("schema", "field"), READ_OFF, ids=lambda value: getattr(value, "__name__", value))
def test_a_body_refuses_the_same_in_the_same_words(schema: type[BaseModel], field: str) -> None:
    most = longest(schema, field)
    with pytest.raises(ValidationError) as faulty:
        schema.model_validate({field: "字" * (most + 3)})
    reasons = [reason for reason in malformed(faulty.value).reasons if reason.field == field]
    with pytest.raises(Invalid) as refused:
        Form(((field, "字" * (most + 3)),)).within(field, {field: most})
    assert reasons == list(refused.value.reasons)


def test_all_that_is_too_long_is_told_at_once() -> None:
    form = Form((("comment", "长" * 1001), ("evidence", "长" * 201)))
    with pytest.raises(Invalid) as refused:
        form.all_within(BY_FORM["waiver"])
    assert {reason.field for reason in refused.value.reasons} == {"comment", "evidence"}


def test_every_text_of_a_form_says_the_limit_of_the_api() -> None:
    """No template writes a number of its own, and none leaves a text without its limit."""
    unlimited = [(name, tag[:80]) for name, tag in texts() if not re.search(r"limits\.\w+", tag)]
    assert unlimited == []


def texts() -> Iterator[tuple[str, str]]:
    """Yield the texts that people type into forms: the template, and how the text is written in it."""
    for template in sorted(TEMPLATES.rglob("*.html")):
        html = template.read_text()
        for form in re.findall(r'<form\b[^>]*method="post"[^>]*>.*?</form>', html, re.DOTALL):
            for tag in re.findall(r'<input type="(?:text|email|url|tel)"[^>]*>|<textarea\b[^>]*>', form):
                name = re.search(r' name="([^"]+)"', tag)
                if name and not WHOLE.fullmatch(name[1]) and "readonly" not in tag:
                    yield template.name, tag
            for tag in re.findall(r"\{\{ (?:input|area)\(.*?\) \}\}", form, re.DOTALL):
                name = re.search(r"\(\w+, '(\w+)'", tag)
                if name and not WHOLE.fullmatch(name[1]):
                    yield template.name, tag


def faults(source: str) -> list[str]:
    """Return where a module of pages cuts what was typed, or says a limit of its own."""
    tree = ast.parse(source)
    typed = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and reads_form(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.upper:
            cut = node.value
            if reads_form(cut) or (isinstance(cut, ast.Name) and cut.id in typed):
                found.append(f"{node.lineno}: cuts what was typed")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            number = any(isinstance(one, ast.Constant) and isinstance(one.value, int) for one in given)
            if node.func.attr in {"within", "all_within"} and number:
                found.append(f"{node.lineno}: says a limit of its own")
    return found


def reads_form(node: ast.AST) -> bool:
    """Say whether an expression is what somebody typed, as it is or stripped."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in TYPED and "form" in ast.unparse(node.func.value):
            return True
        node = node.func.value
    return False


def test_no_page_cuts_what_was_typed() -> None:
    files = sorted(PAGES.rglob("*.py"))
    assert len(files) > 40
    assert {str(path): found for path in files if (found := faults(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source",
    [
        'reason = sent.form.word("reason")[:4000]',
        'words = form.text("words").strip()\nkept = words[:10]',
        'note = form.within("note", 500)',
        "form.all_within(name=50)",
    ],
)
def test_what_cuts_or_counts_by_itself_is_found(source: str) -> None:
    assert len(faults(source)) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_pages_own_number_passes_for_the_size_of_a_form(web: TestClient) -> None:
    """The start page has a `most` of its own: a browser would send no form from it."""
    sign_in(web, "editor")
    assert f'data-most="{MAX_FORM_BYTES}"' in web.get("/").text
