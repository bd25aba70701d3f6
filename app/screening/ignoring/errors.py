"""The words of the refusals to ignore findings."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "not_to_ignore": ("不能这样记为不改，原因如下。", "The findings cannot be ignored like this."),
        "ignored_withdrawn": ("这一条已经撤回。", "It was withdrawn already."),
    }
)
reasons(
    {
        "ignoring_unknown": "第 {number} 处已不在检查结果里，请刷新后再看。",
        "ignoring_blocks": "第 {number} 处（{title}）是阻断项，不能不改：请修改，或者申请豁免。",
        "ignored_already": "第 {number} 处{by}已经说明不改。",
        "ignoring_needs_reason": "请写明不改的理由，后面的人会看到。",
    }
)
