"""One state of policy files: each by its path, those that cannot be read by name."""

import pytest

from app.domain.files.policy_files import PolicyFiles, Unreadable

FILES = PolicyFiles(
    {"routing.yaml": "a", "workflows/b.yaml": "b", "workflows/a.yaml": "c", "workflows/read.txt": "d"},
    frozenset({"workflows/c.yaml"}),
)


def test_a_file_is_there_is_not_or_cannot_be_read() -> None:
    assert FILES.text("routing.yaml") == "a"
    with pytest.raises(FileNotFoundError):
        FILES.text("workflows.yaml")
    with pytest.raises(Unreadable):
        FILES.text("workflows/c.yaml")


def test_a_folder_lists_its_yaml_files_also_unreadable_ones() -> None:
    assert FILES.below("workflows") == ("workflows/a.yaml", "workflows/b.yaml", "workflows/c.yaml")
    assert FILES.below("calendar") == ()
    with pytest.raises(Unreadable):
        FILES.texts_below("workflows")
    assert PolicyFiles({"a/b.yaml": "1", "a/a.yaml": "2"}).texts_below("a") == ("2", "1")
