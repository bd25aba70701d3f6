"""What is wrong with a policy is said at once, each fault with its file, line and key."""

from pathlib import Path

import pytest

from app.negative_list import Faults, load_policy
from app.negative_list.quality.lint import lint
from app.words.policy_faults import sentence
from tests.negative_list.policies import GOOD, HEAD, SAMPLE, SHIPPED, write


def spoilt(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def regex(pattern: str) -> str:
    match = f"{{kind: regex, pattern: '{pattern}'}}"
    return spoilt("{kind: terms, terms: {残废: 残疾}}", match)


#: What is wrong, the rules, the line, the key, and what the message says.
FAULTS = [
    ("no YAML", "version: 1\nrules: [}\n", 2, "", ["不是有效的 YAML"]),
    ("empty file", "", 1, "", ["文件是空的"]),
    ("tabs", "version: 1\nrules:\n\t- id: a\n", 3, "", ["不是有效的 YAML"]),
    ("a list in place of a mapping", "- id: a\n", 1, "", ["应为映射", "列表"]),
    ("rules that are no list", "version: 1\nrules: 3\n", 2, "rules", ["应为列表"]),
    ("unknown version", spoilt("version: 1", "version: 2"), 1, "version", ["第 1 版"]),
    ("unknown key", spoilt("  title:", "  titel:"), 4, "wording.canfei.titel", ["不认识的键", "title"]),
    (
        "unknown key of match",
        spoilt("terms: {残废", "view: fold, term: 1, terms: {残废"),
        7,
        "wording.canfei.match.term",
        ["不认识的键", "“terms”"],
    ),
    (
        "key twice",
        spoilt("  title: 残疾人称谓\n", "  title: 一\n  title: 二\n"),
        5,
        "rules.0.title",
        ["写了两次", "第 4 行"],
    ),
    (
        "unknown severity",
        spoilt("severity: block", "severity: blok"),
        5,
        "wording.canfei.severity",
        ["block、warn、info", "“blok”", "“block”"],
    ),
    (
        "unknown kind",
        spoilt("kind: terms", "kind: term"),
        7,
        "wording.canfei.match.kind",
        ["“terms”", "lexicon"],
    ),
    (
        "unknown checker",
        spoilt("{kind: terms, terms: {残废: 残疾}}", "{kind: checker, name: dates}"),
        7,
        "wording.canfei.match.name",
        ["“dates”", "“date”"],
    ),
    (
        "unknown validator",
        spoilt("{kind: terms, terms: {残废: 残疾}}", "{kind: regex, pattern: 残废, validate: cn_idcrd}"),
        7,
        "wording.canfei.match.validate",
        ["“cn_idcard”"],
    ),
    (
        "block without basis",
        spoilt("  basis: [{doc: 中华人民共和国残疾人保障法, article: 第三条}]\n", ""),
        3,
        "wording.canfei.basis",
        ["依据"],
    ),
    (
        "basis without doc",
        spoilt("{doc: 中华人民共和国残疾人保障法, article", "{article"),
        6,
        "basis.doc",
        ["缺少必填项"],
    ),
    (
        "no match",
        spoilt("  match: {kind: terms, terms: {残废: 残疾}}\n", ""),
        3,
        "wording.canfei.match",
        ["缺少必填项"],
    ),
    ("no examples", GOOD[: GOOD.index("  examples")], 3, "wording.canfei.examples", ["缺少示例"]),
    ("no hit", spoilt("    hit: [为残废老人服务]\n", ""), 8, "wording.canfei.examples.hit", ["至少要有一条"]),
    (
        "no miss",
        spoilt("    miss: [为残疾老人服务]\n", ""),
        8,
        "wording.canfei.examples.miss",
        ["至少要有一条"],
    ),
    (
        "one character",
        spoilt("{残废: 残疾}", "{残: 残疾}"),
        7,
        "terms",
        ["“残”", "只有一个字", "allow_short"],
    ),
    (
        "nothing after folding",
        spoilt("{残废: 残疾}", '{"\\u200b\\u200d": 残疾}'),
        7,
        "terms",
        ["归一化后什么也不剩"],
    ),
    (
        "the same after folding",
        spoilt("{残废: 残疾}", "{残废: 残疾, 殘廢: 残疾}"),
        7,
        "terms",
        ["“残废”相同"],
    ),
    ("a control character", spoilt("{残废: 残疾}", '{"残\\n废": 残疾}'), 7, "terms", ["控制字符"]),
    ("no terms", spoilt("{残废: 残疾}", "{}"), 7, "wording.canfei.match.terms", ["一个词也没有"]),
    (
        "missing lexicon",
        spoilt("{kind: terms, terms: {残废: 残疾}}", "{kind: lexicon, lexicon: typo.tsv}"),
        7,
        "wording.canfei.match.lexicon",
        ["typo.tsv"],
    ),
    (
        "number as text",
        spoilt("  severity", "  weight: 很多\n  severity"),
        5,
        "wording.canfei.weight",
        ["0 到 10"],
    ),
    (
        "no date",
        spoilt("  severity", "  effective: {from: 去年}\n  severity"),
        5,
        "wording.canfei.effective.from",
        ["2024-05-01"],
    ),
    (
        "ends before it begins",
        spoilt("  severity", "  effective: {from: 2025-01-01, until: 2024-01-01}\n  severity"),
        5,
        "wording.canfei.effective.until",
        ["早于"],
    ),
    (
        "unknown part",
        spoilt("  severity", "  scope: {parts: [body, titel]}\n  severity"),
        5,
        "wording.canfei.scope.parts",
        ["“titel”", "“title”"],
    ),
    (
        "anchor",
        spoilt("[{doc: 中华", "&law [{doc: 中华").replace("  examples", "  unless: *law\n  examples"),
        8,
        "rules.0.unless",
        ["锚点"],
    ),
    (
        "no mapping for a flag",
        spoilt("  severity", "  shadow: 是\n  severity"),
        5,
        "wording.canfei.shadow",
        ["true 或 false"],
    ),
    (
        "variant of nothing",
        spoilt("  severity", "  variant_of: wording.canfee\n  severity"),
        3,
        "wording.canfei.variant_of",
        ["没有规则 wording.canfee", "“wording.canfei”"],
    ),
    (
        "two exceptions in one",
        spoilt("  examples", "  unless: [{covering: [残废证], line_has: 证}]\n  examples"),
        8,
        "wording.canfei.unless",
        ["写且只写一种"],
    ),
    (
        "a dead covering word",
        spoilt("  examples", "  unless: [{covering: [残疾证]}]\n  examples"),
        3,
        "wording.canfei.unless.covering",
        ["“残疾证”", "永远不会用到"],
    ),
    (
        "a dead title",
        spoilt("  examples", "  unless: [{inside: {open: 《, close: 》}, only: [残疾人保障法]}]\n  examples"),
        3,
        "wording.canfei.unless.inside.only",
        ["永远不会用到"],
    ),
    (
        "a window too small",
        spoilt("  examples", "  unless: [{before: {any: [历史上称], within: 3}}]\n  examples"),
        8,
        "wording.canfei.unless.before.any",
        ["“历史上称”", "永远不会用到"],
    ),
    (
        "a window too large",
        spoilt("  examples", "  unless: [{after: {any: [证], within: 900}}]\n  examples"),
        8,
        "wording.canfei.unless.after.within",
        ["1 到 200"],
    ),
    ("look-ahead", regex("残废(?=军人)"), 7, "wording.canfei.match.pattern", ["环视", "改用"]),
    ("look-behind", regex("(?<!不)残废"), 7, "wording.canfei.match.pattern", ["环视", "unless"]),
    ("back-reference", regex(r"(残)废\1"), 7, "wording.canfei.match.pattern", ["反向引用", "repeat"]),
    ("unicode escape", regex(r"\u6b8b废"), 7, "wording.canfei.match.pattern", ["\\u", "残", "\\x{6b8b}"]),
    ("word boundary", regex(r"\b残废"), 7, "wording.canfei.match.pattern", ["edge"]),
    ("possessive", regex("残废++"), 7, "wording.canfei.match.pattern", ["占有"]),
    ("named group", regex("(?P<a>残)废"), 7, "wording.canfei.match.pattern", ["命名组", "(?:…)"]),
    ("inline flag", regex("(?i)残废"), 7, "wording.canfei.match.pattern", ["内联标志"]),
    ("empty match", regex("(?:残废)?"), 7, "wording.canfei.match.pattern", ["空串"]),
    ("too many repeats", regex("残{1,5000}废"), 7, "wording.canfei.match.pattern", ["最多 100"]),
    ("too long", regex("残" * 501), 7, "wording.canfei.match.pattern", ["500"]),
    ("open bracket", regex("(残废"), 7, "wording.canfei.match.pattern", ["没有对应"]),
    (
        "does not hit",
        spoilt("[为残废老人服务]", "[为残疾人服务]"),
        9,
        "wording.canfei.examples.hit",
        ["没有命中"],
    ),
    (
        "hits elsewhere",
        spoilt("[为残废老人服务]", "[{text: 为残废老人服务, at: [0, 2]}]"),
        9,
        "wording.canfei.examples.hit",
        ["[0, 2]", "[1, 3]"],
    ),
    (
        "suggests otherwise",
        spoilt("[为残废老人服务]", "[{text: 为残废老人服务, suggest: 残障}]"),
        9,
        "wording.canfei.examples.hit",
        ["“残障”", "残疾"],
    ),
    (
        "hits what it should not",
        spoilt("[为残疾老人服务]", "[残废军人证]"),
        10,
        "wording.canfei.examples.miss",
        ["不应命中却命中了", "“残废”"],
    ),
]


@pytest.mark.parametrize(
    ("rules", "line", "key", "words"), [case[1:] for case in FAULTS], ids=[c[0] for c in FAULTS]
)
def test_a_fault_says_where_it_is_and_what_was_expected(
    tmp_path: Path, rules: str, line: int, key: str, words: list[str]
) -> None:
    found = lint(write(tmp_path, rules)).faults
    matching = [fault for fault in found if fault.line == line and fault.key == key]
    assert matching, found
    assert matching[0].file == "rules.yaml"
    for word in words:
        assert any(word in sentence(fault) for fault in matching), (word, matching)


def test_what_lint_refuses_cannot_be_loaded(tmp_path: Path) -> None:
    for number, case in enumerate(FAULTS):
        with pytest.raises(Faults):
            load_policy(write(tmp_path / str(number), case[1]))


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    rules = (
        GOOD
        + GOOD.removeprefix("version: 1\nrules:\n").replace("severity: block", "severity: sever")
        + "- id: other\n  titel: x\n  severity: warn\n  match: {kind: regex, pattern: '(?=x)'}\n"
    )
    found = lint(write(tmp_path, rules, head=HEAD + "shadow: [wording.canfee]\nchanels: [wechat]\n")).faults
    told = {(fault.file, fault.key) for fault in found}
    assert told >= {
        ("policy.yaml", "shadow"),
        ("policy.yaml", "chanels"),
        ("rules.yaml", "wording.canfei"),
        ("rules.yaml", "wording.canfei.severity"),
        ("rules.yaml", "other.titel"),
        ("rules.yaml", "other.match.pattern"),
        ("rules.yaml", "other.examples"),
    }
    twice = next(fault for fault in found if fault.key == "wording.canfei")
    assert (twice.line, sentence(twice)) == (11, "规则编号重复，rules.yaml:3 已经用过")


def test_channels_and_sections_of_a_rule_must_be_known(tmp_path: Path) -> None:
    head = HEAD + "channels: {wechat: 公众号}\nsections: {news: 要闻}\n"
    rules = spoilt("  severity", "  scope: {channels: [wechatt], sections: ['!new', '*']}\n  severity")
    found = {fault.key: sentence(fault) for fault in lint(write(tmp_path, rules, head=head)).faults}
    assert "“wechat”" in found["wording.canfei.scope.channels"]
    assert "“news”" in found["wording.canfei.scope.sections"]


def test_longer_words_in_the_column_of_notes_are_told(tmp_path: Path) -> None:
    rules = spoilt("{kind: terms, terms: {残废: 残疾}}", "{kind: lexicon, lexicon: words.tsv}")
    lines = "# 词表\n残废\t残疾\t残废军人证|老残废品\n瘸子\t肢体残疾人\t残疾人保障法第三条\n"
    found = lint(write(tmp_path, rules, lexicons={"words.tsv": lines})).faults
    assert [
        (fault.line, "第四列" in sentence(fault)) for fault in found if fault.file == "lexicons/words.tsv"
    ] == [(2, True)]


@pytest.mark.parametrize(
    ("lines", "line", "word"),
    [
        ("布署\t部署\t\t\t多\n", 1, "4 列"),
        ("布署\t部署\n\n布署\t部署\n", 3, "第 1 行重复"),
        ("松驰\t松弛\n布署  部署\n", 2, "制表符"),
        ("布署\u3000部署\n", 1, "制表符"),
        ("\t部署\n", 1, "空的"),
        ("布\t部署\n", 1, "一个字"),
        ("布署\t部署\t\t部署会\n", 1, "“部署会”不含"),
    ],
)
def test_a_fault_of_a_word_list_has_its_line(tmp_path: Path, lines: str, line: int, word: str) -> None:
    rules = spoilt("{kind: terms, terms: {残废: 残疾}}", "{kind: lexicon, lexicon: typos.tsv}")
    found = lint(write(tmp_path, rules, lexicons={"typos.tsv": lines})).faults
    told = [fault for fault in found if fault.file == "lexicons/typos.tsv"]
    assert told, found
    assert told[0].line == line
    assert word in sentence(told[0])


def test_a_short_word_needs_a_reason(tmp_path: Path) -> None:
    rules = spoilt("{kind: terms, terms: {残废: 残疾}}", "{kind: terms, terms: [废], allow_short: 测试}")
    assert lint(write(tmp_path, rules)).faults == ()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy", GOOD)
    (folder / "broken.yaml").write_bytes("version: 1\nrules: []\n# \xff".encode("latin-1"))
    (folder / "lexicons").mkdir()
    (folder / "lexicons" / "a.tsv").write_bytes(b"\xfe\n")
    found = {(fault.file, fault.line, sentence(fault)) for fault in lint(folder).faults}
    assert ("broken.yaml", 3, "不是 UTF-8 文本") in found
    assert ("lexicons/a.tsv", 1, "不是 UTF-8 文本") in found
    assert [sentence(fault) for fault in lint(tmp_path / "nowhere").faults] == ["没有这个文件夹"]


def test_includes_stay_in_the_folder(tmp_path: Path) -> None:
    head = HEAD + "includes: [rules.yaml, ../other.yaml, missing.yaml]\n"
    told = [sentence(fault) for fault in lint(write(tmp_path / "policy", GOOD, head=head)).faults]
    assert any("不在规则文件夹内" in message for message in told)
    assert "没有文件 missing.yaml" in told


def test_doubtful_things_are_warnings(tmp_path: Path) -> None:
    again = GOOD.removeprefix("version: 1\nrules:\n").replace("wording.canfei", "wording.again")
    result = lint(write(tmp_path, GOOD + again))
    assert result.faults == ()
    assert [(fault.key, sentence(fault)) for fault in result.warnings] == [
        ("wording.again", "词“残废”与规则 wording.canfei 重复")
    ]


@pytest.mark.parametrize("folder", [SAMPLE, SHIPPED], ids=["sample", "shipped"])
def test_good_policies_have_no_fault(folder: Path) -> None:
    result = lint(folder)
    assert result.faults == ()
    assert result.digest == load_policy(folder).digest


def test_what_a_chinese_keyboard_and_a_tab_spoil_is_told_with_its_own_line(tmp_path: Path) -> None:
    for wrong, line, word in (
        ("  severity： block", 5, "全角"),
        ("\tseverity: block", 5, "制表符"),
    ):
        rules = GOOD.replace("  severity: block", wrong)
        (fault,) = (one for one in lint(write(tmp_path, rules)).faults if one.file == "rules.yaml")
        assert fault.line == line
        assert word in sentence(fault)


def test_a_rule_file_that_is_not_included_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD, head=HEAD + "includes: [rules.yaml]\n")
    (folder / "more.yaml").write_text(GOOD, encoding="utf-8")
    (folder / "tests").mkdir()
    (folder / "tests" / "drafts.yaml").write_text("", encoding="utf-8")
    found = lint(folder)
    assert found.faults == ()
    assert [(one.file, "includes" in sentence(one)) for one in found.warnings] == [("more.yaml", True)]
