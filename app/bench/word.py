"""Of `sanshen bench documents`: whether Word files come in whole, how long it takes, and how much memory.

Times are processor time: of the process that asks and of the child that reads, so that a busy machine says
the same as an idle one.
"""

import resource
import time
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from io import BytesIO

from app.bench.figures import Bar, Figure, Options, middle
from app.bench.word_files import article, packed, table, traced
from app.bench.word_kinds import kinds, ours
from app.domain.document.model import readings_of, texts_of
from app.drafts.intake import subprocess_reader
from app.drafts.intake.builder import Builder, TooMuch
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.docx.service import read_docx
from app.drafts.intake.left_out import summed
from app.drafts.intake.subprocess_reader import Read, Source

_ENDINGS = frozenset({".docx", ".docm", ".dotx", ".dotm"})


def run(options: Options) -> Iterator[Figure]:
    """Measure completeness, time and memory of reading Word files."""
    options.say("各种内容")
    lost = [kind.name for kind in kinds() if ours(kind.file) not in {"正文", "列出"}]
    total = len(kinds())
    yield Figure(
        key="documents.kinds",
        title="自造的各种内容，进入正文或列出",
        value=100 * (total - len(lost)) / total,
        unit="%",
        bar=Bar(100, at_least=True),
        note=f"丢失：{'、'.join(lost)}" if lost else "",
    )
    options.say("语料")
    yield _corpus(options)
    times = 1 if options.quick else 5
    options.say("长文")
    yield _read("documents.article.s", "3.4 万字、900 格的文件", article(34_000, 90, 10), 1.5, times)
    options.say("大表")
    large = packed(table(670, 10))
    yield _read("documents.table.s", "6 700 格的文件", large, 3, times)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield Figure("documents.peak.mb", "转换进程的最大内存", peak, "MB", Bar(300))
    options.say("与 mammoth 同场")
    yield _beside_mammoth(packed(table(20, 10)) if options.quick else large, times)


def _corpus(options: Options) -> Figure:
    title = "语料里每一处文字，进入正文或列出"
    if options.corpus is None:
        return Figure(
            "documents.complete", title, None, "%", Bar(100, at_least=True), note="用 --corpus 指定文件夹"
        )
    tokens = kept = 0
    whole: list[str] = []
    lossy: list[str] = []
    refused: list[str] = []
    files = [path for path in sorted(options.corpus.rglob("*")) if path.suffix.lower() in _ENDINGS]
    for path in files[:5] if options.quick else files:
        try:
            data, where = traced(path.read_bytes())
            outcomes = [_found(data, choice, where) for choice in TrackedChanges]
        except (TooMuch, zipfile.BadZipFile, OSError) as fault:
            refused.append(f"{path.name}（{fault}）")
            continue
        tokens += len(where) * len(outcomes)
        kept += sum(outcomes)
        (whole if all(count == len(where) for count in outcomes) else lossy).append(path.name)
    note = f"{len(whole)} 个文件完整，{len(lossy)} 个有丢失，{len(refused)} 个拒收"
    return Figure(
        key="documents.complete",
        title=title,
        value=100 * kept / tokens if tokens else None,
        unit="%",
        bar=Bar(100, at_least=True),
        note=note + "".join(f"；{name}" for name in lossy),
        raw={"files": len(whole), "lossy": lossy, "refused": refused, "tokens": tokens},
    )


def _found(data: bytes, choice: TrackedChanges, where: dict[str, str]) -> int:
    """Return how many of the tokens are in the text or in the list that people are shown."""
    builder = Builder()
    read_docx(data, builder, choice=choice)
    builder.settle(None)
    texts = [text for block in builder.blocks for _, text in (*texts_of(block), *readings_of(block))]
    told = [entry.what for entry in summed(builder.left_out)]
    said = "\n".join([builder.title or "", *texts, *told])
    return sum(token in said for token in where)


def _spent() -> float:
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _read(key: str, title: str, file: bytes, limit: float, times: int) -> Figure:
    source = Source("docx", b64encode(file).decode())
    samples = []
    for _ in range(times):
        began = _spent()
        read: Read = subprocess_reader.read(source)
        samples.append(_spent() - began)
        assert read.blocks
    note = f"{len(file) // 1000} KB；含启动转换进程"
    return Figure(key, title, middle(samples), "秒", Bar(limit), samples=samples, note=note)


def _beside_mammoth(file: bytes, times: int) -> Figure:
    key, title = "documents.mammoth", "同一张大表，与 mammoth 的耗时之比"
    mine = _timed(lambda: read_docx(file, Builder()), times)
    try:
        import mammoth
    except ImportError:
        return Figure(key, title, mine, "秒", Bar(1, of_ratio=True), note="没有安装 mammoth")
    other = _timed(lambda: mammoth.convert_to_html(BytesIO(file)), times)
    return Figure(key, title, mine, "秒", Bar(1, of_ratio=True), peer="mammoth", peer_value=other)


def _timed(act: Callable[[], object], times: int) -> float:
    samples = []
    for _ in range(times):
        began = time.process_time()
        act()
        samples.append(time.process_time() - began)
    return middle(samples) or 0
