"""The kinds of policy files, and which files are of which kind."""

from collections.abc import Mapping

from app.domain.document.model import sha256
from app.domain.files.policy_files import PolicyFiles
from app.domain.record.canonical import canonical
from app.domain.vocabulary import PolicyKind

#: Kinds whose files are in force as they are; the negative list is compiled before it is used.
#: In the order in which a folder's changes are looked at: what is named before what names it.
FILE_KINDS = (
    PolicyKind.CHANNELS,
    PolicyKind.WORKFLOWS,
    PolicyKind.ROUTING,
    PolicyKind.CALENDAR,
    PolicyKind.URGENT,
    PolicyKind.QUALITY,
)

#: The row that says which version of a kind is in force.
ROWS: Mapping[PolicyKind, int] = {
    PolicyKind.NEGATIVE_LIST: 1,
    PolicyKind.WORKFLOWS: 2,
    PolicyKind.ROUTING: 3,
    PolicyKind.CALENDAR: 4,
    PolicyKind.URGENT: 5,
    PolicyKind.CHANNELS: 6,
    PolicyKind.QUALITY: 7,
}

#: Kinds of which a folder from before them has no file; then what is shipped is used.
OPTIONAL = frozenset({PolicyKind.QUALITY})

#: Kinds that are folders of files; each of the others is one file.
FOLDERS = frozenset({PolicyKind.WORKFLOWS, PolicyKind.CALENDAR})


def kind_of(path: str) -> PolicyKind | None:
    """Return the kind of a file by its path from the folder of policies; None for what is none."""
    folder, _, name = path.rpartition("/")
    if not name.endswith(".yaml"):
        return None
    if folder:
        return next((kind for kind in FOLDERS if kind == folder), None)
    return next((kind for kind in FILE_KINDS if kind not in FOLDERS and f"{kind}.yaml" == name), None)


def part(kind: PolicyKind, files: PolicyFiles) -> dict[str, str]:
    """Return the files of one kind, path to text; empty for none."""
    return {path: text for path, text in sorted(files.texts.items()) if kind_of(path) is kind}


def put(kind: PolicyKind, files: Mapping[str, str], into: PolicyFiles) -> PolicyFiles:
    """Return a state with these files in place of all of their kind."""
    kept = {path: text for path, text in into.texts.items() if kind_of(path) is not kind}
    unreadable = frozenset(path for path in into.unreadable if kind_of(path) is not kind)
    return PolicyFiles({**kept, **files}, unreadable)


def digest_of(kind: PolicyKind, files: Mapping[str, str]) -> str:
    """Return the digest that names a version: of its kind, its paths and the SHA-256 of its files."""
    names = {path: sha256(text.encode()) for path, text in files.items()}
    return sha256(canonical({"kind": str(kind), "files": names}))
