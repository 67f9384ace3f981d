"""`config/hub.yaml` as types: where things are, how much of them, and what is promised."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

from connectors.identity_settings import IdentityKey, IdentitySettings
from connectors.web_settings import WebSettings

__all__ = ["HubSettings", "IdentityKey", "IdentitySettings", "RateLimits", "WebSettings"]
SCHEMES = {"database": ("postgresql", "postgres", "mysql", "mariadb", "sqlite"), "redis": ("redis", "rediss", "unix")}


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RateLimits(_Settings):
    """How much one sender may do before it is told to slow down."""

    requests_per_ip: int = Field(
        600, gt=0, description="requests and new sockets a minute to /chat from one address, and to /console of one login"
    )
    messages_per_customer: int = Field(10, gt=0, description="web messages in ten seconds")
    sessions_per_ip: int = Field(60, gt=0, description="new web customers an hour from one address")
    messages_per_channel: int = Field(0, ge=0, description="web messages a minute over all customers of a channel; 0: no limit")
    sockets_per_customer: int = Field(5, gt=0)
    sockets_per_ip: int = Field(50, gt=0)


class Metrics(_Settings):
    """Who may read /metrics: nobody from outside unless allowed here."""

    public: bool = False
    token: SecretStr | None = Field(None, description="a bearer token that opens /metrics from anywhere")


class DatabasePart(_Settings):
    """One database and the buckets that it holds."""

    url: SecretStr
    buckets: str = "0-1023"


def _text(value: object) -> object:
    return str(value) if isinstance(value, int | float) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class HubSettings(_Settings):
    """One installation."""

    public_url: str = Field("", description="how customers, agents and platforms reach this hub, as https://help.example.com")
    environment: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    data: Path = Field(Path("data"), description="files, the SQLite database and the bundled Valkey live here")
    database: SecretStr | None = Field(None, description="postgresql://… or mysql://…; SQLite in the data folder when not given")
    databases: tuple[DatabasePart, ...] = Field((), description="instead of `database`: URLs and the buckets of each")
    redis: SecretStr | None = Field(None, description="redis://…; a bundled Valkey when not given")
    lanes: int | None = Field(
        None, ge=1, le=64, description="how many batches may be written side by side; fixed when the database is made; 1"
    )
    pool: int = Field(5, ge=1, le=100, description="database connections of each process")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_text)] = "info"
    trusted_proxies: tuple[str, ...] = Field((), description="addresses whose X-Forwarded-For is believed")
    limits: RateLimits = RateLimits()
    metrics: Metrics = Metrics()
    seal_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(_listed)] = Field(
        (),
        max_length=2,
        description="seals tokens in the database: 32 random bytes in base64; a second one, the old, while it is replaced",
    )
    keep_raw_days: float = Field(30, gt=0, description="how long platforms' payloads are kept beside the messages")
    reopen_hours: float = Field(
        72, ge=0, description="a customer who writes again within this time goes on in the same conversation"
    )

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("database", "redis")
    @classmethod
    def _is_url(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        schemes = SCHEMES[str(info.field_name)]
        if value is not None and value.get_secret_value().partition(":")[0].partition("+")[0] not in schemes:
            raise ValueError(f"must be an address that begins with one of {', '.join(f'{scheme}://' for scheme in schemes)}")
        return value

    @field_validator("seal_keys")
    @classmethod
    def _are_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        from hub.sealing import key_of

        for one in value:
            key_of(one.get_secret_value())
        return value

    @field_validator("databases")
    @classmethod
    def _one_for_now(cls, value: tuple[DatabasePart, ...]) -> tuple[DatabasePart, ...]:
        if len(value) > 1 or any(part.buckets != "0-1023" for part in value):
            raise ValueError("this release keeps all buckets (0-1023) in one database; give one entry")
        return value

    @model_validator(mode="after")
    def _promises(self) -> HubSettings:
        if self.databases and self.database:
            raise ValueError("give either `database` or `databases`")
        if self.environment == "production" and not self.public_url.startswith("https://"):
            raise ValueError("production needs public_url, as https://help.example.com: cookies and signed links depend on it")
        return self

    @property
    def database_url(self) -> str:
        """Where messages are kept."""
        given = self.databases[0].url if self.databases else self.database
        return given.get_secret_value() if given else f"sqlite:///{self.data.resolve() / 'frontdesk.db'}"

    @property
    def own_url(self) -> str:
        """How people reach this hub: the public address, or this machine's."""
        return self.public_url or f"http://{reachable(self.host)}:{self.port}"


def reachable(host: str) -> str:
    """The address at which this machine reaches a host that may stand for all of its addresses."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
