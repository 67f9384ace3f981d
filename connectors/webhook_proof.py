"""Whether a declared channel's hook is authentic: an HMAC of the raw body, or Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime

from standardwebhooks.webhooks import Webhook as Standard
from standardwebhooks.webhooks import WebhookVerificationError

from connectors.webhook_settings import Signature
from hub.errors import Malformed, Rejected
from hub.ports import Hook


def prove(signature: Signature, hook: Hook, now: datetime) -> None:
    """Nothing when the hook is authentic. Raises `Rejected`."""
    if signature.scheme == "standard-webhooks":
        _standard(signature, hook)
    else:
        _hmac(signature, hook, now)


def _standard(signature: Signature, hook: Hook) -> None:
    """https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md; the time may be five minutes off."""
    try:
        hook.body.decode()
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None
    try:
        Standard(signature.secret.get_secret_value()).verify(hook.body, dict(hook.headers), json_parse=False)
    except (WebhookVerificationError, ValueError, ArithmeticError):
        raise Rejected("the signature is missing, wrong or too old") from None


def _hmac(signature: Signature, hook: Hook, now: datetime) -> None:
    given = hook.headers.get(signature.header.lower(), "")
    if not given.startswith(signature.prefix):
        raise Rejected("the signature is missing or wrong")
    stamp = hook.headers.get(signature.timestamp_header.lower(), "") if signature.timestamp_header else ""
    if signature.timestamp_header:
        if not re.fullmatch(r"[0-9]{1,12}", stamp):
            raise Rejected("the timestamp is missing or wrong")
        if abs(now.timestamp() - int(stamp)) > signature.tolerance:
            raise Rejected("the timestamp is too old")
    before, _, after = signature.signed.replace("{timestamp}", stamp).partition("{body}")
    secret = signature.secret.get_secret_value().encode()
    digest = hmac.new(secret, before.encode() + hook.body + after.encode(), hashlib.sha256)
    right = digest.hexdigest() if signature.encoding == "hex" else base64.b64encode(digest.digest()).decode()
    said = given.removeprefix(signature.prefix)
    said = said.lower() if signature.encoding == "hex" else said
    if not hmac.compare_digest(right.encode(), said.encode("utf-8", "replace")):
        raise Rejected("the signature is missing or wrong")
