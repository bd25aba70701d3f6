"""What we depend on: pinned, hashed, from nowhere in particular, under permissive licences."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")

#: Chosen in spite of a weak copyleft, which leaves a user's own code alone: docs/decisions/0007-licences.md.
LGPL = {"psycopg", "psycopg-binary", "python-stdnum"}
#: A list of certificates that httpx brings; the MPL asks for nothing beyond that file itself.
MPL = {"certifi"}
PERMISSIVE = re.compile(
    r"\b(0BSD|Apache|BSD|ISC|MIT|MIT-CMU|PSF|Python Software Foundation|Unlicense|Zlib)\b"
    # Fonts: they may be bundled and embedded, and leave the product alone.
    r"|SIL Open Font License"
)


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _locked() -> dict[str, str]:
    return {
        _name(name): version
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK, re.MULTILINE)
    }


def test_the_lock_names_no_host_and_no_path() -> None:
    assert (
        re.findall(r"(?:https?|file)://|--(?:index-url|extra-index-url|find-links|trusted-host)", LOCK) == []
    )


def test_every_locked_package_has_hashes() -> None:
    for entry in re.split(r"\n(?=[A-Za-z0-9])", LOCK):
        if re.match(r"[A-Za-z0-9._-]+==", entry):
            assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert len(_locked()) > 30


def test_the_lock_holds_every_direct_dependency_in_its_range() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = _locked()
    for text in project["dependencies"]:
        requirement = Requirement(text)
        assert _name(requirement.name) in locked, requirement.name
        assert requirement.specifier.contains(locked[_name(requirement.name)]), requirement
        for name in _of_extras(requirement):
            assert name in locked, (str(requirement), name)


def _of_extras(requirement: Requirement) -> set[str]:
    """Return the packages that a requirement's extras ask for on this machine."""
    needed = (Requirement(text) for text in metadata.requires(requirement.name) or [])
    return {
        _name(one.name)
        for one in needed
        for extra in requirement.extras
        if one.marker is not None
        and one.marker.evaluate({"extra": extra})
        and not one.marker.evaluate({"extra": ""})
    }


def test_extras_are_looked_into() -> None:
    assert _of_extras(Requirement("psycopg[binary]")) == {"psycopg-binary"}
    assert "cryptography" in _of_extras(Requirement("python-jose[cryptography]"))


def test_the_lock_holds_what_its_packages_need() -> None:
    locked = _locked()
    for name in locked:
        for text in metadata.requires(name) or []:
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert _name(needed.name) in locked, (name, text)


def _licence(distribution: metadata.Distribution) -> str:
    fields = distribution.metadata
    classifiers = [text for text in fields.get_all("Classifier") or [] if text.startswith("License ::")]
    return " | ".join(
        filter(None, [fields.get("License-Expression"), *classifiers, (fields.get("License") or "")[:200]])
    )


@pytest.mark.parametrize("name", sorted(_locked()))
def test_what_users_run_is_permissive(name: str) -> None:
    try:
        licence = _licence(metadata.distribution(name))
    except metadata.PackageNotFoundError:
        pytest.fail(f"{name} is locked but not installed")
    assert licence, f"{name} does not say its licence"
    if "LGPL" in licence or "Lesser" in licence:
        assert name in LGPL, licence
    elif "MPL" in licence:
        assert name in MPL, licence
    else:
        assert PERMISSIVE.search(licence), licence
        assert "GPL" not in licence
