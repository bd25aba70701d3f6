"""What is wrong with policy files, as sentences that say what to do next: one for every code of a fault."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from app.domain.files.faults import Fault
from app.domain.vocabulary import Level, Role, StageKind
from app.words.labels import label

#: A sentence for each code; the names in braces are the fault's data.
SENTENCES = {
    "file_missing": "没有这个文件。",
    "unreadable": "读不了：请核对文件权限，并存为 UTF-8 编码。",
    "yaml": "不是有效的 YAML：{problem}。",
    "empty": "文件是空的。",
    "character": "有不能使用的字符 {character}；请删去。",
    "key": "名称只能是一个词，不能是列表或者一组值。",
    "duplicate_key": "这一项写了两次（前一次在第 {first} 行）；请删去一处。",
    "alias": "规则文件里不支持 YAML 锚点和别名（&、*）；请逐一写出。",
    "merge": "“<<”后面只能是一组“名称: 值”的别名。",
    "too_many_values": "内容太多：超过 {limit} 个值；别名用一次算一次。",
    "too_deep": "嵌套太深：超过 {limit} 层。",
    "value": "看不懂的值“{value}”；请核对日期、数字的写法，或者加上引号。",
    # What rules and checkers of the negative list say in their own words.
    "said": "{message}",
    # The order of a workflow.
    "duplicate_stage": "环节代码“{stage}”用了两次；请换一个。",
    "duplicate_outcome": "处理意见代码“{outcome}”用了两次；请换一个。",
    "one_kind": "kind 只写一种职责；兼有的写在 also 里，例如 kind: proof、also: read_through。",
    "unknown_stage": "没有代码为“{names}”的环节；请核对写法。",
    "loop": "环节“{stage}”绕了一圈又等自己；请改 after，断开这个圈。",
    "unreachable": "环节“{stage}”永远轮不到；请改 after，让它接在能到达的环节之后。",
    "no_earlier_stage": "“{names}”不是“{stage}”之前由人办理的环节，不能退回到那里。",
    "no_way_on": "环节“{stage}”没有“通过”一类的处理意见，稿件到这里走不下去；请加一条 verb: approve。",
    "no_way_out": "环节“{stage}”只能通过；请加一条退回（send_back）或者退稿（decline）。",
    "no_exit_after_rounds": (
        "环节“{stage}”退回满 {rounds} 次以后就只能通过；请加一条退稿（decline）或者请示（hold）。"
    ),
    "no_rule_check": "没有规则检查环节；请在最前面加 kind: rule_check。",
    "before_rule_check": "审稿环节“{stage}”没有排在规则检查之后；请改 after。",
    # Its people.
    "nobody_needed": "规则检查由系统完成，不需要 who；请删去。",
    "nobody": "环节“{stage}”没有人能办；请写明 who。",
    "nobody_sometimes": (
        "环节“{stage}”对有些稿件没有人能办：who 的条件合起来没有覆盖所有情形；"
        "请补一条不设条件的，或者补全条件。"
    ),
    "group_missing": "环节“{stage}”要求每组一人，但有的 who 没有写 group。",
    "author_may_not_act": "环节“{stage}”由作者办理，却没有写 author_may_act: true。",
    "too_few_people": "环节“{stage}”需要 {needed} 人，只指名了 {people} 人。",
    "persons_unknown": "环节“{stage}”指名的 {persons} 不在现有人员中；请核对登录名，或者改 who。",
    "posts_unheld": "环节“{stage}”要求的职务 {posts} 现在没有人担任；请登记职务，或者改 who。",
    "nobody_holds_it": "现有人员中没有人能办“{stage}”{draft}；请授予角色、职务，或者改 who。",
    "too_few_people_for_set": (
        "“{names}”凑不齐：{stages} 需要 {needed} 个不同的人，能办的只有 {people}{draft}。"
        "请增加人员，或者调整角色。"
    ),
    "too_few_people_for_sets": (
        "几组要求单独看都能满足，合在一起凑不齐：{names}{draft}。请增加人员，或者调整角色。"
    ),
    "same_person_of_no_earlier": (
        "“{names}”不是“{stage}”之前由人办理的环节，same_person_as 写不到它；请核对顺序。"
    ),
    "head_kept_out": "“{stage}”既指名作者所在部门的负责人，又不许其办理（not_head_of_author）；请删去一处。",
    "same_person_kept_apart": "“{stage}”既要与“{names}”同一人，又写进同一组 distinct；请删去一处。",
    "same_person_of_several": "“{stage}”和“{names}”须各由一人办理，才谈得上同一人；请改 need。",
    # A committee.
    "votes_without_committee": (
        "环节“{stage}”不是委员会表决，不能有 oppose、abstain；请写 need: {{in_favour: …}}。"
    ),
    "committee_too_small": "环节“{stage}”共 {members} 人表决，却需要 {needed} 人；永远通不过，请改 need。",
    "committee_without_chair": "环节“{stage}”由主持人否决，却没有写 chair。",
    "committee_without_time": "环节“{stage}”到期限才结束表决，请写 within。",
    "committee_of_outside": "环节“{stage}”有外请人员表决，系统不知道共几人；请在 need 里写 members。",
    "committee_without_no": "环节“{stage}”由委员会表决，却不能投反对票；请加一条 verb: oppose。",
    "one_ends_the_vote": (
        "环节“{stage}”由委员会表决，一人退回（send_back）或者退稿（decline）就会结束表决；"
        "请删去，或者写 veto: anybody。"
    ),
    "committee_signs": "环节“{stage}”是签发或者核红，须由一个人负责，不能由委员会表决。",
    # Its conditions and flags.
    "never_applies": "环节“{stage}”的条件自相矛盾，永远不会适用；请改 applies_if。",
    "condition_never": "这个条件自相矛盾，没有稿件会符合；请改写，或者删去。",
    "condition_always": "这个条件任何稿件都符合，等于没有写；请改写，或者删去。",
    "raises_without_approval": "处理意见“{outcome}”不是通过或者退回，不能写 raises。",
    "no_reasons_to_give": "处理意见“{outcome}”要求选理由（one_of_reasons），却没有列 reasons；请列出。",
    "flag_for_nothing": "标记“{flag}”没有任何环节用到；请删去，或者补上以它为条件的环节。",
    "flag_comes_too_late": "标记“{flag}”在“{stage}”才会产生，而用到它的 {stages} 不在其后；请改 after。",
    "added_by_routing_only": "added_by 由分流规则填写，文件里不能写。",
    # The three reviews.
    "missing_review_level": "缺少{level}；三审缺一不可，请加一个 levels 含 {level_code} 的审稿环节。",
    "review_may_be_skipped": "{level}设了条件，可能被跳过；三审缺一不可，请删去 applies_if。",
    "level_without_review": "环节“{stage}”写作{level}，却没有审稿职责；请把 kind 或者 also 写成 review。",
    "reviews_out_of_order": "环节“{stage}”没有排在“{before}”之后；三审应当依次进行。",
    "named_twice": "同一项写了两次；请删去一处。",
    "two_reviews_in_one": "环节“{stage}”兼了两审（{levels}）；任何两审不得由同一人担任，请分开。",
    "short_lane_without_review": "这个流程不足三审，至少要有一个不设条件、作者不能办的审稿环节。",
    "short_lane_author_signs": "环节“{stage}”：不足三审的流程，作者不能自己签发；请删去 author_may_act。",
    "short_lane_not_apart": "{stages} 可以由同一人办理；审稿和签发须由两人，请写进同一组 distinct。",
    "workflow_of_other_purpose": "流程“{workflow}”的 purpose 不是 {purpose}，不能用在这里。",
    "reviews_not_distinct": "{stages} 可以由同一人办理；任何两审不得由同一人担任，请写进同一组 distinct。",
    # Proofs, signing, time.
    "proof_without_channel": "环节“{stage}”看的是校样，须写 per: channel。",
    "no_proof_to_confirm": "核红环节“{stage}”须看校样；请写 per: channel。",
    "no_proof_to_show_on": (
        "环节“{stage}”看的不是校样；规则命中在稿件页上本来就看得到，请删去 shows_findings。"
    ),
    "unknown_profile": "没有名为“{names}”的计法；请写 profiles 里有的名称。",
    "no_sign_off": "没有签发环节；请在最后加 kind: sign_off。",
    "sign_off_without_proof": "签发环节“{stage}”须看校样；请写 per: channel。",
    "signed_too_early": "签发环节“{stage}”之后还有 {before}；签发应当在最后。",
    "required_of_nobody": "环节“{stage}”由系统自动办理，没有人提批注；请删去 requires。",
    "not_to_be_overridden": "环节“{stage}”是三审、规则检查或签发，任何人不得越过；请删去 override。",
    "all_of_outside": "环节“{stage}”请外部人员，没有“全体”可言；need 请写 any 或者 at_least。",
    "outside_signs": "环节“{stage}”是签发或者核红，须由本单位人员办理；请去掉 outside。",
    "role_cannot_decide": (
        "环节“{stage}”由{role}办理；管理员和负面清单管理员看不到稿件，只读角色只看不办。请换成审校角色或者职务。"
    ),
    "watches_not_the_text": (
        "环节“{stage}”的 watches 不含正文（blocks）：正文整篇换掉，结论也不作废。"
        "请补上 blocks，或者删去 watches。"
    ),
    "watches_nothing": (
        "环节“{stage}”的 watches 是空的：内容怎样改动，结论都不作废。请写明要看的内容，或者删去 watches。"
    ),
    "rule_check_may_be_skipped": "规则检查设了条件，可能被跳过；请删去环节“{stage}”的 applies_if。",
    "sign_off_may_be_skipped": "签发设了条件，可能无人签发就发布；请删去环节“{stage}”的 applies_if。",
    # What a second person accepts.
    "author_decides_late": "环节“{stage}”可由作者本人办理，复审、终审或者签发会成为自己审自己。",
    "editor_decides_last": "环节“{stage}”可由编辑角色办理，凡能写稿的人都能终审或者签发。",
    "outside_alone": "环节“{stage}”对有些稿件只由外部人员凭链接办理，这一审没有本单位的人负责。",
    "watches_not_all": "环节“{stage}”不看 {fields}：这些内容改动以后，结论不作废。",
    "signature_survives": "环节“{stage}”签发以后内容小改，签发仍然有效，签发人看不到改后的样子。",
    "proofs_not_distinct": "{stages} 没有写进同一组 distinct，几个校次可能由同一人完成。",
    "marks_unconfirmed": "有校对而没有每稿必经的核红环节，校对标记是否改正没有人核对。",
    "marks_only_wide": (
        "小改的限度很宽（{characters} 字、{edits} 处、{share}‰）：这样大的改动以后，已作的结论仍然保留。"
    ),
    "deadline_of_zero": "环节“{stage}”的期限是 0 个工作日；请至少写 1。",
    # The calendar.
    "outside_the_year": "{day} 不在 {year} 年；请核对日期。",
    "holidays_overlap": "“{name}”与前面的假期重叠。",
    "worked_and_free": "{day} 既是假期又要上班；请核对通知。",
    "no_weekend": "{day} 本来就是工作日，不需要写进 workdays。",
    "year_twice": "{year} 年有两个文件；请删去一个。",
    # Routing.
    "takes_away": "分流规则只能增加环节，不能取消、跳过或者替换；请删去这一项。",
    "rule_twice": "规则代码“{rule}”用了两次；请换一个。",
    "stage_twice": "两条规则增加了同一个环节“{stage}”；请换一个代码。",
    "no_default": "没有兜底的一条：请在最后写一条不设条件的规则。",
    "unknown_workflow": "没有代码为“{workflow}”的流程；请核对写法。",
    "never_chosen": "前面已有不设条件的规则，“{rule}”永远选不到；请移到它前面。",
    "class_unnamed": (
        "“{where}”问到的 {grade} 类没有在 classes 中命名，稿件不可能是这一类；请补上名称，或者改这个条件。"
    ),
    "unknown_fact": "没有名为“{fact}”的情形；请先在 facts 中写明，或者写规则编号。",
    "added_stage_has_level": "增加的环节不能充作 {levels}；请删去 levels。",
    "not_to_be_added": "不能增加 {kinds} 环节。",
    "place_twice": "位置由 before、after、beside 决定，环节里不能再写 after。",
    "condition_twice": "条件由 when 决定，环节里不能再写 applies_if。",
    "always_added": "没有条件，等于改了流程；请写明 when，或者直接改流程文件。",
    "faulty_workflow": (
        "流程“{workflow}”本身有 {faults} 处问题，第一处：{of_sentence}"
        "请先用 sanshen workflow lint 检查 workflows/{workflow}.yaml。"
    ),
    "breaks_workflow": "加进流程“{workflow}”后有问题：{of_sentence}",
    "no_place": "流程“{workflow}”里没有这个环节；请换一个位置，或者用 workflows 限定适用的流程。",
    # Channels.
    "channel_twice": "单位“{unit}”的阵地代码“{channel}”用了两次；请换一个。",
    "section_twice": "阵地“{channel}”的栏目代码“{section}”用了两次；请换一个。",
    # What names something of another kind of file.
    "unknown_channel": "没有代码为“{name}”的阵地；请核对写法，或者先改阵地文件。",
    "unknown_section": "没有代码为“{name}”的栏目；请核对写法，或者先改阵地文件。",
    "stage_exists": "流程“{workflow}”里已有环节“{stage}”；请换一个代码。",
}

#: What the models of policy files say against the form, by their own words.
_FORMS = {
    "give when, or a table": "须写 when，或者写一张表（table）。",
    "a table says who decides and how many: leave out who and need": (
        "由谁办、几个人办由表（table）决定；请删去 stage 里的 who 和 need。"
    ),
    "a row names people of the house, without group and when": (
        "表（table）里的 who 只写本单位的角色、职务或者人，不写 group、when、outside。"
    ),
    "all_of, any_of and none_of are not empty": "all_of、any_of、none_of 至少写一个条件，不能是空的。",
    "name exactly one of role, person, post, author, head_of_author, outside": (
        "须在 role、person、post、author、head_of_author、outside 中写一项，且只写一项。"
    ),
    "name exactly one of level, kind, stage": "须在 level、kind、stage 中写一项，且只写一项。",
    "give exactly one of before, after, beside": "须在 before、after、beside 中写一项，且只写一项。",
    "say by which rules, words or fields the fact is told": "须写明由哪些 rules、words 或者 fields 认定。",
    "a holiday ends on or after the day it begins, and within 15 days": (
        "假期的止日不能早于起日，且不超过 15 天。"
    ),
}
#: What is wrong with YAML, by how the parser begins to say it.
_YAML = {
    "mapping values are not allowed": "这里不能再有“名称: 值”，多半是缩进不对，或者值里有冒号而没有加引号",
    "found character": "这里不能用这个字符：缩进只能用空格，以 @、`、% 开头的值要加引号",
    "did not find expected node content": "这里缺少值，或者括号没有成对",
    "expected the node content": "这里缺少值，或者括号没有成对",
    "did not find expected ',' or": "括号没有成对，或者中间缺少逗号",
    "expected ',' or": "括号没有成对，或者中间缺少逗号",
    "found unexpected end of stream": "引号没有成对",
    "did not find expected key": "缩进与上面的行没有对齐",
    "did not find expected '-' indicator": "列表里的这一行没有以“- ”开头，或者缩进没有对齐",
    "expected <block end>": "缩进与上面的行没有对齐",
    "could not find expected ':'": "这一行缺少冒号",
    "full-width colon": "键后面的冒号是全角的“：”，请改为半角的“:”，后面空一格",
    "tab before a key": "这一行用制表符缩进，请改为空格",
    "found undefined alias": "别名没有定义",
    "found duplicate anchor": "锚点用了两次",
    "but found another document": "一个文件里只能有一份内容，请删去“---”",
    "found unknown escape character": "双引号里的反斜杠写法不对；请改用单引号",
    "exceeded maximum nesting depth": "括号或者缩进嵌套太深",
}
_TYPES = {
    "missing": "缺少这一项。",
    "extra_forbidden": "没有这一项；请核对写法。",
    "string_pattern_mismatch": "只能用小写字母、数字和下划线，以字母开头，不超过 40 个字符。",
    "string_type": "这里要写文字；no、yes、on、off 和数字、日期会被当成别的东西，请加引号。",
    "string_too_short": "不能为空。",
    "string_too_long": "太长。",
    "too_short": "项数太少。",
    "bool_parsing": "只能写 true 或者 false。",
    "model_type": "应当是一组“名称: 值”。",
    "dict_type": "应当是一组“名称: 值”。",
    "tuple_type": "应当是一个列表。",
    "list_type": "应当是一个列表。",
    "json_invalid": "不是有效的 JSON。",
}


def located(fault: Fault) -> str:
    """Return a fault in one line: `file:line key：sentence`, without what is not known."""
    place = f"{fault.file}:{fault.line}" if fault.line else fault.file
    return f"{place} {fault.key}：{sentence(fault)}" if fault.key else f"{place}：{sentence(fault)}"


def plain(fault: Fault) -> dict[str, Any]:
    """Return a fault with its sentence as JSON shows it."""
    return {"file": fault.file, "line": fault.line, "key": fault.key, "message": sentence(fault)}


def sentence(fault: Fault) -> str:
    """Return what a fault says to people. Raises `KeyError` for a code without a sentence."""
    if fault.code == "form":
        return _form(fault.data)
    return SENTENCES[fault.code].format_map(_words(fault.data))


def _form(data: Mapping[str, Any]) -> str:
    if "nearest" in data:
        return f"没有这一项；是不是想写 {data['nearest']}？请核对写法。"
    known = _FORMS.get(data["message"]) or _TYPES.get(data["type"])
    if known is not None:
        return known
    if "expected" in data:
        expected = str(data["expected"]).replace("'", "").replace(" or ", "、").replace(", ", "、")
        return f"只能是 {expected}。"
    if "ge" in data or "le" in data:
        return f"数值超出范围：最小 {data['ge']}。" if "ge" in data else f"数值超出范围：最大 {data['le']}。"
    return f"类型或者写法不对（{data['message']}）。"


def _words(data: Mapping[str, Any]) -> dict[str, str]:
    words = {name: _word(value) for name, value in data.items()}
    words.setdefault("draft", "")
    if data.get("draft"):
        told = "，".join(f"{key} {_word(value)}" for key, value in data["draft"].items())
        words["draft"] = f"（稿件：{told}）"
    if "level" in data:
        words["level_code"] = str(data["level"])
    if "fault" in data:
        words["of_sentence"] = SENTENCES[data["fault"]].format_map(_words(data["of"]))
    if "message" in data:
        known = (told for start, told in _YAML.items() if str(data["message"]).startswith(start))
        words["problem"] = next(known, words["message"])
    return words


def _word(value: Any) -> str:  # noqa: ANN401 – JSON values
    if isinstance(value, list | tuple):
        return "、".join(map(_word, value)) or "无"
    if isinstance(value, Level | StageKind | Role):
        return label(value)
    if value is None:
        return "未定"
    return str(value.value if isinstance(value, StrEnum) else value) or "其他"
