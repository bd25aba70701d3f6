"""`sanshen bench rules`: what the negative list costs, beside a bare scan for the same terms."""

import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

import ahocorasick_rs

from app.bench import hard_patterns, texts
from app.bench.figures import Bar, Figure, Options, middle
from app.domain.document.model import Document, Paragraph
from app.infra.paths import shipped
from app.negative_list import (
    Part,
    PartKind,
    Policy,
    Report,
    Scope,
    Structure,
    check,
    load_policy,
    parts_of,
    structure_of,
)
from app.negative_list.quality.backtest import Item, backtest
from app.negative_list.text.model import SEVERITIES, Severity
from app.negative_list.usage.doubtful_characters import usage
from app.policies.negative_list.following import settle

_KEY = b"sanshen bench"
#: Characters of the text that a long check is tried on.
_LONG = 100_000
#: Lines of a text that are checked at a time.
_LINES = 500
#: The bar of one check is for a draft with at most so many findings.
_FINDINGS = 10
#: Where Linux tells of each thread of this process how long it has waited for a processor.
_SCHEDULED = Path("/proc/self/task")


def run(options: Options) -> Iterator[Figure]:
    """Measure checks, loading, back-tests, and what a check does to other threads."""
    lines = texts.paragraphs(options)
    with TemporaryDirectory(prefix="sanshen-bench-") as folder:
        cache = Path(folder) / "cache"
        draft = _ordinary(lines, cache)
        words = texts.terms(lines, draft, 500 if options.quick else 10_000)
        options.say(f"装载并加 {len(words)} 个词")
        policy = load_policy(texts.policy_folder(Path(folder), words))
        ours = load_policy(shipped("policies") / "negative_list", cache_dir=cache)
    # As the service does once its rules are loaded.
    settle()
    options.say("检查一篇稿件")
    yield _one_check(policy, draft, words, quick=options.quick)
    options.say("用语证据")
    yield _advice(draft, quick=options.quick)
    options.say("回测")
    yield from _back_test(ours, policy, lines, quick=options.quick)
    options.say("检查时别的线程")
    yield _stall(policy, lines, quick=options.quick)
    options.say("与 str.find 比对")
    yield _recall(policy, lines, words)
    yield from hard_patterns.run()
    options.say("查正常的文字")
    yield _prose(ours, lines, clean=options.corpus is not None)
    # Last, so that what comes before sees the memory of a process that has loaded its rules once.
    options.say("装载")
    yield from _loading(quick=options.quick)


def _loading(*, quick: bool) -> Iterator[Figure]:
    """Time loads by their thread's processor time; what passed on the wall is told beside it."""
    shipped_list = shipped("policies") / "negative_list"
    cold = [_seconds(lambda: load_policy(shipped_list)) for _ in range(1 if quick else 5)]
    with TemporaryDirectory(prefix="sanshen-bench-") as cache:
        load_policy(shipped_list, cache_dir=Path(cache))
        cached = [
            _seconds(lambda: load_policy(shipped_list, cache_dir=Path(cache)))
            for _ in range(1 if quick else 9)
        ]
    for key, title, times, scale, unit, limit in (
        ("rules.load.cold", "首次装载，含全部示例", cold, 1, "秒", 1.5),
        ("rules.load.cached", "有缓存的装载", cached, 1000, "毫秒", 150),
    ):
        used = [took[0] * scale for took in times]
        passed = [took[1] * scale for took in times]
        yield Figure(key, title, middle(used), unit, Bar(limit), samples=used, raw={"on_the_wall": passed})


def _ordinary(lines: Sequence[str], cache: Path) -> list[str]:
    """Return the first draft in which the shipped rules find no more than half of what the bar allows."""
    policy = load_policy(shipped("policies") / "negative_list", cache_dir=cache)
    fewest, best = 10**9, texts.draft_of(lines)
    for start in range(0, len(lines), 5):
        draft = texts.draft_of(lines[start:])
        if sum(map(len, draft)) < texts.DRAFT:
            break
        parts = [Part(PartKind.BODY, f"{number}", line) for number, line in enumerate(draft)]
        count = len(_checked(policy, parts, None, on=_today()).findings)
        if count < fewest:
            fewest, best = count, draft
        if count <= _FINDINGS // 2:
            break
    return best


def _one_check(policy: Policy, draft: Sequence[str], words: Sequence[str], *, quick: bool) -> Figure:
    """Time one draft against a bare scan for the same terms, by turns, so that both see the same machine.

    Both work in this thread alone; its processor time leaves out what other programs take.
    """
    document = Document(title=draft[0][:30], blocks=tuple(Paragraph(text=line) for line in draft))
    parts, structure = parts_of(document), structure_of(document)
    text = "\n".join(draft)
    automaton = ahocorasick_rs.AhoCorasick(list(words))
    today = _today()

    def ours() -> Report:
        return _checked(policy, parts, structure, on=today)

    findings = ours().findings
    calls, rounds = (20, 3) if quick else (500, 15)
    checks, scans = [], []
    for _ in range(rounds):
        checks.append(_processor_us(ours, calls))
        scans.append(_processor_us(lambda: automaton.find_matches_as_indexes(text), calls))
    return Figure(
        "rules.check",
        f"检查一篇 {sum(map(len, draft))} 字的稿件",
        middle(checks),
        "微秒",
        Bar(3, of_ratio=True),
        peer="只扫同样的词",
        peer_value=middle(scans),
        samples=checks,
        raw={
            "terms": len(words),
            "rules": len(policy.rules),
            "findings": len(findings),
            "scan_samples": scans,
            "backend": policy.backend,
        },
    )


