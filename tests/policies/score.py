# ruff: noqa: T201
"""`python -m tests.policies.score [FILE …]`: faults of the made-up cases that are found, by kind."""

import argparse
from collections import Counter

from app.negative_list import Severity
from tests.policies import snippets as cases


def main() -> None:
    """Print what is found of each kind in the named files of cases, and near misses that are flagged."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("files", nargs="*", default=["faults.tsv", "faults_third.tsv", "faults_fourth.tsv"])
    asked.add_argument("--list", action="store_true", help="print each place that is missed")
    given = asked.parse_args()
    marked: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    for file in given.files:
        for case in cases.cases(file):
            for text, is_found in cases.outcome(case):
                marked[case.kind] += 1
                hit[case.kind] += is_found
                if given.list and not is_found:
                    print("missed", case.kind, repr(case.text[:60]), "→", text)
    for kind in marked:
        print(f"{kind}\t{hit[kind]}/{marked[kind]}")
    print(f"faults\t{hit.total()}/{marked.total()}")
    typos = list(cases.typos())
    corrected = sum(cases.is_corrected(typo) for typo in typos)
    flagged = sum(cases.is_flagged(typo) for typo in typos)
    print(f"everyday typos\tfound {flagged}/{len(typos)}, the right word suggested {corrected}")
    if given.list:
        print("\n".join(f"missed typo {typo.text}" for typo in typos if not cases.is_flagged(typo)))
    for file in ("near_misses.tsv", "near_misses_third.tsv", "near_misses_fourth.tsv"):
        wrong = [
            (case.text[:30], item.severity.value, item.rule, item.excerpt)
            for case in cases.cases(file)
            for item in cases.read(case)[0].findings
            if item.severity is not Severity.INFO
        ]
        blocked = {row[0] for row in wrong if row[1] == "block"}
        print(f"{file}\tflagged {len({row[0] for row in wrong})}, blocked {len(blocked)}")
        for row in wrong:
            print("  flagged", *row)


if __name__ == "__main__":
    main()
