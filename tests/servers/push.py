"""Small servers that behave like Firebase Cloud Messaging and Apple's push service: tokens, one notice each, and devices that go.

Shapes: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send and
https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.serving import serving

_RSA = rsa.generate_private_key(65537, 2048)
_EC = ec.generate_private_key(ec.SECP256R1())
FCM_KEY = _RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
APNS_KEY = _EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass
class PushServer:
    """Both services at one address. `told` are notices that were taken, `gone` tokens of lost devices; `answers` go first."""

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    answers: list[Response] = field(default_factory=list)
    grants: int = 0

    async def token(self, request: Request) -> Response:
        """Google's token endpoint: a JWT of the service account for an access token."""
        form = await request.form()
        claims = jwt.decode(str(form["assertion"]), _RSA.public_key(), ["RS256"], audience=f"{self.url}/token")
        assert claims["scope"].endswith("firebase.messaging")
        self.grants += 1
        return JSONResponse({"access_token": f"access-{self.grants}", "expires_in": 3600, "token_type": "Bearer"})

    async def fcm(self, request: Request) -> Response:
        """projects.messages.send"""
        if self.answers:
            return self.answers.pop(0)
        if request.headers["authorization"] != f"Bearer access-{self.grants}":
            return fcm_error(401, "UNAUTHENTICATED")
        message = json.loads(await request.body())["message"]
        if message["token"] in self.gone:
            return fcm_error(404, "UNREGISTERED")
        self.told.append(message)
        return JSONResponse({"name": f"projects/shop/messages/{len(self.told)}"})

    async def apns(self, request: Request) -> Response:
        """POST /3/device/{token}"""
        if self.answers:
            return self.answers.pop(0)
        head = request.headers
        provider = head["authorization"].removeprefix("bearer ")
        assert jwt.get_unverified_header(provider)["kid"] == "KEY1234567"
        jwt.decode(provider, _EC.public_key(), ["ES256"], issuer="TEAM123456")
        token = request.path_params["token"]
        if token in self.gone:
            return JSONResponse({"reason": "Unregistered", "timestamp": 1}, 410)
        self.told.append({"token": token, "headers": dict(head), **json.loads(await request.body())})
        return Response(headers={"apns-id": "x"})


def fcm_error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    """An error as FCM writes it."""
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    said = {"error": {"code": status, "message": code, "status": code, "details": [{"@type": kind, "errorCode": code}]}}
    return JSONResponse(said, status, headers)


@asynccontextmanager
async def push_server() -> AsyncIterator[PushServer]:
    """Both services, running."""
    own = PushServer()
    routes = [
        Route("/token", own.token, methods=["POST"]),
        Route("/v1/projects/shop/messages:send", own.fcm, methods=["POST"]),
        Route("/3/device/{token}", own.apns, methods=["POST"]),
    ]
    async with serving(Starlette(routes=routes)) as url:
        own.url = url
        yield own


def push_settings(url: str, **more: Any) -> dict[str, Any]:
    """The `push` of a channel's YAML that calls these servers."""
    return {
        "after": 0.001,
        "fcm": {"project": "shop", "client_email": "a@b", "private_key": FCM_KEY, "api_url": url, "token_url": f"{url}/token"},
        "apns": {"key_id": "KEY1234567", "team_id": "TEAM123456", "private_key": APNS_KEY, "topic": "com.shop", "api_url": url},
        **more,
    }
