"""Whether the examples of a policy would notice a rule or an exception that is gone, and a hidden hit."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from app.negative_list.engine.program import Program, Runner, view_of
from app.negative_list.quality.examples import hit_problem, run_example
from app.negative_list.source.rules import Covering, Example, Inside, Near, Rule, StructureMatch, TermsMatch
from app.negative_list.text.fold import TABLES, fold_text
from app.negative_list.text.model import View
from app.negative_list.text.skip_view import SEPARATORS, apart


class Survivor(NamedTuple):
    """A change of a rule that no example notices."""

    rule: str
    what: str


class _Changed(Program):
    """A program with one runner in place of another; what is scanned for stays the same."""

    def __init__(self, program: Program, runner: Runner) -> None:
        self.__dict__.update(program.__dict__)
        runners = list(program.runners)
        runners[runner.number] = runner
        self.runners = tuple(runners)


def survivors(program: Program, rules: Sequence[Rule]) -> Iterator[Survivor]:
    """Yield each rule whose removal, and each exception whose removal, leaves all examples as they are.

    A rule that is gone is noticed by its own hit examples; an exception that is gone must make one of the
    rule's miss examples a hit.
    """
    for index, rule in enumerate(rules):
        if not any(run_example(program, index, rule, example)[1] for example in rule.hits):
            yield Survivor(rule.id, "规则本身")
        runner = program.runners[index]
        for number, condition in enumerate(rule.unless):
            tests = (*runner.tests[:number], *runner.tests[number + 1 :])
            changed = _Changed(program, replace(runner, tests=tests))
            if not any(run_example(changed, index, rule, example)[1] for example in rule.misses):
                yield Survivor(rule.id, f"第{number + 1}个例外（{_name(condition)}）")


def _name(condition: object) -> str:
    match condition:
        case Inside(opening, close):
            return f"inside {opening}{close}"
        case Covering(words):
            return f"covering {words[0]}…"
        case Near(before, words):
            return f"{'before' if before else 'after'} {words[0]}…"
        case _:
            return "line_has"


@cache
def _traditional() -> dict[str, str]:
    """One traditional form for each simplified character that has one."""
    forms: dict[str, str] = {}
    for line in (TABLES / "t2s.tsv").read_text(encoding="utf-8").splitlines():
        traditional, _, simplified = line.partition("\t")
        if fold_text(traditional) == simplified:
            forms.setdefault(simplified, traditional)
    return forms


def variants(text: str) -> dict[str, str]:
    """Return the text in forms that look alike: full width, traditional, with zero-width spaces."""
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)
    forms = _traditional()
    return {
        "全角": wide,
        "繁体": "".join(forms.get(char, char) for char in text),
        "零宽": "\u200b".join(text),
    }


def variants_of(rules: Sequence[Rule]) -> Iterator[tuple[int, Example, str, str]]:
    """Yield `(number of the rule, hit example, name of the variant, text)` where the variant is another text.

    Rules that read the text as typed, and those about the structure, have none.
    """
    for index, rule in enumerate(rules):
        if not isinstance(rule.match, StructureMatch) and view_of(rule) is View.FOLD:
            skips = isinstance(rule.match, TermsMatch) and rule.match.view is View.SKIP
            for example in rule.hits:
                forms = variants(example.text)
                if skips:
                    forms |= {f"隔以“{sign}”": apart(example.text, sign) for sign in SEPARATORS}
                for name, text in forms.items():
                    if text != example.text:
                        yield index, example, name, text


def escaped(program: Program, rules: Sequence[Rule]) -> Iterator[Survivor]:
    """Yield each variant of a hit example that a rule of the fold or the skip view no longer hits."""
    for index, example, name, text in variants_of(rules):
        rule = rules[index]
        if hit_problem(program, index, rule, example, text=text, anywhere=True):
            yield Survivor(rule.id, f"{name}变体“{example.text}”")
