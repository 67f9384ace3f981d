"""What an admin writes for a WeChat Official Account or a Mini Program."""

from __future__ import annotations

import base64
import binascii
import os
import re
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hub.base_url import BaseUrl
from hub.ports import Settings


class Notice(BaseModel):
    """A message outside the window for answers, which tells a customer that one waits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    template_id: str = Field(min_length=1, max_length=100, description="模板ID, from 公众平台 → 模板消息 or 订阅通知")
    fields: dict[str, str] = Field(min_length=1, description="what to put into the template's fields; {time} is now")
    after_minutes: float = Field(5, ge=0, description="how long an answer waits before the customer is told")
    timezone: str = Field("Asia/Shanghai", description="of {time}")

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as exc:
            raise ValueError("is no time zone, such as Asia/Shanghai") from exc
        return name

    @field_validator("fields")
    @classmethod
    def _words(cls, fields: dict[str, str]) -> dict[str, str]:
        for name, text in fields.items():
            if unknown := set(re.findall(r"\{[^}]*\}", text)) - {"{time}"}:
                raise ValueError(f"{name}: {', '.join(sorted(unknown))} stands for nothing here; {{time}} does")
        return fields


class AccountNotice(Notice):
    """An Official Account's."""

    kind: Literal["template", "subscription"] = Field(
        "template", description="模板消息 of a service account, or 订阅通知, which the customer must have agreed to"
    )


class ProgramNotice(Notice):
    """A Mini Program's 订阅消息, each of which the customer has agreed to once (wx.requestSubscribeMessage)."""

    page: str = Field("", max_length=1024, description="the page that a tap on it opens, such as pages/support/index")
    state: Literal["formal", "trial", "developer"] = Field("formal", description="which release of the Mini Program it opens")


class SealedSettings(Settings):
    """What WeChat and WeCom ask alike: how callbacks are sealed, how often they take answers, and where they are called."""

    secret: SecretStr = Field(min_length=16, description="开发者密码 (AppSecret), as ${WECHAT_SECRET}")
    token: SecretStr = Field(
        min_length=3, max_length=32, description="令牌 (Token): 3 to 32 letters and digits; the same in WeChat"
    )
    aes_key: SecretStr | None = Field(None, description="消息加解密密钥 (EncodingAESKey), 43 characters")
    old_aes_key: SecretStr | None = Field(None, description="the key before, while WeChat changes over to a new one")
    window_hours: float = Field(48, gt=0, description="how long after a customer's message WeChat takes answers")
    quota: int = Field(5, ge=1, description="how many answers it takes for each message of a customer")
    hold_hours: float = Field(168, gt=0, description="how long an answer waits for the customer before it has failed")
    api_url: BaseUrl = Field("https://api.weixin.qq.com", description="the API's server")
    timeout: float = Field(10.0, gt=0, description="seconds for one call")

    @field_validator("token")
    @classmethod
    def _letters(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[0-9A-Za-z]+", token.get_secret_value()):
            raise ValueError("WeChat takes only letters and digits in a token")
        return token

    @field_validator("aes_key", "old_aes_key")
    @classmethod
    def _key(cls, key: SecretStr | None) -> SecretStr | None:
        given = key.get_secret_value() if key else "A" * 43
        try:
            size = len(base64.b64decode(given + "=", validate=True))
        except binascii.Error:
            size = 0
        if len(given) != 43 or size != 32:
            raise ValueError("an EncodingAESKey has 43 letters and digits; copy it from WeChat without anything around it")
        return key


class AccountSettings(SealedSettings):
    """What both kinds of account have. All but `token` comes from 公众平台; the token is yours to invent."""

    app_id: str = Field(pattern=r"^wx[0-9a-zA-Z]{6,40}$", description="开发者ID (AppID)")
    mode: Literal["secure", "compatible", "plain"] = Field(
        "secure", description="消息加解密方式; plain does not protect what a message says, and is refused in production"
    )
    hidden_links: bool = Field(
        False, description="whether <a href> in a text hides its address behind words; false: it is shown as it is written"
    )

    @model_validator(mode="after")
    def _sealed(self) -> Self:
        if self.mode != "plain" and self.aes_key is None:
            raise ValueError(f"mode {self.mode} needs aes_key, the EncodingAESKey of the account")
        if self.mode == "plain" and os.environ.get("FRONTDESK_ENV") == "production":
            raise ValueError(
                "mode plain is not for production: anybody who sees one request could put words in a customer's mouth"
            )
        return self


class WeChatSettings(AccountSettings):
    """One Official Account (公众号)."""

    type: Literal["wechat"] = "wechat"
    kf_account: str = Field("", description="客服帐号 under whose name answers appear, as name@account")
    kf_accounts: dict[str, str] = Field({}, description="客服帐号 of single agents, by their e-mail address or name")
    passive_s: float = Field(3.5, ge=0, le=4.5, description="how long a hook waits for an answer to carry back; 0: never")
    notice: AccountNotice | None = Field(None, description="how a customer is told that an answer waits")
    unionid: bool = Field(False, description="ask WeChat who customers are across your accounts (UnionID) and link them")

    @field_validator("kf_accounts")
    @classmethod
    def _agents(cls, accounts: dict[str, str]) -> dict[str, str]:
        for agent, account in accounts.items():
            if not re.fullmatch(r"[^@\s]+@[^@\s]+", account):
                raise ValueError(f"{agent}: {account!r} is no 客服帐号, such as anna@example")
        return {agent.strip().lower(): account for agent, account in accounts.items()}


class ProgramSettings(AccountSettings):
    """One Mini Program (小程序)."""

    type: Literal["miniprogram"] = "miniprogram"
    own_desk: bool = Field(
        False, description="hand each message on to WeChat's own desk (小程序客服) too, where your people can answer as well"
    )
    notice: ProgramNotice | None = Field(None, description="how a customer is told that an answer waits")
