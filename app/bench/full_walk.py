"""A whole walk through three reviews and three proofs, beside Wagtail's cycle of three approvals."""

import json
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, TypeVar

from app.bench.bureau import PROOFREADERS, REVIEWERS, Desk, counted, desk, prose
from app.bench.databases import KINDS, Place
from app.bench.figures import Bar, Figure, Options, middle
from app.jobs.kinds import JobKind

#: Ours takes less time than theirs, though it does more.
BAR = Bar(1, of_ratio=True)
_NO_WAGTAIL = "没有可用的 Wagtail：用 --wagtail 指定一个装有 Wagtail 的 Python 解释器"
#: The peer may take this long for an answer, in seconds: it makes a project and migrates a database first.
_PATIENCE = 300

T = TypeVar("T")
#: Two ways of running the peer; the faster one is compared with.
WAYS = ("as_shipped", "one_transaction")
Acts = dict[str, dict[str, float]]


def measure(place: Place, options: Options, kind: str) -> Iterator[Figure]:
    """Yield what the walk takes on this kind of database, by the wall and by the processor, and in SQL.

    Ours and theirs are walked by turns, so that both see the same machine.
    """
    name = KINDS[kind]
    warm_up, cycles = (0, 1) if options.quick else (3, 15)
    options.say(f"准备 Wagtail（{name}）")
    ours: list[Acts] = []
    theirs: dict[str, list[Acts]] = {way: [] for way in WAYS}
    with _peer(place, options, kind) as peer, desk(place, kind) as hand:
        for number in range(warm_up + cycles):
            options.say(f"三审三校全程（{name}）：{number + 1}/{warm_up + cycles}")
            walked = _walk(hand)
            others = {way: peer.walk(way) for way in WAYS}
            if number >= warm_up:
                ours.append(walked)
                for way, acts in others.items():
                    theirs[way] += [acts] if acts else []
    # Whichever way of running Wagtail is the faster one.
    best = [] if peer.failed else min(theirs.values(), key=lambda walks: middle(_sums(walks, "ms")) or 0)
    for measured, title, unit, bar in (
        ("ms", "三审三校全程", "毫秒", BAR),
        ("cpu_ms", "三审三校全程的处理器时间", "毫秒", None),
        ("statements", "三审三校全程的 SQL 语句", "条", None),
    ):
        samples = _sums(ours, measured)
        yield Figure(
            f"walk.{measured}.{kind}",
            title,
            middle(samples),
            unit,
            bar,
            on=name,
            peer="Wagtail 三次审批",
            peer_value=middle(_sums(best, measured)),
            samples=samples,
            note=peer.failed if bar else "",
            raw={
                "acts": _by_act(ours, measured),
                "wagtail": peer.versions,
                "wagtail_acts": _by_act(best, measured),
                "wagtail_samples": {way: _sums(walks, measured) for way, walks in theirs.items()},
            },
        )


def _walk(hand: Desk) -> Acts:
    """Walk one draft from an empty page to its last proof; return what each act took.

    The rules are run, all is on record, and the outbox is emptied at the end. Telling people inside is left
    out, here and with the peer.
    """
    acts: Acts = {}

    def act(name: str, do: Callable[..., T], *what: Any) -> T:  # noqa: ANN401 – as `do` takes it
        began, worked = time.perf_counter(), time.process_time()
        with counted() as asked:
            done = do(*what)
        took, work = time.perf_counter() - began, time.process_time() - worked
        acts[name] = {"ms": took * 1000, "cpu_ms": work * 1000, "statements": len(asked)}
        return done

    written = act("write", hand.write)
    handed = act("submit", hand.submit, written)
    for stage in REVIEWERS:
        act(stage, hand.approve, handed, stage, handed.digest)
    act("lay_out", hand.work, JobKind.LAY_OUT)
    proof = hand.proof_of(handed)
    for stage in PROOFREADERS:
        act(stage, hand.approve, handed, stage, proof)
    act("outbox", hand.work, JobKind.FAN_OUT)
    return acts


def _sums(walks: Sequence[Acts], measured: str) -> list[float]:
    return [sum(act[measured] for act in acts.values()) for acts in walks]


def _by_act(walks: Sequence[Acts], measured: str) -> Mapping[str, float | None]:
    by_act = defaultdict(list)
    for acts in walks:
        for name, act in acts.items():
            by_act[name].append(act[measured])
    return {name: middle(samples) for name, samples in by_act.items()}


class _Peer:
    """Wagtail in a process of its own, or why there is none (`failed`)."""

    def __init__(self, process: "subprocess.Popen[str] | None", failed: str = "") -> None:
        self._process, self.failed = process, failed
        self.versions: dict[str, str] = {}

    def ask(self, line: str) -> Any:  # noqa: ANN401 – JSON
        """Send a line and return the answer; `None`, and `failed` is set, when none comes."""
        if self._process is None or self.failed:
            return None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # One that hangs is ended, and then has not answered.
        watch = threading.Timer(_PATIENCE, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answered = self._process.stdout.readline()
        except OSError:
            answered = ""
        finally:
            watch.cancel()
        if not answered:
            self.failed = "没有答复"
            return None
        return json.loads(answered)

    def walk(self, way: str) -> Acts | None:
        """Return what each act of one cycle took; `None` without a peer."""
        acts: Acts | None = self.ask(way)
        return acts


@contextmanager
def _peer(place: Place, options: Options, kind: str) -> Iterator[_Peer]:
    interpreter = options.wagtail or (Path(sys.executable) if find_spec("wagtail") else None)
    if interpreter is None:
        yield _Peer(None, _NO_WAGTAIL)
        return
    script = Path(__file__).with_name("wagtail_cycle.py")
    with TemporaryDirectory(dir=place.folder) as folder, TemporaryFile("w+", encoding="utf-8") as said:
        try:
            # -I: the interpreter sees its own packages and nothing of ours.
            process = subprocess.Popen(  # noqa: S603 – the interpreter that the caller named
                [interpreter, "-I", script],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        except OSError as error:
            yield _Peer(None, f"{interpreter} 没有跑成：{error}")
            return
        with process:
            peer = _Peer(process)
            text = "".join(f"<p>{line}</p>" for line in prose().split("\n\n"))
            orders = {"folder": folder, "database": place.empty(kind), "text": text}
            peer.versions = peer.ask(json.dumps(orders)) or {}
            try:
                yield peer
            finally:
                if peer.failed:
                    process.kill()
                    process.wait()
                    said.seek(0)
                    last = said.read().strip().splitlines()[-1:] or ["没有说明原因"]
                    peer.failed = f"{interpreter} 没有跑成：{last[0]}"
