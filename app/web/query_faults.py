"""Filters in a page's address that cannot be used, told in the words that the page has for them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from app.infra.errors import Invalid, Reason
from app.infra.http import problems
from app.infra.http.field_words import name_of
from app.words.labels import LABELS

problems.problems(
    {
        "address_unusable": (
            "这个地址里的筛选条件不能用，请从页面上重新选择。",
            "The address of this page has filters that cannot be used.",
        )
    }
)
problems.reasons(
    {
        "choice_unknown": "{name}没有“{given}”这一种；可以选：{choices}。",
        "filter_unusable": "{name}写成“{given}”不能用。",
    }
)
#: So much of what was given is told again.
_LONGEST = 40


def told(request: Request, error: Exception) -> Response | None:
    """Return the refusal of an address whose filters are wrong; `None` for every other error."""
    if not isinstance(error, RequestValidationError):
        return None
    faults = error.errors()
    if any(fault["loc"][0] != "query" for fault in faults):
        return None
    return problems.problem(request, Invalid("address_unusable", reasons=[*_reasons(faults)]))


def _reasons(faults: Sequence[Mapping[str, Any]]) -> Iterator[Reason]:
    for fault in faults:
        field = ".".join(map(str, fault["loc"]))[: problems.LONGEST_FIELD]
        given = fault.get("input")
        data = {
            "name": name_of(field) or str(fault["loc"][-1])[:_LONGEST],
            "given": given[:_LONGEST] if isinstance(given, str) else "",
        }
        words = _choices(str(fault.get("ctx", {}).get("expected", "")))
        if words:
            yield Reason("choice_unknown", data | {"choices": words}, field=field)
        else:
            yield Reason("filter_unusable", data, field=field)


def _choices(expected: str) -> list[str]:
    """Return the words of the enum whose values pydantic lists; empty for what is no enum with words."""
    values = set(expected.replace("' or '", "', '").strip("'").split("', '"))
    return next(
        (
            list(words.values())
            for kind, words in LABELS.items()
            if {member.value for member in kind} == values
        ),
        [],
    )
