"""A whole walk through three reviews and three proofs, beside Wagtail's cycle of three approvals."""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from app.bench.databases import KINDS, Place
from app.bench.desk import PROOFREADERS, REVIEWERS, Desk, counted, desk, prose
from app.bench.figures import Bar, Figure, Options, middle
from app.jobs.service import FAN_OUT
from app.reviews.steps import LAY_OUT

#: Ours takes less time than theirs, though it does more.
BAR = Bar(1, of_ratio=True)
_NO_WAGTAIL = "没有可用的 Wagtail：用 --wagtail 指定一个装有 Wagtail 的 Python 解释器"
#: The peer may take this long, in seconds: it makes a project and migrates a database first.
_PATIENCE = 600

T = TypeVar("T")
Acts = dict[str, dict[str, float]]


def measure(place: Place, options: Options, kind: str) -> Iterator[Figure]:
    """Yield what the walk takes on this kind of database, by the wall and by the processor, and in SQL."""
    name = KINDS[kind]
    warm_up, cycles = (0, 1) if options.quick else (3, 25)
    options.say(f"Wagtail 的三次审批（{name}）")
    theirs, why = _theirs(place, options, kind, warm_up, cycles)
    options.say(f"三审三校全程（{name}）")
    with desk(place, kind) as hand:
        for _ in range(warm_up):
            _walk(hand)
        ours = [_walk(hand) for _ in range(cycles)]
    # Whichever way of running Wagtail is the faster one.
    best = min(theirs["ways"].values(), key=lambda walks: middle(_sums(walks, "ms")) or 0) if theirs else []
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
            note=why if bar else "",
            raw={"acts": _by_act(ours, measured), "wagtail_acts": _by_act(best, measured)}
            | ({"wagtail": theirs} if bar and theirs else {}),
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
    act("lay_out", hand.work, LAY_OUT)
    proof = hand.proof_of(handed)
    for stage in PROOFREADERS:
        act(stage, hand.approve, handed, stage, proof)
    act("outbox", hand.work, FAN_OUT)
    return acts


def _sums(walks: Sequence[Acts], measured: str) -> list[float]:
    return [sum(act[measured] for act in acts.values()) for acts in walks]


def _by_act(walks: Sequence[Acts], measured: str) -> Mapping[str, float | None]:
    found = defaultdict(list)
    for acts in walks:
        for name, act in acts.items():
            found[name].append(act[measured])
    return {name: middle(samples) for name, samples in found.items()}


def _theirs(
    place: Place, options: Options, kind: str, warm_up: int, cycles: int
) -> tuple[dict[str, Any] | None, str]:
    """Run the peer in a process of its own; return what it measured, or why nothing."""
    interpreter = options.wagtail or (Path(sys.executable) if find_spec("wagtail") else None)
    if interpreter is None:
        return None, _NO_WAGTAIL
    script = Path(__file__).with_name("wagtail_cycle.py")
    with TemporaryDirectory(dir=place.folder) as folder:
        orders = {
            "folder": folder,
            "database": place.empty(kind),
            "warm_up": warm_up,
            "cycles": cycles,
            "text": "".join(f"<p>{line}</p>" for line in prose().split("\n\n")),
        }
        try:
            # -I: the interpreter sees its own packages and nothing of ours.
            done = subprocess.run(  # noqa: S603 – the interpreter that the caller named
                [interpreter, "-I", script],
                input=json.dumps(orders),
                capture_output=True,
                text=True,
                check=False,
                timeout=_PATIENCE,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return None, f"{interpreter} 没有跑成：{error}"
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["没有说明原因"]
        return None, f"{interpreter} 没有跑成：{said[-1]}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found, ""
