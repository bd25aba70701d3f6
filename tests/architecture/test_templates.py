"""Page templates: sound HTML whatever branch is taken, every field named, no script and no style within."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import Environment, meta

from tests.architecture.template_lint import ROOT, TEMPLATES, lint

FILES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))


def sources() -> dict[str, str]:
    return {name: (TEMPLATES / name).read_text(encoding="utf-8") for name in FILES}


def test_the_linter_finds_nothing() -> None:
    faults = {name: lint(text) for name, text in sources().items()}
    assert len(faults) > 50
    assert {name: told for name, told in faults.items() if told} == {}


def test_every_template_that_is_named_is_there_and_every_one_there_is_named() -> None:
    named = {
        name
        for text in sources().values()
        for name in meta.find_referenced_templates(Environment().parse(text))
    }
    for path in (ROOT / "app" / "web").rglob("*.py"):
        named |= set(re.findall(r"\"((?:\w+/)?\w+\.html)\"", path.read_text(encoding="utf-8")))
    # A list of panels names the template of each: what is included by a variable is named in Python.
    assert named - {None} == set(FILES)


@pytest.mark.parametrize(
    ("code", "line", "text"),
    [
        ("syntax", 1, "{% if a %}<p>"),
        ("unclosed", 2, "<div>\n<p>"),
        ("unclosed", 1, "<div><p></div>"),
        ("unclosed", 2, "{% if a %}\n<b>{% endif %}"),
        ("unclosed", 1, "{% for a in b %}<li>{% endfor %}"),
        ("unclosed", 1, "{% if a %}<b>{% else %}{% endif %}"),
        ("unopened", 1, "{% if a %}{% else %}</b>{% endif %}"),
        ("unopened", 1, "<b>{% if a %}</b>{% endif %}</b>"),
        ("unopened", 1, "<br></br>"),
        ("made-tag", 1, "<{{ a }}>"),
        ("misplaced", 1, "<p><div></div></p>"),
        ("misplaced", 1, "<p><b><ul></ul></b></p>"),
        ("misplaced", 1, "<div><li></li></div>"),
        ("misplaced", 1, '<a href="/"><b><a href="/"></a></b></a>'),
        ("inline", 1, '<b onclick="f()"></b>'),
        ("inline", 1, '<b hx-on:click="f()"></b>'),
        ("inline", 1, '<b style="color: red"></b>'),
        ("inline", 2, "<style>\nb { color: red }</style>"),
        ("inline", 1, "<script>f()</script>"),
        ("inline", 1, '<a href=" JavaScript:f()"></a>'),
        ("twice", 1, '<b class="a" id="a" class="b"></b>'),
        ("twice", 2, '<b id="a"></b>\n<i id="a"></i>'),
        ("unquoted", 1, "<b class={{ a }}></b>"),
        ("lacks", 1, '<img src="/a">'),
        ("lacks", 1, "<html></html>"),
        ("lacks", 1, "<button>a</button>"),
        ("lacks", 1, "<form></form>"),
        ("lacks", 1, '<form method="POST"></form>'),
        ("lacks", 1, '<a href="/" target="_blank"></a>'),
        ("no-token", 1, '<form method="post"></form>'),
        ("nameless", 1, '<input type="text" name="a">'),
        ("nameless", 1, '<input id="f-{{ a }}"><label for="f-{{ b }}"></label><b id="f-{{ b }}"></b>'),
        ("nameless", 1, '<label for="a">A</label>'),
        ("safe", 2, "<b>\n{{ a | safe }}</b>"),
        ("safe", 1, "{% autoescape false %}{{ a }}{% endautoescape %}"),
    ],
)
def test_each_fault_is_told_with_its_line(code: str, line: int, text: str) -> None:
    assert (line, code) in {(fault.line, fault.code) for fault in lint(text)}


@pytest.mark.parametrize(
    "text",
    [
        "{# <b> #}<b>{% if a > 1 %}{{ '</b>' }}{% elif b %}<i></i>{% else %}<br>{% endif %}</b>",
        '<b{% if a %} class="a"{% else %} class="b"{% endif %}></b>',
        "{% set a %}<b></b>{% endset %}{% set b = '<b>' %}{{ a }}",
        '<label>A <input name="a"></label><input type="hidden" name="a">',
        '<label for="f-{{ a }}">A</label><select id="f-{{ a }}"><option value="{{ a }}">A</option></select>',
        '{% if a %}<b id="a"></b>{% else %}<i id="a"></i>{% endif %}',
        '<form method="post">{{ csrf() }}<button type="submit">A</button></form>',
        '<form method="post">{# no csrf: nobody is signed in yet #}</form>',
        '<a href="/" target="_blank" rel="noopener"></a><h{{ a }}></h{{ a }}>',
        '{% macro row(a) %}<td {{ b(a) }}>{{ a }}</td>{% endmacro %}<script src="/a.js"></script>',
    ],
)
def test_what_is_sound_is_not_flagged(text: str) -> None:
    assert lint(text) == []


def test_the_command_prints_faults_and_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>\n<b>", encoding="utf-8")
    command = [sys.executable, "-m", "tests.architecture.template_lint", page]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{page}:2: unclosed: <b> is not closed" in done.stdout
