"""Who may do what: rights as data, the roles that come with Frontdesk, those that admins write, and how people come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from hub.keywords import Names

Right = Literal["read", "answer", "customers", "reports", "repair", "views", "people", "audit"]
RIGHTS: tuple[Right, ...] = get_args(Right)
ABOUT: Mapping[Right, str] = {
    "read": "see conversations, customers and colleagues",
    "answer": "reply, note, resolve, assign, sort and send again",
    "customers": "link and part customers, block and unblock them",
    "reports": "see reports and take them along",
    "repair": "see what nobody could handle, and let it be tried again",
    "views": "keep views of the list that everybody has",
    "people": "invite agents, give them roles, switch them off",
    "audit": "see who did what",
}
ADMIN = "admin"
"""The role that may everything; nobody can take rights from it, so that an installation can always be put right."""
SHIPPED: Mapping[str, frozenset[Right]] = {
    ADMIN: frozenset(RIGHTS),
    "supervisor": frozenset({"read", "answer", "customers", "reports", "repair", "views"}),
    "agent": frozenset({"read", "answer", "customers"}),
    "viewer": frozenset({"read"}),
}
"""The roles that are always there."""
ROLE_NAME = r"^[a-z][a-z0-9-]{0,15}$"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that prove something; `none` and those with a shared secret are not among them."""


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(_Rules):
    """A role of one's own."""

    rights: tuple[Right, ...] = Field(description="of " + ", ".join(RIGHTS))


def _as_role(value: Any) -> Any:
    return {"rights": value} if isinstance(value, list | tuple) else value


class Oidc(_Rules):
    """An OpenID Connect provider that says who somebody is."""

    name: str = Field("Single sign-on", min_length=1, max_length=40, description="what stands on the button")
    issuer: str = Field(description="https://id.example.com; its /.well-known/openid-configuration is read")
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = Field(None, description="write ${NAME} or file:/path; left out for a public client")
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    algorithms: tuple[str, ...] = Field(("RS256", "ES256"), min_length=1, description="signatures that are taken")
    audience: Names = Field((), description="other audiences that a token for us may name beside our client_id")
    emails_verified: bool = Field(
        False, description="for a provider that lets nobody choose an address and does not say email_verified"
    )
    create: bool = Field(False, description="whether somebody who is no agent yet becomes one by coming in")
    role: str = Field("agent", description="of somebody who is made so, when no group says otherwise")
    groups: str = Field("groups", description="the claim that names groups")
    roles: dict[str, str] = Field({}, description="group → role; the first that somebody is in holds at each sign-in")
    timeout: float = Field(10.0, gt=0, le=60)

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        own = value.startswith(("http://127.0.0.1", "http://localhost"))
        if not value.startswith("https://") and not own:
            raise ValueError("must begin with https://: what comes back decides who somebody is")
        return value

    @field_validator("algorithms")
    @classmethod
    def _prove(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [one for one in value if one not in ALGORITHMS]:
            raise ValueError(f"{', '.join(wrong)}: take of {', '.join(ALGORITHMS)}")
        return value

    @field_validator("scopes")
    @classmethod
    def _asks_who(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("must hold openid")
        return value


class AccessRules(_Rules):
    """`config/access.yaml`: roles of one's own, who needs a second factor, and single sign-on."""

    roles: dict[Annotated[str, Field(pattern=ROLE_NAME)], Annotated[Role, BeforeValidator(_as_role)]] = {}
    second_factor: Names = Field((), description="roles that must show a code after their password; `all` for everybody")
    oidc: Oidc | None = None

    @model_validator(mode="after")
    def _names_fit(self) -> AccessRules:
        wrong = [f"roles.{name}: this role is always there; choose another name" for name in self.roles if name in SHIPPED]
        known = {*SHIPPED, *self.roles}
        wrong += [f"second_factor: no role is named “{name}”" for name in self.second_factor if name not in {*known, "all"}]
        if self.oidc is not None:
            asked = {self.oidc.role, *self.oidc.roles.values()}
            wrong += [f"oidc: no role is named “{name}”" for name in sorted(asked - known)]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every role, the shipped ones first."""
        return (*SHIPPED, *self.roles)

    def rights_of(self, role: str) -> frozenset[Right]:
        """What a role may do; one that is in no file any more may nothing."""
        if role in SHIPPED:
            return SHIPPED[role]
        return frozenset(self.roles[role].rights) if role in self.roles else frozenset()

    def needs_factor(self, role: str) -> bool:
        """Whether a password alone is too little for a role."""
        return role in self.second_factor or "all" in self.second_factor
