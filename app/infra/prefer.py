"""`Prefer: return=minimal`: a client that asks for less is answered with less.

Source: RFC 7240, sections 2 and 4.2.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Depends, Header

#: What an answer says that left the rest out.
APPLIED = {"Preference-Applied": "return=minimal"}
#: The same in the description of the API, for the answer of a route that can be short.
DESCRIBED: dict[str, Any] = {
    "headers": {
        "Preference-Applied": {
            "description": "`return=minimal` where `Prefer` asked for it and the short answer is given.",
            "schema": {"type": "string"},
        }
    }
}
#: A preference with its parameters: commas part preferences, but not within quotes.
_PREFERENCE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')


def wants_minimal(headers: Iterable[str]) -> bool:
    """Tell whether these `Prefer` headers ask for `return=minimal`; of several `return`s the first counts."""
    for header in headers:
        for preference in _PREFERENCE.findall(header):
            name, _, value = str(preference).partition(";")[0].partition("=")
            if name.strip().lower() == "return":
                return value.strip().strip('"').lower() == "minimal"
    return False


def _minimal(
    prefer: Annotated[
        list[str] | None,
        Header(description="`return=minimal`: leave out of the answer what can be read elsewhere."),
    ] = None,
) -> bool:
    return wants_minimal(prefer or ())


#: Whether the client is content with a short answer.
Minimal = Annotated[bool, Depends(_minimal)]
