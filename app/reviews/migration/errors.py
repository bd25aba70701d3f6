"""The words about moving open cases to the workflow version in force."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "migration_refused": (
            "不能迁移，请按下列各条处理；没有任何审签案被改动。",
            "The cases cannot be moved; nothing was changed.",
        ),
        "migration_nothing": (
            "没有可以迁移的审签案：都已经走现行版本，或者已经结束。",
            "There is no case to be moved.",
        ),
        "migration_outdated": (
            "申请之后流程文件又改过，请按现行版本重新试算、重新申请。",
            "The workflow file was changed after the migration was asked for.",
        ),
        "migration_decided": ("这份迁移申请已经有结论。", "The migration was decided already."),
    }
)
reasons(
    {
        "migration_case": "稿件 {number}：{sentence}",
        "own_migration": "迁移须由申请人以外的人批准。",
        "migration_case_unknown": "没有编号为 {case} 的进行中审签案，或者不走这个流程。",
    }
)
