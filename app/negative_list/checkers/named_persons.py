"""Persons whose name stands beside what makes them a person in need."""

import re
from collections.abc import Iterable, Mapping, Sequence

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.usage.doubtful_characters import usage

#: Common family names, and those of two characters. Source: 2020 report of the Ministry of Public Security.
_FAMILY = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭"
    "陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤仝柳葛洪温倪岳殷牛"
)
_DOUBLE = "欧阳|上官|司马|诸葛|皇甫|尉迟|公孙|慕容|令狐|司徒"
#: What no given name begins with.
_NOT_GIVEN = (
    "某大阿奶爷先女男老师叔婶伯姨家氏同述围畴边绝上时必等工人员和与及的在为是有不要了由到从被把将就都也"
)
_GIVEN = f"(?![{_NOT_GIVEN}]|小[姐朋伙组区学时孩某型康])[\\u4e00-\\u9fff]"
_NAME = f"(?:(?:{_DOUBLE}){_GIVEN}[\\u4e00-\\u9fff]?|[{_FAMILY}]{_GIVEN}[\\u4e00-\\u9fff]?)"
#: What follows a name that ends there.
_AFTER = (
    r"(?=[,。:(”]|说|家中|家里|一家|夫妇|老人|今年|现年|告诉|因病|因残|领到|领取"
    r"|收到|接受|获得?|住进|跳楼|被|手里|拉着|$)"
)
#: Family names that begin few other words, and what no given name has.
_PLAIN = (
    "王李张刘陈杨赵吴周徐孙朱胡郭何罗郑梁谢宋韩邓冯曹彭董潘袁蔡蒋杜魏吕卢姚沈钟姜崔谭"
    "廖贾邹熊孟邱侯薛闫黎贺郝顾龚邵覃戴莫"
)
_NO_NAME = (
    "的了是和与及在从被把将就都也不为有等以中上下前后人员工作服务机构家庭儿童老群众会会员学校报名公示标准政策补助贴金"
    "某大小阿奶爷先女男师叔婶伯姨边围绝必时到到位证明管理申请"
)
_FULL = f"[{_PLAIN}](?:(?![{_NO_NAME}])[\\u4e00-\\u9fff]){{2}}"
_THREE = re.compile(
    f"(?:代表|居民|村民|学生|老人)?({_FULL})(?=[送上考患在从和与是为来去已成拿获收领过生办走坐表激感高笑流热握带对向以的等、因]|$)"
)
#: A name of three characters before whatever goes on, where usage knows no word that begins like it.
_ANY = re.compile(f"(?:代表|居民|村民|学生|老人)?({_FULL})(?=[\\u4e00-\\u9fff])")
_KNOWN = 40
_REALLY = re.compile(
    f"[\\u4e00-\\u9fff]{{2,3}}[(](?:真名|实名|本名|真实姓名|原名|姓名)(?:是|为|叫|:)?({_NAME})[)]"
)
_LEADS = f"(?:代表|小区居民|社区居民|居民|村民|对象|代表人)?[:“]?({_NAME}?){_AFTER}"
_BEHIND = re.compile(_LEADS)
_BEFORE = re.compile(
    f"(?:^|[。,;:!?、”])((?:村民|居民|群众)?{_NAME})(?:老人|大爷)?(?:[,(]|是|系|属于)(?:一名|一位)?$"
)
_LISTED = re.compile(
    rf"(?:基本生活费|救助金|低保金|供养金|补贴|名单|津贴)(?:的有|的是|人员|对象|如下)?[:]({_NAME})(?=[、,。]|$)"
)


def _is_no_word(name: str) -> bool:
    """Whether official prose hardly has what a name of three characters begins with and ends with."""
    counts = usage()
    known = [all(counts.index[ord(char)] for char in pair) for pair in (name[:2], name[1:3], name[2:4])]
    if not all(known):
        return False
    first, given, following = (counts.seen(pair) for pair in (name[:2], name[1:3], name[2:4]))
    return first < _KNOWN and given < 5 * _KNOWN and following < 5 * _KNOWN


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
            if not behind or not behind[1]:
                behind = _THREE.match(text, end, last) or _REALLY.match(text, end, last)
            if not behind or not behind[1]:
                behind = _ANY.match(text, end, last)
                behind = behind if behind and _is_no_word(text[behind.start(1) : behind.end(1) + 1]) else None
            if behind and behind[1]:
                yield Spot(start, behind.end(1))
                continue
            before = _BEFORE.search(text[max(first, start - 14) : start])
            if before and text[end : end + 1] in {",", "。", ")", ";", "、", ""}:
                yield Spot(start - len(before[0]) + len(before[0]) - len(before[0].lstrip("。,;:!?、”")), end)
