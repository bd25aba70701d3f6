"""What a source held and the document does not: with its words, what matters first, equal things once."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: What is shown of something that no reader of the source saw either: a script, a comment.
EXCERPT = 120
#: What is shown of words that a reader of the source saw.
WORDS = 4000
#: So many different comments, scripts and the like are listed one by one.
FEW = 10
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"[ \t\r\f\n]+")

#: kind → its name, and why it is not in the text. The first matter most; the last are of machines.
KINDS: dict[str, tuple[str, str]] = {
    "tracked_changes": ("修订", "接受与否由交稿人决定；要改，请在 Word、WPS 里处理好，或换一种选择重新交"),
    "pending_insertion": ("没有接受的插入", "没有进入正文"),
    "pending_deletion": ("没有接受的删除", "还在正文里"),
    "accepted_insertion": ("按选择接受的插入", "已经进入正文"),
    "accepted_deletion": ("按选择接受的删除", "没有进入正文"),
    "word_comment": ("批注", "批注不是正文"),
    "broken_part": (
        "读不出的部件",
        "文件的这一部分已损坏，没有检查，请在 Word、WPS 里打开另存后重新交",
    ),
    "unread": ("没有认出的文字", "文件里有，但不在正文能收的地方，请核对"),
    "image": ("图片", "没有随文收下，请上传 PNG、JPG 图片，再在正文里引用"),
    "attachment_list": ("附件清单", "附件随稿件另行保存，这几行不是正文"),
    "background_image": ("背景图片", "图片要先上传，再在正文里引用"),
    "video": ("视频", "正文不能直接收视频"),
    "audio": ("音频", "正文不能直接收音频"),
    "embedded": ("嵌入的内容", "语音、小程序、名片等由原平台显示，正文收不了"),
    "iframe": ("嵌入的网页", "正文收不了别处的网页"),
    "object": ("嵌入的对象", "正文收不了"),
    "embed": ("嵌入的对象", "正文收不了"),
    "wordart": ("艺术字", "红头、水印等用艺术字写的文字，正文收不了"),
    "smartart": ("SmartArt 图示", "图示里的文字收不进正文，请改成文字或图片"),
    "chart": ("图表", "图表里的文字和数字收不进正文，请改成表格或图片"),
    "shape_text": ("图形里的文字", "正文收不了"),
    "math_object": ("公式对象", "MathType 等公式对象读不出文字，没有检查，请改成文字或图片"),
    "embedded_file": ("嵌入的文件", "嵌入的表格、文档等没有读取，没有检查；请取出来作为附件上传"),
    "external": ("外部引用", "指向文件之外的内容，没有打开，也没有下载"),
    "macro": ("宏", "没有执行，也没有收"),
    "signature": ("电子签名", "只签在原来的文件上，正文不带"),
    "header": ("页眉", "页眉不是正文"),
    "footer": ("页脚", "页脚不是正文"),
    "text_box": ("文本框", "文字已收在所在段落之后，位置请核对"),
    "covered_cell": ("被合并盖住的单元格", "原文里看不见"),
    "alt_text": ("替代文字", "图形的说明，正文收不了"),
    "options": ("下拉选项", "选中的一项已收，其余的正文收不了"),
    "control_title": ("内容控件的标题", "不是正文"),
    "glossary": ("构建基块", "存在文件里、没有用到的文字"),
    "fallback": ("备用内容", "只在旧版 Word 里显示"),
    "converted": (
        "转换过的文档",
        "原文件不是 .docx，先转换再读，版式、编号和修订请对照原文件核对；最好用 Word、WPS 另存为 .docx",
    ),
    "old_word": (
        "旧版 Word 文档",
        "版式未保留，修订不可分辨，请逐段核对；最好用 Word、WPS 另存为 .docx 后再交",
    ),
    "link": ("链接", "地址不完整或打不开，文字已保留；请改为以 https:// 开头的完整地址"),
    "image_link": ("图片上的链接", "图片不能带链接，请另写成文字链接"),
    "symbol_font": ("符号字体里的字", "这种字体把字母画成符号，正文里是字母，请核对"),
    "strikethrough": ("删除线", "标题、说明里不能带删除线，划掉的字没有收"),
    "superscript": ("上标", "标题、说明里写不出这个上标，文字已保留"),
    "subscript": ("下标", "标题、说明里写不出这个下标，文字已保留"),
    "nested_table": ("表中表", "里层表格的文字已逐行收进单元格"),
    "list_style": ("列表编号样式", "编号已改用数字"),
    "list_depth": ("列表层级", "层级太深，已并入最深一层"),
    "direction": ("文字方向", "改变文字显示的先后，正文按原来的先后收，请核对"),
    "colour": ("有颜色的文字", "正文不带颜色，文字已保留；颜色有所指的，请写成文字"),
    "faint": ("与底色相同、极小的文字", "原文里几乎看不见，文字已保留，请核对该不该留"),
    "size": ("大号文字", "正文不带字号，文字已保留"),
    "decoration": ("上划线", "正文不带这种标记，文字已保留"),
    "alignment": ("表格里的对齐", "表格统一排版，文字已保留"),
    "hidden_text": ("隐藏的文字", "原文里看不见"),
    "code_language": ("代码的语言", "文字已保留，语言的名称没有地方可放"),
    "title_attribute": ("提示文字", "鼠标停留才显示的文字"),
    "front_matter": ("文件头信息", "没有对应的栏目可填"),
    "footnote": ("脚注", "没有找到它的内容，原样留在正文里；请另写一行“[^1]: 内容”"),
    "ruby": ("注音", "标题、说明里写不了注音，或者没有找到它注的字"),
    "input": ("表单", "正文收不了表单"),
    "select": ("表单选项", "正文收不了表单"),
    "textarea": ("表单", "正文收不了表单"),
    "button": ("按钮", "正文收不了按钮"),
    "svg": ("矢量图", "图片要先上传，再在正文里引用"),
    "math": ("公式", "正文收不了这种公式，请改成文字或图片"),
    "map": ("图片热区", "图片上的链接收不了，请另写成文字链接"),
    "canvas": ("画布", "正文收不了"),
    "page_title": ("网页标题", "已另有标题"),
    "style_sheet": ("样式表", "里面有删除线、上下标、隐藏、编号或添字等设置，没有照办，请核对正文"),
    "control_character": ("控制字符", "看不见，也不该有"),
    "noscript": ("备用内容", "只在关掉脚本的浏览器里显示"),
    "template": ("网页模板", "原文里看不见"),
    "markup": ("标记", "写得不完整，或不是正文"),
    "link_element": ("网页引用", "不是正文"),
    "script": ("脚本", "不是正文"),
    "comment": ("注释", "原文里看不见"),
    "field_code": ("域代码", "由 Word 计算，结果已收"),
    "properties": ("文档属性", "不是正文；原文件作为附件公开前请核对"),
    "custom_xml": ("附带的数据", "不是正文"),
    "word_markup": ("Word、WPS 的排版标记", "不是正文"),
}
_ORDER = {kind: place for place, kind in enumerate(KINDS)}
#: Kinds that no reader of the source sees: an excerpt is enough, and a few of many.
OF_MACHINES = frozenset({"markup", "link_element", "script", "comment", "word_markup", "custom_xml"})


#: Kinds of looks that many words may have: said once, with the first of them.
_OF_LOOKS = frozenset({"colour", "faint", "size", "decoration", "alignment", "text_box"})
#: So many of their words are shown, and so much of each.
_FIRST, _LENGTH = 6, 20


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the source held and the document does not: its kind, its words, and how often."""

    kind: str
    what: str
    count: int = 1

    @property
    def name(self) -> str:
        """What kind of thing it is, in Chinese."""
        return KINDS[self.kind][0] if self.kind in KINDS else f"网页元素 {self.kind}"

    @property
    def why(self) -> str:
        """Why it is not in the text, in Chinese."""
        return KINDS[self.kind][1] if self.kind in KINDS else "正文收不了"


