"""What is wrong with policy files: each kind by its own linter, and the kinds held against each other."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.channels import service as channels
from app.domain import calendar
from app.domain.files import policy_text
from app.domain.files.faults import Fault
from app.domain.files.policy_files import PolicyFiles
from app.domain.files.yaml_tree import Path
from app.domain.owed_reviews import lint_urgent
from app.domain.quality import lint_quality
from app.domain.routing import lint as routing_lint
from app.domain.vocabulary import PolicyKind
from app.domain.workflow import Workflow, lint
from app.domain.workflow.conditions import When
from app.infra.errors import Reason
from app.infra.policy_faults import reason_of
from app.policies import errors as _words  # noqa: F401 – the words of the codes below
from app.policies import kinds

ROUTING, CHANNELS = "routing.yaml", "channels.yaml"
UNREADABLE = Fault(0, "", "unreadable")
#: Told with the workflow's own file, or where the routing is asked for.
OF_WORKFLOWS = frozenset({"unknown_workflow", "faulty_workflow"})
#: The kinds that name each other.
_NAMING = frozenset({PolicyKind.CHANNELS, PolicyKind.WORKFLOWS, PolicyKind.ROUTING})


def reasons(kind: PolicyKind, files: Mapping[str, str], in_force: PolicyFiles) -> tuple[Reason, ...]:
    """Return everything that is wrong with the files of a kind put in place of those in force.

    That is faults of the files themselves, and what they would break elsewhere: routing names workflows;
    routing and the workflows that it chooses name channels and sections. What is broken already is not held
    against them.
    """
    after = kinds.put(kind, files, in_force)
    told = list(own(kind, files, after))
    if kind in _NAMING and not told:
        known = {_key(reason) for reason in _between(in_force)}
        told += [reason for reason in _between(after) if _key(reason) not in known]
    return tuple({_key(reason): reason for reason in told}.values())


def proposed(folder: PolicyFiles, in_force: PolicyFiles) -> tuple[Reason, ...]:
    """Return what is wrong with the files of a folder where they differ from those in force.

    What the folder proposes of one kind is what the next is held against: they were changed together.
    """
    told: list[Reason] = []
    around = in_force
    for kind in kinds.FILE_KINDS:
        files = kinds.part(kind, folder)
        faults = unreadable(kind, folder)
        if files != kinds.part(kind, in_force):
            faults += reasons(kind, files, around)
        if not faults:
            around = kinds.put(kind, files, around)
        told += faults
    return tuple(told)


def unreadable(kind: PolicyKind, files: PolicyFiles) -> list[Reason]:
    """Return a reason for each file of a kind that cannot be read."""
    paths = sorted(path for path in files.unreadable if kinds.kind_of(path) is kind)
    return [reason_of(UNREADABLE, path) for path in paths]


def own(kind: PolicyKind, files: Mapping[str, str], around: PolicyFiles) -> Iterator[Reason]:
    """Yield what is wrong with files themselves; routing is held against the workflows of `around`."""
    if not files and kind not in kinds.OPTIONAL:
        yield reason_of(Fault(0, "", "file_missing"), str(kind))
    for path, text in files.items():
        if "\0" in text:
            line = text[: text.index("\0")].count("\n") + 1
            yield reason_of(Fault(line, "", "character", {"character": "U+0000"}), path)
        else:
            yield from (reason_of(fault, path) for fault in _linted(kind, text, around))
    if kind is PolicyKind.CALENDAR:
        years: dict[int, str] = {}
        for path, text in files.items():
            year, _ = calendar.lint_year(text)
            if year is not None and years.setdefault(year.year, path) != path:
                yield reason_of(Fault(1, "year", "year_twice", {"year": year.year}), path)


def workflows_of(files: PolicyFiles) -> dict[str, Workflow]:
    """Return the workflows of these files by key, those without faults."""
    found = {}
    for path in files.below("workflows"):
        linted = lint(files.texts.get(path, ""))
        if linted.workflow is not None and not linted.faults:
            found[path.removeprefix("workflows/").removesuffix(".yaml")] = linted.workflow
    return found


def _key(reason: Reason) -> tuple[str, str]:
    data = {name: value for name, value in reason.data.items() if name != "line"}
    return reason.code, repr(sorted(data.items()))


def _linted(kind: PolicyKind, text: str, around: PolicyFiles) -> tuple[Fault, ...]:
    if kind is PolicyKind.WORKFLOWS:
        return lint(text).faults
    if kind is PolicyKind.CALENDAR:
        return calendar.lint_year(text)[1]
    if kind is PolicyKind.URGENT:
        return lint_urgent(text)[1]
    if kind is PolicyKind.QUALITY:
        return lint_quality(text)[1]
    if kind is PolicyKind.CHANNELS:
        return channels.lint(text)[1]
    return routing_lint.lint(text, workflows_of(around)).faults


# --- the kinds held against each other ----------------------------------


def _between(files: PolicyFiles) -> Iterator[Reason]:
    """Yield every name in routing, and in the workflows that it chooses, of something that is not there."""
    workflows = workflows_of(files)
    text = files.texts.get(ROUTING, "")
    linted = routing_lint.lint(text, workflows)
    yield from (reason_of(fault, ROUTING) for fault in linted.faults)
    if linted.routing is None:
        return
    places = _places(files)
    if places is None:
        return
    yield from _unknown(ROUTING, text, places)
    for key in dict.fromkeys(choice.workflow for choice in linted.routing.choose):
        if key in workflows:
            path = f"workflows/{key}.yaml"
            yield from _unknown(path, files.texts[path], places)


def _places(files: PolicyFiles) -> dict[str, frozenset[str]] | None:
    """Return the codes of channels and sections by their word in a condition; None for a bad file."""
    file, faults = channels.lint(files.texts.get(CHANNELS, ""))
    if file is None or faults:
        return None
    entries = file.channels
    return {
        "channels": frozenset(entry.code for entry in entries),
        "sections": frozenset(section.code for entry in entries for section in entry.sections),
    }


def _unknown(path: str, text: str, places: Mapping[str, frozenset[str]]) -> Iterator[Reason]:
    content, lines = policy_text.read(text)
    for where, condition in _conditions(content, ()):
        for word, known in places.items():
            named = condition.get(word) or ()
            for name in (named,) if isinstance(named, str) else named:
                if name in known:
                    continue
                if word == "channels":
                    yield reason_of(lines.fault((*where, word), "unknown_channel", name=str(name)), path)
                else:
                    yield reason_of(lines.fault((*where, word), "unknown_section", name=str(name)), path)


def _conditions(content: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:  # noqa: ANN401 – raw YAML
    """Yield every mapping below the keys by which conditions are given, and where it stands."""
    if isinstance(content, list):
        for index, inner in enumerate(content):
            yield from _conditions(inner, (*path, index))
    elif isinstance(content, dict):
        if path and content.keys() <= When.model_fields.keys():
            yield path, content
        for key, inner in content.items():
            yield from _conditions(inner, (*path, str(key)))
