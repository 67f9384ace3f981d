"""Whether a callback comes from WeChat, and what its sealed body says; the seal of what goes back."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import xmltodict  # type: ignore[import-untyped]
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from connectors.wechat.settings import WeChatSettings
from hub.errors import Malformed, Rejected
from hub.ports import Hook

MOST = 65_536
"""Bytes of a body: real ones are below 8 000, a deep one of 7 MB costs the parser four seconds (xmltodict 1.0.4)."""
SKEW_S = 300
"""How old a callback's own time may be; WeChat's signature has no end by itself."""


MANY = 20_000
"""Signatures that are remembered: far more than WeChat makes within `SKEW_S`."""


class Seal:
    """One account's token and keys. In plain mode a signature says nothing of the body: one that was seen with another body is
    refused. A callback that is repeated as it was has the same id, and is there already (`reading`)."""

    def __init__(self, settings: WeChatSettings, now: Callable[[], datetime]) -> None:
        self._token = settings.token.get_secret_value()
        self._now = now
        self._seen: dict[tuple[str, str], bytes] = {}
        keys = [key.get_secret_value() for key in (settings.aes_key, settings.old_aes_key) if key]
        self._keys = [WeChatCrypto(self._token, key, settings.app_id) for key in keys] if settings.mode != "plain" else []

    def greeted(self, hook: Hook) -> str:
        """The word to send back when WeChat first looks whether the address is ours (接入指南, step 2)."""
        self._signed(hook.query, "signature")
        echo = hook.query.get("echostr", "")
        if not re.fullmatch("[0-9A-Za-z]{1,64}", echo):
            raise Malformed("wechat: no echostr")
        return echo

    def opened(self, hook: Hook) -> dict[str, Any]:
        """What a callback says, as flat fields. Raises `Rejected` before anything of it is read, or `Malformed`."""
        if len(hook.body) > MOST:
            raise Malformed("wechat: the body is too large", too_large=True)
        if not self._keys:
            self._signed(hook.query, "signature")
            self._new(hook)
            return fields(hook.body)
        outer = self._signed(hook.query, "msg_signature", hook.body)
        failure: Exception | None = None
        for key in self._keys:
            try:
                plain = key.decrypt_message(outer, hook.query["msg_signature"], hook.query["timestamp"], hook.query["nonce"])
                return fields(plain)
            except Malformed:
                raise
            except Exception as exc:  # some ten kinds, by how the key is wrong (wechatpy 1.8.18, crypto)
                failure = exc
        raise Rejected(f"wechat: the body can't be decrypted ({type(failure).__name__}): check aes_key and app_id")

    def _new(self, hook: Hook) -> None:
        signed, digest = (hook.query["timestamp"], hook.query["nonce"]), hashlib.sha256(hook.body).digest()
        if self._seen.setdefault(signed, digest) != digest:
            raise Rejected("wechat: this signature came with another body before")
        if len(self._seen) > MANY:
            self._seen.pop(next(iter(self._seen)))

    def closed(self, xml: str) -> str:
        """An answer as WeChat wants it: sealed with the newest key, in plain mode as it is."""
        if not self._keys:
            return xml
        nonce, stamp = secrets.token_hex(8), str(int(self._now().timestamp()))
        return str(self._keys[0].encrypt_message(xml, nonce, stamp))

    def _signed(self, query: Mapping[str, str], name: str, body: bytes = b"") -> str:
        """Check time and signature, in constant time; returns the body as text when it is part of what was signed."""
        stamp, nonce, given = query.get("timestamp", ""), query.get("nonce", ""), query.get(name, "")
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12 and nonce and given):
            raise Rejected("wechat: not signed")
        if abs(self._now().timestamp() - int(stamp)) > SKEW_S:
            raise Rejected("wechat: the signature is too old, or this machine's clock is wrong")
        text, pieces = "", [self._token, stamp, nonce]
        if body:
            text = _text(body)
            sealed = fields(text.encode()).get("Encrypt") if "Encrypt" in text else None
            if not isinstance(sealed, str) or not sealed:
                raise Rejected("wechat: the body is not encrypted; set the same mode here and in WeChat")
            pieces.append(sealed)
        made = hashlib.sha1("".join(sorted(pieces)).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(made.encode(), given.encode("utf-8", "surrogatepass")):
            raise Rejected("wechat: wrong signature")
        return text


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Rejected("wechat: the body is not text") from exc


def fields(body: bytes | str) -> dict[str, Any]:
    """The elements of WeChat's flat XML by name. Entities are refused by the parser (xmltodict: `disable_entities`)."""
    try:
        found = xmltodict.parse(body if isinstance(body, str) else body.decode("utf-8-sig"))
    except Exception as exc:  # expat's errors, ValueError for entities, RecursionError for depth
        raise Malformed("wechat: the body is not XML") from exc
    inner = found.get("xml") if isinstance(found, dict) else None
    if not isinstance(inner, dict):
        raise Malformed("wechat: the body is not a message")
    return inner
