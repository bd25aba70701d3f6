"""The checkers that a rule can name."""

from app.negative_list.checkers.base import Checker, StructureCheck
from app.negative_list.checkers.consistency import NameSpelling, TitleSpelling, Total
from app.negative_list.checkers.dates import DateOrder, ImpossibleDate
from app.negative_list.checkers.hosts import Host
from app.negative_list.checkers.laws import LawTitle
from app.negative_list.checkers.marks import Hidden, Pairs, Repeated
from app.negative_list.checkers.people import AbbreviationFirst, PersonPost
from app.negative_list.checkers.structure import (
    ImageWithoutAlt,
    ImageWithoutCredit,
    MapWithoutNumber,
    TableColumns,
    TableTotal,
    TextLength,
    VideoWithoutCaption,
)

CHECKERS: dict[str, type[Checker]] = {
    "law_title": LawTitle,
    "date": ImpossibleDate,
    "date_order": DateOrder,
    "pairs": Pairs,
    "hidden": Hidden,
    "repeat": Repeated,
    "host": Host,
    "title_spelling": TitleSpelling,
    "name_spelling": NameSpelling,
    "total": Total,
    "person_post": PersonPost,
    "abbreviation_first": AbbreviationFirst,
}
STRUCTURE_CHECKS: dict[str, type[StructureCheck]] = {
    "image_without_alt": ImageWithoutAlt,
    "image_without_credit": ImageWithoutCredit,
    "map_without_number": MapWithoutNumber,
    "video_without_caption": VideoWithoutCaption,
    "table_columns": TableColumns,
    "table_total": TableTotal,
    "text_length": TextLength,
}

__all__ = ["CHECKERS", "STRUCTURE_CHECKS"]
