"""What an admin writes for a channel that is described by YAML alone: where things stand in what comes, and what goes out."""

from __future__ import annotations

from base64 import b64decode
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.webhook_paths import Path, check_template, parse_path
from hub.ports import Settings


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paths(_Part):
    """Where things stand in an inbound body: dotted keys and indexes, as `message.files[0].url`."""

    id: str = Field(description="the message's own id: the same at every retry")
    customer: str = Field(description="who says it: the address that answers go to")
    text: str = ""
    media: str = Field("", description="the http(s) address of a picture or file")
    name: str = Field("", description="the customer's name")
    time: str = Field("", description="when it was said: ISO 8601, or seconds or milliseconds since 1970")
    locale: str = Field("", description="the customer's language, as `en`")

    @field_validator("*")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value:
            parse_path(value)
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Paths:
        if not (self.id and self.customer):
            raise ValueError("`id` and `customer` are needed: without them a message can't be told from others, or answered")
        if not (self.text or self.media):
            raise ValueError("give `text`, `media` or both: otherwise nothing is ever said")
        return self

    def of(self, name: str) -> Path:
        """A path, ready to be followed; empty when the admin gave none."""
        written = getattr(self, name)
        return parse_path(written) if written else ()


class Signature(_Part):
    """How the other side proves who it is."""

    scheme: Literal["hmac-sha256", "standard-webhooks"]
    secret: SecretStr = Field(description="shared with the other side; of Standard Webhooks as whsec_…")
    header: str = Field("x-signature", pattern=r"^[A-Za-z0-9-]+$", description="where the signature stands (hmac-sha256)")
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = Field("", description="what stands before the signature, as `sha256=`")
    timestamp_header: str = Field("", pattern=r"^[A-Za-z0-9-]*$", description="seconds since 1970; signed too")
    content: str = Field("", description="what is signed; `{timestamp}.{body}` with a timestamp, else `{body}`")
    tolerance: float = Field(300.0, gt=0, le=3600, description="seconds by which the timestamp may be off (hmac-sha256)")

    @model_validator(mode="after")
    def _strong(self) -> Signature:
        given = self.secret.get_secret_value()
        if self.scheme == "standard-webhooks":
            standard_key(given)
        elif len(given) < 16:
            raise ValueError("a secret has at least 16 characters")
        if self.signed.count("{body}") != 1 or bool(self.timestamp_header) != ("{timestamp}" in self.signed):
            raise ValueError("`content` names {body} once, and {timestamp} exactly when there is a `timestamp_header`")
        return self

    @property
    def signed(self) -> str:
        """What is signed."""
        return self.content or ("{timestamp}.{body}" if self.timestamp_header else "{body}")


class Inbound(_Part):
    """What comes in."""

    paths: Paths
    signature: Signature | None = None
    unsigned: bool = Field(False, description="true: anybody who knows the address may write as anybody")

    @model_validator(mode="after")
    def _decided(self) -> Inbound:
        if (self.signature is None) != self.unsigned:
            raise ValueError("give a `signature`, or say `unsigned: true`, not both")
        return self


class Signed(_Part):
    """A call to an address that an admin has named."""

    url: str = Field(description="where it is posted to")
    secret: SecretStr = Field(description="whsec_… and base64 of 24 to 64 random bytes")
    headers: dict[str, SecretStr] = Field({}, description="more headers, as an API key; write ${NAME}")
    timeout: float = Field(15.0, gt=0, le=60)

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value

    @field_validator("secret")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        standard_key(value.get_secret_value())
        return value

    @field_validator("headers")
    @classmethod
    def _own_headers(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        reserved = {"host", "content-length", "content-type", "transfer-encoding", "idempotency-key"}
        for name in value:
            if name.lower() in reserved or name.lower().startswith("webhook-"):
                raise ValueError(f"the header {name} is ours")
        return value


class Outbound(Signed):
    """Where answers go. Signed by Standard Webhooks (https://www.standardwebhooks.com)."""

    body: Any = Field(
        {"id": "{id}", "customer": "{customer}", "text": "{text}", "media": "{media_url}"},
        description="any JSON; `{text}` and the like stand for what is said",
    )

    @field_validator("body")
    @classmethod
    def _is_template(cls, value: Any) -> Any:
        check_template(value)
        return value


class WebhookSettings(Settings):
    """A channel by YAML alone: any system that can post JSON and take posted JSON."""

    type: Literal["webhook"] = "webhook"
    inbound: Inbound
    outbound: Outbound
    text_limit: int = Field(4000, ge=100, le=100_000, description="longest text of one answer, in characters")
    private_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="networks that are not public and may still be called, as 10.1.0.0/16"
    )


def standard_key(secret: str) -> str:
    """A Standard Webhooks secret as it is. Raises `ValueError` when it is none."""
    try:
        raw = b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError as exc:
        raise ValueError("not a Standard Webhooks secret; write whsec_ and base64 of 24 to 64 random bytes") from exc
    if not 24 <= len(raw) <= 64:
        raise ValueError("a Standard Webhooks secret has 24 to 64 bytes (written as base64)")
    return secret
