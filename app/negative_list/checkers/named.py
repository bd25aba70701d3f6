"""Persons whose name stands beside what makes them a person in need."""

import re
from collections.abc import Iterable, Mapping, Sequence

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.source.yaml_tree import Fields

#: Common family names, and those of two characters. Source: 2020 report of the Ministry of Public Security.
_FAMILY = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭"
    "陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤仝柳葛洪温倪岳殷牛"
)
_DOUBLE = "欧阳|上官|司马|诸葛|皇甫|尉迟|公孙|慕容|令狐|司徒"
#: What no given name begins with.
_NOT_GIVEN = (
    "某大小阿奶爷先女男老师叔婶伯姨家氏述围畴边绝上时必等工人员和与及的在为是有不要了由到从被把将就都也"
)
_GIVEN = f"(?!(?:[{_NOT_GIVEN}]))[\\u4e00-\\u9fff]"
_NAME = f"(?:(?:{_DOUBLE}){_GIVEN}[\\u4e00-\\u9fff]?|[{_FAMILY}]{_GIVEN}[\\u4e00-\\u9fff]?)"
#: What follows a name that ends there.
_AFTER = (
    r"(?=[,。:(”]|说|家中|家里|一家|夫妇|老人|今年|现年|告诉|因病|因残|领到|领取"
    r"|收到|接受|获得?|住进|跳楼|被|手里|拉着|$)"
)
_LEADS = f"(?:代表|小区居民|社区居民|居民|村民|对象|代表人)?[:“]?({_NAME}?){_AFTER}"
_BEHIND = re.compile(_LEADS)
_BEFORE = re.compile(
    f"(?:^|[。,;:!?、”])((?:村民|居民|群众)?{_NAME})(?:老人|大爷)?(?:[,(]|是|系|属于)(?:一名|一位)?$"
)
_LISTED = re.compile(
    rf"(?:基本生活费|救助金|低保金|供养金|补贴|名单|津贴)(?:的有|的是|人员|对象|如下)?[:]({_NAME})(?=[、,。]|$)"
)


class NamedStatus(Checker):
    """A name before or behind a status (残疾人王海波; 王建国，低保户), or listed for a benefit."""

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        del lexicons
        self._status = args.texts("status")
        if not self._status:
            args.fault("status", "缺少身份：status: [低保户, 残疾人]")
        self.words = (*self._status, "生活费", "救助金", "低保金", "供养金")

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each name with the status."""
        text, view = context.view.text, context.view
        for number, start, end in hits:
            first, last = view.bounds(view.part_at(start))
            if number >= len(self._status):
                listed = _LISTED.search(text, max(first, start - 4), min(last, end + 16))
                if listed:
                    yield Spot(*listed.span(1))
                continue
            behind = _BEHIND.match(text, end, last)
            if behind and behind[1]:
                yield Spot(start, behind.end(1))
                continue
            before = _BEFORE.search(text[max(first, start - 14) : start])
            if before and text[end : end + 1] in {",", "。", ")", ";", "、", ""}:
                yield Spot(start - len(before[0]) + len(before[0]) - len(before[0].lstrip("。,;:!?、”")), end)
