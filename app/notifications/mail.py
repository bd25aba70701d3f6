"""Notices by mail: the letter, and handing it to the mail server.

A letter names drafts by number and title, never by their words, and nobody by name.
"""

import hashlib
import smtplib
import socket
import ssl
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from app.infra.clock import beijing
from app.infra.outgoing_calls import DEADLINE, Call
from app.infra.settings import Settings
from app.jobs.registry import GiveUp
from app.notifications.queries import Told
from app.notifications.sentences import About, plain, sentence

_FOOT = "本邮件由系统自动发出，请勿回复。哪些通知发邮件，可以在“通知设置”里改："
#: A subject is cut here, so that it is shown whole in a list of mails.
_SUBJECT = 100


class MailRefused(Exception):
    """The mail server did not take a letter now; it says the server's code and no address."""


def letter(
    told: Sequence[Told], *, to: str, confidential: Collection[UUID], settings: Settings, at: datetime
) -> EmailMessage:
    """Return the mail that tells of these notices, one or several, in plain text and in HTML.

    Raises `ValueError` for an address that is none, and for no notices.
    """
    if not told:
        raise ValueError("a letter tells of something")
    base = settings.public_url.rstrip("/")
    lines = [(_line(notice, confidential), base + notice.path) for notice in told]
    message = EmailMessage(policy=SMTP)
    subject = lines[0][0] if len(lines) == 1 else f"您有 {len(lines)} 条通知"
    message["Subject"] = f"【三审】{subject}"[:_SUBJECT]
    message["From"] = Address("三审", addr_spec=settings.smtp_from)
    message["To"] = Address(addr_spec=to)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{_name(told)}@{settings.smtp_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    foot = f"{base}/notices/preferences"
    message.set_content(_text(lines, foot), cte="base64")
    message.add_alternative(_html(lines, foot), subtype="html", cte="base64")
    return message


def plain_letter(text: str, *, to: str, name: str, settings: Settings, at: datetime) -> EmailMessage:
    """Return a mail of one sentence to an address that has no account any more; `name` makes its id."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = f"【三审】{text}"[:_SUBJECT]
    message["From"] = Address("三审", addr_spec=settings.smtp_from)
    message["To"] = Address(addr_spec=to)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{name}@{settings.smtp_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{text}。\n\n----\n本邮件由系统自动发出，请勿回复。\n", cte="base64")
    return message


def checkpoint_letter(note: str, *, to: str, name: str, settings: Settings, at: datetime) -> EmailMessage:
    """Return the mail that carries a checkpoint of the record, as it is signed; `name` makes its id."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = f"【三审】留痕检查点 {beijing(at):%Y-%m-%d}"
    message["From"] = Address("三审", addr_spec=settings.smtp_from)
    message["To"] = Address(addr_spec=to)
    message["Date"] = format_datetime(at)
    whose = hashlib.sha256(to.encode()).hexdigest()[:12]
    message["Message-ID"] = f"<{name}.{whose}@{settings.smtp_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    told = "请保存这封邮件。日后用 sanshen audit verify --checkpoint 对照附件，留痕被截去或改写就看得出来。"
    message.set_content(f"{told}\n\n{note}\n", cte="base64")
    file = f"checkpoint-{beijing(at):%Y-%m-%d}.txt"
    # Not as text: line ends would be those of mail, and the signature is over ours.
    message.add_attachment(note.encode(), maintype="application", subtype="octet-stream", filename=file)
    return message


def send(message: EmailMessage, settings: Settings) -> None:
    """Hand a letter to the mail server, over TLS unless the settings say otherwise, all within its time.

    Raises `MailRefused` for what may pass, and `GiveUp` where the server will never take it. The errors of
    smtplib name the addressee, so they go no further.
    """
    context = ssl.create_default_context(cafile=settings.smtp_ca_file)
    with Call(settings.smtp_timeout_seconds) as call:
        try:
            _hand_in(message, settings, context, call)
        except MailRefused:
            if call.is_over:
                raise MailRefused(DEADLINE) from None
            raise


def _hand_in(message: EmailMessage, settings: Settings, context: ssl.SSLContext, call: Call) -> None:
    try:
        with _server(settings, context, call) as server:
            if settings.smtp_security == "starttls":
                server.starttls(context=context)
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        said = f"recipient refused: {codes}"
        raise (GiveUp(said) if min(codes) >= 500 else MailRefused(said)) from None
    except smtplib.SMTPAuthenticationError as error:
        # Somebody will mend the password; the letter is not to blame.
        raise MailRefused(f"sign-in refused: {error.smtp_code}") from None
    except smtplib.SMTPResponseException as error:
        said = f"{type(error).__name__}: {error.smtp_code}"
        raise (GiveUp(said) if error.smtp_code >= 500 else MailRefused(said)) from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailRefused(type(error).__name__) from None


class _Server(smtplib.SMTP):
    """A mail server whose connection the call watches."""

    def __init__(self, call: Call, **more: Any) -> None:  # noqa: ANN401 – as smtplib takes them
        self._call = call
        super().__init__(**more)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 – the call's counts
        return self._call.connect(host, port)


class _TlsServer(smtplib.SMTP_SSL, _Server):
    """The same, with TLS from the first byte: `SMTP_SSL` puts it around what `_Server` connects."""

    def __init__(self, call: Call, **more: Any) -> None:  # noqa: ANN401 – as smtplib takes them
        self._call = call
        # Its own initialiser calls that of `SMTP` by name.
        smtplib.SMTP_SSL.__init__(self, **more)


def _server(settings: Settings, context: ssl.SSLContext, call: Call) -> smtplib.SMTP:
    given = {
        "host": settings.smtp_host,
        "port": settings.smtp_port,
        "local_hostname": urlsplit(settings.public_url).hostname or "localhost",
        "timeout": settings.smtp_timeout_seconds,
    }
    if settings.smtp_security == "tls":
        return _TlsServer(call, context=context, **given)
    return _Server(call, **given)


def _line(notice: Told, confidential: Collection[UUID]) -> str:
    about = notice.about
    if notice.draft is not None and notice.draft.id in confidential:
        about = About(notice.draft.number)
    return plain(sentence(notice.kind, notice.notice.data, about))


def _name(told: Iterable[Told]) -> str:
    # The same notices make the same name: a letter that is sent again after a crash shows as the same one.
    return hashlib.sha256(b"".join(notice.notice.id.bytes for notice in told)).hexdigest()[:40]


def _text(lines: Iterable[tuple[str, str]], foot: str) -> str:
    told = "\n\n".join(f"{text}。\n{link}" for text, link in lines)
    return f"{told}\n\n----\n{_FOOT}\n{foot}\n"


def _html(lines: Iterable[tuple[str, str]], foot: str) -> str:
    told = "".join(f'<p>{escape(text)}。<br><a href="{escape(link)}">去办理</a></p>' for text, link in lines)
    end = f'<p style="color:#555">{_FOOT}<a href="{escape(foot)}">通知设置</a></p>'
    return f'<!doctype html><html lang="zh-CN"><body>{told}<hr>{end}</body></html>'
