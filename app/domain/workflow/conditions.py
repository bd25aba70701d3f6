"""The language of conditions: what a workflow or routing file can ask of a draft. Closed, and total.

A condition always has an answer, for it asks only what is known of a draft when it is handed in: where it
goes, whose it is, what its submitter and the rules said of it, and what its text was measured to be. The
measures are names like those of facts (`media:video`, `characters:1200`), so that they are stored, recorded
and kept with the facts; `text_measures` takes them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.domain.vocabulary import ChannelKind

#: Parts of a text in which words are looked for; `text` is the body with its tables and captions.
SaidIn = Literal["title", "subtitle", "summary", "byline", "source", "text"]
SAID_IN: tuple[SaidIn, ...] = ("title", "subtitle", "summary", "byline", "source", "text")
#: What a draft may contain or bear besides words.
Media = Literal["picture", "video", "table", "attachment"]
Grade = Literal["A", "B", "C"]
#: Whether a word that stands in a text from here to there is made of halves of the words beside it.
Cuts = Callable[[str, int, int], bool]
#: The largest number that a condition may name: an amount of a trillion yuan.
LARGEST = 10**12


def later(default: Any, **more: Any) -> Any:  # noqa: ANN401 – as pydantic's own `Field`
    """Return a field that came after the first files: at its default it is not written.

    So the digest of a version that does not use it stays what it was, and open cases walk on.
    """
    return Field(default=default, exclude_if=lambda value: value == default, **more)


def as_tuple(value: Any) -> Any:  # noqa: ANN401 – raw YAML
    """Return one value as a list of it: a file may leave the brackets out."""
    return [value] if isinstance(value, str | dict) else value


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Says(_Value):
    """Any of `words` stands in any of `fields`, and none of `not_before` follows it there.

    Where one of them follows, the last character belongs to another word: 市长 is no mayor in 全市长效.
    """

    words: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(as_tuple)] = Field(
        min_length=1
    )
    fields: Annotated[tuple[SaidIn, ...], BeforeValidator(as_tuple)] = Field(default=SAID_IN, min_length=1)
    not_before: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(as_tuple)] = ()

    @cached_property
    def names(self) -> dict[str, str]:
        """The measure of each of its words, by word: `says:title:市长`."""
        where = "" if set(self.fields) == set(SAID_IN) else "+".join(sorted(self.fields))
        apart = f"!{','.join(sorted(self.not_before))}" if self.not_before else ""
        return {word: f"says:{where}:{word}{apart}" for word in self.words}

    def said_by(self, texts: Iterable[tuple[str, str]], cuts: Cuts | None = None) -> frozenset[str]:
        """Return the measures of those of its words that stand in a text: pairs of field and words."""
        read = [words for field, words in texts if field in self.fields]
        return frozenset(
            name
            for word, name in self.names.items()
            if any(stands(word, text, self.not_before, cuts) for text in read)
        )


def stands(word: str, text: str, not_before: tuple[str, ...] = (), cuts: Cuts | None = None) -> bool:
    """Tell whether a word stands in a text somewhere where none of `not_before` follows it.

    Nor where it `cuts` the words beside it, if that can be asked.
    """
    end = -1
    while (start := text.find(word, end + 1)) >= 0:
        end = start
        last = start + len(word)
        if not text.startswith(not_before, last) and not (cuts is not None and cuts(text, start, last)):
            return True
    return False


class When(_Value):
    """A condition on a draft. Every given line must hold, and of the values of a line any one.

    `facts` are names that rules found in the text (`names_leader`, a rule's id). `units`: the draft's unit
    or one above it is called so. `author_posts`: one of its authors holds such a post. `media`: it contains
    or bears such a thing. `says`: words in a field. `characters_at_least`: of title and text, white space not
    counted; `amount_at_least`: some sum of money in it, in yuan. `all_of`, `any_of` and `none_of` put
    conditions together (and, or, not); `unless` is the opposite of one. An empty condition always holds.
    """

    channels: tuple[str, ...] = ()
    channel_kinds: tuple[ChannelKind, ...] = ()
    sections: tuple[str, ...] = ()
    classes: tuple[Grade, ...] = ()
    flags: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    unless: "When | None" = None
    units: tuple[str, ...] = later(())
    author_posts: tuple[str, ...] = later(())
    media: tuple[Media, ...] = later(())
    says: Says | None = later(None)
    characters_at_least: int | None = later(None, ge=1, le=LARGEST)
    amount_at_least: int | None = later(None, ge=1, le=LARGEST)
    all_of: tuple["When", ...] = later(())
    any_of: tuple["When", ...] = later(())
    none_of: tuple["When", ...] = later(())

    @model_validator(mode="before")
    @classmethod
    def _without_empty_lines(cls, content: Any) -> Any:  # noqa: ANN401 – raw YAML
        if isinstance(content, dict) and any(
            content.get(key) == [] for key in ("all_of", "any_of", "none_of")
        ):
            # Of an empty list nobody knows whether it holds always or never.
            raise ValueError("all_of, any_of and none_of are not empty")
        return content

    @cached_property
    def is_plain(self) -> bool:
        """Whether it asks no more than the first files could."""
        return not (
            self.units or self.author_posts or self.all_of or self.any_of or self.none_of or self.measured
        )

    @cached_property
    def measured(self) -> bool:
        """Whether it asks itself, not in a part of it, what the text was measured to be."""
        return bool(self.media or self.says or self.characters_at_least or self.amount_at_least)

    @property
    def inner(self) -> tuple["When", ...]:
        """The conditions that it is put together of; empty for a simple one."""
        unless = () if self.unless is None else (self.unless,)
        return (*unless, *self.all_of, *self.any_of, *self.none_of)

    def parts(self) -> Iterator["When"]:
        """Yield it and every condition within it, however deep."""
        yield self
        for part in self.inner:
            yield from part.parts()

    def text_holds(self, found: Collection[str]) -> bool:
        """Tell whether what it asks itself of the measures holds; so it does where it asks nothing."""
        return (
            (not self.media or any(f"media:{kind}" in found for kind in self.media))
            and (self.says is None or any(name in found for name in self.says.names.values()))
            and _reaches("characters", self.characters_at_least, found)
            and _reaches("amount", self.amount_at_least, found)
        )


def _reaches(name: str, least: int | None, found: Collection[str]) -> bool:
    if least is None:
        return True
    head = f"{name}:"
    return any(measure.startswith(head) and int(measure[len(head) :]) >= least for measure in found)


def is_measure(name: str) -> bool:
    """Tell whether a name among the facts of a draft is a measure of its text; only those have a colon."""
    return ":" in name
