"""What every adapter gets, and what can come of a try. Nothing here knows of a database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

#: What an adapter has done so far, as JSON values: a try that was broken off goes on from it.
Progress = dict[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A file that the text shows or links to. `kind`: picture, video or attachment."""

    sha256: str
    kind: str
    filename: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be published: the released bytes as page and as fragment, and what stands beside them.

    `replaces` is how the channel names what this corrects; empty for what corrects nothing there.
    """

    release: str
    number: str
    title: str
    author: str
    summary: str
    source_url: str
    page: bytes
    fragment: bytes
    files: tuple[File, ...] = ()
    cover: str | None = None
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """It is out, under the channel's own id and at an address; empty where it has none."""

    external_id: str
    url: str


@dataclass(frozen=True, slots=True)
class LaidIn:
    """It lies ready at the channel, and a person lets it out there: a draft box, a file to be carried."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The channel is still at work; it is asked again after so long."""

    wait: timedelta


Outcome = Published | LaidIn | Pending


class Later(Exception):
    """It failed in a way that may pass: a busy platform, a network that is away."""

    def __init__(self, words: str, wait: timedelta = timedelta(0)) -> None:
        super().__init__(words)
        self.words = words
        self.wait = wait


class Refused(Exception):
    """It failed in a way that somebody has to mend; the words say what, in Chinese."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Tools:
    """What an adapter works with.

    `content_of` reads a file's bytes by digest. `keep` stores the progress. `ask` has the gate say once more
    that this very text, with files at these addresses (address → SHA-256), may go out; it raises `Refused`.
    """

    content_of: Callable[[str], bytes]
    keep: Callable[[Progress], None]
    ask: Callable[[bytes, Mapping[str, str]], None]
    progress: Progress = field(default_factory=dict)

    def note(self, **more: Any) -> None:  # noqa: ANN401 – JSON values
        """Add to the progress and store it."""
        self.progress.update(more)
        self.keep(dict(self.progress))


class Adapter(Protocol):
    """One way to publish on a channel."""

    def publish(self, parcel: Parcel, tools: Tools) -> Outcome:
        """Publish, or go on from `tools.progress`. Raises `Later` and `Refused`."""
        ...

    def take_down(self, external_id: str) -> None:
        """Take down what it has published under this id; done once more it does no harm.

        Raises `Later`, and `Refused` where people have to do it.
        """
        ...
