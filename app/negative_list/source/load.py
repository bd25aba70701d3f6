"""From a policy folder to a policy."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.domain.files.faults import Fault, Faults, said
from app.domain.files.yaml_tree import Tree, parse
from app.negative_list.engine import backends
from app.negative_list.engine.cache import Cache
from app.negative_list.engine.program import Program
from app.negative_list.pattern.compiling import compile_faults
from app.negative_list.quality.examples import faults_of
from app.negative_list.quality.soundness import dead_exceptions, warnings_of
from app.negative_list.source.fields import Fields, nearest
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.source.policy import Policy, digest_of
from app.negative_list.source.read_rule import RuleReader
from app.negative_list.source.rules import Rule

HEAD = "policy.yaml"
LEXICONS = "lexicons"
#: Folders below a policy that hold no rules.
_OTHER = frozenset({LEXICONS, "tests", "waivers"})
#: Larger files are refused, and those of more values.
_MAX_BYTES, _MAX_VALUES = 20_000_000, 200_000


@dataclass(slots=True)
class Source:
    """The files of a policy folder, read."""

    head: Tree
    files: dict[str, Tree] = field(default_factory=dict)
    lexicons: dict[str, Lexicon] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    #: Rule files that `includes` does not name, so that their rules are not in force.
    outside: list[str] = field(default_factory=list)


def read_source(folder: Path) -> Source:
    """Read all files of a policy folder; what is wrong with them is in `faults`."""
    faults: list[Fault] = []
    source = Source(Tree(0, mapping={}), faults=faults)
    if not folder.is_dir():
        faults.append(said(str(folder), 0, "", "没有这个文件夹"))
        return source
    head = _read(folder / HEAD, HEAD, faults)
    tree = _parse(head, HEAD, faults) if head is not None else None
    if tree is not None:
        source.head = tree
    for path in sorted((folder / LEXICONS).glob("*.tsv")):
        text = _read(path, f"{LEXICONS}/{path.name}", faults)
        if text is not None:
            source.lexicons[path.name] = Lexicon(path.name, text, sha256(text.encode()).hexdigest())
    included = _rule_files(folder, source)
    source.outside = [
        path.relative_to(folder).as_posix()
        for path in sorted({*folder.rglob("*.yaml"), *folder.rglob("*.yml")} - {*included, folder / HEAD})
        if path.relative_to(folder).parts[0] not in _OTHER
    ]
    for path in included:
        name = path.relative_to(folder).as_posix()
        text = _read(path, name, faults)
        tree = _parse(text, name, faults) if text is not None else None
        if tree is not None:
            source.files[name] = tree
    return source


def _parse(text: str, name: str, faults: list[Fault]) -> Tree | None:
    # Rules are cut out of their files by lines, shown and put back: an alias would miss its anchor.
    return parse(text, faults, file=name, most=_MAX_VALUES, aliases=False)


def _rule_files(folder: Path, source: Source) -> list[Path]:
    head = Fields(source.head, HEAD, [])
    includes = head.texts("includes")
    if not includes:
        return [
            path
            for path in sorted(folder.rglob("*.yaml"))
            if path.name != HEAD and path.relative_to(folder).parts[0] not in _OTHER
        ]
    found: dict[Path, None] = {}
    for pattern in includes:
        if pattern.startswith("/") or ".." in Path(pattern).parts:
            source.faults.append(said(HEAD, head.tree.line, "includes", f"“{pattern}”不在规则文件夹内"))
            continue
        matches = sorted(folder.glob(pattern))
        if not matches and "*" not in pattern:
            source.faults.append(said(HEAD, head.tree.line, "includes", f"没有文件 {pattern}"))
        found.update(dict.fromkeys(path for path in matches if path.is_file()))
    return list(found)


def _read(path: Path, name: str, faults: list[Fault]) -> str | None:
    try:
        data = path.read_bytes()
    except OSError as error:
        faults.append(said(name, 0, "", f"读不了：{error.strerror}"))
        return None
    if len(data) > _MAX_BYTES:
        faults.append(said(name, 0, "", f"文件太大：{len(data)} 字节，最多 {_MAX_BYTES}"))
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        faults.append(said(name, line, "", "不是 UTF-8 文本"))
        return None


def _names(head: Fields, key: str) -> dict[str, str]:
    tree = head.get(key)
    if tree is None:
        return {}
    if tree.mapping is not None:
        return {code: str(value.scalar or code) for code, value in tree.mapping.items()}
    return {code: code for code in head.texts(key)}


def source_digest(source: Source) -> str:
    """Return the digest of the policy that these files make."""
    rules: list[Any] = [
        item.plain()
        for tree in source.files.values()
        for item in ((tree.mapping or {}).get("rules") or Tree(0)).items or ()
        if item.mapping is not None
    ]
    head: Mapping[str, Any] = source.head.plain() or {}
    return digest_of(head, rules, {name: lexicon.digest for name, lexicon in source.lexicons.items()})


@dataclass(slots=True)
class Parsed:
    """A policy folder whose rules are read, not yet compiled."""

    id: str
    title: str
    digest: str
    rules: tuple[Rule, ...]
    channels: Mapping[str, str]
    sections: Mapping[str, str]
    faults: list[Fault]


def parse_source(source: Source) -> Parsed:
    """Read the rules; every fault is in `faults`, and the rules without one are there all the same."""
    faults = source.faults
    head = Fields(source.head, HEAD, faults)
    policy_id = head.text("id", "negative_list")
    title = head.text("title", policy_id)
    if int(head.number("version", 1, low=0, high=99)) != 1:
        head.fault("version", "只认识第 1 版格式")
    channels, sections = _names(head, "channels"), _names(head, "sections")
    shadow = frozenset(head.texts("shadow"))
    head.get("includes")
    head.done()
    known = {"channels": channels, "sections": sections}
    rules, lines = _read_rules(source, known, shadow)
    for rule in rules:
        if rule.variant_of and (rule.variant_of not in lines or rule.variant_of == rule.id):
            near = nearest(rule.variant_of, list(lines))
            faults.append(
                said(rule.file, rule.line, f"{rule.id}.variant_of", f"没有规则 {rule.variant_of}{near}")
            )
    if not lines and not faults:
        faults.append(said(HEAD, 0, "", "一条规则也没有"))
    for name in sorted(shadow - set(lines)):
        head.fault("shadow", f"没有规则 {name}{nearest(name, list(lines))}")
    return Parsed(policy_id, title, source_digest(source), tuple(rules), channels, sections, faults)


def _read_rules(
    source: Source, known: Mapping[str, Mapping[str, str]], shadow: frozenset[str]
) -> tuple[list[Rule], dict[str, tuple[str, int]]]:
    """Return the rules without a fault, and where each rule id stands."""
    faults = source.faults
    rules: list[Rule] = []
    lines: dict[str, tuple[str, int]] = {}
    for file, tree in source.files.items():
        reader = RuleReader(file, faults, source.lexicons, known, shadow)
        fields = Fields(tree, file, faults)
        if tree.mapping is None:
            continue
        if int(fields.number("version", 1, low=0, high=99)) != 1:
            fields.fault("version", "只认识第 1 版格式")
        for item in fields.each("rules"):
            rule_id = str(item.mapping["id"].scalar) if item.mapping and "id" in item.mapping else ""
            if rule_id and rule_id in lines:
                first, line = lines[rule_id]
                faults.append(said(file, item.line, rule_id, f"规则编号重复，{first}:{line} 已经用过"))
            elif rule_id:
                lines[rule_id] = (file, item.line)
            rule = reader.read(item)
            if rule is not None:
                rules.append(rule)
        fields.get("rules")
        fields.done()
    return rules, lines


def load_policy(folder: Path, *, backend: str | None = None, cache_dir: Path | None = None) -> Policy:
    """Load a policy folder and run all its examples on the backend in use.

    With `cache_dir` compiled databases are kept there by digest; a policy found in it has passed its
    examples before and is not tried again. Raises `Faults` with every fault; `ValueError` or
    `ImportError` for a backend that is unknown or cannot run here.
    """
    chosen = backends.choose(backend)
    with _uncollected():
        parsed = parse_source(read_source(folder))
        if parsed.faults:
            raise Faults(parsed.faults)
        return build_policy(parsed, chosen, Cache(cache_dir) if cache_dir else None)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from walking, again and again, what is only growing: a third of the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def build_policy(parsed: Parsed, backend: str, cache: Cache | None = None) -> Policy:
    """Compile parsed rules and try their examples. Raises `Faults`."""
    cached = cache.read(parsed.digest, backend) if cache else None
    program: Program | None = None
    if cached is not None:
        program = _from_cache(parsed, backend, cached)
    if program is None:
        faults = [*compile_faults(parsed.rules, backend), *dead_exceptions(parsed.rules)]
        if faults:
            raise Faults(faults)
        program = Program(parsed.rules, backend)
        faults = faults_of(program, parsed.rules)
        if faults:
            raise Faults(faults)
        if cache is not None:
            cache.write(parsed.digest, backend, program.dump())
    return Policy(
        parsed.id, parsed.title, parsed.digest, parsed.rules, program, parsed.channels, parsed.sections,
        warnings_of(parsed.rules),
    )  # fmt: skip


def _from_cache(parsed: Parsed, backend: str, cached: Mapping[str, bytes]) -> Program | None:
    try:
        return Program(parsed.rules, backend, cached)
    except Exception:  # noqa: BLE001 – whatever a stale or broken database raises, it is compiled anew
        return None
