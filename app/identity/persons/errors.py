"""The words of refusals about persons."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "user_there_already": ("此人已经在这个单位。", "The account belongs to this unit already."),
        "name_unchanged": ("这就是现在的姓名。", "This is the present name."),
        "user_active": (
            "该账号在用，或者属于外部人员，不能重新启用。",
            "The account is in use, or is an outsider's.",
        ),
        "not_a_person": ("服务账号不是自然人。", "A service account is no person."),
        "staff_number_taken": (
            "这个工号已经登记给另一个人。如果是同一人，请安全管理员合并。",
            "Another person has this staff number.",
        ),
        "staff_numbers_differ": (
            "两人登记的工号不同，不能合并；请先由系统管理员更正工号。",
            "The two have different staff numbers.",
        ),
        "persons_are_one": ("两个账号已经属于同一人。", "The two accounts are one person's already."),
        "persons_told_apart": ("两人已经认定为不同的人。", "The two were told apart already."),
    }
)
reasons(
    {
        "merge_reason": "请写明根据，例如核对了人事名册。",
        "staff_number_taken": "工号重复。",
    }
)