def _advice(draft: Sequence[str], *, quick: bool) -> Figure:
    """Time what usage says of one draft, which a check does beside everything else."""
    text = "\n".join(draft)
    counts = usage()
    calls, rounds = (2, 3) if quick else (20, 9)
    times = [_processor_us(lambda: counts.doubts(text), calls) / 1000 for _ in range(rounds)]
    title = f"一篇 {len(text)} 字稿件的用语证据"
    return Figure("rules.advice", title, middle(times), "毫秒", Bar(15), samples=times)


def _back_test(base: Policy, policy: Policy, lines: Sequence[str], *, quick: bool) -> Iterator[Figure]:
    """Back-test the policy with the terms against the shipped one, over the same texts again and again."""
    articles = ["\n".join(texts.draft_of(lines[start:])) for start in range(0, len(lines), 8)]
    size = sum(len(article.encode()) for article in articles)
    wanted = (200_000 if quick else 24_000_000) / size
    rates, peaks = [], []
    for _ in range(2 if quick else 4):

        def items() -> Iterator[Item]:
            for number in range(max(1, round(wanted / 4))):
                for article in articles:
                    yield Item.of_text(str(number), article)

        worked = time.thread_time()
        done = backtest(base, policy, items(), on=_today(), key=_KEY)
        rates.append(done.megabytes / (time.thread_time() - worked))
        peaks.append(_peak_mb())
    yield Figure(
        "rules.back_test",
        "回测",
        middle(rates),
        "MB/秒·核",
        Bar(40, at_least=True),
        samples=rates,
        raw={"articles": len(articles), "megabytes_each_turn": done.megabytes},
    )
    # The first turn fills what is kept; from then on nothing may grow.
    yield Figure(
        "rules.back_test.memory",
        "回测中内存的增长",
        peaks[-1] - peaks[0],
        "MB",
        Bar(8),
        raw={"peak_mb_after_each_turn": peaks},
    )


def _stall(policy: Policy, lines: Sequence[str], *, quick: bool) -> Figure:
    """Let a thread tick every millisecond while texts are checked, and see what keeps it waiting.

    What it, or the thread that checks, waits for a processor is the machine's doing and is taken off; and
    a check cannot hold it up for longer than it works itself, so that neither counts what a host takes from
    both. The rest is what the check keeps from it. The whole waits, with and without checks, stand beside it.
    """
    seconds = 0.2 if quick else 12.0
    today = _today()
    long = [Part(PartKind.BODY, "long", _repeated(lines, _LONG))]
    short = [Part(PartKind.BODY, f"{number}", line) for number, line in enumerate(texts.draft_of(lines))]

    def checking() -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for parts in (short, long):
                _checked(policy, parts, None, on=today)

    idle, busy = _waits(lambda: time.sleep(seconds)), _waits(checking)
    own = sorted(wait.own_ms for wait in busy)
    whole, quiet = sorted(wait.waited_ms for wait in busy), sorted(wait.waited_ms for wait in idle)
    told = f"连同等处理器：检查时 {whole[-1]:.1f} 毫秒，没有检查时 {quiet[-1]:.1f} 毫秒"
    return Figure(
        "rules.stall",
        "检查使别的线程最长停顿",
        own[-1] if _SCHEDULED.is_dir() else None,
        "毫秒",
        Bar(10),
        samples=own[-20:],
        note=told if _SCHEDULED.is_dir() else f"这个系统不说线程等了多久处理器，量不出；{told}",
        raw={
            "characters": _LONG,
            "ticks": len(busy),
            "own_p99_ms": own[int(len(own) * 0.99)],
            "whole_ms": whole[-1],
            "whole_p99_ms": whole[int(len(whole) * 0.99)],
            "idle_ms": quiet[-1],
            "idle_p99_ms": quiet[int(len(quiet) * 0.99)],
        },
    )


class _Wait(NamedTuple):
    """How much later than wanted a thread woke.

    With how much of it the two threads waited for a processor, and how long the other one had one meanwhile.
    """

    waited_ms: float
    queued_ms: float
    worked_ms: float

    @property
    def own_ms(self) -> float:
        """What is left, and so can have been the other thread's doing."""
        return max(0.0, min(self.waited_ms - self.queued_ms, self.worked_ms))


