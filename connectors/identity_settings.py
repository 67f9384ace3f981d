"""What an admin writes so that a shop's or app's own backend may say who a customer is: keys of signed identities."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IdentityKey(_Part):
    """One key. Its algorithm is fixed here: what a token's own header claims decides nothing."""

    algorithm: Literal["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"] = "HS256"
    kid: str = Field(
        "", max_length=100, description="the key's name in a token's header; empty: for tokens that name no other key"
    )
    secret: SecretStr | None = Field(None, description="of HS…: at least 32 bytes, known to the backend and to us")
    public_key: str = Field("", description="of the others: the backend's public key as PEM")

    @model_validator(mode="after")
    def _fits(self) -> IdentityKey:
        if self.algorithm.startswith("HS"):
            least = int(self.algorithm[2:]) // 8  # RFC 7518 §3.2
            if self.public_key or self.secret is None or len(self.secret.get_secret_value().encode()) < least:
                raise ValueError(f"{self.algorithm} needs a `secret` of at least {least} bytes, and no `public_key`")
        elif self.secret is not None or "BEGIN PUBLIC KEY" not in self.public_key:
            raise ValueError(f"{self.algorithm} needs a `public_key` (-----BEGIN PUBLIC KEY----- …), and no `secret`")
        else:
            from hub.key_pairs import check  # with cryptography, which most installations never need

            check(self.public_key, self.algorithm)
        return self


class IdentitySettings(_Part):
    """Signed identities: a JWT by the backend that knows the customer, given to POST /chat/{channel}/session."""

    keys: tuple[IdentityKey, ...] = Field(min_length=1, max_length=10, description="several, while one replaces another")
    required: bool = Field(False, description="true: nobody writes without one")
    issuer: str = Field("", description="what `iss` must say; empty: it may say anything")
    audience: str = Field("", description="what `aud` must say; empty: the channel's name")
    leeway: float = Field(30.0, ge=0, le=300, description="seconds by which clocks may differ")
    session_hours: float = Field(24.0, gt=0, le=720, description="after which the backend must say again who it is")

    @field_validator("keys")
    @classmethod
    def _told_apart(cls, keys: tuple[IdentityKey, ...]) -> tuple[IdentityKey, ...]:
        named = [key.kid for key in keys if key.kid]
        if len(set(named)) < len(named):
            raise ValueError("two keys have the same `kid`")
        return keys
