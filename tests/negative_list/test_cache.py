"""What names a policy, and its compiled databases on disk."""

import os
import time
from hashlib import sha256
from pathlib import Path

import pytest

from app import negative_list
from app.negative_list import Policy, Report, load_policy
from app.negative_list.engine import cache
from app.negative_list.engine.backends import available
from app.negative_list.engine.cache import MOST_FILES, Cache
from tests.negative_list.policies import GOOD, SAMPLE, SHIPPED, run, write

TEXT = "为残废老人服务，再作布署"
BETTER = GOOD.replace("{残废: 残疾}", "{残废: 残疾, 残障: 残疾}")


def bare(report: Report) -> Report:
    """The report without what differs from run to run."""
    return report._replace(elapsed_us=0, backend="")


def test_the_digest_names_what_a_policy_says_and_not_how_it_is_written(tmp_path: Path) -> None:
    digest = load_policy(write(tmp_path / "a", GOOD)).digest
    respelt = GOOD.replace("- id", "# a remark\n\n- id").replace("{残废: 残疾}", '{"残废":   "残疾"}')
    assert load_policy(write(tmp_path / "b", respelt)).digest == digest
    assert load_policy(write(tmp_path / "c", BETTER)).digest != digest


def test_a_word_list_is_part_of_the_digest(tmp_path: Path) -> None:
    rules = GOOD.replace("{kind: terms, terms: {残废: 残疾}}", "{kind: lexicon, lexicon: words.tsv}")
    one = load_policy(write(tmp_path / "a", rules, lexicons={"words.tsv": "残废\t残疾\n"}))
    other = load_policy(write(tmp_path / "b", rules, lexicons={"words.tsv": "残废\t残疾\n残障\t残疾\n"}))
    assert one.digest != other.digest
    assert one.rules[0].content != other.rules[0].content


# The cache of compiled databases.


@pytest.mark.parametrize("backend", available())
def test_a_policy_from_the_cache_finds_the_same(tmp_path: Path, backend: str) -> None:
    cold = load_policy(SAMPLE, backend=backend, cache_dir=tmp_path)
    warm = load_policy(SAMPLE, backend=backend, cache_dir=tmp_path)
    assert warm.digest == cold.digest
    assert bare(run(warm, TEXT)) == bare(run(cold, TEXT))
    assert len(run(warm, TEXT).findings) == 2


def test_the_cache_holds_the_shipped_policy_too(tmp_path: Path, shipped: Policy) -> None:
    load_policy(SHIPPED, cache_dir=tmp_path)
    warm = load_policy(SHIPPED, cache_dir=tmp_path)
    texts = [example.text for one in shipped.rules for example in one.hits]
    assert bare(run(warm, *texts)) == bare(run(shipped, *texts))


@pytest.mark.parametrize("spoil", ["cut", "flip", "empty", "other"])
def test_a_broken_cache_is_compiled_anew(tmp_path: Path, spoil: str) -> None:
    good = load_policy(SAMPLE, cache_dir=tmp_path)
    (file,) = tmp_path.glob("*.hsdb")
    data = file.read_bytes()
    spoilt = {
        "cut": data[:-100],
        "flip": data[:99] + bytes([data[99] ^ 1]) + data[100:],
        "empty": b"",
        "other": b"x" * 999,
    }
    file.write_bytes(spoilt[spoil])
    again = load_policy(SAMPLE, cache_dir=tmp_path)
    assert bare(run(again, TEXT)) == bare(run(good, TEXT))
    # It was written anew, whole.
    assert file.read_bytes() == data


def test_a_cache_that_lies_under_a_right_checksum_is_compiled_anew(tmp_path: Path) -> None:
    good = load_policy(SAMPLE, cache_dir=tmp_path)
    (file,) = tmp_path.glob("*.hsdb")
    body = b'{"fold": 40, "raw": 40}\n' + b"\0" * 80
    file.write_bytes(sha256(body).digest() + body)
    again = load_policy(SAMPLE, cache_dir=tmp_path)
    assert bare(run(again, TEXT)) == bare(run(good, TEXT))


def test_the_cache_is_of_this_code_only(tmp_path: Path) -> None:
    load_policy(SAMPLE, cache_dir=tmp_path)
    (file,) = tmp_path.glob("*.hsdb")
    code = sha256()
    for path in sorted(Path(negative_list.__file__).parent.rglob("*.py")):
        code.update(path.read_bytes())
    assert code.hexdigest()[:16] in file.name


def test_a_cache_folder_that_cannot_be_written_to_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    assert len(run(load_policy(SAMPLE, cache_dir=file / "below"), TEXT).findings) == 2


def keep(cache: Cache, folder: Path, digest: str, *, size: int = 10, used: float) -> Path:
    """Write a compiled policy that was used last at this time."""
    before = set(folder.glob("*.hsdb")) if folder.is_dir() else set()
    cache.write(digest, "plain", {"fold": bytes(size)})
    (made,) = set(folder.glob("*.hsdb")) - before
    os.utime(made, (used, used))
    return made


def test_old_compiled_policies_are_removed_and_what_was_used_last_stays(tmp_path: Path) -> None:
    store, now = Cache(tmp_path), time.time()
    kept = [keep(store, tmp_path, f"{number:064}", used=now - 1000 + number) for number in range(MOST_FILES)]
    # The oldest is read, as the policy in force is by each process that starts.
    assert store.read(f"{0:064}", "plain") is not None
    newest = keep(store, tmp_path, "f" * 64, used=now)
    assert len(list(tmp_path.iterdir())) == MOST_FILES
    assert kept[0].is_file()
    assert newest.is_file()
    assert not kept[1].is_file()
    assert store.read(f"{1:064}", "plain") is None


def test_together_they_are_no_larger_than_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 10_000)
    store, now = Cache(tmp_path), time.time()
    one, other = (
        keep(store, tmp_path, name * 64, size=4000, used=now - age) for name, age in (("a", 9), ("b", 5))
    )
    third = keep(store, tmp_path, "c" * 64, size=4000, used=now)
    assert [path.is_file() for path in (one, other, third)] == [False, True, True]
    # One that is too large alone is kept until the next comes: it is what somebody uses now.
    large = keep(store, tmp_path, "d" * 64, size=20_000, used=now)
    assert list(tmp_path.iterdir()) == [large]


def test_those_of_other_code_go_first_and_nothing_else_is_touched(tmp_path: Path) -> None:
    store, now = Cache(tmp_path), time.time()
    foreign = tmp_path / f"{'e' * 64}-plain-{'0' * 16}-0-x.hsdb"
    foreign.write_bytes(b"x")
    (tmp_path / "readme.txt").write_text("mine")
    abandoned, fresh = tmp_path / "unfinished-old", tmp_path / "unfinished-new"
    for path, age in ((abandoned, 9999), (fresh, 1)):
        path.write_bytes(b"x")
        os.utime(path, (now - age, now - age))
    made = [keep(store, tmp_path, f"{number:064}", used=now - 5000 + number) for number in range(MOST_FILES)]
    assert all(path.is_file() for path in made)
    assert {path.name for path in tmp_path.iterdir()} - {path.name for path in made} == {
        "readme.txt",
        "unfinished-new",
    }


def test_a_policy_whose_compiled_form_was_removed_loads_all_the_same(tmp_path: Path) -> None:
    good = load_policy(SAMPLE, cache_dir=tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    assert bare(run(load_policy(SAMPLE, cache_dir=tmp_path), TEXT)) == bare(run(good, TEXT))
