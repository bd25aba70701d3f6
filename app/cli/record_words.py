"""What a verification of the record found, in words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.audit.vouched_tables import NOT_VOUCHED, VOUCHED
from app.words.tables import TABLES

if TYPE_CHECKING:
    from app.audit.verification import Unseen, Verified
    from app.domain.record.chain import Fault

_FAULTS = {
    "body_unreadable": "记录读不出来",
    "body_not_canonical": "记录的写法不是规范形式",
    "version_unknown": "记录的版本或算法不认识",
    "leaf_differs": "记录的内容被改动",
    "prev_differs": "与前一条接不上",
    "stream_differs": "不属于这条留痕",
    "events_missing": "缺少第 {first} 至 {last} 号记录",
    "event_repeated": "编号重复",
    "out_of_order": "次序颠倒",
    "time_goes_back": "时间早于前一条",
    "column_differs": "列 {column} 与记录不符",
    "private_differs": "个人信息 {field} 与承诺不符",
    "private_unknown": "个人信息 {field} 没有承诺",
    "erased_unrecorded": "个人信息 {field} 被清空，却没有依法删除的记录",
    "tail_missing": "末尾第 {first} 至 {last} 号记录被截去",
    "tail_unknown": "末尾多出第 {first} 至 {last} 号记录",
    "head_differs": "末尾与登记的不符",
    "beginning_missing": "缺少开始登记{table}的记录，被删去",
    "row_changed": "{table} {key} 的内容与这条记录登记的不符，被改动{columns}",
    "row_removed": "{table} {key} 有登记，表里没有这一行，被删去",
    "row_added": "{table} {key} 在表里，却没有登记：可能是后来加入，也可能是登记它的记录被删去",
    "cell_unreadable": "{table} {key} 有内容读不出来，被改动{columns}",
    "content_differs": "{table} {key} 的内容与自身的摘要不符，被改动{columns}",
    "content_missing": "所记的{table} {digest} 不在表里，被改动或删去",
    "guard_missing": "{table}的保护触发器 {guard} 不在，或已停用：这张表现在可以被人改动",
    "log_gap": "总日志缺少第 {first} 至 {last} 位",
    "log_event_missing": "总日志第 {position} 位所记的这条记录不在了，被删去",
    "log_event_differs": "与总日志第 {position} 位所记的不符，被改写",
    "log_tile_differs": "总日志第 {number} 个中间结果与各位不符",
    "back_dated": "时间 {ts} 与它进入总日志的时间（{after} 至 {before}）不符，可能倒填或预填了时间",
    "log_leaf_unreadable": "总日志第 {position} 位的内容读不出来，被改动",
    "logged_differs": "总日志的记号说这条留痕已写到第 {said} 号，总日志里是第 {found} 号：总日志或记号被改动",
    "logged_missing": "总日志里有 {found} 条留痕，总日志的记号里有 {said} 条：其中一张表被整个清空",
    "checkpoint_unreadable": "检查点（{size} 条）读不出来，被改动",
    "checkpoint_file_unreadable": "检查点目录里的 {file} 读不出检查点，被改动",
    "checkpoint_row_differs": "检查点（{size} 条）的行与它自己所说的不符，被改动{columns}",
    "checkpoint_row_missing": "检查点目录里的 {file} 有 {count} 个检查点不在数据库里，"
    "最后一个有 {size} 条（{made_at}）：数据库里的被删去或改动，或数据库恢复到了更早的时候",
    "checkpoints_missing": "曾经有过检查点或总日志（总日志现有 {size} 位），现在一个检查点也没有：被删去",
    "checkpoint_unsigned": "{where}的检查点（{size} 条，{made_at}）签名不对",
    "checkpoint_differs": "与{where}的检查点（{size} 条，{made_at}）不符："
    "总日志第 {good} 条以后、第 {size} 条以前的记录被整体改写过",
    "checkpoint_ahead": "{where}的检查点（{made_at}）有 {size} 条记录，现在只有 {found} 条：末尾被截去",
}

_UNSEEN = {
    "only_some_streams": "只核验了名称以 {what} 开头的留痕；各表内容、其他留痕和检查点没有核对",
    "rows_as_found": "{count} 行在升级时照原样登记，登记以前有没有改动过，这里看不出来",
    "rows_unsalted": "{what}有 {count} 行无法核对：登记用的随机数已依法删除",
    "no_key": "{count} 个检查点不是用现在的签名密钥签的，或没有密钥：它们的签名没有核对",
    "not_comparable": "{count} 个检查点无法对照：它们所在的一段总日志有缺失",
    "no_checkpoint": "还没有检查点：整条留痕连同末尾一起删去，这里看不出来",
    "not_logged": "最后一个检查点之后的 {count} 条记录还没有进入检查点：其中若有整条留痕被删，这里看不出来",
    "nothing_outside": "没有拿系统以外保存的检查点来对照：如果总日志和检查点也被一起改写，这里看不出来。"
    "请用 --checkpoint 文件 对照保存在别处的检查点",
}


def place(fault: "Fault") -> str:
    """Return where a fault is."""
    if not fault.stream:
        return "数据库"
    return f"{fault.stream} 第 {fault.seq} 号" if fault.seq else fault.stream


def sentence(fault: "Fault") -> str:
    """Return what is wrong."""
    data = {**fault.data}
    if "table" in data:
        data["table"] = TABLES.get(data["table"], data["table"])
    columns = data.get("columns")
    data["columns"] = f"（{'、'.join(columns)}）" if columns else ""
    return _FAULTS[fault.code].format_map({"first": "", "last": "", "column": "", "field": "", **data})


def unseen(verified: "Verified") -> Iterator[str]:
    """Return what was not looked at, a sentence each."""
    for entry in verified.unseen:
        if entry.code in _UNSEEN:
            what = TABLES.get(entry.what, entry.what)
            yield _UNSEEN[entry.code].format(what=what, count=entry.count)
    yield from _by_reason(verified.unseen)


def _by_reason(unseen: "tuple[Unseen, ...]") -> Iterator[str]:
    """Tables and columns that the record does not vouch for, with the reason of each."""
    for entry in unseen:
        if entry.code == "table":
            yield f"{TABLES[entry.what]}（{entry.what}）：{NOT_VOUCHED[entry.what]}"
    columns: dict[tuple[str, str], list[str]] = {}
    for entry in unseen:
        if entry.code == "column":
            table, _, column = entry.what.partition(".")
            columns.setdefault((table, VOUCHED[table].left_out[column]), []).append(column)
    for (table, reason), names in columns.items():
        yield f"{TABLES[table]}的 {'、'.join(names)}：{reason}"
