"""The process that reads one heavy source: limits first, then the source from stdin, the answer to stdout."""

import json
import sys
from base64 import b64decode
from typing import Any

from app.drafts.intake.builder import TooMuch
from app.drafts.intake.pictures import read_picture
from app.drafts.intake.subprocess_reader import CPU_SECONDS, MEMORY, MOST_OUT, Source, read_here


def main() -> None:
    """Read one source and answer with what it says, or with the reason why it cannot be read."""
    _limit()
    answer = json.dumps(_answer(json.loads(sys.stdin.buffer.read()))).encode()
    if len(answer) > MOST_OUT:
        answer = json.dumps({"fault": "conversion_too_heavy"}).encode()
    sys.stdout.buffer.write(answer)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    if "held" in asked:
        return _held(asked["held"])
    try:
        read = read_here(Source(**asked))
    except TooMuch as fault:
        return {"fault": fault.code, "data": fault.data}
    except MemoryError:
        return {"fault": "conversion_too_heavy"}
    return {
        "blocks": [block.model_dump(mode="json") for block in read.blocks],
        "title": read.title,
        "fields": dict(read.fields),
        "left_out": [
            {"kind": entry.kind, "what": entry.what, "count": entry.count} for entry in read.left_out
        ],
        "pictures_elsewhere": read.pictures_elsewhere,
        "pictures": [picture.to_json() for picture in read.pictures],
        "readings": {picture.sha256: read_picture(picture.content).to_json() for picture in read.pictures},
    }


def _held(content: str) -> dict[str, Any]:
    """Read a file that a draft holds; `content` is its bytes in base 64."""
    from app.drafts.intake.file_reader import read_held

    try:
        return {"reading": read_held(b64decode(content)).to_json()}
    except (MemoryError, RecursionError):
        return {"fault": "conversion_too_heavy"}


def _limit() -> None:
    """Bound this process: processor time, memory, and no files at all."""
    try:
        import resource
    except ImportError:
        # A system without such limits; the deadline still holds.
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
