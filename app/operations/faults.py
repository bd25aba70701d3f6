"""What can be wrong with an installation, as codes, and in words: what is so, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Gravity(StrEnum):
    """How bad it is: an error wants somebody now, a warning soon, a note is only told."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: its code, what the sentence needs, how bad it is.

    While one that `stops` lasts, the service takes nothing in: `/readyz` answers 503.
    """

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)
    level: Gravity = Gravity.ERROR
    stops: bool = False

    @property
    def said(self) -> str:
        """What is so, in a sentence."""
        return WORDS[self.code][0].format_map(dict(self.data))

    @property
    def advice(self) -> str:
        """What to do."""
        return WORDS[self.code][1].format_map(dict(self.data))


#: code → (what is so, what to do)
WORDS: dict[str, tuple[str, str]] = {
    # the database
    "database_unavailable": (
        "数据库没有答复：{cause}。",
        "看数据库是否在运行、地址和密码是否正确（SANSHEN_DATABASE_URL）；恢复后服务自己接上，不必重启。",
    ),
    "database_gone": (
        "数据库文件 {path} 已被移走、删除或者替换。",
        "先停止服务。文件还在的，移回原处再启动；没有了的，用 sanshen restore 恢复备份。",
    ),
    "database_read_only": (
        "数据库不能写入：{cause}。",
        "看文件和目录的权限、磁盘是否以只读方式挂载；PostgreSQL 看是否连到了备库。",
    ),
    "database_busy": ("数据库忙，{seconds} 秒没有写进去。", "看有没有别的程序占着数据库。"),
    "database_damaged": (
        "数据库文件已损坏：{cause}。",
        "停止服务，保留原文件，用 sanshen restore 恢复备份。",
    ),
    "outcome_unknown": ("数据库在保存时断开。", "看数据库的日志；恢复后服务自己接上。"),
    "internal": ("检查时出现意外错误：{cause}。", "看服务日志中同一时间的记录。"),
    "schema_behind": (
        "数据库结构是 {found}，这个版本需要 {wanted}。",
        "停止服务，备份后运行 sanshen migrate；如果数据库更新，请换用相应版本的程序。",
    ),
    "schema_empty": (
        "数据库还没有建表。",
        "新装请运行 sanshen migrate；原来有数据的，用 sanshen restore 恢复备份。",
    ),
    "role_lacks": ("数据库角色 {role} 没有这些权限：{lacking}。", "请数据库管理员授予，或者换用建表的角色。"),
    "role_superuser": (
        "数据库角色 {role} 是超级用户，可以绕过留痕的保护。",
        "为服务另建一个普通角色，见 docs/operations.md。",
    ),
    "role_owner": (
        "数据库角色 {role} 是各表的所有者，可以去掉留痕的保护。",
        "为服务另建一个普通角色，所有者只用来升级，见 docs/operations.md。",
    ),
    "triggers_missing": (
        "有 {count} 张表缺少不可改动的保护：{tables}。",
        "用 sanshen audit verify 核验，再从备份恢复。",
    ),
    "two_servers": (
        "另一个服务正在使用这个 SQLite 数据库：{holder}。",
        "只留一个；要多个进程，请改用 PostgreSQL。",
    ),
    "database_none": ("还没有数据库 {path}。", "新装请运行 sanshen migrate。"),
    # space and files
    "disk_full": ("{path} 所在的磁盘只剩 {free}。", "清出空间；在此之前服务不接收新内容。"),
    "disk_low": ("{path} 所在的磁盘只剩 {free}（{percent}%）。", "尽快清理或者扩容。"),
    "folder_unwritable": ("不能在 {path} 里写文件：{cause}。", "改权限，或者看磁盘是否以只读方式挂载。"),
    "folder_open": ("{path} 的权限是 {mode}，本机其他用户可以读。", "运行 chmod go-rwx {path}。"),
    # the clock
    "clock_differs": (
        "本机时钟比数据库的{direction} {seconds} 秒。",
        "在两台机器上启用时间同步（chrony 或者 systemd-timesyncd）。",
    ),
    "clock_behind": (
        "本机时钟是 {now}，而已经有 {newest} 的记录：时钟慢了，或者曾经快过。",
        "先校准时钟。时钟确实无误的（以前快过），运行 sanshen doctor --clock-is-right 记下。",
    ),
    "clock_was_ahead": ("记录中有晚于现在的时间 {newest}：时钟曾经快过。", "时钟无误的不必处理。"),
    "clock_old": ("本机时钟是 {now}，早于这个版本的制作时间。", "校准时钟。"),
    "clock_jumped": (
        "本机时钟在服务运行中跳了 {seconds} 秒。",
        "看时间同步是否正常；跳到正确时间的，重启服务即可消除这一条。",
    ),
    # policies
    "folder_faulty": (
        "政策文件夹里有 {count} 处错误，第一处：{first}。正在使用的版本不受影响。",
        "改正文件夹里的文件，或者换回正在使用的版本。",
    ),
    "folder_followed": (
        "除负面清单外，政策文件夹里的文件改了就生效，没有第二人批准（SANSHEN_POLICIES_FOLLOW=folder）。",
        "试用时可以这样；正式使用须设为 granted。",
    ),
    "list_faulty": (
        "负面清单文件夹有 {count} 处错误，已启用的版本仍在使用：{first}。",
        "用 sanshen policy lint 查看并改正。",
    ),
    "list_unusable": ("负面清单不能使用：{first}。", "用 sanshen policy lint 查看并改正。"),
    "policies_broken": ("{file} 有错误：{first}。", "用 sanshen workflow lint 查看并改正；改好后自动生效。"),
    "channels_broken": ("阵地文件有错误：{first}。", "改正 channels.yaml；在此之前服务不能重新启动。"),
    "channels_none": ("还没有阵地。", "先用 sanshen unit add 建立单位，再重启服务。"),
    "channels_differ": ("阵地文件与数据库不一致：{names}。", "重启服务，使改动生效。"),
    "year_unknown": ("工作日历没有 {year} 年。", "补上 calendar/{year}.yaml，否则到期时间算不出来。"),
    # jobs and processes
    "no_worker": (
        "服务在运行，但没有后台任务进程：排版、通知、推送都不会进行。",
        "启动 sanshen worker，或者用 serve --jobs。",
    ),
    "worker_lost": (
        "后台任务进程 {process} 在 {seen} 后没有消息，没有别的进程接替。",
        "看它的日志，重新启动 sanshen worker。",
    ),
    "server_lost": ("服务进程 {process} 在 {seen} 后没有消息。", "看它的日志，重新启动 sanshen serve。"),
    "process_lost": (
        "进程 {process} 在 {seen} 后没有消息，别的进程已经接替。",
        "不必处理；反复出现时看它的日志。",
    ),
    "versions_differ": ("运行中的进程版本不一：{versions}。", "把旧进程停掉，全部换成同一版本。"),
    "runner_dead": ("本进程的后台任务已经停止。", "重启服务，并把日志交给开发方。"),
    "jobs_overdue": ("后台任务已经等了 {minutes} 分钟没有进行。", "看后台任务进程是否在运行、是否过少。"),
    "jobs_dead": (
        "有 {count} 项后台任务多次失败，已经放弃：{kinds}。",
        "由系统管理员在接口 /api/v1/jobs 查看原因并重试。",
    ),
    "not_running": ("服务现在没有运行。", "检查完毕后用 sanshen serve 启动。"),
    # keys and settings
    "key_missing": (
        "没有密钥文件 {path}。",
        "从备份恢复它；没有备份的，见 docs/operations.md 的“没有密钥会怎样”。",
    ),
    "key_bad": ("密钥文件 {path} 不能使用：{cause}。", "从备份恢复它。"),
    "key_open": (
        "密钥文件 {path} 的权限是 {mode}，别人可以读。",
        "运行 chmod 600 {path}；怀疑已泄露的，换新密钥。",
    ),
    "key_changed": (
        "{which}与这个数据库以前用的不同。",
        "误换的，换回原来的；有意更换的，运行 sanshen doctor --accept-keys 记下。",
    ),
    "secret_default": (
        "SANSHEN_SECRET_KEY 是公开的默认值。",
        "正式使用前设置自己的（openssl rand -hex 32）。",
    ),
    "secret_weak": ("SANSHEN_SECRET_KEY 太简单。", "换成 openssl rand -hex 32 生成的。"),
    "secrets_sealed": (
        "有 {count} 个推送密钥或者群机器人地址用现在的 SANSHEN_SECRET_KEY 解不开。",
        "恢复原来的 SANSHEN_SECRET_KEY，或者逐个重新设置。",
    ),
    "not_production": ("现在是试用设置（SANSHEN_ENVIRONMENT=development）。", "正式使用时设为 production。"),
    "foreign_database": (
        "数据目录 {path} 属于另一个数据库。",
        "改正 SANSHEN_DATABASE_URL 或者 --data；确实要换的，删去其中的 installation.json。",
    ),
    "no_marker": ("数据目录还没有记下它属于哪个数据库。", "启动一次服务即可。"),
    "nobody": ("还没有单位和用户。", "用 sanshen unit add 和 sanshen user add 建立。"),
    "granted_alone": (
        "{count} 项职责是在服务器上授予的，没有第二人到场：{grants}。",
        "请安全管理员在“人员与岗位”核对，收回后重新授予；留痕已写明没有第二人到场。",
    ),
    "demo_in_production": ("生产环境里有演示账号：{logins}。", "用 sanshen user deactivate 停用。"),
    # mail and webhooks
    "mail_none": ("没有设置邮件服务器，不发邮件通知。", "需要邮件时设置 SANSHEN_SMTP_HOST。"),
    "mail_refused": ("邮件服务器 {host} 连不上：{cause}。", "看 SANSHEN_SMTP_* 各项和网络。"),
    "hook_not_listed": (
        "推送地址 {host} 不在 SANSHEN_WEBHOOK_HOSTS 里，推送不会发出。",
        "把它加进去并重启，或者停用这个推送。",
    ),
    # the record
    "record_altered": (
        "留痕有 {count} 处改动或者缺失，第一处在“{stream}”。",
        "不要再改动数据库；运行 sanshen audit verify 逐处查看，保全证据后从备份恢复。",
    ),
    "record_heads": (
        "有 {count} 条留痕的末尾与登记的不符，例如“{stream}”。",
        "不要再改动数据库；运行 sanshen audit verify 逐处查看。",
    ),
}
