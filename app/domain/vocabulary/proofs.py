"""Marks on proofs and what they count."""

from enum import StrEnum


class MarkKind(StrEnum):
    """A proofreader's mark. Source: GB/T 14706 校对符号及其用法."""

    CORRECT = "correct"
    DELETE = "delete"
    INSERT = "insert"
    TRANSPOSE = "transpose"
    MOVE = "move"
    RUN_ON = "run_on"
    NEW_PARAGRAPH = "new_paragraph"
    ADD_SPACE = "add_space"
    REMOVE_SPACE = "remove_space"
    STET = "stet"


class ErrorType(StrEnum):
    """What kind of error a mark counts. Source: 国新出发〔2020〕10号, annex."""

    WORD = "word"
    FACT = "fact"
    LOGIC = "logic"
    GRAMMAR = "grammar"
    NUMBER_STYLE = "number_style"
    PUNCTUATION = "punctuation"
    LAYOUT = "layout"


class MarkState(StrEnum):
    """What became of a mark."""

    OPEN = "open"
    CARRIED_OUT = "carried_out"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"
    DISPUTED = "disputed"
