import os
import re
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from app.infra.paths import shipped

#: Good for trying the product out; production refuses it.
DEFAULT_SECRET = "sanshen-development-secret-change-me"  # noqa: S105
MIN_SECRET = 32
#: A secret with fewer different characters was typed, not made.
MIN_DIFFERENT = 10
#: An entry of a list of hosts, in lower case: a name or an address, perhaps with a port.
_HOST = re.compile(r"([a-z0-9_]([a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?|[0-9a-f]*:[0-9a-f:.]+")


Network = IPv4Network | IPv6Network
HERE: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class Environment(StrEnum):
    """Where it runs; production refuses what is only good for trying out."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """Everything that differs between installations, from `SANSHEN_*` variables.

    What is secret may stand in files instead, named like the variables, in the folder that
    `SANSHEN_SECRETS_DIR` names: environments are shown by many tools.

    Raises `pydantic.ValidationError` naming every fault, among them secrets that production must not have.
    """

    model_config = SettingsConfigDict(env_prefix="SANSHEN_", extra="ignore", populate_by_name=True)

    environment: Environment = Environment.DEVELOPMENT
    data_dir: Path = Path("sanshen-data")
    database_url: str = ""
    #: How long `serve`, `worker` and `migrate` wait at their start for a database that is starting itself.
    database_wait_seconds: int = Field(default=60, ge=0, le=3600)
    #: The role that web service and workers use on PostgreSQL: `sanshen migrate`, run by the owner, makes it.
    database_role: str = Field(default="", pattern=r"^([a-z_][a-z0-9_]{0,62})?$")
    database_role_password: SecretStr = SecretStr("")
    #: The role by which an auditor reads the database and verifies the record: it changes nothing.
    auditor_role: str = Field(default="", pattern=r"^([a-z_][a-z0-9_]{0,62})?$")
    auditor_role_password: SecretStr = SecretStr("")
    policies_dir: Path | None = None
    #: Whether the files of the policy folder are in force at once, or only what two people have brought into
    #: force; the folder by default where the product is tried out. The negative list always takes two.
    policies_follow: Literal["folder", "granted"] | None = None
    public_url: str = "http://127.0.0.1:8000"

    #: Keys for fingerprints, cookies' CSRF tokens and stored webhook secrets; at least 32 characters.
    secret_key: SecretStr = SecretStr(DEFAULT_SECRET)
    #: PEM files (EC P-256 for tokens, Ed25519 for tickets and evidence); made on first start in development.
    token_key_file: Path | None = None
    signing_key_file: Path | None = None
    #: Where the record's checkpoints are written, a file a day; best a folder of another machine.
    checkpoint_dir: Path | None = None
    #: Where each checkpoint is sent to as a line of syslog: `udp://host:514`, `tcp://host:601`.
    checkpoint_syslog: str = Field(default="", pattern=r"^((udp|tcp)://[^\s/:]+:[0-9]{1,5})?$")
    #: Who gets the newest checkpoint by mail, once a day.
    checkpoint_mail: frozenset[str] = frozenset()
    #: Where compiled rules are kept, by what they were compiled from; installations may share it.
    cache_dir: Path | None = None

    #: Names beside that of the public address under which the service answers.
    hosts: frozenset[str] = frozenset()
    #: Networks of the proxies whose word on the client's address is taken; the old name is uvicorn's.
    proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=HERE,
        validation_alias=AliasChoices("SANSHEN_PROXIES", "FORWARDED_ALLOW_IPS"),
    )
    #: Networks from which operators and their tools ask for figures without signing in.
    operators: Annotated[tuple[Network, ...], NoDecode] = HERE
    #: How long the service may work on one request.
    request_seconds: float = Field(default=120, gt=0, le=3600)

    #: The folder of secrets in files; read before all others, see `settings_customise_sources`.
    secrets_dir: Path | None = None

    session_minutes: int = Field(default=480, ge=5, le=1440)
    session_idle_minutes: int = Field(default=60, ge=5, le=480)
    token_minutes: int = Field(default=10, ge=1, le=10)
    ticket_hours: int = Field(default=72, ge=1, le=720)
    cookie_secure: bool | None = None

    #: Hosts that outgoing webhooks may go to: `host` for its ports 443 and 80, `host:port` for that one; kept
    #: by the security administrator.
    webhook_hosts: frozenset[str] = frozenset()
    #: Whether listed addresses of this machine itself may be called: for trying out, not in production.
    webhook_loopback: bool = False
    #: How long one try may take in all, from looking the name up to the end of the answer's headers.
    webhook_timeout_seconds: float = Field(default=10, gt=0, le=60)

    #: Secrets of connected channels by the names that `channels.yaml` gives them; best in a file.
    connection_secrets: dict[str, SecretStr] = {}
    #: Where folders of connected websites and screens lie; under the data folder when not given.
    sites_dir: Path | None = None
    #: Where WeChat's platform is called; a relay where the service does not reach the internet.
    wechat_url: str = "https://api.weixin.qq.com"

    #: Hosts whose pages are fetched to be held against what was signed; written as `webhook_hosts`.
    online_hosts: frozenset[str] = frozenset()

    #: Where mail is handed in; without a host no mail is sent. STARTTLS unless told otherwise.
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    #: The address that mail comes from.
    smtp_from: str = ""
    #: A PEM file of the authorities that vouch for the mail server; the system's when not given.
    smtp_ca_file: Path | None = None
    #: How long handing in one letter may take in all.
    smtp_timeout_seconds: float = Field(default=20, gt=0, le=120)

    threads: int = Field(default=8, ge=1, le=64)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_json: bool = True

    @classmethod
    def settings_customise_sources(  # noqa: D102 – pydantic's own
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = os.environ.get("SANSHEN_SECRETS_DIR")
        if not folder:
            return init_settings, env_settings, dotenv_settings, file_secret_settings
        return init_settings, env_settings, dotenv_settings, SecretsSettingsSource(settings_cls, folder)

    @field_validator("proxies", "operators", mode="before")
    @classmethod
    def _networks(cls, given: object) -> object:
        """Take networks as a list with commas, as proxies and uvicorn write them. Raises `ValueError`."""
        if not isinstance(given, str):
            return given
        networks, faults = [], []
        for written in filter(None, (part.strip() for part in given.split(","))):
            try:
                networks.append(ip_network(written))
            except ValueError:
                faults.append(written)
        if faults:
            told = "、".join(f"“{fault}”" for fault in faults)
            raise ValueError(f"{told}不是地址或网段，应如 10.0.0.5,192.168.8.0/24；不能用 * 代表任何人")
        return tuple(networks)

    @property
    def is_for_trying_out(self) -> bool:
        """Whether this is no production."""
        return self.environment is Environment.DEVELOPMENT

    @property
    def answers_under(self) -> frozenset[str]:
        """The hosts under which the service answers: that of its public address, and others it was given."""
        own = urlsplit(self.public_url).hostname or ""
        return frozenset({own.lower(), *(host.lower() for host in self.hosts)})

    @property
    def url(self) -> str:
        """The SQLAlchemy address of the database; SQLite under the data folder when none is given."""
        if not self.database_url:
            return f"sqlite:///{(self.data_dir / 'sanshen.db').as_posix()}"
        if self.database_url.startswith(("postgres://", "postgresql://")):
            return "postgresql+psycopg://" + self.database_url.split("://", 1)[1]
        return self.database_url

    @property
    def checkpoints(self) -> Path:
        """The folder that checkpoints are written into; one under the data folder when none is given."""
        return self.checkpoint_dir or self.data_dir / "checkpoints"

    @property
    def sites(self) -> Path:
        """The folder of connected websites and screens; one under the data folder by default."""
        return self.sites_dir or self.data_dir / "sites"

    @property
    def cache(self) -> Path:
        """The folder of compiled rules; one under the data folder when none is given."""
        return self.cache_dir or self.data_dir / "cache"

    @property
    def policies(self) -> Path:
        """The folder of policies in force: the configured one, else that under the data folder, else ours."""
        if self.policies_dir is not None:
            return self.policies_dir
        own = self.data_dir / "policies"
        return own if own.is_dir() else shipped("policies")

    @property
    def follows_folder(self) -> bool:
        """Whether all files but the negative list are in force as they lie in the folder of policies."""
        if self.policies_follow is None:
            return self.is_for_trying_out
        return self.policies_follow == "folder"

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies carry `Secure` and the `__Host-` prefix: whenever the public address is https."""
        return self.public_url.startswith("https://") if self.cookie_secure is None else self.cookie_secure

    @model_validator(mode="after")
    def _secrets_and_addresses(self) -> Self:
        faults = []
        secret = self.secret_key.get_secret_value()
        if len(secret) < MIN_SECRET:
            faults.append(f"SANSHEN_SECRET_KEY 至少 {MIN_SECRET} 个字符，现在是 {len(secret)} 个")
        if self.environment is Environment.PRODUCTION:
            if secret == DEFAULT_SECRET:
                faults.append("SANSHEN_SECRET_KEY 是公开的默认值，生产环境必须自己设置")
            faults += [
                f"缺少 {name}，生产环境必须指明密钥文件"
                for name, file in (
                    ("SANSHEN_TOKEN_KEY_FILE", self.token_key_file),
                    ("SANSHEN_SIGNING_KEY_FILE", self.signing_key_file),
                )
                if file is None
            ]
            if not self.public_url.startswith("https://"):
                faults.append("SANSHEN_PUBLIC_URL 不是 https 地址，生产环境必须用 https")
            if len(set(secret)) < MIN_DIFFERENT:
                faults.append("SANSHEN_SECRET_KEY 太简单，请用 openssl rand -hex 32 生成")
            if self.cookie_secure is False:
                faults.append("SANSHEN_COOKIE_SECURE 不能是 false，生产环境的会话只能走 https")
            if self.policies_follow == "folder":
                faults.append(
                    "SANSHEN_POLICIES_FOLLOW 不能是 folder，生产环境的政策文件须一人申请、另一人批准才生效"
                )
            if self.webhook_loopback:
                faults.append("SANSHEN_WEBHOOK_LOOPBACK 只供试用，生产环境不能打开")
        faults += [
            f"SANSHEN_WEBHOOK_HOSTS 里的“{host}”不是主机，应写成 host 或 host:port，不带协议、路径和通配符"
            for host in sorted(self.webhook_hosts)
            if not _HOST.fullmatch(host.lower())
        ]
        faults += self._mail_faults()
        if faults:
            raise ValueError("；".join(faults))
        return self

    def _mail_faults(self) -> list[str]:
        if not self.smtp_host:
            return []
        faults = []
        if not re.fullmatch(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+", self.smtp_from):
            faults.append("SANSHEN_SMTP_FROM 应当是一个邮箱地址，收件人看到的发件人就是它")
        if self.smtp_security == "none" and self.smtp_password.get_secret_value():
            faults.append("SANSHEN_SMTP_SECURITY 为 none 时不能带 SANSHEN_SMTP_PASSWORD，密码会明文传送")
        return faults
