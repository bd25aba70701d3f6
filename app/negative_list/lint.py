"""What is doubtful about a policy, though it works."""

from collections import defaultdict
from collections.abc import Sequence

from app.negative_list.faults import Fault
from app.negative_list.fold import fold_text
from app.negative_list.model import View
from app.negative_list.rules import Rule, TermsMatch


def warnings_of(rules: Sequence[Rule]) -> tuple[Fault, ...]:
    """Return the terms that stand in more than one rule of the same scope."""
    owners: dict[tuple[str, object], list[Rule]] = defaultdict(list)
    for rule in rules:
        if isinstance(rule.match, TermsMatch):
            fold = rule.match.view is View.FOLD
            for term in rule.match.terms:
                owners[fold_text(term) if fold else term, rule.scope].append(rule)
    return tuple(
        Fault(found[1].file, found[1].line, found[1].id, f"词“{term}”与规则 {found[0].id} 重复")
        for (term, _), found in owners.items()
        if len(found) > 1
    )
