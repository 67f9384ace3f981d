"""Secrets that must lie in the database, sealed by a key that does not: AES-256-GCM, bound to what each of them is for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.installs import Unsealable

KEY_BYTES, NONCE_BYTES, NAME_CHARS = 32, 12, 8
VERSION = "s1"


def new_key() -> str:
    """A key as `seal_keys` takes it: 32 random bytes in base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def key_of(text: str) -> bytes:
    """The bytes of a key. Raises `ValueError`."""
    try:
        found = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != KEY_BYTES:
        raise ValueError("must be 32 random bytes in base64; `frontdesk seal-key` prints one")
    return found


class Sealer:
    """Seals with the first key and opens with any of them, so that a key can be replaced while the old one is still needed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_name(key): AESGCM(key) for key in keys}
        self._first = _name(keys[0])

    def seal(self, secret: str, about: str) -> str:
        """A sealed secret; it opens only for the same `about`, so that rows can't be exchanged."""
        nonce = os.urandom(NONCE_BYTES)
        closed = self._keys[self._first].encrypt(nonce, secret.encode(), about.encode())
        return f"{VERSION}.{self._first}.{base64.urlsafe_b64encode(nonce + closed).decode()}"

    def open(self, sealed: str, about: str) -> str:
        """The secret. Raises `Unsealable`."""
        version, _, rest = sealed.partition(".")
        name, _, body = rest.partition(".")
        key = self._keys.get(name)
        if version != VERSION or key is None:
            raise Unsealable(f"it was sealed by another key ({name[:NAME_CHARS] or 'none'}); put that one into seal_keys again")
        try:
            whole = base64.urlsafe_b64decode(body)
            return key.decrypt(whole[:NONCE_BYTES], whole[NONCE_BYTES:], about.encode()).decode()
        except (InvalidTag, ValueError) as exc:
            raise Unsealable("it was changed, or sealed for something else") from exc

    def is_fresh(self, sealed: str) -> bool:
        """Whether the first key has sealed it."""
        return sealed.startswith(f"{VERSION}.{self._first}.")


def _name(key: bytes) -> str:
    """What a key is called beside what it sealed; it tells nothing about the key."""
    return hashlib.sha256(b"seal\0" + key).hexdigest()[:NAME_CHARS]
