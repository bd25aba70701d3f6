"""Checkers and validators: what no list of words and no pattern can express, in tables."""

from pathlib import Path
from typing import Any

import pytest

from app.negative_list import (
    Faults,
    ImageFact,
    PartKind,
    Structure,
    TableFact,
    VideoFact,
)
from app.negative_list.engine.validators import VALIDATORS
from tests.negative_list.policies import loaded, rule, run

LAWS = (
    "title\tshort_title\tstatus\tsuccessor\n"
    "中华人民共和国未成年人保护法\t未成年人保护法\tvalid\t\n"
    "中华人民共和国慈善法\t慈善法\tvalid\t\n"
    "中华人民共和国收养法\t收养法\trepealed\t中华人民共和国民法典\n"
    "城市流浪乞讨人员收容遣送办法\t\trepealed\t\n"
)
HOSTS = "*.gov.cn\nexample.org\n"
PEOPLE = "name\tposts\n赵明远\t局长\n钱立新\t副局长|机关党委书记\n"
SHORT = "full\tshort\n社会工作服务站\t社工站\n清河市民政局\t市民政局|市局\n"
LEXICONS = {"laws.tsv": LAWS, "hosts.tsv": HOSTS, "people.tsv": PEOPLE, "short.tsv": SHORT}

#: Checker, arguments, text, and what it objects to, with the first suggestion.
CASES: list[tuple[str, dict[str, Any], str, list[tuple[str, str]]]] = [
    ("law_title", {"lexicon": "laws.tsv"}, "《未成年保护法》", [("《未成年保护法》", "《未成年人保护法》")]),
    ("law_title", {"lexicon": "laws.tsv"}, "《中华人民共和国慈善发》", []),
    (
        "law_title",
        {"lexicon": "laws.tsv"},
        "《慈善法》（草案）《慈善法（2023年修正）》《刑法》《清河市条例》",
        [],
    ),
    (
        "law_title",
        {"lexicon": "laws.tsv", "report": "repealed"},
        "《收养法》《慈善法》",
        [("《收养法》", "《中华人民共和国民法典》")],
    ),
    (
        "law_title",
        {"lexicon": "laws.tsv", "report": "repealed"},
        "《城市流浪乞讨人员收容遣送办法》",
        [("《城市流浪乞讨人员收容遣送办法》", "")],
    ),
    (
        "date",
        {},
        "2月30日、4月31日、2024年2月29日、13月1日、12月31日",
        [("2月30日", ""), ("4月31日", ""), ("13月1日", "")],
    ),
    ("date", {}, "2023年2月29日和2024年2月29日", [("2023年2月29日", "")]),
    (
        "date",
        {},
        "2024年5月1日（星期四），2024年5月1日星期三",
        [("2024年5月1日（星期四", "2024年5月1日（星期三")],
    ),
    ("date", {}, "1949年10月1日（周天）", [("1949年10月1日（周天", "1949年10月1日（周六")]),
    ("date", {}, "④1月27日，①2月30日，证号1102月30日", [("2月30日", "")]),
    (
        "date",
        {},
        "2026-02-30，2026/4/31，2026.11.31，2026-02-28，2026-02-301",
        [("2026-02-30", ""), ("2026/4/31", ""), ("2026.11.31", "")],
    ),
    (
        "date",
        {},
        "二月三十日，十二月三十日，六月三十一日，十一月三十一日，十二月三十一日",
        [("二月三十日", ""), ("六月三十一日", ""), ("十一月三十一日", "")],
    ),
    (
        "date",
        {},
        "2025 年 2 月 29 日，6 月 31 日，2025年2月27日—29日，11月29、31日，2月28、29日，3月30日—31日",
        [("2025 年 2 月 29 日", ""), ("6 月 31 日", ""), ("2025年2月27日—29日", ""), ("11月29、31日", "")],
    ),
    (
        "date",
        {},
        "二〇二三年二月二十九日，二〇二四年二月二十九日，农历二月三十日，甲辰年二月三十日，2月30号楼、2月31号公告",
        [("二〇二三年二月二十九日", "")],
    ),
    # What is left as it is is suggested as it was typed.
    (
        "date",
        {},
        "2024年5月1日（星期四）；2024年5月1日 （周五）；２０２４年５月１日（星期日）",
        [
            ("2024年5月1日（星期四", "2024年5月1日（星期三"),
            ("2024年5月1日 （周五", "2024年5月1日 （周三"),
            ("２０２４年５月１日（星期日", "２０２４年５月１日（星期三"),
        ],
    ),
    ("date_order", {}, "2024年5月10日至5月1日", [("2024年5月10日至5月1日", "")]),
    (
        "date_order",
        {},
        "5月10日至1日，5月1日至10日，12月28日至1月3日，2024年12月28日至1月3日",
        [("5月10日至1日", "")],
    ),
    ("date_order", {}, "2025—2023年，2023—2025年", [("2025—2023年", "2023—2025年")]),
    ("pairs", {}, "“甲”《乙》（丙）“丁”", []),
    ("pairs", {}, "“甲《乙”》", [("《", ""), ("》", "")]),
    ("pairs", {}, "（甲", [("（", "")]),
    ("pairs", {}, "1）甲；a）乙；一）丙；丁）", [("）", "")]),
    ("pairs", {}, "“多段引文的第一段", []),
    ("pairs", {}, "他说：“只有一段", [("“", "")]),
    (
        "hidden",
        {},
        "甲\u200b\u200b乙\ufeff丙👨\u200d👩丁\u200d",
        [("\u200b\u200b", ""), ("\ufeff", ""), ("\u200d", "")],
    ),
    (
        "repeat",
        {"words": ["总书记", "局长"]},
        "总书记总书记，局长局长局长，总书记局长",
        [("总书记总书记", "总书记"), ("局长局长", "局长")],
    ),
    (
        "host",
        {"lexicon": "hosts.tsv"},
        "https://mzj.qinghe.gov.cn/a，http://evil.com/b。https://example.org",
        [("http://evil.com/b", "")],
    ),
    (
        "host",
        {"lexicon": "hosts.tsv"},
        "https://gov.cn.evil.com/，HTTPS://EVILGOV.CN，https://gov.cn",
        [("https://gov.cn.evil.com/", ""), ("HTTPS://EVILGOV.CN", "")],
    ),
    (
        "host",
        {"lexicon": "hosts.tsv", "report": "listed"},
        "见example.org/x和myexample.org/x",
        [("example.org/x", "")],
    ),
    (
        "host",
        {"lexicon": "hosts.tsv", "report": "http"},
        "http://a.gov.cn/ https://a.gov.cn/",
        [("http://a.gov.cn/", "")],
    ),
    (
        "title_spelling",
        {},
        "《未成年人保护条例》和《未成年人保护条列》，又《未成年人保护条例》",
        [("《未成年人保护条列》", "《未成年人保护条例》")],
    ),
    ("title_spelling", {}, "《清河市慈善条例一》和《清河市慈善条例二》", []),
    (
        "name_spelling",
        {"posts": ["局长"]},
        "局长张晓明说，局长张小明到会，局长张晓明。",
        [("张小明", "张晓明")],
    ),
    ("name_spelling", {"posts": ["局长"]}, "局长张晓明说，局长李小明到会。", []),
    # Two people of one family name, each as often as the other.
    ("name_spelling", {"posts": ["局长"]}, "局长王建国到会。局长王建军主持。", []),
    ("title_spelling", {}, "《河南省养老服务条例》《河北省养老服务条例》", []),
    ("title_spelling", {}, "《春季安全工作通知》《冬季安全工作通知》", []),
    ("title_spelling", {}, "《社会救助规程A》和《社会救助规程B》", []),
    ("title_spelling", {}, "《社会救助规程》《社会救助规定》《社会救助规程》《社会救助规定》", []),
    (
        "title_spelling",
        {},
        "《第Ｂ部分养老服务条例》，又《第Ｂ部分养老服务条列》",
        [("《第Ｂ部分养老服务条列》", "《第Ｂ部分养老服务条例》")],
    ),
    ("total", {}, "共100人，其中男60人、女50人。", [("100人，其中男60人、女50人", "")]),
    ("total", {}, "共100人，其中男60人、女40人。共100人，其中党员60人。", []),
    ("total", {}, "共10人，其中甲6人、乙7人。", [("10人，其中甲6人、乙7人", "")]),
    ("total", {}, "救助1,200人，其中男700人、女500人。共12,345.5万元，其中省级10,000万元。", []),
    ("total", {}, "救助1,200人，其中男700人、女600人。", [("1,200人，其中男700人、女600人", "")]),
    ("total", {}, "男60人，女40人，其中党员70人。", []),
    ("total", {}, "男60人，女40人，其中党员170人。", [("40人，其中党员170人", "")]),
    (
        "person_post",
        {"lexicon": "people.tsv"},
        "局长赵明远，副局长赵明远，副局长钱立新，钱立新局长",
        [("副局长赵明远", "局长赵明远"), ("钱立新局长", "钱立新副局长")],
    ),
    (
        "abbreviation_first",
        {"lexicon": "short.tsv"},
        "社工站建成。市局和清河市民政局，市民政局",
        [("社工站", "社会工作服务站"), ("市局", "清河市民政局")],
    ),
    ("abbreviation_first", {"lexicon": "short.tsv"}, "清河市民政局（以下简称市民政局）", []),
]
HIT: dict[str, object] = {
    "law_title": "《未成年保护法》",
    "date": "2月30日",
    "date_order": "5月10日至1日",
    "pairs": "（甲",
    "hidden": "\u200b甲",
    "repeat": "总书记总书记",
    "host": "http://evil.com",
    "total": "共10人，其中甲6人、乙7人",
    "title_spelling": "《未成年人保护条例》《未成年人保护条列》",
    "name_spelling": "局长张晓明说，局长张小明说，局长张晓明，",
    "person_post": "副局长赵明远",
    "abbreviation_first": "社工站",
}
OTHER = {"repealed": "《收养法》", "listed": "example.org/x", "http": "http://a.gov.cn"}


