"""The errors of the service.

    AppError                   status  when
    ├── Unauthenticated           401  who are you?
    ├── Forbidden                 403  known, but not allowed
    ├── NotFound                  404  unknown, or not to be known by you
    ├── NotAcceptable             406  no type of the answer is wanted
    ├── Conflict                  409  wrong state, stale digest
    ├── PreconditionFailed        412  If-Match does not match
    ├── PreconditionRequired      428  If-Match is missing
    ├── TooLarge                  413
    ├── Unsupported               415
    ├── Misdirected               421  not under this host
    ├── Invalid                   422  malformed, every fault named
    ├── TooMany                   429
    └── Unavailable               503  try again; nothing was changed

The first word of every error is a code that stands in `problems.PROBLEMS` with its words in both languages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a refusal: a code from `problems.REASONS`, the data that its sentence needs, a field."""

    code: str
    data: dict[str, Any] = field(default_factory=dict)
    field: str | None = None


class AppError(Exception):
    """A refusal that the caller should hear of. All reasons at once.

    `record`, where the trade wants the refusal itself on record, is called with a fresh session after the
    refused transaction was rolled back, and committed on its own. `members` are told beside the usual ones,
    where another standard names them (RFC 9457, section 3.2).
    """

    status = 500

    def __init__(
        self,
        code: str,
        *,
        reasons: Sequence[Reason] = (),
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        record: Callable[[Session], None] | None = None,
        members: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.reasons = tuple(reasons)
        self.data = data or {}
        self.headers = headers or {}
        self.record = record
        self.members = members or {}


class Unauthenticated(AppError):
    """Nobody is signed in, or the credentials do not hold."""

    status = 401


class Forbidden(AppError):
    """The person may not do this."""

    status = 403


class NotFound(AppError):
    """There is no such thing, or it is not visible to this person."""

    status = 404


class NotAcceptable(AppError):
    """No type of the answer is acceptable to the client."""

    status = 406


class Conflict(AppError):
    """The state or the digest is another than the caller thought."""

    status = 409


class PreconditionFailed(AppError):
    """`If-Match` names an older version."""

    status = 412


class TooLarge(AppError):
    """The body is over its limit."""

    status = 413


class Unsupported(AppError):
    """The body is of a type that is not taken."""

    status = 415


class Misdirected(AppError):
    """The request names a host that is not ours."""

    status = 421


class Invalid(AppError):
    """The request is malformed."""

    status = 422


class PreconditionRequired(AppError):
    """`If-Match` is missing."""

    status = 428


class TooMany(AppError):
    """Too many tries."""

    status = 429


class Unavailable(AppError):
    """The database or another part is away; nothing was changed."""

    status = 503
