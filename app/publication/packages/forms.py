"""The forms in which released bytes go out, and the normal form in which a file's address is its digest.

A proof is a whole page whose pictures, videos and attachments lie at addresses of this service. What goes
into a CMS or an editor is the fragment within; and tools host files themselves, so the addresses in what goes
out are theirs. In the normal form each such address is written `sha256:<digest>`: two texts with the same
normal form say the same and show the same files, wherever those lie.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import unescape

from app.domain.document.model import sha256
from app.proofs.layout.pages import BODY_BEGINS, BODY_ENDS

#: What stands in the place of a file's address.
SCHEME = "sha256:"
_ADDRESSES = re.compile(rb'(?<= )(src|href)="([^"]*)"')
_OURS = re.compile(r"/api/v1/assets/([0-9a-f]{64})")


class Form(StrEnum):
    """A whole page, or the fragment that goes into a CMS or an editor."""

    PAGE = "page"
    FRAGMENT = "fragment"


@dataclass(frozen=True, slots=True)
class FileAt:
    """A file that a text shows or links to: its digest, and the line on which it stands, counted from 1."""

    sha256: str
    line: int


def fragment_of(page: bytes) -> bytes:
    """Return what stands in the body of a proof's page: whole lines, the last one ended."""
    _, begins, rest = page.partition(BODY_BEGINS)
    inner, ends, _ = rest.rpartition(BODY_ENDS)
    assert begins, "a proof is a page"
    assert ends, "a proof is a page"
    return inner


def in_form(page: bytes, form: Form) -> bytes:
    """Return a proof's page in a form."""
    return page if form is Form.PAGE else fragment_of(page)


def normal(content: bytes, addresses: Mapping[str, str] | None = None) -> bytes:
    """Return a text with each file's address as its digest, and without white space around it.

    `addresses` says which SHA-256 lies at which address; the addresses of this service say so themselves.
    """
    told = addresses or {}

    def named(match: re.Match[bytes]) -> bytes:
        digest = _digest_at(match[2], told)
        return match[0] if digest is None else b'%s="%s%s"' % (match[1], SCHEME.encode(), digest.encode())

    return _ADDRESSES.sub(named, content).strip()


def normal_digest(content: bytes) -> str:
    """Return the SHA-256 of the normal form of released bytes: what every right copy of them has too."""
    return sha256(normal(content))


def files_in(content: bytes) -> list[FileAt]:
    """Return the files of this service that released bytes show or link to, in their order, each once."""
    found: dict[str, FileAt] = {}
    for digest, line in placed(content):
        if digest is not None:
            found.setdefault(digest, FileAt(digest, line))
    return list(found.values())


def placed(content: bytes, addresses: Mapping[str, str] | None = None) -> Iterator[tuple[str | None, int]]:
    """Yield for each address in a text the digest of the file there, `None` for a link, and its line."""
    line, seen = 1, 0
    for match in _ADDRESSES.finditer(content):
        line += content.count(b"\n", seen, match.start())
        seen = match.start()
        yield _digest_at(match[2], addresses or {}), line


def _digest_at(written: bytes, told: Mapping[str, str]) -> str | None:
    try:
        address = unescape(written.decode())
    except UnicodeDecodeError:
        return None
    if (ours := _OURS.fullmatch(address)) is not None:
        return ours[1]
    return told.get(address)


__all__ = ["FileAt", "Form", "files_in", "fragment_of", "in_form", "normal", "normal_digest", "placed"]
