"""The checkers that a rule can name."""

from app.negative_list.checkers.amounts import Change, SpanDays, Sum
from app.negative_list.checkers.articles import LastArticle
from app.negative_list.checkers.base import Checker, StructureCheck
from app.negative_list.checkers.citations import BareLawTitle
from app.negative_list.checkers.consistency import NameSpelling, TitleSpelling, Total
from app.negative_list.checkers.context import Beside, Once
from app.negative_list.checkers.dates import DateOrder, ImpossibleDate
from app.negative_list.checkers.disguised import Disguised
from app.negative_list.checkers.festivals import Festival, TimeOrder, Weekday
from app.negative_list.checkers.fixed_expressions import FixedExpression
from app.negative_list.checkers.former_bodies import FormerBody, FormerName
from app.negative_list.checkers.hosts import BareHost, Host
from app.negative_list.checkers.laws import LawTitle
from app.negative_list.checkers.marks import Hidden, Pairs, Repeated
from app.negative_list.checkers.named_persons import NamedStatus
from app.negative_list.checkers.ordinals import CountedList, NumberSequence
from app.negative_list.checkers.people import AbbreviationFirst, PersonPost
from app.negative_list.checkers.repeated_items import RepeatedItem
from app.negative_list.checkers.repetition import RepeatedText
from app.negative_list.checkers.structure import (
    FileTraces,
    ImageAltWithoutWords,
    ImageOnOneMachine,
    ImageWithoutAlt,
    ImageWithoutCredit,
    LinkText,
    MapWithoutNumber,
    TableColumns,
    TableTotal,
    TextLength,
    VideoWithoutCaption,
)
from app.negative_list.checkers.traditional_characters import TraditionalCharacter
from app.negative_list.checkers.usage_evidence import NearTerm, UsageEvidence

CHECKERS: dict[str, type[Checker]] = {
    "law_title": LawTitle,
    "bare_law_title": BareLawTitle,
    "change": Change,
    "sum": Sum,
    "span_days": SpanDays,
    "disguised": Disguised,
    "usage": UsageEvidence,
    "near_term": NearTerm,
    "traditional_character": TraditionalCharacter,
    "last_article": LastArticle,
    "date": ImpossibleDate,
    "festival": Festival,
    "weekday": Weekday,
    "time_order": TimeOrder,
    "former_body": FormerBody,
    "former_name": FormerName,
    "fixed_expression": FixedExpression,
    "number_sequence": NumberSequence,
    "counted_list": CountedList,
    "repeated_text": RepeatedText,
    "repeated_item": RepeatedItem,
    "date_order": DateOrder,
    "pairs": Pairs,
    "hidden": Hidden,
    "repeat": Repeated,
    "host": Host,
    "bare_host": BareHost,
    "beside": Beside,
    "once": Once,
    "title_spelling": TitleSpelling,
    "name_spelling": NameSpelling,
    "total": Total,
    "named_status": NamedStatus,
    "person_post": PersonPost,
    "abbreviation_first": AbbreviationFirst,
}
STRUCTURE_CHECKS: dict[str, type[StructureCheck]] = {
    "image_without_alt": ImageWithoutAlt,
    "image_alt_without_words": ImageAltWithoutWords,
    "link_text": LinkText,
    "image_without_credit": ImageWithoutCredit,
    "image_on_one_machine": ImageOnOneMachine,
    "map_without_number": MapWithoutNumber,
    "video_without_caption": VideoWithoutCaption,
    "table_columns": TableColumns,
    "table_total": TableTotal,
    "file_traces": FileTraces,
    "text_length": TextLength,
}

__all__ = ["CHECKERS", "STRUCTURE_CHECKS"]
