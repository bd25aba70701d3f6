"""Joining the verifier's sources into the one file that goes into every evidence package.

The same sources make the same bytes, whenever and wherever they are joined: nothing but text is read, in an
order that follows from what each source uses. What the catalogues say (`known`) is written out as it stands.
"""

import ast
import pprint
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from app.evidence.verifier import known

#: What the file is called wherever it is handed on.
FILENAME = "verify_evidence.py"

_PACKAGE = "app.evidence.verifier"
#: The source that holds the command: all others are reached from it.
_LAST = "command"
#: Its tables come from the catalogues, so their values are written in place of its source.
_KNOWN = "known"
_HEAD = '''\
#!/usr/bin/env python3
"""Verify an evidence package (三审证据包核验程序).

只用 Python 3.9 及以上的标准库，不连接任何服务。

用法：python3 verify_evidence.py 证据包.zip [--key 公钥指纹] [--json]

没有发现问题时说明谁在何时批准了什么，退出码 0；发现改动时逐处指出，退出码 1；
文件读不出来，退出码 2。

A package is whole when its container is byte for byte the one that its members make; the manifest is signed
by the key in `keys.json` (compare its fingerprint with the published one); every member is the one that the
manifest names; every event names the hash of the event before it, up to the signed head; every opened value
fits its commitment; and what was released is the last approved proof, after three reviews and three
proofreads by different persons, at the time that who signed had set if any, and under no embargo.

This file is joined from several sources; the format of packages is described in docs/evidence.md.
"""
'''


class CannotJoin(Exception):
    """The sources cannot be one file; says which and why."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One source: what it uses of Python's library and of the other sources, its names, and its text."""

    name: str
    about: str
    imports: tuple[str, ...]
    typing_only: tuple[str, ...]
    uses: tuple[str, ...]
    names: tuple[str, ...]
    text: str


@cache
def built() -> bytes:
    """Return the verifier as one file of Python that needs nothing but Python's own library."""
    sources = list(_ordered(_LAST))
    taken: dict[str, str] = {}
    for source in sources:
        for name in source.names:
            if name in taken:
                raise CannotJoin(f"{name} stands in {taken[name]} and in {source.name}")
            taken[name] = source.name
    parts = [_HEAD, "from __future__ import annotations\n", _imports(sources)]
    parts += [f"\n# --- {source.about}\n\n{source.text}" for source in sources]
    text = "\n".join(parts)
    compile(text, FILENAME, "exec", dont_inherit=True)
    return text.encode()


def _ordered(
    name: str, done: dict[str, _Source] | None = None, way: tuple[str, ...] = ()
) -> Iterable[_Source]:
    """Return a source and all that it uses, each after what it uses itself."""
    done = {} if done is None else done
    if name in way:
        raise CannotJoin(f"{' → '.join((*way, name))}: the sources use each other")
    source = _read(name)
    for used in source.uses:
        if used not in done:
            _ordered(used, done, (*way, name))
    done[name] = source
    return done.values()


def _read(name: str) -> _Source:
    raw = files(_PACKAGE).joinpath(f"{name}.py").read_text("utf-8").replace("\r\n", "\n")
    module = ast.parse(raw)
    about = (ast.get_docstring(module) or "").partition("\n")[0]
    if name == _KNOWN:
        return _Source(name, about, (), (), (), tuple(_values()), _written_out())
    imports: list[str] = []
    typing_only: list[str] = []
    uses: list[str] = []
    start = 0
    for node in module.body[1:]:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            _sort(name, node, imports, uses)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            typing_only += [ast.unparse(inner) for inner in node.body]
        else:
            break
        start = node.end_lineno or 0
    text = "\n".join(raw.split("\n")[start:]).strip("\n") + "\n"
    names = tuple(name for node in module.body for name in _bound(node))
    return _Source(name, about, tuple(imports), tuple(typing_only), tuple(uses), names, text)


def _sort(name: str, node: ast.Import | ast.ImportFrom, imports: list[str], uses: list[str]) -> None:
    """Tell whether an import is of Python's library or of another source; `CannotJoin` for any other."""
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{_PACKAGE}."):
        if any(alias.asname for alias in node.names):
            raise CannotJoin(f"{name} renames what it takes from {node.module}")
        uses.append((node.module or "").removeprefix(f"{_PACKAGE}."))
        return
    modules = (
        [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    )
    for module in modules:
        if module.partition(".")[0] not in sys.stdlib_module_names:
            raise CannotJoin(f"{name} imports {module}, which Python does not bring")
    if modules != ["__future__"]:
        imports.append(ast.unparse(node))


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement of a module binds, but for imports."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    for target in targets:
        yield from (inner.id for inner in ast.walk(target) if isinstance(inner, ast.Name)) if target else ()


def _imports(sources: list[_Source]) -> str:
    """Return the imports of all sources, each name once, in the order of the alphabet."""
    plain: set[str] = set()
    of: dict[str, set[str]] = {}
    for statement in (line for source in sources for line in source.imports):
        node = ast.parse(statement).body[0]
        if isinstance(node, ast.ImportFrom):
            of.setdefault(node.module or "", set()).update(alias.name for alias in node.names)
        else:
            plain.add(statement)
    lines = [
        *sorted(plain),
        *(f"from {module} import {', '.join(sorted(of[module]))}" for module in sorted(of)),
    ]
    later = sorted({line for source in sources for line in source.typing_only})
    if later:
        lines += ["", "if TYPE_CHECKING:", *(f"    {line}" for line in later)]
    return "\n".join(lines) + "\n"


def _values() -> dict[str, object]:
    return {name: getattr(known, name) for name in sorted(known.__annotations__)}


def _written_out() -> str:
    width = 108
    parts = (
        f"{name} = {pprint.pformat(value, width=width, sort_dicts=False)}\n"
        for name, value in _values().items()
    )
    return "\n".join(parts)
