"""What an admin writes for 微信客服 (kf), the customer service of a company in WeCom."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from hub.ports import Settings

TEXT_BYTES = 2048


class KfSettings(Settings):
    """One company's 微信客服, with all of its kf accounts that the API may serve. The token is yours to invent."""

    type: Literal["wecom_kf"] = "wecom_kf"
    corp_id: str = Field(pattern=r"^w[wxm][0-9a-zA-Z]{6,40}$", description="企业ID, from 我的企业 → 企业信息")
    secret: SecretStr = Field(min_length=16, description="Secret of the app that may call 微信客服, as ${WECOM_SECRET}")
    token: SecretStr = Field(min_length=3, max_length=32, description="Token: 3 to 32 letters and digits; the same in WeCom")
    aes_key: SecretStr = Field(description="EncodingAESKey, 43 characters")
    old_aes_key: SecretStr | None = Field(None, description="the key before, while WeCom changes over to a new one")
    accounts: list[str] = Field([], description="open_kfid of the kf accounts that are answered here; empty: all that call")
    window_hours: float = Field(48, gt=0, description="how long after a customer's message WeCom takes answers")
    quota: int = Field(5, ge=1, description="how many answers it takes for each message of a customer")
    hold_hours: float = Field(168, gt=0, description="how long an answer waits for the customer before it has failed")
    ending: str = Field("", description="what a customer is told when WeCom says that their session has ended; empty: nothing")
    reread_minutes: float = Field(5, ge=0.05, description="how often messages are looked for although no callback came")
    api_url: str = Field("https://qyapi.weixin.qq.com", description="the API's server")
    timeout: float = Field(10.0, gt=0, description="seconds for one call")

    @field_validator("token")
    @classmethod
    def _letters(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[0-9A-Za-z]+", token.get_secret_value()):
            raise ValueError("WeCom takes only letters and digits in a token")
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
            raise ValueError("an EncodingAESKey has 43 letters and digits; copy it from WeCom without anything around it")
        return key

    @field_validator("accounts")
    @classmethod
    def _accounts(cls, accounts: list[str]) -> list[str]:
        for one in accounts:
            if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", one):
                raise ValueError(f"{one!r} is no open_kfid, such as wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTw")
        return accounts

    @field_validator("ending")
    @classmethod
    def _short(cls, ending: str) -> str:
        if len(ending.encode()) > TEXT_BYTES:
            raise ValueError(f"WeCom takes at most {TEXT_BYTES} bytes")
        return ending

    @field_validator("api_url")
    @classmethod
    def _address(cls, url: str) -> str:
        if not re.match(r"https?://[^\s/]+", url):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/")
