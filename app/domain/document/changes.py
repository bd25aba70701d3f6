"""What kind of change lies between two documents, and whether it is small enough to keep what was decided."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz.distance import Levenshtein

from app.domain.document.alignment import steps
from app.domain.document.model import (
    FIELDS,
    TEXT_BLOCKS,
    Block,
    Document,
    Image,
    SpanKind,
    Table,
    Video,
    field_digests,
    texts_of,
)
from app.domain.document.signs import signs, text_and_media_digest
from app.domain.refusals import Refusal, RefusalCode, Refusals
from app.domain.vocabulary import ChangeClass


class MarksOnly(BaseModel):
    """How small a correction must be to survive without new reviews.

    `characters`: inserted plus deleted code points; `edits`: places changed; `share`: changed per mille of
    the text, which is not asked of a correction of four code points and less.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    characters: int = Field(default=60, ge=0, le=1000)
    edits: int = Field(default=30, ge=0, le=200)
    share: int = Field(default=50, ge=0, le=1000)


@dataclass(frozen=True, slots=True)
class TextEdit:
    """One place where the texts differ: `old` at `start:end` of the old text of `place` became `new`.

    `before` and `after` are the whole old and new text; `new_start` is where `new` stands in it.
    """

    place: str
    start: int
    end: int
    old: str
    new: str
    before: str
    after: str
    new_start: int


@dataclass(frozen=True, slots=True)
class Change:
    """The class of a change, the fields it touches, and what keeps it from being a small correction."""

    kind: ChangeClass
    fields: frozenset[str]
    edits: tuple[TextEdit, ...] = ()
    objections: tuple[Refusal, ...] = ()

    @property
    def why_large(self) -> Refusals:
        """Return each reason why it is no small correction; empty for a small one."""
        return self.objections

    def not_small(self, why: Refusal) -> "Change":
        """Return the change as one that is no small correction, for one more reason."""
        return replace(self, kind=ChangeClass.SUBSTANTIVE, objections=(*self.objections, why))


#: Two characters put in the place of two others: in a short notice any share of the text would be too much.
_ALWAYS_SMALL = 4
_DIGITS = "0-9０-９⁰¹²³⁴-⁹₀-₉"
_HAN_DIGITS = "〇零一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟"
_UNITS = "个人名元件年月日号次份户项条章节款吨米天周岁时分秒倍成批期届级层公斤亩张位家所处%％‰"
_NUMBER = re.compile(
    rf"[{_DIGITS}]+(?:[.．,，:：/][{_DIGITS}]+)*[%％‰万亿]?"
    rf"|[{_HAN_DIGITS}]{{2,}}|第[{_HAN_DIGITS}]|[{_HAN_DIGITS}](?=[{_UNITS}])|百分之[{_HAN_DIGITS}点]+"
)
_DATE = re.compile(
    rf"[{_DIGITS}]{{2,4}}\s*[-/.年]\s*[{_DIGITS}]{{1,2}}(?:\s*[-/.月]\s*[{_DIGITS}]{{1,2}}日?|月)?"
    rf"|[{_DIGITS}]{{1,4}}\s*[年月日号]|[{_HAN_DIGITS}]{{1,4}}[年月日]"
    r"|[今去明前后]年|[今昨明前后]日|[今昨明前后]天|[上下本]月|[上下本]周|(?:星期|周|礼拜)[一二三四五六日天]|[元春端中国][旦节午秋庆]"
)
#: An address of mail begins where its run of characters does: else each of a long run would look for the @.
_LINK = re.compile(r"(?:https?://|www\.)[^\s，。；、）】》”]+|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_POST = re.compile(
    r"(?:总|副|代|常务){0,4}(?:书记|省长|市长|县长|区长|州长|镇长|乡长|部长|局长|厅长|司长|处长|科长|股长|主任|院长|校长|站长|所长|"
    r"会长|社长|队长|组长|秘书长|主席|委员长|委员|常委|总理|总编辑?|主编|理事长?|董事长?|总经理|经理|巡视员|调研员|主持人|代表)"
)
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒"
    "屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸"
    "左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘厉戎祖"
    "武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍却璩桑桂濮牛寿"
    "通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩聂晁勾"
    "敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公"
)
_TITLES = r"(?:同志|先生|女士|老师|教授|博士|院士|医生|记者|编辑|烈士|老人)"
_NAME = re.compile(
    rf"(?:{_POST.pattern})(?P<after_post>[{_SURNAMES}][一-龥·]{{1,3}})"
    rf"|(?P<before_title>[{_SURNAMES}][一-龥·]{{1,3}}?)(?:{_TITLES}|{_POST.pattern})"
    r"|(?:记者|通讯员|作者|编辑|审核|责编|摄影|来源|供稿)[：: ]*(?P<byline>[一-龥·]{2,4})"
)

