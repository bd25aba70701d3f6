"""What a rule looks for, and where it lets a hit pass, from its YAML."""

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.files.faults import Fault, said
from app.domain.files.yaml_tree import Tree
from app.negative_list.checkers import CHECKERS, STRUCTURE_CHECKS
from app.negative_list.engine.validators import VALIDATORS
from app.negative_list.pattern.nodes import Node
from app.negative_list.pattern.parse import PatternError, parse
from app.negative_list.source.fields import Fields, nearest
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.source.rules import (
    CheckerMatch,
    Condition,
    Covering,
    EdgeKind,
    Inside,
    LineHas,
    Match,
    Near,
    Overlap,
    RegexMatch,
    StructureMatch,
    TermsMatch,
)
from app.negative_list.text.model import View
from app.negative_list.text.skip_view import forms_of

#: Terms may hold no control characters: the parts of a document are joined with some.
_CONTROL = frozenset(map(chr, range(0x20))) | {"\x7f"}


class MatchReader:
    """Reads `match` and `unless` of the rules of one file; every fault goes to `faults`."""

    def __init__(self, file: str, faults: list[Fault], lexicons: Mapping[str, Lexicon]) -> None:
        self._file = file
        self._faults = faults
        self._lexicons = lexicons

    def match(self, fields: Fields) -> Match | None:
        """Return what the rule looks for; None when that cannot be told."""
        match = fields.sub("match")
        if match is None:
            fields.fault(
                "match", "缺少必填项 match: {kind: terms | lexicon | regex | checker | structure, …}"
            )
            return None
        kinds: dict[str, Callable[[Fields], Match | None]] = {
            "terms": self._terms,
            "lexicon": self._lexicon,
            "regex": self._regex,
            "checker": self._checker,
            "structure": self._structure,
        }
        kind = match.choice("kind", tuple(kinds))
        if match.text("kind", "") not in kinds:
            return None
        found = kinds[kind](match)
        match.get("suggest")
        match.done()
        return found

    def _view(self, match: Fields, *, words: bool) -> View:
        view = View(match.choice("view", tuple(View), View.FOLD))
        if view is View.SKIP and not words:
            match.fault("view", "skip 只用于 terms 和 lexicon；正则请用 fold，并自己写明字间可以有什么")
        return view

    def _terms(self, match: Fields) -> Match | None:
        view = self._view(match, words=True)
        tree = match.get("terms")
        terms: dict[str, tuple[str, ...]] = {}
        lines: dict[str, int] = {}
        if tree is None:
            match.fault("terms", "缺少词：terms: {词: 建议} 或 [词, 词]")
        elif tree.mapping is not None:
            for term, value in tree.mapping.items():
                lines[term] = value.line
                if value.items is not None:
                    terms[term] = tuple(str(item.scalar) for item in value.items)
                else:
                    shown = "" if value.scalar is None else str(value.scalar)
                    terms[term] = tuple(part.strip() for part in shown.split("|") if part.strip())
        else:
            terms = dict.fromkeys(match.texts("terms"), ())
        return self._finish_terms(match, view, terms, lines, {}, {}, self._file)

    def _lexicon(self, match: Fields) -> Match | None:
        view = self._view(match, words=True)
        name = match.text("lexicon")
        lexicon = self._lexicons.get(name)
        if lexicon is None:
            match.fault("lexicon", f"lexicons/ 里没有 {name}{nearest(name, list(self._lexicons))}")
            return None
        entries = lexicon.entries(f"lexicons/{name}", self._faults)
        return self._finish_terms(
            match,
            view,
            {entry.term: entry.suggestions for entry in entries},
            {entry.term: entry.line for entry in entries},
            {entry.term: entry.covering for entry in entries if entry.covering},
            {entry.term: entry.note for entry in entries if entry.note},
            f"lexicons/{name}",
        )

    def _finish_terms(
        self,
        match: Fields,
        view: View,
        terms: dict[str, tuple[str, ...]],
        lines: dict[str, int],
        covering: dict[str, tuple[str, ...]],
        notes: dict[str, str],
        file: str,
    ) -> Match | None:
        overlap = Overlap(match.choice("overlap", tuple(Overlap), Overlap.LONGEST))
        edge = EdgeKind(match.choice("edge", tuple(EdgeKind), EdgeKind.NONE))
        short = match.text("allow_short", "")
        forms: dict[str, str] = {}
        typed = list(terms)
        for term, form in zip(typed, forms_of(typed, view), strict=True):
            line = lines.get(term, match.tree.line)
            if not form.strip():
                self._faults.append(said(file, line, "terms", f"词“{term}”是空的，或归一化后什么也不剩"))
            elif not _CONTROL.isdisjoint(form):
                self._faults.append(said(file, line, "terms", f"词“{term}”含有控制字符"))
            elif len(form) == 1 and not short:
                self._faults.append(
                    said(file, line, "terms", f"词“{term}”只有一个字；确有必要时写明 allow_short: 理由")
                )
            if form in forms and forms[form] != term:
                self._faults.append(said(file, line, "terms", f"词“{term}”归一化后与“{forms[form]}”相同"))
            forms.setdefault(form, term)
            for longer in covering.get(term, ()):
                if term not in longer or term == longer:
                    self._faults.append(
                        said(file, line, "covering", f"更长的正词“{longer}”不含“{term}”，永远不会用到")
                    )
        if not terms:
            match.fault("terms", "一个词也没有")
            return None
        return TermsMatch(view, terms, covering, overlap, edge, notes)

    def _regex(self, match: Fields) -> Match | None:
        view = self._view(match, words=False)
        source = match.text("pattern")
        edge = EdgeKind(match.choice("edge", tuple(EdgeKind), EdgeKind.NONE))
        validate = match.text("validate", "")
        if validate and validate not in VALIDATORS:
            match.fault(
                "validate",
                f"没有检验“{validate}”，可用：{'、'.join(VALIDATORS)}{nearest(validate, list(VALIDATORS))}",
            )
        node = self._pattern(match, "pattern", source, fold=view is not View.RAW)
        return None if node is None else RegexMatch(view, source, node, edge, validate)

    def _pattern(self, fields: Fields, key: str, source: str, *, fold: bool) -> Node | None:
        try:
            return parse(source, fold=fold)
        except PatternError as error:
            fields.fault(key, str(error))
        except RecursionError:
            fields.fault(key, "正则嵌套太深")
        return None

    def _checker(self, match: Fields) -> Match | None:
        name = match.choice("name", tuple(CHECKERS))
        if match.text("name", "") not in CHECKERS:
            return None
        args, plain = self._args(match)
        checker = CHECKERS[name](args, self._lexicons)
        args.done()
        return CheckerMatch(name, plain, checker)

    def _structure(self, match: Fields) -> Match | None:
        name = match.choice("name", tuple(STRUCTURE_CHECKS))
        if match.text("name", "") not in STRUCTURE_CHECKS:
            return None
        args, plain = self._args(match)
        check = STRUCTURE_CHECKS[name](args)
        args.done()
        return StructureMatch(name, plain, check)

    def _args(self, match: Fields) -> tuple[Fields, Mapping[str, Any]]:
        args = match.sub("args")
        if args is None:
            return Fields(Tree(match.tree.line, mapping={}), self._file, self._faults, where="args"), {}
        plain: Mapping[str, Any] = args.tree.plain()
        return args, plain

    def condition(self, tree: Tree, rule: Fields, *, fold: bool) -> Condition | None:
        """Return one exception; None when it is not one of the known kinds, and only one."""
        fields = Fields(tree, self._file, self._faults, where=f"{rule.where}.unless")
        readers: dict[str, Callable[[], Condition | None]] = {
            "inside": lambda: self._inside(fields),
            "covering": lambda: Covering(words) if (words := fields.texts("covering")) else None,
            "before": lambda: self._near(fields, "before"),
            "after": lambda: self._near(fields, "after"),
            "line_has": lambda: self._line_has(fields, fold=fold),
        }
        given = [key for key in readers if fields.has(key)]
        found = [readers[key]() for key in given]
        fields.done()
        if len(given) != 1 and tree.mapping is not None:
            fields.fault("", f"每个例外写且只写一种：{'、'.join(readers)}")
        return found[0] if len(found) == 1 else None

    def _inside(self, fields: Fields) -> Inside | None:
        inside = fields.sub("inside")
        if inside is None:
            return None
        left, right = inside.text("open"), inside.text("close")
        only = (*inside.texts("only"), *fields.texts("only"))
        inside.done()
        return Inside(left, right, only) if left and right else None

    def _near(self, fields: Fields, side: str) -> Near | None:
        near = fields.sub(side)
        if near is None:
            return None
        words = near.texts("any")
        within = int(near.number("within", 6, low=1, high=200))
        near.done()
        if not words:
            near.fault("any", "缺少词：any: [词, 词]")
        for word in words:
            if len(word) > within:
                near.fault("any", f"“{word}”比 within: {within} 还长，永远不会用到")
        return Near(side == "before", words, within)

    def _line_has(self, fields: Fields, *, fold: bool) -> LineHas | None:
        source = fields.text("line_has")
        node = self._pattern(fields, "line_has", source, fold=fold)
        return None if node is None else LineHas(source, node)
