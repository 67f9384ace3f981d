"""Who a customer is, as a backend says that knows them: a JWT by one of the channel's keys (RFC 7519)."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import jwt
from jwt.types import Options

from config.settings import IdentityKey, IdentitySettings
from hub.model import Proved
from hub.text import clean
from widget.answers import Refusal
from widget.attributes import read_attributes

LONGEST = 120
CHECKED = ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub", "verify_jti")
"""What PyJWT looks at in the claims of a token that it has proved itself, and of no other without being told."""
WRONG = "the identity is not good: it must be signed by the channel's key, for this channel, and not be over"


@dataclass(frozen=True, slots=True)
class Signed:
    """What the backend says. `address` is the customer's id on the channel, the same on every device."""

    address: str
    name: str
    email: str
    locale: str
    proved: Proved
    attributes: dict[str, str]


def read_identity(settings: IdentitySettings, channel: str, token: str) -> Signed:
    """The customer that a signed identity names. Raises `Refusal` 401, `Malformed` for attributes that are none."""
    claims = _claims(settings, channel, token)
    subject = claims["sub"]
    if not isinstance(subject, str) or not subject.strip():
        raise Refusal(401, "identity", WRONG)
    told = {name: clean(value) for name, value in claims.items() if isinstance(value, str)}
    return Signed(
        address=address_of_subject(subject),
        name=told.get("name", "")[:100],
        email=told.get("email", "")[:190],
        locale=told.get("locale", "")[:16],
        proved=_proved(claims, told),
        attributes=read_attributes(claims.get("attributes")),
    )


def _proved(claims: dict[str, Any], told: dict[str, str]) -> Proved:
    """What the backend vouches for: all that it signs, but what it says itself was not verified (OpenID Connect Core 5.1)."""
    email = told.get("email", "") if claims.get("email_verified", True) is True else ""
    phone = told.get("phone_number", "") or told.get("phone", "")
    if claims.get("phone_number_verified", True) is not True:
        phone = ""
    return Proved(email=email[:190], phone=phone[:64], unionid=told.get("unionid", "")[:190])


def _claims(settings: IdentitySettings, channel: str, token: str) -> dict[str, Any]:
    """The claims of a token that one of the keys signed. Which algorithm is the key's own matter: a token that says `none`, or
    HS256 for a public key, finds no key."""
    try:
        said = jwt.get_unverified_header(token).get("kid", "")
    except jwt.PyJWTError:
        raise Refusal(401, "identity", WRONG) from None
    named = [key for key in settings.keys if key.kid == said]
    for key in named if said and named else [key for key in settings.keys if not (said and key.kid)]:
        with contextlib.suppress(jwt.PyJWTError, ValueError, TypeError, OverflowError):
            return _proved_by(key, settings, channel, token)
    raise Refusal(401, "identity", WRONG)


def _proved_by(key: IdentityKey, settings: IdentitySettings, channel: str, token: str) -> dict[str, Any]:
    """The claims, if this key signed them. PyJWT proves by secrets only: long-lived processes keep cryptography from it."""
    options: Options = {"require": ["exp", "aud", "sub", *(["iss"] if settings.issuer else [])]}
    if key.secret is None:
        from hub.key_pairs import proved

        if not proved(token, key.public_key, key.algorithm):
            raise jwt.InvalidSignatureError
        options |= {"verify_signature": False, **dict.fromkeys(CHECKED, True)}  # type: ignore[typeddict-item]
    return jwt.decode(
        token,
        key.secret.get_secret_value() if key.secret else "",
        [key.algorithm],
        audience=settings.audience or channel,
        issuer=settings.issuer or None,
        leeway=timedelta(seconds=settings.leeway),
        options=options,
    )


def address_of_subject(subject: str) -> str:
    """A customer's id on the channel: never like one that we invent (`v…`), and without a dot: that ends it in a message's id."""
    written = quote(subject, safe="@+-_", errors="replace").replace(".", "%2E")
    if len(written) > LONGEST:
        return "h:" + hashlib.sha256(subject.encode("utf-8", "replace")).hexdigest()
    return "u:" + written