_TOUCHES = (
    (RefusalCode.TOUCHES_DATE, _DATE),
    (RefusalCode.TOUCHES_NUMBER, _NUMBER),
    (RefusalCode.TOUCHES_LINK, _LINK),
    (RefusalCode.TOUCHES_POST, _POST),
    (RefusalCode.TOUCHES_NAME, _NAME),
)


def classify(
    old: Document,
    new: Document,
    *,
    limits: MarksOnly,
    names: Collection[str] = (),
    posts: Collection[str] = (),
    new_findings: Collection[str] = (),
) -> Change:
    """Return what kind of change leads from `old` to `new`.

    NONE: the same digest. LAYOUT: the same words, media and links in another dress. MARKS_ONLY: small enough
    in `limits`, touching no number, date, name, post, link or attachment, and with no new finding.
    Everything else is SUBSTANTIVE, and `objections` says each reason why it is no small correction.

    `names` and `posts` are known ones beside those that the text shows by its wording; `new_findings` are
    rule ids that hit the new text and did not hit the old one. A whole field that names people or places on
    the web (byline, source, source_url) counts as touched when it changes.
    """
    fields = changed_fields(old, new)
    if not fields:
        return Change(ChangeClass.NONE, fields)
    links_same = _links(old) == _links(new)
    same_words = text_and_media_digest(old) == text_and_media_digest(new)
    if same_words and links_same and fields.isdisjoint(FIELDS):
        return Change(ChangeClass.LAYOUT, fields)
    pairs, restructured = _pairs(old, new)
    edits = tuple(edit for place, before, after in pairs for edit in _edits(place, before, after))
    substantial: dict[RefusalCode, Mapping[str, Any]] = {}
    if restructured:
        substantial[RefusalCode.CHANGES_STRUCTURE] = {"blocks": [len(old.blocks), len(new.blocks)]}
    if said := _signs_touched(old, new, same_place=not pairs):
        # 10⁸ that becomes 108, struck words that become valid, another number of an item: never small.
        substantial[RefusalCode.TOUCHES_NUMBER] = {"text": said}
    substantial |= _besides_words(old, new, fields, links_same=links_same)
    for code, data in _touched(edits, names, posts):
        substantial.setdefault(code, data)
    size = sum(len(edit.old) + len(edit.new) for edit in edits)
    total = max(old.characters, 1)
    too_large_a_share = size > _ALWAYS_SMALL and size * 1000 > limits.share * total
    if size > limits.characters or len(edits) > limits.edits or too_large_a_share:
        substantial[RefusalCode.TOO_LARGE_A_CHANGE] = {
            "characters": size,
            "edits": len(edits),
            "share": round(size * 1000 / total),
            **{f"most_{name}": most for name, most in limits.model_dump().items()},
        }
    if new_findings:
        substantial[RefusalCode.NEW_FINDING] = {"rules": sorted(set(new_findings))}
    kind = ChangeClass.SUBSTANTIVE if substantial else ChangeClass.MARKS_ONLY
    return Change(kind, fields, edits, tuple(Refusal(code, data) for code, data in substantial.items()))


def _besides_words(
    old: Document, new: Document, fields: Collection[str], *, links_same: bool
) -> dict[RefusalCode, Mapping[str, Any]]:
    substantial: dict[RefusalCode, Mapping[str, Any]] = {}
    if old.assets() != new.assets() or _media(old) != _media(new) or old.attachments != new.attachments:
        substantial[RefusalCode.TOUCHES_MEDIA] = {}
    if not links_same or "source_url" in fields:
        substantial[RefusalCode.TOUCHES_LINK] = {"text": new.source_url}
    if "byline" in fields or "source" in fields:
        substantial[RefusalCode.TOUCHES_NAME] = {"text": new.byline if "byline" in fields else new.source}
    return substantial


def _signs_touched(old: Document, new: Document, *, same_place: bool) -> str:
    """Return the words whose meaning was changed by markup, numbers or merged cells; empty for none.

    Where no words changed, the signs must also stand where they stood.
    """
    was, now = (
        Counter((sign.place if same_place else sign.kind, sign.words) for sign in signs(document))
        for document in (old, new)
    )
    differing = [*(was - now), *(now - was)]
    return differing[0][1] if differing else ""


def changed_fields(old: Document, new: Document) -> frozenset[str]:
    """Return the names of the fields that differ, `blocks` and `attachments` among them; empty for none."""
    was, now = field_digests(old), field_digests(new)
    return frozenset(name for name in was if was[name] != now[name])


def differing_texts(old: Document, new: Document) -> tuple[tuple[str, str, str], ...]:
    """Return the texts that differ as `(place, before, after)`, in reading order; empty when none do.

    Blocks that came or went are one place, with the words of all of them together.
    """
    return tuple(_pairs(old, new)[0])