def left_out(kind: str, what: str) -> LeftOut | None:
    """Return an entry with the words `what`, cut where they are many; `None` without words."""
    words = _SPACES.sub(" ", what).strip()
    most = EXCERPT if kind in OF_MACHINES else _LENGTH if kind in _OF_LOOKS else WORDS
    if len(words) > most:
        words = f"{words[:most]}…（共 {len(words)} 字）" if most is WORDS else f"{words[:most]}…"
    return LeftOut(kind, words) if words else None


def turning(texts: Iterable[str]) -> list[LeftOut]:
    """Return the characters that turn the order in which words are shown; they stay in their text."""
    counts = Counter(char for text in texts for char in _TURNING.findall(text))
    return [
        LeftOut("direction", f"U+{ord(char):04X} {unicodedata.name(char)} × {count}，原样留在正文里")
        for char, count in sorted(counts.items())
    ]


def summed(entries: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    """Return the entries by their weight, equal ones once with their number, and of machines' many a few."""
    counts = Counter[tuple[str, str]]()
    for entry in entries:
        counts[entry.kind, entry.what] += entry.count
    by_kind: dict[str, list[LeftOut]] = {}
    for (kind, what), count in counts.items():
        by_kind.setdefault(kind, []).append(LeftOut(kind, what, count))
    in_order = sorted(by_kind.items(), key=lambda pair: _ORDER.get(pair[0], _ORDER["page_title"]))
    return tuple(entry for kind, listed in in_order for entry in _few(kind, listed))


def _few(kind: str, listed: list[LeftOut]) -> Iterator[LeftOut]:
    if kind in _OF_LOOKS:
        yield listed[0] if len(listed) == 1 else _looks(kind, listed)
        return
    if kind not in OF_MACHINES or len(listed) <= FEW:
        yield from listed
        return
    yield from listed[: FEW - 1]
    rest = listed[FEW - 1 :]
    yield LeftOut(kind, f"另有 {len(rest)} 种，这里不一一列出", sum(entry.count for entry in rest))


def _looks(kind: str, listed: list[LeftOut]) -> LeftOut:
    more = " 等" if len(listed) > _FIRST else ""
    shown = "、".join(entry.what for entry in listed[:_FIRST])
    return LeftOut(kind, shown + more, sum(entry.count for entry in listed))