class _Moment(NamedTuple):
    """A moment in seconds, how long two threads have waited for a processor so far, and one has had one."""

    at: float
    queued_ms: float
    worked_ms: float


def _waits(work: Callable[[], object]) -> list[_Wait]:
    """Return the waits of a thread that ticks every millisecond while `work` runs in this one."""
    over = threading.Event()
    waits: list[_Wait] = []
    worker, worked = threading.get_native_id(), _worked_ms()

    def tick() -> None:
        own = threading.get_native_id()

        def moment() -> _Moment:
            return _Moment(time.perf_counter(), _queued_ms(own) + _queued_ms(worker), worked())

        before = moment()
        while not over.is_set():
            time.sleep(0.001)
            after = moment()
            waited = (after.at - before.at) * 1000 - 1
            waits.append(
                _Wait(waited, after.queued_ms - before.queued_ms, after.worked_ms - before.worked_ms)
            )
            # From here on, so that the looking itself is no part of a wait.
            before = moment()._replace(at=time.perf_counter())

    thread = threading.Thread(target=tick)
    thread.start()
    work()
    over.set()
    thread.join()
    return waits


def _worked_ms() -> Callable[[], float]:
    """Return what tells how long this thread has had a processor so far; 0 where the system does not say."""
    if not _SCHEDULED.is_dir():
        return lambda: 0.0
    clock = time.pthread_getcpuclockid(threading.get_ident())
    return lambda: time.clock_gettime(clock) * 1000


def _queued_ms(thread: int) -> float:
    """Return how long a thread has waited for a processor so far; 0 where the system does not say."""
    try:
        _, queued, _ = (_SCHEDULED / f"{thread}" / "schedstat").read_bytes().split()
    except (OSError, ValueError):
        return 0.0
    return int(queued) / 1e6


def _recall(policy: Policy, lines: Sequence[str], words: Sequence[str]) -> Figure:
    """Put terms into prose at places drawn by lot; each place that `str.find` knows must be a finding."""
    luck = Random(7)  # noqa: S311 – the same texts on every machine
    chosen = luck.sample(list(words), min(400, len(words)))
    long_ones = [line for line in lines if len(line) > 10]
    wanted, hits = set(), set()
    for number, word in enumerate(chosen):
        line = luck.choice(long_ones)
        cut = luck.randrange(len(line))
        text = line[:cut] + word + line[cut:]
        wanted |= {(number, *place) for place in _places(text, words)}
        report = _checked(policy, [Part(PartKind.BODY, "text", text)], None, on=_today())
        hits |= {
            (number, finding.start, finding.end) for finding in report.findings if finding.rule == texts.RULE
        }
    return Figure(
        "rules.recall",
        "词的查全率（对 str.find）",
        100 * len(wanted & hits) / len(wanted),
        "%",
        Bar(100, at_least=True),
        raw={"places": len(wanted), "missed": sorted(wanted - hits)[:20], "extra": len(hits - wanted)},
    )


def _prose(policy: Policy, lines: Sequence[str], *, clean: bool) -> Figure:
    """Count what the shipped rules find in the whole text, if it is one that was given as clean prose."""
    counts = dict.fromkeys(SEVERITIES, 0)
    for first in range(0, len(lines) if clean else 0, _LINES):
        parts = [
            Part(PartKind.BODY, f"{number}", line)
            for number, line in enumerate(lines[first : first + _LINES])
        ]
        report = _checked(policy, parts, None, on=_today())
        counts = {severity: count + report.counts[severity] for severity, count in counts.items()}
    characters = sum(map(len, lines))
    serious = counts[Severity.BLOCK] + counts[Severity.WARN]
    return Figure(
        "rules.prose",
        "每万字阻断和提醒",
        serious / characters * 10_000 if clean else None,
        "处",
        Bar(1),
        note="" if clean else "要用 --corpus 给出没有差错的文字",
        raw={
            "characters": characters,
            "findings": {str(severity): count for severity, count in counts.items()},
        },
    )


def _places(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    for word in words:
        start = text.find(word)
        while start >= 0:
            yield start, start + len(word)
            start = text.find(word, start + 1)


def _checked(policy: Policy, parts: Sequence[Part], structure: Structure | None, *, on: date) -> Report:
    return check(policy, parts, scope=Scope(), on=on, key=_KEY, structure=structure, advice=False)


def _repeated(lines: Sequence[str], length: int) -> str:
    text = "\n".join(lines)
    return (text * (length // len(text) + 1))[:length]


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return the processor time of this thread and the time on the wall that a call took."""
    began, used = time.perf_counter(), time.thread_time()
    work()
    return time.thread_time() - used, time.perf_counter() - began


def _processor_us(work: Callable[[], object], calls: int) -> float:
    """Return the processor time of one call in microseconds."""
    began = time.thread_time()
    for _ in range(calls):
        work()
    return (time.thread_time() - began) / calls * 1e6


def _peak_mb() -> float:
    """Return the most memory that this process ever held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _today() -> date:
    return datetime.now(UTC).date()
