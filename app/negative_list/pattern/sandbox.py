"""Compiling patterns that nobody has vouched for, in a child process with limits.

The child compiles one pattern after the other and says so before and after each. One that takes too much
processor time ends it, and the parent goes on behind that one with a new child. A busy machine, on which the
same pattern takes longer by the clock, changes nothing.
"""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from queue import Empty, Queue
from typing import IO

SECONDS = 2.0
MEGABYTES = 256
#: Seconds by the clock after which a child that says nothing does nothing any more; also where the system
#: has no timer of processor time.
_SILENT = 120.0
#: What ends a process that has had its processor time.
_SPENT = getattr(signal, "SIGPROF", None)

#: `(source, whether it reads the fold view)`.
Item = tuple[str, bool]


def problems(
    items: Sequence[Item], *, seconds: float = SECONDS, megabytes: int = MEGABYTES
) -> dict[int, str]:
    """Compile each pattern with RE2 and hyperscan; return what is wrong by number, empty when all compile.

    `seconds` are of processor time, for each pattern.
    """
    found: dict[int, str] = {}
    place = 0
    while place < len(items):
        place = _one_child(items, place, found, seconds, megabytes)
    return found


def _one_child(
    items: Sequence[Item], place: int, found: dict[int, str], seconds: float, megabytes: int
) -> int:
    """Run a child from pattern `place` on; return the number of the first pattern that it did not come to."""
    command = [sys.executable, "-m", "app.negative_list.pattern.sandbox", str(megabytes), str(seconds)]
    with subprocess.Popen(  # noqa: S603 – our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        lines: Queue[str] = Queue()
        reader = threading.Thread(target=_read, args=(child.stdout, lines), daemon=True)
        reader.start()
        try:
            child.stdin.write(json.dumps(items[place:]))
            child.stdin.close()
        except BrokenPipeError:
            pass
        begun = -1
        try:
            for line in _lines(lines):
                number, _, text = line.partition(" ")
                if text == "begin":
                    begun = place + int(number)
                elif text != "ready":
                    if text != "ok":
                        found[begun] = text
                    if begun == len(items) - 1:
                        return len(items)
        except TimeoutError:
            found[max(begun, place)] = f"编译超过 {_SILENT:g} 秒没有结果"
        else:
            # The child ended in the middle of a pattern: out of time or memory, or worse.
            spent = _SPENT is not None and child.wait() == -_SPENT
            found[max(begun, place)] = (
                f"编译超过 {seconds:g} 秒" if spent else f"编译超过 {megabytes} MB 内存或中途崩溃"
            )
        finally:
            child.kill()
            # It comes to the end of the output now; only then may that be closed.
            reader.join()
        return max(begun, place) + 1


def _read(stream: IO[str], lines: "Queue[str]") -> None:
    for line in stream:
        lines.put(line.rstrip("\n"))
    lines.put("")


def _lines(lines: "Queue[str]") -> Iterator[str]:
    while True:
        try:
            line = lines.get(timeout=_SILENT)
        except Empty:
            raise TimeoutError from None
        if not line:
            return
        yield line


def _child(megabytes: int, seconds: float) -> None:
    from app.negative_list.engine.backends.re2_patterns import Re2Pattern
    from app.negative_list.pattern.parse import PatternError, parse

    try:
        from app.negative_list.engine.backends.hyperscan_backend import compile_one
    except ImportError:
        compile_one = None  # type: ignore[assignment]
    items: list[Item] = json.load(sys.stdin)
    # Tables and libraries are loaded before the limit is set: it is for the patterns alone.
    node = parse("残", fold=True)
    Re2Pattern(node).compiled  # noqa: B018 – compiles
    if compile_one is not None:
        compile_one(node)
    _limit(megabytes)
    _say("0 ready")
    for number, (source, fold) in enumerate(items):
        _say(f"{number} begin")
        if _SPENT is not None:
            # Its default is to end the process, also from within a compiler that never comes back.
            signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            node = parse(source, fold=fold)
            Re2Pattern(node).compiled  # noqa: B018 – compiles
            if compile_one is not None:
                compile_one(node)
        except (PatternError, RecursionError) as error:
            _say(f"{number} {str(error).strip() or '正则嵌套太深'}")
        except Exception as error:  # noqa: BLE001 – whatever the compilers raise is the answer
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            short = isinstance(error, MemoryError) or "allocate" in said
            _say(f"{number} {f'编译超过 {megabytes} MB 内存' if short else f'编译失败：{said}'}")
        else:
            _say(f"{number} ok")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _limit(megabytes: int) -> None:
    """Limit the address space to so much more than is in use now. Does nothing where systems cannot."""
    try:
        import resource
    except ImportError:
        return
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 – not a file of ours
            pages = int(file.read().split()[0])
    except OSError:
        return
    limit = pages * resource.getpagesize() + (megabytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _child(int(sys.argv[1]), float(sys.argv[2]))
