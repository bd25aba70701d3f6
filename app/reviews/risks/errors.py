"""The words about workflows that are used only when a second person has accepted what the linter warns of."""

from app.domain.files.faults import Fault
from app.infra.http.problems import problems, reasons, worded
from app.words.policy_faults import sentence

problems(
    {
        "risk_nothing": (
            "这个流程没有需要接受的提醒，可以直接使用。",
            "There is nothing to be accepted about this workflow.",
        ),
        "risk_asked": (
            "已有一份申请等着答复，请先由另一人答复。",
            "It was asked for already and waits for an answer.",
        ),
        "risk_decided": ("这份申请已经有结论。", "It was decided already."),
        "risk_outdated": (
            "申请之后流程文件又改过，提醒已经不同，请重新申请。",
            "The workflow's warnings are others by now.",
        ),
    }
)
reasons(
    {
        "workflow_risk": (
            "流程“{workflow}”有一处提醒还没有经第二人接受：{said}"
            "请由负面清单管理员在“审校流程”页申请、另一人接受，或者改流程文件。"
        ),
        "own_risk": "提醒须由申请人以外的人接受。",
    }
)
worded("workflow_risk", lambda data: {**data, "said": sentence(Fault(0, "", data["fault"], data["of"]))})
