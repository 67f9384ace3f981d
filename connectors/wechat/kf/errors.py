"""WeCom's error codes → ours, in one place, each with what somebody can do about it (企业微信 全局错误码; 微信客服)."""

from __future__ import annotations

import re

from connectors.wechat.errors import Refused, trouble_of
from hub.errors import ConnectorError, Temporary, Undeliverable, WindowClosed

TOKEN_CODES = frozenset({40014, 41001, 42001})
"""The access token is wrong, missing or over: a new one, once. 40001 is another thing here than in WeChat: a wrong secret."""
STATE = 95018
"""The session is in no state in which the API may answer."""
STALE_MEDIA = 40007
UNFIT_MEDIA = frozenset({40004, 40005, 40006, 40009, 40011, 40058, 45001, 45007})
"""The file is not of a type, size or length that WeCom takes."""
OLD_TICKET = 95007
"""The callback's token is over: messages are asked for without one."""
SETUP_S = 300.0
"""Seconds until the next try when the company is set up wrongly: messages wait, none is used up."""
WINDOW = {
    95001: "all answers that WeCom allows for the customer's last message are used up: it leaves when they write again",
    95002: "the customer has not written for 48 hours: it leaves after their next message",
    95013: "the session has ended: it leaves when the customer writes again",
}
SETUP = {
    40001: "the secret is wrong: compare secret with the app's Secret in 企业微信管理后台",
    40013: "WeCom does not know this company: compare corp_id with 我的企业 → 企业信息 → 企业ID",
    40056: "the app is none of this company's: take corp_id and secret from the same one",
    48002: "the app may not call 微信客服: allow it in 微信客服 → 可调用接口的应用",
    60011: "the app has no right to this kf account: allow it in 微信客服 → 可调用接口的应用",
    60020: "this machine's address is not trusted: add it to the app's 企业可信IP",
    301002: "the app has no right to this kf account: allow it in 微信客服 → 可调用接口的应用",
    95011: "微信客服 is used from within WeCom: switch the kf account to API in 微信客服 → 通过API管理",
    95012: "微信客服 is not used from within WeCom: set it up in 企业微信管理后台",
    95017: "the API of 微信客服 is switched off: switch it on in 微信客服 → 开发配置",
}
QUOTA = "WeCom takes no more calls now: it is tried again by itself"
OURS = "WeCom can't read what it was sent, which is a mistake in Frontdesk: please report it with the numbers here"
NEVER = {
    40003: "this customer is not known to this company: compare corp_id",
    40007: "WeCom has lost the file: send it again",
    40008: OURS,
    40033: OURS,
    40035: OURS,
    40058: OURS,
    41006: OURS,
    44004: OURS,
    47001: OURS,
    45002: "the text is too long for WeCom: send it in pieces",
    95000: "WeCom does not know the kf account: see whether it still is in 微信客服 → 客服账号",
    95004: "the kf account was deleted: answer the customer in another channel",
    95008: "the menu has too many buttons: ask in words",
    95009: "WeCom does not take one of the menu's buttons: ask in words",
    95014: "nobody in WeCom takes customers for this kf account at the moment: see 微信客服 → 接待人员",
    95016: "WeCom does not allow the session to come back to the API from the state that it is in",
}
"""What each code means, and what somebody can do about it."""
STATES = {
    2: "the session waits for somebody in WeCom: take it out of 微信客服's queue there, or answer there; then send it again",
    3: "somebody in WeCom has this session: end it or answer there; then send it again",
}
FAILED = {
    0: "WeCom could not bring it to the customer, and does not say why: ask them on another channel, or send it again",
    1: "the kf account was deleted: answer the customer in another channel",
    2: "the app was switched off in WeCom: switch it on, then send it again",
    4: "the customer had not written for 48 hours: send it again when they write",
    5: "the session had ended: send it again when the customer writes",
    6: "more than 5 answers to the customer's last message: send it again when they write",
    7: "no 视频号 is bound to the kf account: bind it in 微信客服, then send it again",
    8: "the company's identity is not verified (主体未验证): verify it in 企业微信管理后台, then send it again",
    9: "no 视频号 is bound to the kf account, nor is the company verified: do both in 企业微信管理后台, then send it again",
    10: "the customer refuses messages of this account: they can be written to once they write",
}
"""Why something that WeCom had taken did not arrive (消息发送失败事件, fail_type)."""
REFUSES = 10


def is_repeated(refused: Refused) -> bool:
    """Whether WeCom says that it has had a message under the id that we gave it. Our ids always have the right form: a refusal
    that speaks of the id can't mean anything else (发送消息, msgid)."""
    return refused.code not in {*WINDOW, *SETUP, *NEVER, *TOKEN_CODES, STATE} and "msgid" in refused.message.lower()


def meaning(refused: Refused) -> ConnectorError:
    """What a refusal means for the message."""
    code, tail = str(refused.code), f" (WeCom {refused.code}{_hint(refused.message)})"
    if refused.code in WINDOW:
        return WindowClosed(WINDOW[refused.code] + tail, code)
    if refused.code in SETUP:
        where = f": {address}" if refused.code == 60020 and (address := _address(refused.message)) else ""
        words = SETUP[refused.code] + where
        return Temporary(words + tail, retry_after=SETUP_S, paused=True, trouble=trouble_of(refused.code, words, "WeCom"))
    if refused.code == -1 or refused.code in TOKEN_CODES:
        return Temporary(f"WeCom is busy: it is tried again by itself{tail}")
    if refused.code in (45009, 45011, 45033):
        return Temporary(QUOTA + tail, retry_after=60.0, paused=True, trouble=trouble_of(refused.code, QUOTA, "WeCom"))
    if refused.code == STATE:
        return Undeliverable(f"the session is in no state in which Frontdesk may answer: see 微信客服{tail}", code=code)
    return Undeliverable(NEVER.get(refused.code, f"WeCom refuses: {refused.message[:120]}") + tail, code=code)


def _hint(message: str) -> str:
    """WeCom's support asks for the request's hint."""
    found = re.search(r"hint: ?\[([0-9A-Za-z]{6,64})\]", message)
    return f", hint {found[1]}" if found else ""


def _address(message: str) -> str:
    found = re.search(r"from ip: ?([0-9a-fA-F.:]{6,39})", message)
    return found[1] if found else ""
