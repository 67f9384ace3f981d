"""What an admin writes for a Slack workspace."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from hub.ports import Settings

Place = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]+$")]


class SlackSettings(Settings):
    """One workspace. The app is made from deploy/slack-manifest.yaml."""

    type: Literal["slack"] = "slack"
    bot_token: SecretStr = Field(min_length=1, description="xoxb-…, as ${SLACK_BOT_TOKEN}")
    signing_secret: SecretStr = Field(min_length=8, description="proves that a request comes from Slack")
    channel: Place = Field(description="the id of the Slack channel for conversations, C…")
    fallback: Place | None = Field(None, description="where new threads go while their own Slack channel is archived or gone")
    channels: dict[str, Place] = Field({}, description="other Slack channels, by team or by our channel's name")
    team_id: str = Field("", pattern=r"^(T[A-Z0-9]+)?$", description="the workspace's id, T…: events of any other are left alone")
    who_answers: Literal["agents", "members"] = Field(
        "agents", description="agents of this hub alone, or every full member of the workspace; guests and outsiders never"
    )
    ask_first: bool = Field(True, description="whoever answers in a settled conversation, or another agent's, is asked first")
    escalation: Place | None = Field(None, description="the id of the Slack channel for what is urgent or broken")
    app_token: SecretStr | None = Field(None, description="xapp-…, for socket_mode")
    socket_mode: bool = Field(False, description="true on a machine without a public https address")
    customize: bool = Field(True, description="customers' lines appear under their names (scope chat:write.customize)")
    locale: Literal["en", "zh"] = "en"
    undo_s: int = Field(0, ge=0, le=30, description="seconds in which an agent may take an answer back before it leaves; 0: none")
    api_url: str = Field("https://slack.com/api/", pattern=r"^https?://.+", description="for tests and gateways")
    proxy: str = Field("", pattern=r"^(https?://.+)?$", description="a proxy for calls to Slack; the environment's is not used")
    rate: float = Field(1.0, gt=0, description="posts a second in one Slack channel; Slack allows about 1")
    timeout: float = Field(10.0, gt=0, description="seconds for one call")
    lookup_after: float = Field(30.0, gt=0, description="seconds to wait before asking whether an unanswered call arrived")

    @field_validator("bot_token", "signing_secret", "app_token")
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
    def _socket_needs_token(self) -> SlackSettings:
        if self.socket_mode and self.app_token is None:
            raise ValueError("socket_mode needs app_token (xapp-…)")
        return self
