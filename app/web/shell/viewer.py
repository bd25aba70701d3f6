"""Who looks at a page, and what they sent."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import BackgroundTasks, Depends, Request
from sqlmodel import Session
from starlette.exceptions import HTTPException

from app.identity import permissions
from app.identity.access import Actor, cookie_name, csrf_matches, csrf_token, own_password, signed_in
from app.identity.models import Unit
from app.infra.db import ReadSession
from app.infra.errors import Forbidden, Invalid, Reason, TooLarge, Unauthenticated
from app.infra.http.problems import problems, too_long
from app.infra.runtime import runtime_of
from app.notifications import queries as notices
from app.web.forms.limits import Limits

#: A form holds one text of at most 5 MB; percent-encoding makes three characters of each byte.
MAX_FORM_BYTES = 16_000_000
problems(
    {
        "form_too_large": (
            "填写的内容太多：一次至多 {limit} MB（汉字每个约占 9 字节），请分成几篇，或者改用接口上传。",
            "The form is too large.",
        )
    }
)
MAX_FIELDS = 5000


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person who is signed in, with the token that their forms carry, and how much they have not read."""

    actor: Actor
    unit: str
    csrf: str
    unread: int = 0

    @property
    def name(self) -> str:
        """Their real name."""
        return self.actor.name

    @property
    def administers(self) -> bool:
        """Whether they administer accounts or roles anywhere."""
        return permissions.keeps_accounts(self.actor)

    @property
    def connects(self) -> bool:
        """Whether they keep publishing tools and receivers of any unit."""
        return permissions.administers(self.actor)

    @property
    def knows_accounts(self) -> bool:
        """Whether they administer or audit accounts anywhere."""
        return permissions.knows_accounts(self.actor)

    @property
    def audits(self) -> bool:
        """Whether they read the record of any unit."""
        return permissions.audits(self.actor)

    @property
    def writes(self) -> bool:
        """Whether they may write drafts anywhere."""
        return permissions.may_write(self.actor)

    @property
    def reviews(self) -> bool:
        """Whether they review, proofread or publish anywhere, and so have a board."""
        return permissions.has_board(self.actor)


def viewer_of(request: Request, tasks: BackgroundTasks, *, within: Session | None = None) -> Viewer | None:
    """Return who is signed in, with their unit's name; `None` when nobody is.

    Read in the transaction of `within` where there is one already, else in one of its own.
    """
    runtime = runtime_of(request)
    with nullcontext(within) if within is not None else runtime.database.read() as session:
        actor = signed_in(request, tasks, within=session)
        if actor is None:
            return None
        unit = session.get(Unit, actor.unit_id)
        unread = notices.unread(session, actor)
    raw = request.cookies[cookie_name(runtime.settings)]
    return Viewer(actor, unit.name if unit else "", csrf_token(raw), unread)


def reading(request: Request, tasks: BackgroundTasks, session: ReadSession) -> Viewer:
    """Return who is signed in, for a page that only reads: who looks and what they see is one transaction.

    Raises as `present`.
    """
    return _signed_in(viewer_of(request, tasks, within=session))


def _signed_in(viewer: Viewer | None) -> Viewer:
    if viewer is None:
        raise Unauthenticated("unauthenticated")
    own_password(viewer.actor)
    return viewer


def present(request: Request, tasks: BackgroundTasks) -> Viewer:
    """Return who is signed in. Raises `Unauthenticated`; a page then leads to the sign-in form and back.

    Raises `Forbidden` where they must choose a password of their own first.
    """
    return _signed_in(viewer_of(request, tasks))


def anybody(request: Request, tasks: BackgroundTasks) -> Viewer:
    """Return who is signed in, also with a password that somebody else has set: for choosing another.

    Raises `Unauthenticated`.
    """
    viewer = viewer_of(request, tasks)
    if viewer is None:
        raise Unauthenticated("unauthenticated")
    return viewer


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that somebody chose: its name on their machine, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, in order, with line ends unified."""

    fields: tuple[tuple[str, str], ...] = ()
    #: A file that was chosen, where the form takes one.
    file: "SentFile | None" = None

    def text(self, name: str) -> str:
        """Return a field as it was typed; empty when it is missing."""
        return next((value for key, value in self.fields if key == name), "")

    def word(self, name: str) -> str:
        """Return a field without the white space around it; empty when it is missing."""
        return self.text(name).strip()

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field that may come several times."""
        return tuple(value for key, value in self.fields if key == name and value)

    def within(self, name: str, limits: Limits) -> str:
        """Return a field without the white space around it. Raises `Invalid` when it is over its limit.

        Nothing is cut: what is too long is refused with its limit, and stays where it was typed.
        """
        self.all_within({name: limits[name]})
        return self.word(name)

    def all_within(self, limits: Limits) -> None:
        """Raise `Invalid` with every field that is over its limit, in characters."""
        words = {name: self.word(name) for name in limits}
        if reasons := [
            too_long(name, text, limits[name]) for name, text in words.items() if len(text) > limits[name]
        ]:
            raise Invalid("malformed", reasons=reasons)

    def number(self, name: str, *, default: int) -> int:
        """Return a whole number; `default` when the field is empty. Raises `Invalid` for anything else."""
        if not (word := self.word(name)):
            return default
        if not word.isascii() or not word.isdigit() or len(word) > 9:
            raise Invalid("malformed", reasons=[Reason("field", {"message": "应为整数。"}, field=name)])
        return int(word)


