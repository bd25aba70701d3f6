"""The errors of the service.

    AppError                   status  when
    ├── Unauthenticated           401  who are you?
    ├── Forbidden                 403  known, but not allowed
    ├── NotFound                  404  unknown, or not to be known by you
    ├── Conflict                  409  wrong state, stale digest
    ├── PreconditionFailed        412  If-Match does not match
    ├── PreconditionRequired      428  If-Match is missing
    ├── TooLarge                  413
    ├── Unsupported               415
    ├── Invalid                   422  malformed, every fault named
    ├── TooMany                   429
    └── Unavailable               503  try again; nothing was changed

The first word of every error is a code that stands in `problems.PROBLEMS` with its words in Chinese and English.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a refusal: a code from `problems.REASONS`, the data that its sentence needs, and a field."""

    code: str
    data: dict[str, Any] = field(default_factory=dict)
    field: str | None = None


class AppError(Exception):
    """A refusal that the caller should hear of. All reasons at once.

    `record`, where the trade wants the refusal itself on record, is called with a fresh session after the
    refused transaction was rolled back, and committed on its own.
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
    ) -> None:
        super().__init__(code)
        self.code = code
        self.reasons = tuple(reasons)
        self.data = data or {}
        self.headers = headers or {}
        self.record = record


class Unauthenticated(AppError):
    status = 401


class Forbidden(AppError):
    status = 403


class NotFound(AppError):
    status = 404


class Conflict(AppError):
    status = 409


class PreconditionFailed(AppError):
    status = 412


class TooLarge(AppError):
    status = 413


class Unsupported(AppError):
    status = 415


class Invalid(AppError):
    status = 422


class PreconditionRequired(AppError):
    status = 428


class TooMany(AppError):
    status = 429


class Unavailable(AppError):
    status = 503
