"""Where something stands in a file that a draft holds, in words: 附件“名单.xlsx” 工作表“名单” 单元格 D12."""

from collections.abc import Mapping

_NONE: Mapping[str, str] = {}
#: What stands at a cell, and what stands on a sheet beside its cells.
_AT_CELL = {
    "comment": "的批注",
    "link": "的链接",
    "formula": "的公式",
    "phonetic": "的拼音",
    "other": "的附注",
}
_ON_SHEET = {
    "name": "的名称",
    "header": "页眉",
    "footer": "页脚",
    "comments": "的批注",
    "link": "的链接",
    "outside": "引用的文件",
    "drawing": "里的图形",
    "chart": "里的图表",
    "table": "里的表",
    "dataValidations": "的填写提示",
    "conditionalFormatting": "的条件格式",
    "autoFilter": "的筛选条件",
}
_PROPERTIES = {
    "author": "作者",
    "last_author": "最后修改者",
    "company": "单位",
    "manager": "经理",
    "path": "本机路径",
    "position": "拍摄地点",
    "custom": "自定义属性",
    "title": "标题",
    "subject": "主题",
    "keywords": "关键词",
    "description": "备注",
    "xmp": "扩展属性",
}


def column_name(number: int) -> str:
    """Return the letters of a column of a sheet, counted from 0: 0 is `A`, 26 is `AA`."""
    name, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def place_in_file(ref: str) -> str:
    """Return a place within a file in words; empty for the file itself. `ref` is what a reading names it."""
    steps = [step.replace("%2F", "/").replace("%25", "%") for step in ref.split("/")] if ref else []
    match steps:
        case []:
            return ""
        case ["sheets", name, *rest]:
            return f"工作表“{name}”{_on_sheet(rest)}"
        case ["rows", row, column, *_]:
            return f"第 {int(row) + 1} 行第 {int(column) + 1} 列"
        case ["lines", line]:
            return f"第 {line} 行"
        case ["pages", page, *rest]:
            return f"第 {page} 页{_on_page(rest)}"
        case [("codes" | "words") as kind, box]:
            left, top, wide, high = box.split(",")
            what = "二维码" if kind == "codes" else "图中文字"
            return f"{what}（距左 {left}、距上 {top}，{wide}×{high} 像素）"
        case ["embedded", name, *rest]:
            inner = place_in_file("/".join(ref.split("/")[2:])) if rest and rest != ["name"] else ""
            return f"里面的文件“{name}”{' ' * bool(inner)}{inner}"
        case _:
            return _other(steps)


def _other(steps: list[str]) -> str:
    match steps:
        case ["properties", name, *_]:
            return f"文件属性“{_PROPERTIES.get(name.lower(), name)}”"
        case ["fields", name, *_]:
            return f"表单“{name}”"
        case ["bookmarks", number]:
            return f"第 {number} 条书签"
        case ["other", name, *_]:
            return f"文件内部的 {name}"
    return _in_word_file(steps)


def _in_word_file(steps: list[str]) -> str:
    match steps:
        case ["title"]:
            return "标题"
        case ["paragraphs", number]:
            return f"第 {number} 段"
        case ["tables", number, *rest]:
            return f"第 {number} 个表格{_in_table(rest)}"
        case ["beside", name, _]:
            return f"正文以外的{name}"
    return "/".join(steps)


def _in_table(rest: list[str]) -> str:
    match rest:
        case ["rows", row, column]:
            return f"第 {int(row) + 1} 行第 {int(column) + 1} 列"
        case ["caption"]:
            return "的表题"
    return ""


def _on_sheet(rest: list[str]) -> str:
    match rest:
        case []:
            return ""
        case ["rows", row, column, *what]:
            return (
                f" 单元格 {column_name(int(column))}{int(row) + 1}{_AT_CELL.get(what[0], '') if what else ''}"
            )
        case [what, *_]:
            return _ON_SHEET.get(what, "的其他内容")
    return ""


def _on_page(rest: list[str]) -> str:
    match rest:
        case ["lines", line]:
            return f"第 {line} 行"
        case ["notes", number]:
            return f"第 {number} 处批注"
        case ["links", number]:
            return f"第 {number} 处链接"
        case ["words", box]:
            return place_in_file(f"words/{box}")
        case ["codes", box]:
            return place_in_file(f"codes/{box}")
    return ""


_FIELDS = {
    "title": "标题",
    "subtitle": "副标题",
    "summary": "摘要",
    "byline": "署名",
    "source": "来源",
    "source_url": "来源链接",
}
_WITHIN = {"alt": "替代文字", "caption": "说明", "credit": "来源说明"}


def place_in_text(ref: str) -> str:
    """Return a place of a document in words: 标题, 第4段, 第5段替代文字; empty for what is none."""
    match ref.split("/"):
        case [field] if field in _FIELDS:
            return _FIELDS[field]
        case ["blocks", index, "rows", row, column]:
            return f"第{int(index) + 1}段表格第{int(row) + 1}行第{int(column) + 1}格"
        case ["blocks", index, *within]:
            return f"第{int(index) + 1}段" + _WITHIN.get("/".join(within), "")
    return ""


def place_held(ref: str, names: Mapping[str, str] = _NONE) -> str:
    """Return a place in an attachment, or in a picture of the text, in words; empty for any other place.

    `names` gives the file names of attachments: `attachments/0`.
    """
    match ref.split("/"):
        case ["attachments", index, *rest]:
            held = names.get(f"attachments/{index}")
            named = f"附件“{held}”" if held else f"附件{int(index) + 1}"
            inner = place_in_file("/".join(rest))
            return f"{named} {inner}".rstrip()
        case ["blocks", index, ("codes" | "words") as kind, box]:
            return f"第{int(index) + 1}段图片里的{place_in_file(f'{kind}/{box}').removeprefix('图中')}"
    return ""


def in_order(ref: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts places as people read: row 2 before row 10."""
    return tuple((int(step), "") if step.isdecimal() else (-1, step) for step in ref.split("/"))
