"""`sanshen bench documents`: what reading files costs, and whether all that is in them is read."""

from collections.abc import Iterator

from app.bench import attachments, word
from app.bench.figures import Figure, Options


def run(options: Options) -> Iterator[Figure]:
    """Measure the readers of files; `--corpus` names a folder with files to look for everything in."""
    yield from attachments.run(options)
    yield from word.run(options)
