"""`ETag` and `If-Match` over version numbers."""

import re
from typing import Annotated

from fastapi import Header

from app.infra.errors import PreconditionFailed, PreconditionRequired

IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=200)]

_STRONG = re.compile(r'^"([0-9]{1,9})"$')


def etag(version: int) -> str:
    """Return the strong entity tag of a version."""
    return f'"{version}"'


def seen_versions(header: str | None) -> frozenset[int]:
    """Return the versions that `If-Match` names.

    Raises `PreconditionRequired` when it is missing, and with another code when it is there but names none
    that we give out; `*` says nothing of what was seen, so it counts as missing.
    """
    given = (header or "").strip()
    if given in {"", "*"}:
        raise PreconditionRequired("precondition_required")
    matches = [_STRONG.match(part.strip()) for part in given.split(",")]
    versions = frozenset(int(match[1]) for match in matches if match)
    if not versions:
        raise PreconditionRequired("precondition_malformed", data={"given": given})
    return versions


def must_match(seen: frozenset[int], version: int) -> None:
    """Raise `PreconditionFailed`, with the present version, unless it is among those `seen`."""
    if version not in seen:
        raise PreconditionFailed(
            "precondition_failed", headers={"ETag": etag(version)}, data={"version": version}
        )
