"""Whether a callback comes from WeChat, and what its sealed body says; the seal of what goes back."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from connectors.wechat.bodies import fields, is_json
from connectors.wechat.settings import AccountSettings
from hub.errors import Malformed, Rejected
from hub.ports import Hook

MOST = 65_536
"""Bytes of a body: real ones are below 8 000, a deep one of 7 MB costs the parser four seconds (xmltodict 1.0.4)."""
SKEW_S = 300
"""How old a callback's own time may be; WeChat's signature has no end by itself."""


MANY = 20_000
"""Signatures that are remembered: far more than WeChat makes within `SKEW_S`."""


class Lock:
    """A token and its keys, of whichever product. Without keys, in plain mode, a signature says nothing of the body: one that was
    seen with another body is refused. A callback that is repeated as it was has the same id, and is there already (`reading`)."""

    _owner = "app_id"
    """The setting that says whose keys these are."""

    def __init__(self, token: str, keys: Sequence[Any], now: Callable[[], datetime]) -> None:
        self._token = token
        self._keys = keys
        self._now = now
        self._seen: dict[tuple[str, str], bytes] = {}

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
        return fields(self._unsealed(hook.query, self._signed(hook.query, "msg_signature", hook.body)))

    def _unsealed(self, query: Mapping[str, str], sealed: str) -> str:
        """What was sealed with one of the keys for this account."""
        failure: Exception | None = None
        for key in self._keys:
            try:
                return str(key.decrypt_message({"Encrypt": sealed}, query["msg_signature"], query["timestamp"], query["nonce"]))
            except Exception as exc:  # some ten kinds, by how the key is wrong (wechatpy 1.8.18, crypto)
                failure = exc
        raise Rejected(f"wechat: the body can't be decrypted ({type(failure).__name__}): check aes_key and {self._owner}")

    def _new(self, hook: Hook) -> None:
        signed, digest = (hook.query["timestamp"], hook.query["nonce"]), hashlib.sha256(hook.body).digest()
        if self._seen.setdefault(signed, digest) != digest:
            raise Rejected("wechat: this signature came with another body before")
        if len(self._seen) > MANY:
            self._seen.pop(next(iter(self._seen)))

    def closed(self, answer: str) -> str:
        """An answer as WeChat wants it: sealed with the newest key, in plain mode as it is; as XML or JSON."""
        if not self._keys:
            return answer
        nonce, stamp = secrets.token_hex(8), str(int(self._now().timestamp()))
        sealed = str(self._keys[0].encrypt_message(answer, nonce, stamp))
        return orjson.dumps(fields(sealed)).decode() if is_json(answer) else sealed

    def _signed(self, query: Mapping[str, str], name: str, body: bytes = b"") -> str:
        """Check time and signature, in constant time; returns what is sealed, when that is part of what was signed."""
        stamp, nonce, given = query.get("timestamp", ""), query.get("nonce", ""), query.get(name, "")
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12 and nonce and given):
            raise Rejected("wechat: not signed")
        if abs(self._now().timestamp() - int(stamp)) > SKEW_S:
            raise Rejected("wechat: the signature is too old, or this machine's clock is wrong")
        sealed = _sealed(body) if body else ""
        pieces = [self._token, stamp, nonce, *([sealed] if sealed else [])]
        made = hashlib.sha1("".join(sorted(pieces)).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(made.encode(), given.encode("utf-8", "surrogatepass")):
            raise Rejected("wechat: wrong signature")
        return sealed


class Seal(Lock):
    """One account's."""

    def __init__(self, settings: AccountSettings, now: Callable[[], datetime]) -> None:
        token = settings.token.get_secret_value()
        given = [key.get_secret_value() for key in (settings.aes_key, settings.old_aes_key) if key]
        keys = [WeChatCrypto(token, key, settings.app_id) for key in given] if settings.mode != "plain" else []
        super().__init__(token, keys, now)


def _sealed(body: bytes) -> str:
    """What a body holds encrypted. Nothing else of it is read: nobody has signed it."""
    try:
        sealed = fields(body).get("Encrypt") if b"Encrypt" in body else None
    except Malformed as exc:
        raise Rejected("wechat: the body is neither XML nor JSON") from exc
    if not isinstance(sealed, str) or not sealed:
        raise Rejected("wechat: the body is not encrypted; set the same mode here and in WeChat")
    return sealed
