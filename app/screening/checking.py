"""What of a document is checked, within which scope, and what is not."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from app.domain.document import Document, Image, Video, canonical, sha256
from app.drafts.queries import Target
from app.infra.clock import beijing
from app.negative_list import NotChecked, Part, PartKind, Policy, Report, Scope, check
from app.negative_list.content import parts_of, structure_of

PLAIN_TEXT = "text/plain"


def scope_of(targets: Iterable[Target], *, stage: str = "") -> Scope:
    """Return the scope of a draft bound for `targets`, at `stage` (`""`: every stage's rules apply)."""
    bound = tuple(targets)
    return Scope(frozenset(one.kind for one in bound), frozenset(one.section for one in bound), stage)


def scope_key(policy: Policy, scope: Scope, *, at: datetime) -> str:
    """Return the name of a scope: where the text is bound for, and which rules apply there on that day."""
    applies = "".join("1" if one else "0" for one in policy.program.active(scope, beijing(at).date()))
    named = {"channels": sorted(scope.channels), "sections": sorted(scope.sections), "stage": scope.stage}
    return sha256(canonical({**named, "rules": applies}))


def run(
    policy: Policy,
    document: Document,
    *,
    scope: Scope,
    at: datetime,
    key: bytes,
    document_id: str,
    files: Mapping[str, tuple[str, str]],
    texts: Mapping[str, str],
) -> Report:
    """Return the report on a document with its files.

    `files` gives file name and media type by SHA-256, `texts` the words of those that are plain text: these are
    checked like the document, the others are listed as not checked. `key` is the secret of fingerprints,
    `document_id` ties them to one draft.
    """
    attached = [(f"attachments/{index}", name) for index, name in enumerate(document.attachments)]
    parts = [
        *parts_of(document),
        *(Part(PartKind.ATTACHMENT, ref, texts[name]) for ref, name in attached if name in texts),
    ]
    return check(
        policy, parts, scope=scope, on=beijing(at).date(), key=key, document_id=document_id,
        not_checked=[*_media(document), *(_file(ref, files.get(name)) for ref, name in attached if name not in texts)],
        structure=structure_of(document),
    )


def _media(document: Document) -> list[NotChecked]:
    found = []
    for index, block in enumerate(document.blocks):
        if isinstance(block, Image):
            found.append(NotChecked(f"blocks/{index}", block.alt or "图片", "没有识别图片里的文字"))
        elif isinstance(block, Video):
            found.append(NotChecked(f"blocks/{index}", block.caption or "视频", "没有检查视频的画面和声音"))
    return found


def _file(ref: str, described: tuple[str, str] | None) -> NotChecked:
    filename, kind = described or ("附件", "")
    return NotChecked(ref, filename, f"没有读取这种附件（{kind}）" if kind else "没有读取附件")
