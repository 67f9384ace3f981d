"""What an admin writes for a mobile app: who signs its customers, and how their devices are told of answers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.identity_settings import IdentitySettings
from connectors.web_settings import WebSettings
from hub.base_url import BaseUrl
from hub.notices import QuietHours, Seconds


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fcm(_Part):
    """Firebase Cloud Messaging, HTTP v1: a service account's `project_id`, `client_email` and `private_key`."""

    project: str = Field(pattern=r"^[a-z0-9:.-]+$")
    client_email: str
    private_key: SecretStr = Field(description="PEM; as file:/run/secrets/… or ${NAME}")
    api_url: BaseUrl = "https://fcm.googleapis.com"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105


class Apns(_Part):
    """Apple Push Notification service with a provider token: the .p8 key, its id and the team's."""

    key_id: str = Field(pattern=r"^[A-Za-z0-9]{1,20}$")
    team_id: str = Field(pattern=r"^[A-Za-z0-9]{1,20}$")
    private_key: SecretStr = Field(description="the .p8 file's content; as file:/run/secrets/… or ${NAME}")
    topic: str = Field(description="the app's bundle id")
    api_url: BaseUrl = Field("https://api.push.apple.com", description="Xcode's builds: https://api.sandbox.push.apple.com")


class Push(_Part):
    """How devices are told of an answer to a customer who is not here."""

    fcm: Fcm | None = None
    apns: Apns | None = None
    after: Seconds = Field(10.0, description="how long the answer has not been fetched")
    preview: bool = Field(True, description="false: the notice says that there is an answer, not what it says")
    quiet_hours: QuietHours | None = Field(
        None, description="no push then; it comes afterwards. A device's own time zone goes first"
    )
    timeout: float = Field(10.0, gt=0, le=30)

    @model_validator(mode="after")
    def _some(self) -> Push:
        if self.fcm is None and self.apns is None:
            raise ValueError("give `fcm`, `apns` or both")
        return self


class AppSettings(WebSettings):
    """A chat inside a mobile app: the customer protocol, with customers whom the app's own backend names."""

    type: Literal["app"] = "app"  # type: ignore[assignment]
    identity: IdentitySettings
    push: Push | None = None