async def form_of(request: Request) -> Form:
    """Read a form, urlencoded or, with a file, in parts.

    Raises `TooLarge`, `Invalid` for broken encoding or too many fields, `Forbidden` from another site.
    """
    if not from_here(request):
        raise Forbidden("csrf_failed")
    return await bare_form_of(request)


async def bare_form_of(request: Request) -> Form:
    """Read an urlencoded form from wherever it was sent: for forms whose address itself is the secret.

    Such pages tell no other where their visitor comes from, so browsers send no origin with their forms.
    Raises `TooLarge`, `Invalid` for broken encoding or too many fields.
    """
    if (read := posted(request)) is not None:
        return read
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data":
        form = await _in_parts(request)
        request.state.posted = form
        return form
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_FORM_BYTES:
            raise TooLarge("form_too_large", data={"limit": MAX_FORM_BYTES // 1_000_000})
        parts.append(part)
    try:
        pairs = parse_qsl(
            b"".join(parts).decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise Invalid("malformed", reasons=[Reason("field", {"message": "表单编码有误。"})]) from error
    form = Form(tuple((key, _with_line_ends(value)) for key, value in pairs))
    # Whoever answers, also with a refusal, knows what was typed.
    request.state.posted = form
    return form


def _with_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


async def _in_parts(request: Request) -> Form:
    """Read a form that may carry one file; what it may weigh in all was asked before it came in."""
    fields: list[tuple[str, str]] = []
    file: SentFile | None = None
    try:
        async with request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FORM_BYTES) as sent:
            for key, value in sent.multi_items():
                if isinstance(value, str):
                    fields.append((key, _with_line_ends(value)))
                elif content := await value.read():
                    file = SentFile(value.filename or "", content)
    except HTTPException as error:
        wrong = Reason("field", {"message": "表单编码有误，或一栏的内容太多。"})
        raise Invalid("malformed", reasons=[wrong]) from error
    return Form(tuple(fields), file)


def posted(request: Request) -> Form | None:
    """Return the form of this request, once it was read; `None` before, and where there is none."""
    form: Form | None = getattr(request.state, "posted", None)
    return form


def from_here(request: Request) -> bool:
    """Say whether a browser says that the form was sent from one of our own pages."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that a signed-in person sent from one of our pages."""

    viewer: Viewer
    form: Form = field(default_factory=Form)

    @property
    def actor(self) -> Actor:
        """Who sent it."""
        return self.viewer.actor


def sent(
    request: Request, viewer: Annotated[Viewer, Depends(present)], form: Annotated[Form, Depends(form_of)]
) -> Sent:
    """Return a form and who sent it. Raises `Unauthenticated`, `Forbidden` without the CSRF token."""
    return _proved(request, viewer, form)


def sent_by_anybody(
    request: Request, viewer: Annotated[Viewer, Depends(anybody)], form: Annotated[Form, Depends(form_of)]
) -> Sent:
    """Return a form and who sent it, also with a password that somebody else has set. Raises as `sent`."""
    return _proved(request, viewer, form)


def _proved(request: Request, viewer: Viewer, form: Form) -> Sent:
    raw = request.cookies[cookie_name(runtime_of(request).settings)]
    if not csrf_matches(raw, form.text("csrf")):
        raise Forbidden("csrf_failed")
    return Sent(viewer, form)


Visitor = Annotated[Viewer, Depends(present)]
#: The same for a page that only reads: one transaction, also for who looks.
Reader = Annotated[Viewer, Depends(reading, scope="function")]
SentForm = Annotated[Sent, Depends(sent)]
#: The same for whoever must choose a password of their own first.
AnyVisitor = Annotated[Viewer, Depends(anybody)]
AnySentForm = Annotated[Sent, Depends(sent_by_anybody)]
AnyForm = Annotated[Form, Depends(form_of)]
BareForm = Annotated[Form, Depends(bare_form_of)]
