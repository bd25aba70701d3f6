"""One rule from its YAML."""

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from app.negative_list.checkers import CHECKERS, STRUCTURE_CHECKS
from app.negative_list.faults import Fault, nearest
from app.negative_list.fold import fold_text
from app.negative_list.lexicons import Lexicon
from app.negative_list.model import SEVERITIES, PartKind, Severity, View
from app.negative_list.patterns import Node, PatternError, parse
from app.negative_list.rules import (
    Allowed,
    Basis,
    CheckerMatch,
    Condition,
    Covering,
    EdgeKind,
    Example,
    Inside,
    LineHas,
    Match,
    Near,
    Overlap,
    RegexMatch,
    Rule,
    RuleScope,
    StructureMatch,
    Suggest,
    TermsMatch,
)
from app.negative_list.validators import VALIDATORS
from app.negative_list.yaml_tree import Fields, Tree

#: Terms may hold no control characters: the parts of a document are joined with some.
_CONTROL = frozenset(map(chr, range(0x20))) | {"\x7f"}


class RuleReader:
    """Reads the rules of one file; every fault goes to `faults`."""

    def __init__(
        self,
        file: str,
        faults: list[Fault],
        lexicons: Mapping[str, Lexicon],
        known: Mapping[str, Mapping[str, str]],
        shadow: frozenset[str],
    ) -> None:
        self._file = file
        self._faults = faults
        self._lexicons = lexicons
        #: The channels and sections of the policy; empty when the policy names none.
        self._known = known
        self._shadow = shadow

    def read(self, tree: Tree) -> Rule | None:
        """Return the rule; None when it has a fault that leaves nothing to run."""
        before = len(self._faults)
        rule_id = str(tree.mapping["id"].scalar) if tree.mapping and "id" in tree.mapping else ""
        fields = Fields(tree, self._file, self._faults, where=rule_id)
        if tree.mapping is None:
            return None
        rule_id = fields.text("id")
        title = fields.text("title", rule_id)
        severity = Severity(fields.choice("severity", SEVERITIES))
        weight = float(fields.number("weight", 0, high=10))
        basis = tuple(found for item in fields.each("basis") if (found := self._basis(item)))
        if severity is Severity.BLOCK and not basis:
            fields.fault("basis", "阻断（block）规则必须写明依据：basis: [{doc: …, article: …}]")
        effective = fields.sub("effective")
        since = until = None
        if effective is not None:
            since, until = effective.day("from"), effective.day("until")
            effective.done()
            if since and until and until < since:
                effective.fault("until", "失效日期早于生效日期")
        scope = self._scope(fields)
        match = self._match(fields)
        fold = isinstance(match, TermsMatch | RegexMatch) and match.view is View.FOLD
        if isinstance(match, CheckerMatch):
            fold = match.checker.view is View.FOLD
        unless = tuple(
            found for item in fields.each("unless") if (found := self._condition(item, fields, fold=fold))
        )
        report = fields.choice("report", ("plain", "mask"), "plain")
        message = fields.text("message", title)
        suggest = self._suggest(fields)
        hits, misses = self._examples(fields)
        waivable = self._flag(fields, "waivable", default=True)
        shadow = self._flag(fields, "shadow", default=False)
        fields.done()
        if match is None or len(self._faults) > before:
            return None
        return Rule(
            rule_id, title, severity, weight, basis, since, until, scope, match, unless, report == "mask",
            message, suggest, hits, misses, self._file, tree.line,
            shadow=shadow or rule_id in self._shadow, waivable=waivable, content=self._content(tree, match),
        )  # fmt: skip

    def _content(self, tree: Tree, match: Match) -> str:
        names = {str(value) for value in _values(tree.plain().get("match")) if str(value) in self._lexicons}
        if isinstance(match, CheckerMatch):
            names |= {str(value) for value in match.args.values() if str(value) in self._lexicons}
        digests = {name: self._lexicons[name].digest for name in sorted(names)}
        shadow = str(tree.mapping["id"].scalar) in self._shadow if tree.mapping else False
        plain = json.dumps([tree.plain(), digests, shadow], ensure_ascii=False, sort_keys=True)
        return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()

    def _flag(self, fields: Fields, key: str, *, default: bool) -> bool:
        tree = fields.get(key)
        if tree is None:
            return default
        if isinstance(tree.scalar, bool):
            return tree.scalar
        fields.fault(key, f"应为 true 或 false，实为{tree.kind}")
        return default

    def _basis(self, tree: Tree) -> Basis | None:
        if isinstance(tree.scalar, str):
            return Basis(tree.scalar)
        fields = Fields(tree, self._file, self._faults, where="basis")
        if tree.mapping is None:
            return None
        basis = Basis(
            fields.text("doc"),
            fields.text("article", ""),
            fields.text("quote", ""),
            fields.text("date", ""),
            fields.text("url", ""),
        )
        fields.done()
        return basis

    def _scope(self, fields: Fields) -> RuleScope:
        scope = fields.sub("scope")
        if scope is None:
            return RuleScope()
        channels = self._allowed(scope, "channels", tuple(self._known.get("channels", ())))
        sections = self._allowed(scope, "sections", tuple(self._known.get("sections", ())))
        stages = self._allowed(scope, "stages", ())
        parts = self._allowed(scope, "parts", tuple(PartKind))
        scope.done()
        kinds: frozenset[PartKind] | None = None
        if parts.include is not None or parts.exclude:
            kinds = frozenset(kind for kind in PartKind if parts.applies(frozenset({kind})))
        return RuleScope(channels, sections, stages, kinds)

    def _allowed(self, scope: Fields, key: str, known: tuple[str, ...]) -> Allowed:
        values = scope.texts(key)
        for value in values:
            name = value.removeprefix("!")
            if known and name != "*" and name not in known:
                scope.fault(key, f"不认识“{name}”，可用：{'、'.join(known)}{nearest(name, known)}")
        include = frozenset(value for value in values if not value.startswith("!") and value != "*")
        exclude = frozenset(value[1:] for value in values if value.startswith("!"))
        return Allowed(include or None, exclude) if "*" not in values else Allowed(None, exclude)

    def _match(self, fields: Fields) -> Match | None:
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

    def _view(self, match: Fields) -> View:
        return View(match.choice("view", tuple(View), View.FOLD))

    def _terms(self, match: Fields) -> Match | None:
        view = self._view(match)
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
        view = self._view(match)
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
        for term in terms:
            form = fold_text(term) if view is View.FOLD else term
            line = lines.get(term, match.tree.line)
            if not form.strip():
                self._faults.append(Fault(file, line, "terms", f"词“{term}”是空的，或归一化后什么也不剩"))
            elif not _CONTROL.isdisjoint(form):
                self._faults.append(Fault(file, line, "terms", f"词“{term}”含有控制字符"))
            elif len(form) == 1 and not short:
                self._faults.append(
                    Fault(file, line, "terms", f"词“{term}”只有一个字；确有必要时写明 allow_short: 理由")
                )
            if form in forms and forms[form] != term:
                self._faults.append(Fault(file, line, "terms", f"词“{term}”归一化后与“{forms[form]}”相同"))
            forms.setdefault(form, term)
            for longer in covering.get(term, ()):
                if term not in longer or term == longer:
                    self._faults.append(
                        Fault(file, line, "covering", f"更长的正词“{longer}”不含“{term}”，永远不会用到")
                    )
        if not terms:
            match.fault("terms", "一个词也没有")
            return None
        return TermsMatch(view, terms, covering, overlap, edge, notes)

    def _regex(self, match: Fields) -> Match | None:
        view = self._view(match)
        source = match.text("pattern")
        edge = EdgeKind(match.choice("edge", tuple(EdgeKind), EdgeKind.NONE))
        validate = match.text("validate", "")
        if validate and validate not in VALIDATORS:
            match.fault(
                "validate",
                f"没有检验“{validate}”，可用：{'、'.join(VALIDATORS)}{nearest(validate, list(VALIDATORS))}",
            )
        node = self._pattern(match, "pattern", source, fold=view is View.FOLD)
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

    def _condition(self, tree: Tree, rule: Fields, *, fold: bool) -> Condition | None:
        fields = Fields(tree, self._file, self._faults, where=f"{rule.where}.unless")
        found: list[Condition] = []
        if (inside := fields.sub("inside")) is not None:
            left, right = inside.text("open"), inside.text("close")
            only = (*inside.texts("only"), *fields.texts("only"))
            inside.done()
            if left and right:
                found.append(Inside(left, right, only))
        if covering := fields.texts("covering"):
            found.append(Covering(covering))
        for side in ("before", "after"):
            if (near := fields.sub(side)) is not None:
                words = near.texts("any")
                within = int(near.number("within", 6, low=1, high=200))
                near.done()
                if not words:
                    near.fault("any", "缺少词：any: [词, 词]")
                for word in words:
                    if len(word) > within:
                        near.fault("any", f"“{word}”比 within: {within} 还长，永远不会用到")
                found.append(Near(side == "before", words, within))
        if fields.has("line_has"):
            source = fields.text("line_has")
            if (node := self._pattern(fields, "line_has", source, fold=fold)) is not None:
                found.append(LineHas(source, node))
        fields.done()
        if len(found) != 1:
            if tree.mapping is not None:
                fields.fault("", "每个例外写且只写一种：inside、covering、before、after 或 line_has")
            return None
        return found[0]

    def _suggest(self, fields: Fields) -> Suggest:
        own = fields.get("suggest")
        match = (fields.mapping["match"].mapping or {}) if "match" in fields.mapping else {}
        tree = own or match.get("suggest")
        if tree is None:
            return Suggest()
        if tree.mapping is None:
            texts = [item.scalar for item in tree.items] if tree.items is not None else [tree.scalar]
            return Suggest(texts=tuple(str(text) for text in texts if text is not None))
        suggest = Fields(tree, self._file, self._faults, where="suggest")
        replace = suggest.get("replace")
        pairs = tuple(
            (old, str(new.scalar or "")) for old, new in ((replace.mapping or {}).items() if replace else ())
        )
        found = Suggest(suggest.text("delete", ""), pairs, suggest.texts("text"))
        suggest.done()
        return found

    def _examples(self, fields: Fields) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
        examples = fields.sub("examples")
        if examples is None:
            fields.fault("examples", "缺少示例：examples: {hit: [至少一条], miss: [至少一条]}")
            return (), ()
        hits = tuple(found for item in examples.each("hit") if (found := self._example(item)))
        misses = tuple(found for item in examples.each("miss") if (found := self._example(item)))
        examples.done()
        if not hits:
            examples.fault("hit", "至少要有一条应当命中的示例（hit）")
        if not misses:
            examples.fault("miss", "至少要有一条不应命中的示例（miss）")
        return hits, misses

    def _example(self, tree: Tree) -> Example | None:
        if tree.mapping is None:
            if tree.items is None and tree.scalar is not None:
                return Example(str(tree.scalar), tree.line)
            self._faults.append(
                Fault(self._file, tree.line, "examples", f"示例应为文本或映射，实为{tree.kind}")
            )
            return None
        fields = Fields(tree, self._file, self._faults, where="examples")
        structure = fields.get("structure")
        text = fields.text("text", None if structure is None else "")
        at: tuple[int, int] | None = None
        if fields.has("at"):
            places = [item.scalar for item in fields.each("at")]
            if len(places) == 2 and all(type(place) is int for place in places):
                at = (places[0], places[1])
            else:
                fields.fault("at", "应为 [起, 止)，即两个整数，不含止")
        example = Example(
            text=text,
            line=tree.line,
            at=at,
            rule_text=fields.text("rule_text", "") or None,
            suggest=fields.text("suggest", "") or None,
            part=PartKind(fields.choice("part", tuple(PartKind), PartKind.BODY)),
            channel=fields.text("channel", "") or None,
            section=fields.text("section", "") or None,
            stage=fields.text("stage", "") or None,
            on=fields.day("on"),
            structure=structure.plain() if structure is not None else None,
        )
        fields.done()
        return example


def _values(match: object) -> Iterable[object]:
    """Return the plain values of a match, for the lexicon that one of them may name."""
    return [value for value in match.values() if isinstance(value, str)] if isinstance(match, dict) else ()
