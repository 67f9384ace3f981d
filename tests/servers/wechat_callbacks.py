"""The callbacks that a WeChat would make, sealed, signed and repeated as WeChat seals, signs and repeats them."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

import httpx
import orjson
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from hub.ports import Hook

APP_ID, SECRET, TOKEN = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef", "Word4242"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CUT_S, REPEATS = 5.0, 3
"""After how long WeChat gives a callback up, and how often it makes it again."""


async def delivered(url: str, body: str, now: Callable[[], float] = time.time, *, cut_s: float = CUT_S) -> list[str]:
    """Make a callback as WeChat does: cut off after `cut_s`, and again until it is answered, with the same ids and another seal.
    Returns what came of each try: the answer's text, its status when that was not 200, or "cut"."""
    told: list[str] = []
    async with httpx.AsyncClient(timeout=cut_s) as http:
        for _ in range(1 + REPEATS):
            hook = callback(body, now())
            answer = None
            with suppress(httpx.HTTPError):
                answer = await http.post(url, params=dict(hook.query), content=hook.body, headers=dict(hook.headers))
            told.append("cut" if answer is None else answer.text if answer.status_code == 200 else str(answer.status_code))
            if answer is not None and answer.status_code == 200:
                break
    return told


def callback(body: str, now: float, *, key: str = AES_KEY, token: str = TOKEN, app_id: str = APP_ID, json: bool = False) -> Hook:
    """A callback as WeChat makes it in secure mode, around the XML or JSON of a message."""
    stamp, nonce = str(int(now)), secrets.token_hex(5)
    sealed = WeChatCrypto(token, key, app_id).encrypt_message(body, nonce, stamp)
    encrypted = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    outer = f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()
    if json:
        outer = orjson.dumps({"ToUserName": "gh_1", "Encrypt": encrypted})
    query = {
        "timestamp": stamp,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": signature(token, stamp, nonce, encrypted),
    }
    return Hook("POST", query, {"content-type": "application/json" if json else "text/xml"}, outer)


def signature(*pieces: str) -> str:
    """WeChat's: SHA-1 of the sorted pieces."""
    return hashlib.sha1("".join(sorted(pieces)).encode(), usedforsecurity=False).hexdigest()