@pytest.mark.parametrize(
    ("name", "args", "text", "found"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)]
)
def test_checkers(
    tmp_path: Path, name: str, args: dict[str, Any], text: str, found: list[tuple[str, str]]
) -> None:
    hit = OTHER.get(args.get("report", ""), HIT[name])
    policy = loaded(
        tmp_path, [rule("c", {"kind": "checker", "name": name, "args": args}, hit)], lexicons=LEXICONS
    )
    told = [
        (text[finding.start : finding.end], (*finding.suggestions, "")[0])
        for finding in run(policy, text).findings
    ]
    assert told == found


STRUCTURES: list[tuple[str, dict[str, Any], Structure, list[tuple[str, str]]]] = [
    (
        "image_without_alt",
        {},
        Structure(images=(ImageFact("i/0"), ImageFact("i/1", " "), ImageFact("i/2", "图"))),
        [("i/0/alt", ""), ("i/1/alt", "")],
    ),
    (
        "image_without_credit",
        {},
        Structure(images=(ImageFact("i/0"), ImageFact("i/1", "", "张三摄"), ImageFact("i/2", "", "", "局"))),
        [("i/0/credit", "")],
    ),
    (
        "map_without_number",
        {},
        Structure(images=(ImageFact("i/0", "行政区划图"), ImageFact("i/1", "", "地图 审图号：1号"))),
        [("i/0/alt", "区划图")],
    ),
    (
        "video_without_caption",
        {},
        Structure(videos=(VideoFact("v/0"), VideoFact("v/1", "有字幕"))),
        [("v/0/caption", "")],
    ),
    (
        "table_columns",
        {"columns": ["身份证号", "手机号"]},
        Structure(tables=(TableFact("t/0", (("姓名", "身份证号 ", "手 机 号"), ("甲", "1", "2"))),)),
        [("t/0/rows/0/1", "身份证号 "), ("t/0/rows/0/2", "手 机 号")],
    ),
    (
        # Under a title, in a second row of heads, in front of a row; with its owner and a remark.
        "table_columns",
        {"columns": ["身份证号"]},
        Structure(
            tables=(
                TableFact("t/0", (("公示名单", ""), ("姓名", "居民身份证号码"), ("甲", "1"))),
                TableFact(
                    "t/1", (("对象", "", "金额"), ("姓名", "公民身份证号（后四位）", ""), ("甲", "1", "2"))
                ),
                TableFact("t/2", (("姓名", "甲"), ("本人身份证号", "1"))),
                TableFact("t/3", (("身份证号怎么填", "说明"), ("甲", "1"))),
            )
        ),
        [
            ("t/2/rows/1/0", "本人身份证号"),
            ("t/0/rows/1/1", "居民身份证号码"),
            ("t/1/rows/1/1", "公民身份证号（后四位）"),
        ],
    ),
    (
        # An office may be called by telephone, and people may not.
        "table_columns",
        {"columns": ["身份证号"], "office": ["联系电话"], "people": ["姓名"]},
        Structure(
            tables=(
                TableFact("t/0", (("单位", "联系电话"), ("民政局", "1"))),
                TableFact("t/1", (("姓名", "联系电话"), ("甲", "1"))),
                TableFact("t/2", (("单位", "身份证号"), ("民政局", "1"))),
            )
        ),
        [("t/1/rows/0/1", "联系电话"), ("t/2/rows/0/1", "身份证号")],
    ),
    (
        "table_total",
        {},
        Structure(
            tables=(TableFact("t/0", (("项目", "数"), ("甲", "1,000"), ("乙", "２"), ("合计", "1003"))),)
        ),
        [("t/0/rows/3/1", "1003")],
    ),
    (
        "table_total",
        {},
        Structure(tables=(TableFact("t/0", (("项目", "数"), ("甲", "1"), ("小计", "1"), ("合计", "9"))),)),
        [],
    ),
    ("text_length", {"field": "title", "max": 3}, Structure(fields={"title": "四个字的"}), [("title", "的")]),
]
STRUCTURE_HIT: dict[str, dict[str, Any]] = {
    "image_without_alt": {"images": [{}]}, "image_without_credit": {"images": [{}]},
    "map_without_number": {"images": [{"alt": "地图"}]}, "video_without_caption": {"videos": [{}]},
    "table_columns": {"tables": [{"rows": [["手机号", "身份证号"], ["1", "2"]]}]},
    "table_total": {"tables": [{"rows": [["项", "数"], ["甲", "1"], ["合计", "9"]]}]},
    "text_length": {"fields": {"title": "很长的标题"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "args", "structure", "found"), STRUCTURES, ids=[f"{c[0]}-{n}" for n, c in enumerate(STRUCTURES)]
)
def test_structure_checks(
    tmp_path: Path, name: str, args: dict[str, Any], structure: Structure, found: list[tuple[str, str]]
) -> None:
    match = {"kind": "structure", "name": name, "args": args}
    policy = loaded(tmp_path, [rule("s", match, {"structure": STRUCTURE_HIT[name]}, {"structure": {}})])
    assert [(one.ref, one.excerpt) for one in run(policy, structure=structure).findings] == found


def test_a_structure_rule_minds_its_parts(tmp_path: Path) -> None:
    match = {"kind": "structure", "name": "image_without_alt"}
    hit = {"structure": {"images": [{}]}}
    policy = loaded(tmp_path, [rule("s", match, hit, {"structure": {}}, scope={"parts": ["alt"]})])
    (finding,) = run(policy, structure=Structure(images=(ImageFact("blocks/3"),))).findings
    assert (finding.part, finding.ref, finding.start, finding.end) == (PartKind.ALT, "blocks/3/alt", 0, 0)


@pytest.mark.parametrize(
    ("validator", "good", "bad"),
    [
        (
            "cn_idcard",
            ["11010519491231002X", "11010519491231002x", "440308199901101512", "110105 19491231 002X"],
            [
                "11010519491231002Y",
                "110105194912310021",
                "99010519491231002X",
                "11010519491331002X",
                "1101051949123100",
                "",
            ],
        ),
        (
            "cn_idcard15",
            ["110105491231002"],
            ["110105491331002", "990105491231002", "11010549123100", "11010549123100X"],
        ),
        ("uscc", ["91110000600037341L"], ["91110000600037341M", "9111000060003734IL", ""]),
        (
            "bankcard",
            ["6222021202002000124", "4111111111111111", "4111 1111 1111 1111"],
            ["6222021202002000125", "0000000000000000", "411111111111", "4111-1111-1111-111x", ""],
        ),
        ("luhn", ["79927398713"], ["79927398714", "abc", ""]),
        ("date", ["2024年2月29日", "2月29日", "2024-02-29"], ["2023年2月29日", "2024-02-30", "没有日期"]),
        (
            "date_weekday",
            ["2024年5月1日（星期三）", "2024年5月5日周天"],
            ["2024年5月1日（星期四）", "5月1日（星期三）", "星期三"],
        ),
    ],
)
def test_validators(validator: str, good: list[str], bad: list[str]) -> None:
    for value in good:
        assert VALIDATORS[validator](value), value
    for value in bad:
        assert not VALIDATORS[validator](value), value


@pytest.mark.parametrize(
    ("paragraphs", "open_at"),
    [
        (("“第一段。", "“第二段。”"), []),
        (("他说：“第一段。", "“第二段。", "“第三段。”"), []),
        (("会议强调：“第一段。", "第二段没有引号。", "第三段结束。”"), []),
        (("会议强调：“第一段。", "另一段。", "又一段。"), [0]),
        (("第一段。”", "“第二段。”"), [0]),
        (("他说：“甲。", "她说：“乙。", "丙。”"), [0]),
    ],
)
def test_a_quotation_of_several_paragraphs_closes_once(
    tmp_path: Path, paragraphs: tuple[str, ...], open_at: list[int]
) -> None:
    policy = loaded(tmp_path, [rule("c", {"kind": "checker", "name": "pairs"}, "（甲")], lexicons=LEXICONS)
    found = run(policy, *paragraphs).findings
    assert [int(finding.ref.removeprefix("blocks/")) for finding in found] == open_at


def test_a_table_whose_first_column_is_empty_somewhere_is_a_fault_with_its_line(tmp_path: Path) -> None:
    lexicons = {**LEXICONS, "people.tsv": LEXICONS["people.tsv"] + "\t\t\tx\n"}
    match = {"kind": "checker", "name": "person_post", "args": {"lexicon": "people.tsv"}}
    with pytest.raises(Faults, match=r"people\.tsv 第 4 行的“name”是空的"):
        loaded(tmp_path, [rule("c", match, HIT["person_post"])], lexicons=lexicons)
