"""WeChat's error codes → ours, in one place, each with what somebody can do about it (全局返回码; customer-service messages)."""

from __future__ import annotations

import re
from typing import Any

from hub.errors import ConnectorError, Temporary, Undeliverable, WindowClosed
from hub.people import Trouble

TOKEN_CODES = frozenset({40001, 40014, 42001})
"""The access token is wrong or over: a new one, once."""
STALE_MEDIA = 40007
UNFIT_MEDIA = frozenset({40004, 40005, 40006, 45001, 45007})
"""The file is not of a type, size or length that WeChat takes; a voice note of more than a minute is 45007."""
TOO_LONG = 45002
NO_MENUS = 40200
SETUP_S = 300.0
"""Seconds until the next try when the account itself is set up wrongly: messages wait, none is used up."""
TYPING = frozenset({45072, 45080, 45081})
"""Nothing to show: the customer was not here within thirty seconds, or sees it already."""
REPEATED = 45065
"""WeChat has had this message under the same id of ours: it has arrived."""
WINDOW = {
    45015: "not written for 48 hours, or no follower any more: it leaves after the customer's next message",
    45047: "all answers that WeChat allows for the customer's last message are used up: it leaves when they write again",
}
SETUP = {
    40013: "WeChat does not know this AppID: compare app_id with 公众平台 → 基本配置",
    40125: "the AppSecret is wrong: compare secret with 公众平台 → 基本配置",
    41004: "the AppSecret is missing: set secret",
    40164: "this machine's address is not in the account's IP whitelist: add it in 公众平台 → 基本配置 → IP白名单",
    61004: "this machine's address is not in the IP whitelist of the 第三方平台: add it there",
    48004: "WeChat has blocked this interface for the account: see the notices in 公众平台",
    48008: "the account has no right to this kind of message: see 公众平台 → 接口权限",
}
BARRED = {
    48001: "the account may not use this interface: it must be verified (微信认证) to send messages of its own",
}
"""What no waiting helps against: the answer has failed, and agents send it again by hand once the account may."""
QUOTA = {
    45009: ("the day's number of calls is used up: it is tried again by itself", 3600.0),
    45011: ("the minute's number of calls is used up: it is tried again by itself", 60.0),
}
"""With the seconds until the next try."""
GONE = {
    43004: "the customer does not follow the account: they can be written to once they follow again",
    46004: "there is no such customer: look for them in another channel",
    50005: "the customer does not follow the account any more: they can be written to once they follow again",
    48002: "the customer has switched off messages of this account: try another channel",
    50002: "WeChat has limited or closed the customer's own account: try another channel",
}
OURS = "WeChat can't read what it was sent, which is a mistake in Frontdesk: please report it with the numbers here"
NEVER = {
    40037: "WeChat does not know the template: check notice.template_id",
    47003: "the template's fields are others, or their text is longer or of another form than WeChat allows: check notice.fields",
    40003: "this customer belongs to another account, or never followed this one: check app_id",
    40007: "WeChat has lost the file: send it again",
    40008: OURS,
    40033: OURS,
    44004: OURS,
    47001: OURS,
    40200: "the account may not send menus: ask in words",
    43019: "the customer is on the account's blacklist: take them off it in 公众平台 → 用户管理",
    43101: "the customer has not agreed to such a notice, or was sent all that they agreed to: wait until they write",
    45002: "the text is too long for WeChat: send it in pieces",
    45056: "the account has too many tags: delete some in 公众平台 → 用户管理",
    45162: "WeChat does not take this content: say it otherwise",
    87014: "WeChat finds the content risky: say it otherwise",
}
"""What each code means, and what somebody can do about it."""


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
        words = SETUP[refused.code] + where
        return Temporary(words + tail, retry_after=SETUP_S, paused=True, trouble=trouble_of(refused.code, words, "WeChat"))
    if refused.code in BARRED:
        words = BARRED[refused.code]
        return Undeliverable(words + tail, code=code, trouble=trouble_of(refused.code, words, "WeChat"))
    if refused.code in GONE:
        return Undeliverable(GONE[refused.code] + tail, unreachable=True, code=code)
    if refused.code == -1 or refused.code in TOKEN_CODES:
        return Temporary(f"WeChat is busy: it is tried again by itself{tail}")
    if refused.code in QUOTA:
        words, wait = QUOTA[refused.code]
        return Temporary(words + tail, retry_after=wait, paused=True, trouble=trouble_of(refused.code, words, "WeChat"))
    return Undeliverable(NEVER.get(refused.code, f"WeChat refuses: {refused.message[:120]}") + tail, code=code)


def trouble_of(code: int, words: str, platform: str) -> Trouble:
    """What admins are told: our sentences say what is wrong, and after a colon how to mend it."""
    said, _, mend = words.partition(": ")
    return Trouble(str(code), said, f"{mend[:1].upper()}{mend[1:]} ({platform} {code})")


def _request(message: str) -> str:
    """WeChat's support asks for the request's id."""
    found = re.search(r"rid: ?([0-9a-f-]{8,64})", message)
    return f", rid {found[1]}" if found else ""


def _address(message: str) -> str:
    found = re.search(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]{6,39}", message)
    return found[0] if found else ""
