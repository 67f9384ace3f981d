"""Single sign-on with a real OpenID Connect provider: who comes in, as what, and every token that proves nothing."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey

from hub import oidc_provider as proving
from hub.oidc import BACK, Begun, NotLetIn
from hub.oidc_provider import Provider
from hub.roles import AccessRules
from hub.store.store import Store
from tests.servers.oidc_provider import CLIENT, SECRET, OidcProvider, approve, oidc_provider
from tests.widget.consoles import House, house

API = "/console/api"


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    with oidc_provider() as running:
        running.register("http://127.0.0.1" + BACK)
        running.add("ann", "Ann@Example.com", "leads", "staff")
        running.add("bo", "bo@example.com", "staff")
        running.add("cy", "cy@example.com")
        yield running


@pytest.fixture
async def home(
    provider: OidcProvider, store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> AsyncIterator[tuple[House, OidcProvider]]:
    provider.verified(True)
    async with house(store, redis_url, prefix, tmp_path / "files", access=rules(provider)) as own:
        yield own, provider


def rules(provider: OidcProvider, **more: Any) -> AccessRules:
    groups = {"leads": "supervisor", "staff": "agent"}
    told = {"issuer": provider.url, "client_id": CLIENT, "client_secret": SECRET, "algorithms": ["RS512"]}
    scopes = ["openid", "email", "profile", "groups"]
    return AccessRules.model_validate({"oidc": {**told, "scopes": scopes, "roles": groups, "role": "viewer", **more}})


async def come(home: House, name: str, page: httpx.AsyncClient | None = None) -> tuple[str, httpx.AsyncClient]:
    """Come in by the provider; returns where the browser is sent, and the browser."""
    page = page or await home.browser()
    there = await page.get(f"{API}/oidc")
    assert there.status_code == 302
    async with httpx.AsyncClient() as elsewhere:
        back = await approve(elsewhere, there.headers["location"], name)
    given = await page.get(back.path, params=back.params)
    assert given.status_code == 302, given.text
    return given.headers["location"], page


async def test_agents_come_in_with_the_role_of_their_group(home: tuple[House, OidcProvider]) -> None:
    house, _ = home
    ann = await house.hub.store.agents.invite("ann@example.com", "Ann", "viewer")
    assert (await (await house.browser()).get(f"{API}/door")).json() == {"single_sign_on": "Single sign-on"}
    where, page = await come(house, "ann")
    assert where == "/console/"
    me = (await page.get(f"{API}/me")).json()
    assert (me["id"], me["role"], me["single"], me["state"]) == (ann, "supervisor", True, "present")
    (row,) = [one for one in await house.hub.store.agents.records(before=None, most=50) if one["action"] == "agent.changed"]
    assert row["detail"] == '{"before":{"role":"viewer"},"after":{"role":"supervisor"}}'
    (login,) = (await page.get(f"{API}/me/sessions")).json()["items"]
    assert login["kind"] == "session"


async def test_who_is_no_agent_comes_in_only_where_that_is_wanted(home: tuple[House, OidcProvider]) -> None:
    house, provider = home
    assert (await come(house, "bo"))[0] == "/console/#problem=unknown"
    house.hub.access = rules(provider, create=True)
    _, page = await come(house, "bo")
    assert (await page.get(f"{API}/me")).json()["role"] == "agent"
    _, page = await come(house, "cy")
    assert (await page.get(f"{API}/me")).json()["role"] == "viewer", "no group of theirs has a role"


async def test_an_address_that_nobody_verified_opens_nothing(home: tuple[House, OidcProvider]) -> None:
    house, provider = home
    await house.hub.store.agents.invite("ann@example.com", "Ann", "admin")
    provider.verified(False)
    where, page = await come(house, "ann")
    assert where == "/console/#problem=unverified"
    assert (await page.get(f"{API}/me")).status_code == 401


async def test_somebody_else_with_the_same_address_is_not_the_agent(home: tuple[House, OidcProvider]) -> None:
    house, provider = home
    await house.hub.store.agents.invite("cy@example.com", "Cy", "agent")
    assert (await come(house, "cy"))[0] == "/console/"
    provider.add("eve", "cy@example.com")
    assert (await come(house, "eve"))[0] == "/console/#problem=other"
    provider.change("cy", emails=["cy.new@example.com"])
    _, page = await come(house, "cy")
    assert (await page.get(f"{API}/me")).json()["email"] == "cy@example.com", "known by what the provider calls them"
    provider.change("cy", emails=["cy@example.com"])
    someone = await house.hub.store.factors.known_as("", "cy@example.com")
    assert someone is not None
    await house.hub.store.agents.change(someone[0].id, disabled=True)
    assert (await come(house, "cy"))[0] == "/console/#problem=off"


async def test_the_way_back_is_good_once_and_for_the_browser_that_began(home: tuple[House, OidcProvider]) -> None:
    house, _ = home
    await house.hub.store.agents.invite("ann@example.com", "Ann", "agent")
    page, stranger = await house.browser(), await house.browser()
    there = (await page.get(f"{API}/oidc")).headers["location"]
    async with httpx.AsyncClient() as elsewhere:
        back = await approve(elsewhere, there, "ann")
    kept = page.cookies["fd_oidc"]
    for who, params in ((stranger, back.params), (page, back.params.set("state", "other")), (page, back.params.remove("state"))):
        assert (await who.get(back.path, params=params)).headers["location"] == "/console/#problem=state"
    assert (await page.get(back.path, params=back.params)).headers["location"] == "/console/"
    page.cookies.set("fd_oidc", kept)
    assert (await page.get(back.path, params=back.params)).headers["location"] == "/console/#problem=state"
    body, _, mac = kept.partition(".")
    for forged in (f"{body}x.{mac}", f"{body}.{mac[:-1]}0", "x", "."):
        page.cookies.set("fd_oidc", forged)
        assert (await page.get(back.path, params=back.params)).headers["location"] == "/console/#problem=state"
    refused = await page.get(f"{API}/oidc/back", params={"error": "access_denied", "state": "x"})
    assert refused.headers["location"] == "/console/#problem=state"


async def begun(provider: Provider, name: str) -> tuple[Begun, str]:
    """As far as the code with which somebody comes back."""
    made = await provider.begin()
    async with httpx.AsyncClient() as elsewhere:
        back = await approve(elsewhere, made.url, name)
    return made, back.params["code"]


async def refused(provider: Provider, code: str, made: Begun) -> str:
    with pytest.raises(NotLetIn) as caught:
        await provider.finish(code, made)
    return caught.value.code


def known(provider: OidcProvider, **more: Any) -> Provider:
    access = rules(provider, **more)
    assert access.oidc is not None
    return Provider(access.oidc, "http://127.0.0.1")


async def test_another_browsers_nonce_or_verifier_is_refused(provider: OidcProvider) -> None:
    own = known(provider)
    made, code = await begun(own, "bo")
    assert "code_challenge_method=S256" in made.url
    assert await refused(own, code, replace(made, nonce="another")) == "refused"
    made, code = await begun(own, "bo")
    assert await refused(own, code, replace(made, verifier="y" * 60)) == "refused"
    made, code = await begun(own, "bo")
    assert (await own.finish(code, made)).email == "bo@example.com"
    assert await refused(own, code, made) == "refused", "the provider takes a code once"


async def test_a_token_for_others_or_by_another_name_is_refused(provider: OidcProvider) -> None:
    own = known(provider, algorithms=["RS256"])
    made, code = await begun(own, "bo")
    assert await refused(own, code, made) == "refused", "the provider signs by RS512, which is not among ours"
    with pytest.raises(NotLetIn, match="another name"):
        await known(provider, issuer=provider.url + "/").begin()
    with pytest.raises(NotLetIn, match="does not answer"):
        await known(provider, issuer="http://127.0.0.1:9").begin()


async def test_what_the_provider_did_not_sign_for_us_is_refused(provider: OidcProvider) -> None:
    own = known(provider, algorithms=["RS512", "RS256"])
    await own.begin()
    claims = {"iss": provider.url, "aud": CLIENT, "sub": "ann", "iat": 1_700_000_000, "exp": 4_000_000_000, "nonce": "n"}
    stranger = RSAKey.generate_key(2048, auto_kid=True)
    real = (await httpx.AsyncClient().get(f"{provider.url}/oauth/jwks.json")).json()["keys"][0]
    wrong = [
        jwt.encode({"alg": "RS512", "kid": real["kid"]}, claims, stranger, ["RS512"]),
        jwt.encode({"alg": "RS256"}, claims, stranger),
        jwt.encode({"alg": "HS256", "kid": real["kid"]}, claims, OctKey.import_key(real["n"])),
        ".".join([_part({"alg": "none", "kid": real["kid"]}), _part(claims), ""]),
        ".".join([_part({"alg": "none"}), _part(claims), ""]),
        "",
        "a.b.c",
        "x" * 1_000_000,
    ]
    for token in wrong:
        with pytest.raises((NotLetIn, ValueError, JoseError)):
            await own.check(token, "n", "")


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


async def test_the_claims_are_held_to_what_was_asked(provider: OidcProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider whose key signs for others too: tokens that are well signed and not for us, not now, not for this browser."""
    own, key = known(provider), RSAKey.generate_key(2048, auto_kid=True)
    await own.begin()
    monkeypatch.setattr(own, "_keys", KeySet([key]))
    good = {"iss": provider.url, "aud": CLIENT, "sub": "ann", "iat": 1_700_000_000, "exp": 4_000_000_000, "nonce": "n"}
    header = {"alg": "RS512", "kid": key.kid}
    assert (await own.check(jwt.encode(header, good, key, ["RS512"]), "n", ""))["sub"] == "ann"
    assert (await own.check(jwt.encode(header, {**good, "aud": [CLIENT], "azp": CLIENT}, key, ["RS512"]), "n", ""))[
        "sub"
    ] == "ann"
    for change in (
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"], "azp": CLIENT},
        {"azp": "another"},
        {"exp": 1_600_000_000},
        {"iat": 4_000_000_000},
        {"nonce": "other"},
        {"nonce": None},
        {"sub": None},
        {"exp": None},
    ):
        claims = {name: value for name, value in {**good, **change}.items() if value is not None}
        with pytest.raises((NotLetIn, JoseError)):
            await own.check(jwt.encode(header, claims, key, ["RS512"]), "n", "")


async def test_a_key_that_the_provider_changed_is_learned(provider: OidcProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    own = known(provider)
    made, code = await begun(own, "bo")
    assert (await own.finish(code, made)).verified
    provider.rotate()
    made, code = await begun(own, "bo")
    assert await refused(own, code, made) == "refused", "asked again a moment ago: a stranger's key ids make us ask no more often"
    monkeypatch.setattr(proving, "AGAIN_S", 0.0)
    made, code = await begun(own, "bo")
    assert (await own.finish(code, made)).groups == {"staff"}
