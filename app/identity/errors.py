"""The words of identity's refusals."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "sign_in_refused": ("登录名或密码不正确。", "The login or the password is wrong."),
        "sign_in_throttled": (
            "从这里登录失败的次数过多，请在 Retry-After 所示的秒数之后再试。",
            "Too many failed attempts from here; try again after Retry-After seconds.",
        ),
        "machine_signs_in": (
            "服务账号不能登录网页，请通过接口使用。",
            "A service account cannot sign in to the pages; it uses the API.",
        ),
        "password_change_needed": (
            "现在的密码是别人设的，请先改成只有自己知道的密码，再进行其他操作。",
            "The password was set by somebody else: choose your own first (PUT /api/v1/me/password).",
        ),
        "csrf_failed": (
            "页面已失效，没有提交：它不是在现在这次登录中打开的。请核对后再提交一次。",
            "The CSRF token is missing or wrong.",
        ),
        "password_refused": (
            "新密码不符合要求，请按下列各条修改。",
            "The new password does not meet the policy.",
        ),
        "password_wrong": ("原密码不正确。", "The old password is wrong."),
        "login_taken": ("这个登录名已被使用。", "The login is taken."),
        "unit_name_taken": ("同一上级单位下已有这个名称。", "The unit name is taken under this parent."),
        "roles_exclude": ("这个角色与该用户的情况不相容。", "The role cannot be given to this user."),
        "grant_exists": ("该用户在此范围内已有这个角色。", "The user has this role in this scope already."),
        "grant_revoked": ("这项授权已经收回。", "The grant was revoked already."),
        "delegation_refused": (
            "不能这样设立代理，请按下列各条修改。",
            "The delegation cannot be given.",
        ),
        "absence_refused": ("不能登记这次外出，请先解决下列各项。", "The absence cannot be entered."),
        "absence_over": ("这次外出已经结束。", "The absence is over."),
        "delegation_revoked": ("这项代理已经终止。", "The delegation was ended already."),
        "delegation_settled": (
            "这项代理已经有人同意，或者已经过期。",
            "The delegation was confirmed already, or is over.",
        ),
        "user_inactive": ("该用户已停用。", "The user is deactivated."),
    }
)
reasons(
    {
        "role_needed": "您在这个单位、阵地或栏目上没有相应的角色。",
        "administrator_excludes": "系统管理员、安全管理员、审计管理员互斥，且不能兼任其他角色。",
        "administrator_has_post": "管理员不能同时担任审校岗位：请先撤下岗位，或者先收回管理角色。",
        "administrator_stands_in": "管理员不能代理他人：请先终止由其代理的各项代理，或者先收回管理角色。",
        "administrator_represented": "管理员不能请人代理：请先终止其委托他人的各项代理，或者先收回管理角色。",
        "outside_by_link": "外部人员没有账号；请用签审链接请他们签审。",
        "person_only": (
            "审核、校对、签发、规则和管理角色以及岗位、代理只能授予自然人；"
            "服务账号只能授予“编辑”（交稿）和“只读”。"
        ),
        "machine_decides": "审核、校对、签发、紧急发布、豁免等决定须由自然人作出，服务账号不能办理。",
        "powers_beyond": "此人的职责超出了您管理的范围，请由管理到该范围的系统管理员办理。",
        "administrators_password": (
            "管理员的密码不能由另一位管理员重设：请在服务器上由两人到场，用 sanshen user password 办理。"
        ),
        "password_short": "密码至少 {min} 个字符。",
        "password_long": "密码至多 {max} 个字符。",
        "password_is_login": "密码不能与登录名相同或包含登录名。",
        "password_common": (
            "这个密码容易被猜到：去掉常见的词、键盘上相邻的键、重复、日期、号码以及本人和单位的名称后，所剩太少。"
            "请换成几个互不相干的词，或者随机的字符。"
        ),
        "password_used_before": "这个密码以前用过，请换一个没有用过的。",
        "own_account": "不能对自己的账号进行这项操作。",
        "to_oneself": "不能由本人代理本人。",
        "ends_before_it_starts": "结束日期早于开始日期。",
        "starts_in_the_past": "开始日期不能早于今天。",
        "too_long": "代理期不能超过一年；长期变动请调整角色。",
        "role_not_delegable": "只有审核、校对和签发可以代理；写稿用本人名义，管理员职责不能代理。",
        "circle": "这样会形成循环代理。",
        "chain_too_long": "代理只能再转一次，不能再往下转。",
        "nothing_to_delegate": "被代理人在这个范围内没有可以代理的职责。",
        "delegate_unfit": "代理人必须是在用的自然人账号，且不担任管理员。",
        "principal_only": "只有本人可以设立代理；由安全管理员代办的，须经本人或者另一位管理员同意。",
        "second_person": "代办的人自己不能同意，代理人也不能：须由本人或者另一位管理员同意。",
        "too_far_ahead": "最多提前两年登记，请改用近一些的日期。",
        "absence_too_long": "外出不能超过一年；长期变动请调整角色。",
        "absence_overlaps": "这几天已经登记过外出，请先销假，或者改用别的日期。",
        "absence_of_others": "只有本人和安全管理员可以登记外出、销假。",
        "section_without_channel": "写明栏目时必须同时写明阵地。",
    }
)
