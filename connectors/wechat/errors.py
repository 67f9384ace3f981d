"""WeChat's error codes → ours, in one place, each with what somebody can do about it (全局返回码; customer-service messages)."""

from __future__ import annotations

import re
from typing import Any

from hub.errors import ConnectorError, Temporary, Undeliverable, WindowClosed

TOKEN_CODES = frozenset({40001, 40014, 42001})
"""The access token is wrong or over: a new one, once."""
STALE_MEDIA = 40007
NO_MENUS = 40200
SETUP_S = 300.0
"""Seconds until the next try when the account itself is set up wrongly: messages wait, none is used up."""
WINDOW = {
    45015: "the customer has not written for 48 hours: WeChat takes an answer only after their next message",
    45047: "all answers that WeChat allows for the customer's last message are used up, until they write again",
}
SETUP = {
    40013: "WeChat does not know this AppID",
    40125: "the AppSecret is wrong",
    41004: "the AppSecret is missing",
    40164: "this machine's address is not in the account's IP whitelist (公众平台 → 基本配置 → IP白名单)",
    61004: "this machine's address is not in the IP whitelist",
    48001: "the account may not send customer-service messages: it must be verified (微信认证)",
    48004: "WeChat has blocked this interface for the account",
    48008: "the account has no right to this kind of message",
    50002: "WeChat has limited the account",
}
GONE = {
    43004: "the customer does not follow the account",
    46004: "there is no such customer",
    50005: "the customer does not follow the account any more",
    48002: "the customer has switched off messages of this account",
}
NEVER = {
    40003: "this customer belongs to another account, or never followed this one",
    40007: "WeChat has lost the file",
    40200: "the account may not send menus",
    43019: "the customer is on the account's blacklist",
    43101: "the customer has not agreed to such notices",
    45002: "the text is too long for WeChat",
    87014: "WeChat finds the content risky",
}


class Refused(Exception):
    """WeChat answered with an error code; `translated` makes one of ours of it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def checked(answer: Any) -> dict[str, Any]:
    """An answer without an error. Raises `Refused`."""
    if not isinstance(answer, dict):
        raise TypeError("not an object")
    code = answer.get("errcode", 0)
    if code:
        raise Refused(int(code), str(answer.get("errmsg", ""))[:300])
    return answer


def translated(refused: Refused) -> ConnectorError:
    """What a refusal means for the message."""
    code, tail = str(refused.code), f" (WeChat {refused.code}{_request(refused.message)})"
    if refused.code in WINDOW:
        return WindowClosed(WINDOW[refused.code] + tail, code)
    if refused.code in SETUP:
        where = f": {address}" if refused.code in (40164, 61004) and (address := _address(refused.message)) else ""
        return Temporary(SETUP[refused.code] + where + tail, retry_after=SETUP_S, paused=True)
    if refused.code in GONE:
        return Undeliverable(GONE[refused.code] + tail, unreachable=True, code=code)
    if refused.code == -1 or refused.code in TOKEN_CODES:
        return Temporary(f"WeChat is busy{tail}")
    if refused.code in (45009, 45011):
        word, wait = ("day's", 3600.0) if refused.code == 45009 else ("minute's", 60.0)
        return Temporary(f"the {word} number of calls is used up{tail}", retry_after=wait, paused=True)
    return Undeliverable(NEVER.get(refused.code, f"WeChat refuses: {refused.message[:120]}") + tail, code=code)


def _request(message: str) -> str:
    """WeChat's support asks for the request's id."""
    found = re.search(r"rid: ?([0-9a-f-]{8,64})", message)
    return f", rid {found[1]}" if found else ""


def _address(message: str) -> str:
    found = re.search(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]{6,39}", message)
    return found[0] if found else ""
