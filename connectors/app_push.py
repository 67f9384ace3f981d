"""Firebase Cloud Messaging and Apple Push Notification service: one notice to a device, and which answers mean it is gone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from connectors.app_settings import Apns, Fcm
from hub.errors import ConfigError, Temporary, Undeliverable
from hub.key_pairs import signed

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
KEEP_S = 24 * 3600
"""How long a push service keeps a notice for a device that is off."""
APPLE_TOKEN_LIFE = timedelta(minutes=40)
"""Apple wants provider tokens renewed every 20 to 60 minutes (Establishing a token-based connection to APNs)."""


class FcmSender:
    """https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send"""

    def __init__(self, settings: Fcm, timeout: float, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False)
        self._token, self._until = "", now()

    async def send(self, token: str, title: str, text: str, badge: int, collapse: str, facts: Mapping[str, str]) -> None:
        """Raises `Undeliverable` with `unreachable` when the device is gone, `Temporary` when later may help."""
        message = {
            "token": token,
            "notification": {"title": title, "body": text},
            "data": dict(facts),
            "android": {"collapse_key": collapse, "ttl": f"{KEEP_S}s", "notification": {"tag": collapse}},
            "apns": {"headers": {"apns-collapse-id": collapse}, "payload": {"aps": {"badge": badge}}},
        }
        with translated("FCM"):
            head = {"authorization": f"Bearer {await self._access()}"}
            url = f"{self._settings.api_url}/v1/projects/{self._settings.project}/messages:send"
            answer = await self._client.post(url, json={"message": message}, headers=head)
        if answer.status_code == 401:
            self._token = ""
        code = _fcm_code(answer)
        if answer.status_code == 404 or code in ("UNREGISTERED", "SENDER_ID_MISMATCH"):
            raise Undeliverable("FCM: the device is gone", code or "404", unreachable=True)
        _judge("FCM", answer, code)

    async def _access(self) -> str:
        """An access token (developers.google.com/identity/protocols/oauth2/service-account), kept until it is nearly over."""
        now = self._now()
        if not self._token or now >= self._until:
            claims: dict[str, Any] = {"iss": self._settings.client_email, "scope": SCOPE, "aud": self._settings.token_url}
            claims |= {"iat": int(now.timestamp()), "exp": int((now + timedelta(hours=1)).timestamp())}
            assertion = signed(claims, _key("fcm", self._settings.private_key.get_secret_value()), "RS256")
            answer = await self._client.post(self._settings.token_url, data={"grant_type": GRANT, "assertion": assertion})
            if not answer.is_success:
                raise Temporary(f"Google gives no access token ({answer.status_code})", retry_after=60.0)
            found = answer.json()
            self._token = str(found["access_token"])
            self._until = now + timedelta(seconds=max(float(found.get("expires_in", 3600)) - 60, 0))
        return self._token

    async def aclose(self) -> None:
        await self._client.aclose()


class ApnsSender:
    """https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns"""

    def __init__(self, settings: Apns, timeout: float, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False, http2=True)
        self._token, self._until = "", now()

    async def send(self, token: str, title: str, text: str, badge: int, collapse: str, facts: Mapping[str, str]) -> None:
        """As `FcmSender.send`."""
        aps = {"alert": {"title": title, "body": text}, "badge": badge, "sound": "default", "thread-id": collapse}
        head = {
            "apns-topic": self._settings.topic,
            "apns-push-type": "alert",
            "apns-priority": "10",
            "apns-collapse-id": collapse,
            "apns-expiration": str(int(self._now().timestamp()) + KEEP_S),
        }
        with translated("APNs"):
            head["authorization"] = f"bearer {self._provider()}"
            url = f"{self._settings.api_url}/3/device/{quote(token, safe='')}"
            answer = await self._client.post(url, json={"aps": aps, **facts}, headers=head)
            reason = str(answer.json().get("reason", "")) if answer.content else ""
        if answer.status_code == 410 or reason in ("BadDeviceToken", "DeviceTokenNotForTopic", "Unregistered"):
            raise Undeliverable("APNs: the device is gone", reason or "410", unreachable=True)
        if reason in ("ExpiredProviderToken", "InvalidProviderToken"):
            self._token = ""
        _judge("APNs", answer, reason)

    def _provider(self) -> str:
        now = self._now()
        if not self._token or now >= self._until:
            key = _key("apns", self._settings.private_key.get_secret_value())
            claims = {"iss": self._settings.team_id, "iat": int(now.timestamp())}
            self._token = signed(claims, key, "ES256", kid=self._settings.key_id)
            self._until = now + APPLE_TOKEN_LIFE
        return self._token

    async def aclose(self) -> None:
        await self._client.aclose()


def _key(name: str, pem: str) -> str:
    if "PRIVATE KEY" not in pem:
        raise ConfigError(f"push.{name}.private_key is no PEM")
    return pem


def _fcm_code(answer: httpx.Response) -> str:
    """`error.details[].errorCode` (https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode)."""
    if answer.is_success:
        return ""
    try:
        error = answer.json()["error"]
        codes = [one["errorCode"] for one in error.get("details", []) if "errorCode" in one]
        return str(codes[0] if codes else error.get("status", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _judge(service: str, answer: httpx.Response, code: str) -> None:
    if answer.is_success:
        return
    if answer.status_code in (401, 403, 429) or answer.status_code >= 500:
        wait = answer.headers.get("retry-after", "")
        after = min(float(wait), 3600.0) if wait.isascii() and wait.isdecimal() and len(wait) < 10 else None
        raise Temporary(f"{service} answered {answer.status_code} {code}".strip(), retry_after=after)
    raise Undeliverable(f"{service} answered {answer.status_code}", code)


@contextlib.contextmanager
def translated(service: str) -> Iterator[None]:
    """Others' errors as ours. A notice that came twice replaces itself, so a silence is only a reason to try again."""
    try:
        yield
    except httpx.HTTPError as exc:
        raise Temporary(f"{service} can't be reached: {type(exc).__name__}") from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise Temporary(f"{service}: {type(exc).__name__}", retry_after=60.0) from exc
