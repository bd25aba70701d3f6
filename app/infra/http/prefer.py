"""`Prefer: return=minimal`: a client that asks for less is answered with less.

Source: RFC 7240, sections 2 and 4.2.
"""

import re
from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Header

#: What an answer says that left the rest out.
APPLIED = {"Preference-Applied": "return=minimal"}
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
        # Not in the description: a client made from it always gets the whole answer, of one type.
        Header(include_in_schema=False),
    ] = None,
) -> bool:
    return wants_minimal(prefer or ())


#: Whether the client is content with a short answer.
Minimal = Annotated[bool, Depends(_minimal)]
