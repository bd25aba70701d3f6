"""Doing one verb from a page: one transaction, then elsewhere, or the same page with the refusal."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from app.infra.db import database_of
from app.infra.errors import AppError, NotFound

Result = TypeVar("Result")


def attempt(request: Request, verb: Callable[[Session], Result]) -> Result | AppError:
    """Run `verb` in a transaction of its own and return what it returns, or its refusal for the page to show.

    `NotFound` is raised as it is: there is no page to show it on.
    """
    try:
        with database_of(request).write() as session:
            return verb(session)
    except NotFound:
        raise
    except AppError as error:
        return error


def see_other(address: str, said: str = "", *, done: UUID | None = None) -> RedirectResponse:
    """Return the answer to a form that was done: see there, where `said` tells that it was.

    `done` is the draft that it was done to, where one is led to another page.
    """
    path, sign, anchor = address.partition("#")
    told = {"said": said, "done": str(done or "")}
    if asked := urlencode({name: value for name, value in told.items() if value}):
        path += ("&" if "?" in path else "?") + asked
    return RedirectResponse(path + sign + anchor, status_code=303)
