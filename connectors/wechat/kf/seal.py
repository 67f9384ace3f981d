"""Whether a callback comes from WeCom, and what its sealed body says: WeCom seals everything, the first question too."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from wechatpy.enterprise.crypto import WeChatCrypto  # type: ignore[import-untyped]

from connectors.wechat.crypto import Lock
from connectors.wechat.kf.settings import KfSettings
from hub.errors import Malformed, Rejected
from hub.ports import Hook

LONGEST_ECHO = 1024


class KfSeal(Lock):
    """One company's token and keys; it is named inside what is sealed (ReceiveId)."""

    _owner = "corp_id"

    def __init__(self, settings: KfSettings, now: Callable[[], datetime]) -> None:
        token = settings.token.get_secret_value()
        given = [key.get_secret_value() for key in (settings.aes_key, settings.old_aes_key) if key]
        super().__init__(token, [WeChatCrypto(token, key, settings.corp_id) for key in given], now)

    def greeted(self, hook: Hook) -> str:
        """The word to send back, unsealed, when WeCom first looks whether the address is ours (回调配置, 验证URL有效性)."""
        sealed = hook.query.get("echostr", "")
        if not re.fullmatch(rf"[0-9A-Za-z+/=]{{1,{LONGEST_ECHO}}}", sealed):
            raise Rejected("wecom: no echostr")
        self._signed(hook.query, "msg_signature", f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode())
        echo = self._unsealed(hook.query, sealed)
        if not re.fullmatch("[0-9A-Za-z]{1,64}", echo):
            raise Malformed("wecom: the echostr holds no plain word")
        return echo
