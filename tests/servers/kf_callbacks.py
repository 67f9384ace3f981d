"""The callbacks that a WeCom would make for 微信客服, and what it asks when an address is saved, sealed as WeCom seals them."""

from __future__ import annotations

import secrets

from wechatpy.enterprise.crypto import WeChatCrypto  # type: ignore[import-untyped]

from hub.ports import Hook
from tests.servers.wechat_callbacks import signature

CORP, SECRET, TOKEN = "ww0123456789abcdef", "fedcba9876543210fedcba9876543210", "Kf4242"
AES_KEY = "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"
ACCOUNT = "wkDesk1"


def event_xml(ticket: str, account: str = ACCOUNT, event: str = "kf_msg_or_event") -> str:
    """What a callback says once it is opened."""
    head = f"<ToUserName><![CDATA[{CORP}]]></ToUserName><CreateTime>1772357400</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    named = f"<Token><![CDATA[{ticket}]]></Token><OpenKfId><![CDATA[{account}]]></OpenKfId>"
    return f"<xml>{head}<Event><![CDATA[{event}]]></Event>{named}</xml>"


def callback(body: str, now: float, *, key: str = AES_KEY, token: str = TOKEN, corp: str = CORP) -> Hook:
    """A callback as WeCom makes it, around an XML."""
    stamp, nonce = str(int(now)), secrets.token_hex(5)
    encrypted = _sealed(body, stamp, nonce, key, token, corp)
    head = f"<ToUserName><![CDATA[{corp}]]></ToUserName><AgentID><![CDATA[]]></AgentID>"
    outer = f"<xml>{head}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    query = {"timestamp": stamp, "nonce": nonce, "msg_signature": signature(token, stamp, nonce, encrypted)}
    return Hook("POST", query, {"content-type": "text/xml"}, outer.encode())


def greeting(word: str, now: float, *, key: str = AES_KEY, token: str = TOKEN, corp: str = CORP) -> Hook:
    """What WeCom asks when an address is saved."""
    stamp, nonce = str(int(now)), secrets.token_hex(5)
    encrypted = _sealed(word, stamp, nonce, key, token, corp)
    query = {"timestamp": stamp, "nonce": nonce, "msg_signature": signature(token, stamp, nonce, encrypted), "echostr": encrypted}
    return Hook("GET", query, {}, b"")


def _sealed(body: str, stamp: str, nonce: str, key: str, token: str, corp: str) -> str:
    sealed: str = WeChatCrypto(token, key, corp).encrypt_message(body, nonce, stamp)
    return sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
