"""One rule from its YAML."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256

from app.domain.files.faults import Fault
from app.domain.files.yaml_tree import Tree
from app.negative_list.source.fields import Fields, nearest
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.source.read_examples import read_examples
from app.negative_list.source.read_match import MatchReader
from app.negative_list.source.rules import (
    Allowed,
    Basis,
    CheckerMatch,
    Match,
    RegexMatch,
    Rule,
    RuleScope,
    Suggest,
    TermsMatch,
)
from app.negative_list.text.model import SEVERITIES, PartKind, Severity, View


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
        self._matches = MatchReader(file, faults, lexicons)
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
        match = self._matches.match(fields)
        fold = isinstance(match, TermsMatch | RegexMatch) and match.view is not View.RAW
        if isinstance(match, CheckerMatch):
            fold = match.checker.view is View.FOLD
            if match.checker.advisory and severity is Severity.BLOCK:
                fields.fault("severity", "用语证据只供参考，不能是阻断（block），请用 info 或 warn")
        unless = tuple(
            condition
            for item in fields.each("unless")
            if (condition := self._matches.condition(item, fields, fold=fold))
        )
        report = fields.choice("report", ("plain", "mask"), "plain")
        message = fields.text("message", title)
        suggest = self._suggest(fields)
        hits, misses = read_examples(fields)
        waivable = self._flag(fields, "waivable", default=True)
        variant_of = fields.text("variant_of", "")
        shadow = self._flag(fields, "shadow", default=False)
        fields.done()
        if match is None or len(self._faults) > before:
            return None
        return Rule(
            rule_id, title, severity, weight, basis, since, until, scope, match, unless, report == "mask",
            message, suggest, hits, misses, self._file, tree.line,
            shadow=shadow or rule_id in self._shadow, waivable=waivable, variant_of=variant_of,
            content=self._content(tree, match),
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


def _values(match: object) -> Iterable[object]:
    """Return the plain values of a match, for the lexicon that one of them may name."""
    return [value for value in match.values() if isinstance(value, str)] if isinstance(match, dict) else ()
