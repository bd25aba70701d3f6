"""The policy in use: swapped when the folder changes, kept when the change is faulty, archived, cached."""

import os
import shutil
import threading
import time
from hashlib import sha256
from pathlib import Path

import pytest

from app import negative_list
from app.negative_list import Policy, PolicyFaults, PolicyStore, Report, archive, load_archived, load_policy
from app.negative_list.backends import available
from tests.negative_list.policies import GOOD, SAMPLE, SHIPPED, run, write

TEXT = "为残废老人服务，再作布署"
BETTER = GOOD.replace("{残废: 残疾}", "{残废: 残疾, 残障: 残疾}")
BROKEN = GOOD.replace("kind: terms", "kind: trems")


def bare(report: Report) -> Report:
    """The report without what differs from run to run."""
    return report._replace(elapsed_us=0, backend="")


def change(folder: Path, rules: str) -> None:
    """Write the rules anew, as an editor does: the file's time moves on."""
    path = folder / "rules.yaml"
    path.write_text(rules, encoding="utf-8")
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


def wait_for(store: PolicyStore, digest: str) -> Policy:
    """Ask for the policy until it is the one of this digest, as requests do."""
    for _ in range(2000):
        if store.current.digest == digest:
            break
        time.sleep(0.005)
    return store.current


def test_a_store_needs_one_good_policy_to_begin_with(tmp_path: Path) -> None:
    with pytest.raises(PolicyFaults):
        PolicyStore(write(tmp_path, BROKEN))


def test_a_changed_folder_is_used_without_a_restart(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy", GOOD)
    store = PolicyStore(folder, look_every=0)
    before = store.current
    change(folder, BETTER)
    after = wait_for(store, load_policy(folder).digest)
    assert after.digest != before.digest
    assert len(run(after, "残障和残废").findings) == 2
    # Whoever still holds the old one can go on with it.
    assert len(run(before, "残障和残废").findings) == 1


def test_two_processes_follow_one_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy", GOOD)
    one, other = PolicyStore(folder, look_every=0), PolicyStore(folder, look_every=0)
    change(folder, BETTER)
    digest = load_policy(folder).digest
    assert wait_for(one, digest).digest == wait_for(other, digest).digest == digest


def test_one_bad_rule_keeps_the_last_good_set_and_raises_the_alarm(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy", GOOD)
    store = PolicyStore(folder)
    good = store.current
    change(folder, BROKEN)
    faults = store.reload()
    assert [fault.key for fault in faults] == ["wording.canfei.match.kind"]
    assert store.faults == faults
    assert store.current is good
    assert len(run(store.current, TEXT).findings) == 1
    change(folder, BETTER)
    assert store.reload() == ()
    assert store.faults == ()
    assert store.current.digest == load_policy(folder).digest


@pytest.mark.parametrize(
    "rules",
    ["", "rules: [", GOOD.replace("[为残废老人服务]", "[为残疾人服务]"), GOOD + GOOD[19:], BROKEN],
    ids=["empty", "no YAML", "failing example", "id twice", "unknown kind"],
)
def test_nothing_that_is_wrong_takes_the_set_down(tmp_path: Path, rules: str) -> None:
    folder = write(tmp_path / "policy", GOOD)
    store = PolicyStore(folder)
    change(folder, rules)
    assert store.reload() != ()
    assert [finding.rule for finding in run(store.current, TEXT).findings] == ["wording.canfei"]


def test_a_folder_that_is_gone_keeps_the_set_too(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy", GOOD)
    store = PolicyStore(folder)
    shutil.rmtree(folder)
    assert [fault.message for fault in store.reload()] == ["没有这个文件夹"]
    assert len(run(store.current, TEXT).findings) == 1


def test_checks_go_on_while_policies_are_swapped(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy", GOOD)
    store = PolicyStore(folder, look_every=0)
    counts: set[int] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            counts.add(len(run(store.current, "残障和残废").findings))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for rules in (BETTER, BROKEN, GOOD, BETTER):
        change(folder, rules)
        store.reload()
    stop.set()
    for thread in threads:
        thread.join()
    assert counts <= {1, 2}
    assert len(run(store.current, "残障和残废").findings) == 2


# Digests and the archive.


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


def test_an_old_digest_can_be_run_again_with_the_same_result(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy", GOOD)
    store = PolicyStore(folder, archive_dir=tmp_path / "archive")
    digest, before = store.current.digest, run(store.current, TEXT)
    change(folder, BETTER)
    store.reload()
    old = store.archived(digest)
    assert old.digest == digest
    assert bare(run(old, TEXT)) == bare(before)
    assert store.archived(store.current.digest).digest == store.current.digest
    with pytest.raises(KeyError):
        store.archived("0" * 64)
    with pytest.raises(KeyError):
        store.archived("../policy")


def test_a_tampered_archive_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy", GOOD)
    digest = load_policy(folder).digest
    kept = archive(folder, tmp_path / "archive", digest)
    assert archive(folder, tmp_path / "archive", digest) == kept
    change(kept, BETTER)
    with pytest.raises(PolicyFaults, match="内容与摘要不符"):
        load_archived(tmp_path / "archive", digest)


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
