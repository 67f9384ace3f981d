"""What an admin writes about the service that translates."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hub.notices import Seconds
from hub.translation import TranslationRules

USUAL = {"deepl": "https://api-free.deepl.com", "openai": "https://api.openai.com/v1"}


class Service(BaseModel):
    """Where the service is and how it is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["libretranslate", "deepl", "openai"] = Field(
        description="libretranslate for one of your own, deepl, or openai for whatever speaks its chat completions"
    )
    api_url: str = Field("", description="as http://127.0.0.1:5000; the provider's own when left out")
    key: SecretStr | None = Field(None, description="write ${NAME} or file:/path; LibreTranslate of your own needs none")
    model: str = Field("", description="of openai: the model's name")
    timeout: Seconds = Field(8.0, gt=0, le=60, description="for one request: 5s, 8s")
    codes: dict[str, str] = Field({}, description="what the service calls a language, where that is not our code: {zh: zh-Hans}")

    @field_validator("api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _whole(self) -> Service:
        if not self.url:
            raise ValueError("'api_url' is required: where your LibreTranslate listens, as http://127.0.0.1:5000")
        if self.type == "openai" and not self.model:
            raise ValueError("'model' is required with openai: the name of the model that translates")
        if self.type in USUAL and self.url == USUAL[self.type] and self.key is None:
            raise ValueError("'key' is required: write ${NAME} or file:/path")
        return self

    @property
    def url(self) -> str:
        """Where requests go, without a slash at the end."""
        return self.api_url or USUAL.get(self.type, "")

    @property
    def secret(self) -> str:
        """The key as it is sent; empty for none."""
        return self.key.get_secret_value() if self.key else ""


class TranslationSettings(TranslationRules):
    """`config/translation.yaml`. Nothing is translated as long as no service is named."""

    service: Service | None = None

    @model_validator(mode="after")
    def _can(self) -> TranslationSettings:
        if self.enabled and self.service is None:
            raise ValueError("'service' is required: name the service that translates, or set enabled: false")
        return self
