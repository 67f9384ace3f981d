"""What an admin writes for 微信客服 (kf), the customer service of a company in WeCom."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from connectors.wechat.settings import SealedSettings
from hub.base_url import BaseUrl

TEXT_BYTES = 2048


class KfSettings(SealedSettings):
    """One company's 微信客服, with all of its kf accounts that the API may serve. The token is yours to invent."""

    type: Literal["wecom_kf"] = "wecom_kf"
    corp_id: str = Field(pattern=r"^w[wxm][0-9a-zA-Z]{6,40}$", description="企业ID, from 我的企业 → 企业信息")
    secret: SecretStr = Field(min_length=16, description="Secret of the app that may call 微信客服, as ${WECOM_KF_SECRET}")
    aes_key: SecretStr = Field(description="EncodingAESKey, 43 characters")
    accounts: list[str] = Field([], description="open_kfid of the kf accounts that are answered here; empty: all that call")
    ending: str = Field("", description="what a customer is told when WeCom says that their session has ended; empty: nothing")
    reread_minutes: float = Field(5, ge=0.05, description="how often messages are looked for although no callback came")
    api_url: BaseUrl = Field("https://qyapi.weixin.qq.com", description="the API's server")

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
