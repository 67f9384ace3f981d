"""What an admin writes for Slack: for one workspace with its token, or for one app in several workspaces."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hub.ports import Settings

Place = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]+$")]
Team = Annotated[str, Field(pattern=r"^T[A-Z0-9]+$")]


class Common(Settings):
    """What both have in common."""

    signing_secret: SecretStr = Field(min_length=8, description="proves that a request comes from Slack")
    who_answers: Literal["agents", "members"] = Field(
        "agents", description="agents of this hub alone, or every full member of the workspace; guests and outsiders never"
    )
    ask_first: bool = Field(True, description="whoever answers in a settled conversation, or another agent's, is asked first")
    app_token: SecretStr | None = Field(None, description="xapp-…, for socket_mode")
    socket_mode: bool = Field(False, description="true on a machine without a public https address")
    customize: bool = Field(True, description="customers' lines appear under their names (scope chat:write.customize)")
    digest: int = Field(
        60, ge=0, description="new conversations a minute and Slack channel beyond which ten share a post; 0: never"
    )
    broadcast_reopened: bool = Field(
        True, description="who writes again in a resolved thread is shown in the Slack channel too, once for each reopening"
    )
    locale: Literal["en", "zh"] = "en"
    undo_s: int = Field(0, ge=0, le=30, description="seconds in which an agent may take an answer back before it leaves; 0: none")
    api_url: str = Field("https://slack.com/api/", pattern=r"^https?://.+", description="for tests and gateways")
    proxy: str = Field("", pattern=r"^(https?://.+)?$", description="a proxy for calls to Slack; the environment's is not used")
    rate: float = Field(1.0, gt=0, description="posts a second in one Slack channel; Slack allows about 1")
    updates_per_minute: float = Field(
        45.0, gt=0, description="changes of cards a minute in the whole workspace; Slack allows about 50 (tier 3)"
    )
    timeout: float = Field(10.0, gt=0, description="seconds for one call")
    lookup_after: float = Field(30.0, gt=0, description="seconds to wait before asking whether an unanswered call arrived")

    @field_validator("bot_token", "signing_secret", "app_token", "client_secret", check_fields=False)
    @classmethod
    def _not_blank(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().strip():
            raise ValueError("is blank")
        return value

    @field_validator("api_url")
    @classmethod
    def _ends_with_slash(cls, value: str) -> str:
        return value if value.endswith("/") else f"{value}/"

    @model_validator(mode="after")
    def _socket_needs_token(self) -> Common:
        if self.socket_mode and self.app_token is None:
            raise ValueError("socket_mode needs app_token (xapp-…)")
        return self


class SlackSettings(Common):
    """One workspace. The app is made from deploy/slack-manifest.yaml."""

    type: Literal["slack"] = "slack"
    bot_token: SecretStr = Field(min_length=1, description="xoxb-…, as ${SLACK_BOT_TOKEN}")
    channel: Place = Field(description="the id of the Slack channel for conversations, C…")
    fallback: Place | None = Field(None, description="where new threads go while their own Slack channel is archived or gone")
    channels: dict[str, Place] = Field({}, description="other Slack channels, by team or by our channel's name")
    team_id: str = Field("", pattern=r"^(T[A-Z0-9]+)?$", description="the workspace's id, T…: events of any other are left alone")
    escalation: Place | None = Field(None, description="the id of the Slack channel for what is urgent or broken")

    @property
    def places(self) -> list[str]:
        """Every Slack channel that is named, once."""
        return _named(self.channel, *self.channels.values(), self.fallback, self.escalation)


class WorkspacePlaces(BaseModel):
    """Which conversations one workspace gets, and where; the same keys as of a desk with one token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Place | None = Field(
        None, description="the usual Slack channel: for what no team and no channel of ours has a place"
    )
    channels: dict[str, Place] = Field({}, description="Slack channels by team or by our channel's name")
    fallback: Place | None = Field(None, description="where new threads go while their own Slack channel is archived or gone")
    escalation: Place | None = Field(None, description="the id of the Slack channel for what is urgent or broken there")
    locale: Literal["en", "zh"] | None = Field(None, description="the language there, where it is not the desk's")

    @model_validator(mode="after")
    def _has_a_place(self) -> WorkspacePlaces:
        if self.channel is None and not self.channels:
            raise ValueError("give channel, or channels by team or by our channel's name")
        return self

    @property
    def places(self) -> list[str]:
        """Every Slack channel that is named, once."""
        return _named(self.channel, *self.channels.values(), self.fallback, self.escalation)


class WorkspacesSettings(Common):
    """One app in several workspaces, whose admins install it (OAuth)."""

    keeps_tokens: ClassVar[bool] = True

    type: Literal["slack_workspaces"] = "slack_workspaces"
    client_id: str = Field(pattern=r"^\d+\.\d+$", description="the app's Client ID, in quotes")
    client_secret: SecretStr = Field(min_length=8, description="the app's Client Secret, as ${SLACK_CLIENT_SECRET}")
    workspaces: dict[Team, WorkspacePlaces] = Field({}, description="by the workspace's id, T…: which conversations it gets")
    authorize_url: str = Field(
        "https://slack.com/oauth/v2/authorize", pattern=r"^https?://.+", description="Slack's page for admins; for tests"
    )

    @model_validator(mode="after")
    def _one_is_usual(self) -> WorkspacesSettings:
        usual = [team for team, one in self.workspaces.items() if one.channel]
        if len(usual) > 1:
            raise ValueError(f"only one workspace can have the usual channel, and {' and '.join(usual)} have one")
        if self.workspaces and not usual:
            raise ValueError("one of the workspaces needs channel: what no team and no channel of ours has a place goes there")
        return self


def _named(*places: str | None) -> list[str]:
    return list(dict.fromkeys(one for one in places if one))
