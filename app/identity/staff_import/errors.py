"""The words of what is wrong with a staff list."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "staff_unfit": (
            "名单里有问题，一个账号也没有建立，一项职责也没有授予。",
            "The list has faults; nothing was done.",
        ),
        "staff_unread": ("这个文件读不出名单，原因如下。", "No staff list can be read from the file."),
    }
)
reasons(
    {
        "staff_no_file": "请选择一个 .xlsx 或 .csv 文件。",
        "staff_no_head": "第一行应当是列名，至少要有“姓名”和“登录名”。",
        "staff_nobody": "名单里没有人。",
        "staff_too_many": "名单有 {count} 人，一次至多 {limit} 人。",
        "staff_no_name": "第 {line} 行没有姓名。",
        "staff_login": "第 {line} 行的登录名“{login}”不行：用 2 至 64 个字母、数字和 . _ @ -。",
        "staff_login_twice": "第 {line} 行的登录名“{login}”与第 {other} 行相同。",
        "staff_login_taken": "第 {line} 行的登录名“{login}”已由{name}使用。",
        "staff_email": "第 {line} 行的邮箱“{email}”写得不对。",
        "staff_unit": "第 {line} 行：没有名为“{unit}”的单位；要新建，请在“上级单位”一列写明属于哪个单位。",
        "staff_unit_many": "第 {line} 行：有几个单位都叫“{unit}”，请改用接口。",
        "staff_role": "第 {line} 行：没有“{role}”这种职责。",
        "staff_no_account": "第 {line} 行：还没有登录名为“{login}”的账号，请系统管理员先导入。",
    }
)
