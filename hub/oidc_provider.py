"""An OpenID Connect provider: code flow with PKCE, state and nonce, a token that is proved. Imported only where there is one."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import orjson
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hub.oidc import BACK, Begun, NotLetIn, Proved
from hub.roles import Oidc

FRESH_S = 3600.0
"""How long the provider's own description and keys are believed."""
AGAIN_S = 10.0
"""A key that is not known makes us look again, at most this often."""
LEEWAY_S = 60


class Provider:
    """One provider, as this process knows it."""

    def __init__(self, rules: Oidc, public_url: str) -> None:
        self._rules = rules
        self._back = public_url + BACK
        self._about: Mapping[str, Any] = {}
        self._keys = KeySet([])
        self._read_at = -FRESH_S
        self._asking = asyncio.Lock()

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[AsyncOAuth2Client]:
        """A session with the provider; whatever goes wrong there is `NotLetIn`."""
        rules = self._rules
        ways = self._about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        way = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
        client = AsyncOAuth2Client(
            client_id=rules.client_id,
            client_secret=rules.client_secret.get_secret_value() if rules.client_secret else None,
            scope=" ".join(rules.scopes),
            redirect_uri=self._back,
            code_challenge_method="S256",
            token_endpoint_auth_method=way if rules.client_secret else "none",
            timeout=rules.timeout,
            trust_env=False,
            follow_redirects=False,
        )
        try:
            async with client:
                yield client
        except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
            raise NotLetIn("provider", f"the provider does not answer: {type(exc).__name__}") from exc
        except (AuthlibBaseError, JoseError) as exc:
            raise NotLetIn("refused", f"the provider's answer proves nothing: {exc.error}") from exc
        except (ValueError, KeyError, TypeError) as exc:
            raise NotLetIn("provider", f"the provider's answer can't be read: {type(exc).__name__}") from exc

    async def begin(self) -> Begun:
        """Where to send somebody."""
        await self._learn()
        nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        async with self._client() as client:
            url, state = client.create_authorization_url(
                self._about["authorization_endpoint"], nonce=nonce, code_verifier=verifier, state=secrets.token_urlsafe(24)
            )
        return Begun(url, state, nonce, verifier)

    async def finish(self, code: str, begun: Begun) -> Proved:
        """Who came back with this code."""
        await self._learn()
        async with self._client() as client:
            token = await client.fetch_token(
                self._about["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=begun.verifier
            )
            claims = await self.check(str(token["id_token"]), begun.nonce, str(token.get("access_token", "")))
            told: dict[str, Any] = dict(claims)
            if "email" not in told and "userinfo_endpoint" in self._about:
                answer = await client.get(self._about["userinfo_endpoint"])
                answer.raise_for_status()
                more = orjson.loads(answer.content)
                if more["sub"] == told["sub"]:
                    told = {**more, **told}
        return _proved(self._rules, told)

    async def check(self, token: str, nonce: str, access: str) -> CodeIDToken:
        """The claims of a token that the provider signed for us, just now, for this browser."""
        rules, algorithms = self._rules, list(self._rules.algorithms)
        try:
            found = jwt.decode(token, self._keys, algorithms=algorithms)
        except (JoseError, ValueError):
            await self._learn(again=True)
            found = jwt.decode(token, self._keys, algorithms=algorithms)
        wanted = {
            "iss": {"essential": True, "values": [rules.issuer]},
            "aud": {"essential": True, "values": [rules.client_id]},
        }
        params = {"nonce": nonce, "client_id": rules.client_id, "access_token": access}
        claims = CodeIDToken(found.claims, found.header, wanted, params)
        claims.validate(leeway=LEEWAY_S)
        named = {claims["aud"]} if isinstance(claims["aud"], str) else set(claims["aud"])
        if named - {rules.client_id, *rules.audience}:
            raise NotLetIn("refused", "the token is for others too")
        return claims

    async def _learn(self, *, again: bool = False) -> None:
        """Read what the provider says of itself, and its keys, when that was long ago or a key is unknown."""
        async with self._asking:
            age = time.monotonic() - self._read_at
            if age < (AGAIN_S if again else FRESH_S):
                return
            async with self._client() as client:
                about = await _read(client, self._rules.issuer.rstrip("/") + "/.well-known/openid-configuration")
                if about["issuer"] != self._rules.issuer:
                    raise NotLetIn("provider", "the provider calls itself by another name than `issuer` in access.yaml")
                keys = await _read(client, about["jwks_uri"])
                self._about, self._keys = about, KeySet.import_key_set(keys)  # type: ignore[arg-type]
            self._read_at = time.monotonic()


async def _read(client: AsyncOAuth2Client, url: str) -> dict[str, Any]:
    answer = await client.request("GET", url, withhold_token=True)
    answer.raise_for_status()
    found: dict[str, Any] = orjson.loads(answer.content)
    return found


def _proved(rules: Oidc, told: Mapping[str, Any]) -> Proved:
    groups = told.get(rules.groups, [])
    listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    return Proved(
        subject=hashlib.sha256(f"{rules.issuer}\0{told['sub']}".encode()).hexdigest(),
        email=str(told.get("email", "")).strip().lower()[:190],
        verified=rules.emails_verified or told.get("email_verified") in (True, "true"),
        name=str(told.get("name") or told.get("preferred_username") or "")[:100],
        groups=frozenset(str(one) for one in listed),
    )