def _touched(
    edits: Iterable[TextEdit], names: Collection[str], posts: Collection[str]
) -> Iterator[tuple[RefusalCode, Mapping[str, Any]]]:
    known = ((RefusalCode.TOUCHES_NAME, names), (RefusalCode.TOUCHES_POST, posts))
    patterns = [
        *_TOUCHES,
        *((code, re.compile("|".join(map(re.escape, words)))) for code, words in known if words),
    ]
    # Each text is read once for all its edits: anew for each, one that was rewritten took minutes.
    read: dict[tuple[str, int], _Spans] = {}
    for edit in edits:
        for number, (code, pattern) in enumerate(patterns):
            for text, start, end in (
                (edit.before, edit.start, edit.end),
                (edit.after, edit.new_start, edit.new_start + len(edit.new)),
            ):
                spans = read.get((text, number))
                if spans is None:
                    spans = read[text, number] = _Spans.of(pattern, text)
                for words in spans.touching(start, end):
                    yield code, {"place": edit.place, "text": words}


@dataclass(frozen=True, slots=True)
class _Spans:
    """What a pattern finds in a text: where each match starts and ends, in order, and the text."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    text: str

    @classmethod
    def of(cls, pattern: re.Pattern[str], text: str) -> "_Spans":
        spans = [match.span() for match in pattern.finditer(text)]
        return cls(tuple(start for start, _ in spans), tuple(end for _, end in spans), text)

    def touching(self, start: int, end: int) -> Iterator[str]:
        """Yield the words that `start:end` touches; at the edge of a number it makes another: edges count."""
        index = bisect_left(self.ends, start)
        while index < len(self.starts) and self.starts[index] <= end:
            yield self.text[self.starts[index] : self.ends[index]]
            index += 1


def _edits(place: str, before: str, after: str) -> Iterator[TextEdit]:
    for step in steps(before, after, Levenshtein.opcodes):
        if step.tag != "equal":
            yield TextEdit(
                place,
                step.src_start,
                step.src_end,
                before[step.src_start : step.src_end],
                after[step.dest_start : step.dest_end],
                before,
                after,
                step.dest_start,
            )


def _pairs(old: Document, new: Document) -> tuple[list[tuple[str, str, str]], bool]:
    """Pair the texts of two documents, and tell whether blocks came, went or changed their nature.

    A paragraph that was split or run on is no change of structure: its words are compared across the seam.
    """
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in FIELDS]
    start, ends = 0, (len(old.blocks), len(new.blocks))
    while start < min(ends) and old.blocks[start] == new.blocks[start]:
        start += 1
    while min(ends) > start and old.blocks[ends[0] - 1] == new.blocks[ends[1] - 1]:
        ends = (ends[0] - 1, ends[1] - 1)
    was, now = old.blocks[start : ends[0]], new.blocks[start : ends[1]]
    if len(was) == len(now) and all(_shape(a) == _shape(b) for a, b in zip(was, now, strict=True)):
        for index, (old_block, other) in enumerate(zip(was, now, strict=True), start):
            old_texts, new_texts = dict(texts_of(old_block)), dict(texts_of(other))
            pairs += [
                (f"blocks/{index}{place}", old_texts.get(place, ""), new_texts.get(place, ""))
                for place in dict.fromkeys((*old_texts, *new_texts))
            ]
        return [pair for pair in pairs if pair[1] != pair[2]], False
    if all(isinstance(block, TEXT_BLOCKS) for block in (*was, *now)) and abs(len(was) - len(now)) <= 2:
        before, after = (
            "".join(block.text for block in part if isinstance(block, TEXT_BLOCKS)) for part in (was, now)
        )
        pairs.append((f"blocks/{start}", before, after))
        return [pair for pair in pairs if pair[1] != pair[2]], not (was and now)
    for part, put in ((was, True), (now, False)):
        words = "".join(text for block in part for _, text in texts_of(block))
        pairs.append((f"blocks/{start}", words if put else "", "" if put else words))
    return [pair for pair in pairs if pair[1] != pair[2]], True


def _shape(block: Block) -> tuple[object, ...]:
    if isinstance(block, Table):
        return "table", len(block.rows), len(block.rows[0]), block.head_rows
    if isinstance(block, TEXT_BLOCKS):
        return ("text",)
    return (block.kind,)


def _media(document: Document) -> list[str]:
    return [block.sha256 for block in document.blocks if isinstance(block, Image | Video)]


def _links(document: Document) -> list[str | None]:
    return [
        span.href
        for block in document.blocks
        if isinstance(block, (*TEXT_BLOCKS, Table))
        for span in block.spans
        if span.kind is SpanKind.LINK
    ]
