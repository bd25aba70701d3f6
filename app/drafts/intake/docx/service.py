"""The door of Word documents: a file's bytes become blocks, a title, and everything that is in neither."""

import re

from app.drafts.intake.builder import Builder, TooMuch
from app.drafts.intake.docx import leftovers, own_styles
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.docx.names import Node, R, W
from app.drafts.intake.docx.notes import Threads, comments_of, told
from app.drafts.intake.docx.old_word import read_old_word
from app.drafts.intake.docx.package import Package
from app.drafts.intake.docx.state import State
from app.drafts.intake.docx.story import Opening, Story
from app.drafts.intake.docx.tables import words_of
from app.drafts.intake.file_kind import FileKind, kind_of, sentence
from app.drafts.intake.runs import Inline

#: The number of an official document: 〔2026〕5号, which stands above the title.
_DOCUMENT_NUMBER = re.compile(r"[〔\[（(【]\s*[\dXx×Ｘ]{4}\s*[〕\]）)】].{0,6}号|^(?:签发人|份号|密级|№)")
#: Signs of changes of looks in tables and sections; those of runs and paragraphs are counted when read.
_LOOKS = tuple(
    f"{W}{name}"
    for name in ("tblPrChange", "trPrChange", "tcPrChange", "tblPrExChange", "sectPrChange", "cellMerge")
)
_READ = frozenset({FileKind.DOCX, FileKind.FLAT_OPC})


def read_docx(
    data: bytes, builder: Builder, *, choice: TrackedChanges = TrackedChanges.ORIGINAL, depth: int = 0
) -> None:
    """Read a Word file into a builder; `choice` says what becomes of its tracked changes.

    Raises `TooMuch` with the reason for a file that is none, is damaged, or asks for too much.
    """
    kind = kind_of(data)
    if kind is FileKind.DOC:
        read_old_word(data, builder)
        return
    if kind not in _READ:
        raise TooMuch("file_kind", what=sentence(kind))
    package = Package.of(data)
    state = State.of(package, builder, choice)
    state.depth = depth
    main = package.main
    root = package.tree(main)
    body = next(root.iterchildren(f"{W}body"), None) if root is not None else None
    if body is None:
        part = main if main in package.broken or root is None else "正文"
        raise TooMuch("package_damaged", part=part)
    for name in ("footnote", "endnote"):
        for part in package.of_kind(main, f"{name}s"):
            state.notes.add(name, part, package.tree(part))
    state.changes.looks += sum(1 for _ in root.iter(*_LOOKS))
    story = Story(state, main, builder, takes_pictures=builder.pictures is not None).read(body)
    builder.blocks = own_styles.with_captions(builder.blocks, story.captions)
    _notes(state, story)
    _edges(state, main, root)
    _comments(state, main)
    for entry in state.changes.told():
        state.leave_out(*entry)
    leftovers.read(state, builder.blocks)
    if title := _title(story.openings):
        # A title that its author broke into lines is one all the same.
        builder.offer_title(title.run, at=title.at, blocks=title.count)


def _title(openings: list[Opening]) -> Opening | None:
    """Return which of the first paragraphs is the title.

    One in the style of titles; else the first in the middle that is neither the red head of an office nor a
    document's number; else the first heading of the highest rank; else the first such paragraph at all.
    """
    plain = [opening for opening in openings if not opening.is_coloured and not _is_number(opening)]
    kinds = (
        [opening for opening in openings if opening.look.is_title],
        [opening for opening in plain if opening.look.align == "center"],
        [opening for opening in openings if opening.look.outline == 0],
        plain,
        openings,
    )
    return next((kind[0] for kind in kinds if kind), None)


def _is_number(opening: Opening) -> bool:
    return _DOCUMENT_NUMBER.search(opening.run.text.strip()) is not None


def _notes(state: State, story: Story) -> None:
    """Put the notes below the text, each behind its number; those that nothing refers to are listed."""
    done = 0
    while done < len(state.notes.cited):
        kind, name = state.notes.cited[done]
        done += 1
        inner = Story(state, state.notes.parts[kind])
        inner.walker.run.text = Inline([(f"[{done}] ", frozenset())])
        inner.read(state.notes.known[kind, name])
        for block in inner.builder.blocks:
            story.builder.blocks.append(block)
    for key, node in state.notes.known.items():
        if key not in state.notes.cited:
            words = _text_of(state, state.notes.parts[key[0]], node)
            state.leave_out("unread", words)


def _edges(state: State, main: str, root: Node) -> None:
    """List headers and footers, each once."""
    done: set[str] = set()
    for reference in root.iter(f"{W}headerReference", f"{W}footerReference"):
        related = state.package.related(main).get(reference.get(f"{R}id", ""))
        if related is None or related.is_external or related.target.lower() in done:
            continue
        done.add(related.target.lower())
        tree = state.package.tree(related.target)
        if tree is not None:
            kind = "header" if reference.tag == f"{W}headerReference" else "footer"
            state.leave_out(kind, _text_of(state, related.target, tree))


def _comments(state: State, main: str) -> None:
    for part in state.package.of_kind(main, "comments"):
        comments = comments_of(state.package.tree(part))
        replies = next(map(state.package.tree, state.package.of_kind(main, "commentsextended")), None)
        threads = Threads.of(replies)
        words = {key: _text_of(state, part, comment.node) for key, comment in comments.items()}
        for line in told(comments, threads, state.notes, words):
            state.leave_out("word_comment", line)


def _text_of(state: State, part: str, node: Node) -> str:
    """Return what a story beside the text says, its paragraphs one after the other."""
    inner = Story(state, part).read(node)
    return " ".join(words for block in inner.builder.blocks for words in words_of(block))
