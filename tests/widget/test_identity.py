"""Signed identities: a backend says who a customer is, and nobody else can."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from connectors.identity_settings import IdentitySettings
from hub.store.store import Store
from hub.store.tables import Identity
from tests.hub.hubs import rows
from tests.widget.consoles import House
from tests.widget.customers import say, web_house
from widget.identities import address_of_subject

SECRET = "the-secret-of-the-shop's-own-backend, long enough for every algorithm"
NEXT = "the-secret-that-comes-after-that-one"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
SMALL = rsa.generate_private_key(65537, 1024)
SMALL_PEM = SMALL.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
ED = ed25519.Ed25519PrivateKey.generate()
ODD = [ec.generate_private_key(curve).public_key() for curve in (ec.SECP224R1(), ec.BrainpoolP256R1(), ec.SECP256K1())]
ODD_PEMS = [key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() for key in ODD]
ED_PEM = ED.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
EC_PEM = EC.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
KEYS = [
    {"secret": SECRET},
    {"kid": "next", "secret": NEXT},
    {"kid": "rsa", "algorithm": "RS256", "public_key": PEM},
    {"kid": "ec", "algorithm": "ES256", "public_key": EC_PEM},
    {"kid": "ed", "algorithm": "EdDSA", "public_key": ED_PEM.replace("\n", "\\n")},
    {"kid": "pss", "algorithm": "PS256", "public_key": PEM},
]


def signed(key: Any = SECRET, algorithm: str = "HS256", kid: str = "", **claims: Any) -> str:
    said = {"sub": "anna", "aud": "web", "exp": int(time.time()) + 300, **claims}
    headers = {"kid": kid} if kid else None
    return jwt.encode({k: v for k, v in said.items() if v is not None}, key, algorithm, headers=headers)


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with web_house(store, redis_url, prefix, tmp_path, identity={"keys": KEYS, "required": True}) as made:
        yield made


@pytest.fixture
async def free(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    """Where a signed identity is an option."""
    async with web_house(store, redis_url, prefix, tmp_path, identity={"keys": KEYS}) as made:
        yield made


async def session(home: House, **body: Any) -> httpx.Response:
    api = await home.browser()
    return await api.post("/chat/web/session", json=body)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [
        (SECRET, "HS256", ""),
        (NEXT, "HS256", "next"),
        (RSA, "RS256", "rsa"),
        (EC, "ES256", "ec"),
        (ED, "EdDSA", "ed"),
        (RSA, "PS256", "pss"),
    ],
)
async def test_every_key_of_a_channel_is_believed(home: House, key: Any, algorithm: str, kid: str) -> None:
    assert (await session(home, identity=signed(key, algorithm, kid))).json()["customer"] == "u:anna"


def changed(token: str, **claims: Any) -> str:
    """The same head and signature about other claims."""
    head, _, signature = token.split(".")
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}.{signature}"


@pytest.mark.parametrize(
    "headers",
    [{"tenant": "t1", "ver": "1", "nonce": "n"}, {"x5c": ["A" * 2000]}, {"x5t": 5, "jku": ""}, {"exp": 1, "iss": "shop"}],
)
async def test_what_else_a_token_s_header_says_is_ignored(home: House, headers: dict[str, Any]) -> None:
    """RFC 7515 §4: parameters that are not understood must be ignored."""
    for key, algorithm, kid in ((RSA, "RS256", "rsa"), (EC, "ES256", "ec"), (SECRET, "HS256", "")):
        said = {"sub": "anna", "aud": "web", "exp": int(time.time()) + 300}
        token = jwt.encode(said, key, algorithm, headers=headers | ({"kid": kid} if kid else {}))
        assert (await session(home, identity=token)).status_code == 200, algorithm


def wrong() -> dict[str, str]:
    now = int(time.time())
    none = jwt.encode({"sub": "anna", "aud": "web", "exp": now + 300}, None, "none")  # type: ignore[arg-type]
    confused = jwt.api_jws.PyJWS()
    head, body, _ = signed().split(".")
    return {
        "another key": signed("another-secret-of-thirty-two-chars!"),
        "another algorithm": signed(SECRET, "HS512"),
        "no algorithm": none,
        "a key of another name": signed(SECRET, kid="next"),
        "a name that nobody knows": signed(NEXT, kid="nobody"),
        "the public key as a secret": confused.encode(
            b'{"sub":"anna","aud":"web","exp":9999999999}', "x" * 64, "HS256", headers={"kid": "rsa"}
        ),
        "another pair": signed(rsa.generate_private_key(65537, 2048), "RS256", "rsa"),
        "the pair's other algorithm": signed(RSA, "RS512", "rsa"),
        "a pair's, over": signed(RSA, "RS256", "rsa", exp=now - 60),
        "a pair's, for another channel": signed(EC, "ES256", "ec", aud="other"),
        "a pair's, not yet": signed(EC, "ES256", "ec", nbf=now + 600),
        "a pair's, without exp": signed(EC, "ES256", "ec", exp=None),
        "a pair's, without aud": signed(EC, "ES256", "ec", aud=None),
        "a pair's, without sub": signed(EC, "ES256", "ec", sub=None),
        "a pair's, whose sub is a number": signed(EC, "ES256", "ec", sub=7),
        "a pair's, changed": changed(signed(EC, "ES256", "ec"), aud="web", sub="eve", exp=now + 300),
        "over": signed(exp=now - 60),
        "another channel": signed(aud="other"),
        "not yet": signed(nbf=now + 600),
        "without exp": signed(exp=None),
        "without aud": signed(aud=None),
        "without sub": signed(sub=None),
        "empty sub": signed(sub=" "),
        "no signature": f"{head}.{body}.",
        "no token": "x",
        "dots": "..",
        "emoji": "🙂.🙂.🙂",
    }


@pytest.mark.parametrize("name", wrong())
async def test_what_no_key_of_the_channel_signed_is_refused(home: House, name: str) -> None:
    said = await session(home, identity=wrong()[name])
    assert (said.status_code, said.json()["error"]["code"]) == (401, "identity")


async def test_clocks_may_differ_a_little(home: House) -> None:
    assert (await session(home, identity=signed(exp=int(time.time()) - 10))).status_code == 200


async def test_where_it_is_required_nobody_comes_in_without(home: House, free: House) -> None:
    for body in ({}, {"name": "Anna"}, {"tok": "x"}):
        assert (await session(home, **body)).json()["error"]["code"] == "identity"
    anonymous = (await session(free)).json()["token"]
    assert (await session(home, tok=anonymous)).status_code == 401
    api = await home.browser()
    said = await api.post("/chat/web/poll", json={"tok": anonymous, "since": 0})
    assert (said.status_code, said.json()["error"]["code"]) == (401, "identity")


async def test_where_it_is_an_option_others_come_in_as_strangers(free: House) -> None:
    assert (await session(free)).json()["customer"].startswith("v")
    assert (await session(free, identity=signed())).json()["customer"] == "u:anna"
    assert (await session(free, identity="x")).status_code == 401, "a bad identity is no stranger"


async def test_a_customer_is_the_same_on_every_device(home: House) -> None:
    """Both devices have one log, and see each other's lines."""
    phone, tablet = [(await session(home, identity=signed())).json() for _ in range(2)]
    assert phone["customer"] == tablet["customer"]
    api = await home.browser()
    body = {"tok": phone["token"], "epoch": phone["epoch"], "since": 0, "up": [say("m1", "from the phone")]}
    assert (await api.post("/chat/web/poll", json=body)).json()["down"] == [{"t": "ok", "id": "m1"}]
    await home.work()
    down = (await api.post("/chat/web/poll", json={"tok": tablet["token"], "epoch": tablet["epoch"], "since": 0})).json()["down"]
    assert down[0]["d"]["text"] == "from the phone"


async def test_a_session_does_not_outlive_the_backends_word_by_asking(home: House) -> None:
    first = (await session(home, identity=signed(name="Anna"))).json()["token"]
    again = (await session(home, tok=first, name="Eve")).json()["token"]
    told = [jwt.decode(token, options={"verify_signature": False}) for token in (first, again)]
    assert told[0]["exp"] == told[1]["exp"]
    assert told[1]["who"] == {"name": "Anna"}
    assert told[0]["exp"] - told[0]["iat"] == 24 * 3600


def test_customers_ids_never_run_into_each_other() -> None:
    """A message's id is the customer's, a dot, and the app's own."""
    subjects = ["a", "a.b", "a%2Eb", "A", "u:a", "v1", "a b", "ä", "x" * 500, "x" * 501, "a\n", "../a"]
    made = [address_of_subject(subject) for subject in subjects]
    assert len(set(made)) == len(made)
    assert all("." not in one and one[:2] in ("u:", "h:") and len(one) <= 122 for one in made)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{"secret": "short"}],
        [{"algorithm": "none"}],
        [{"algorithm": "RS256", "secret": SECRET}],
        [{"algorithm": "HS256", "public_key": PEM}],
        [{"algorithm": "RS256", "public_key": "-----BEGIN PRIVATE KEY-----"}],
        [{"algorithm": "RS256", "public_key": "-----BEGIN PUBLIC KEY----- cut off"}],
        [{"algorithm": "RS256", "public_key": EC_PEM}],
        [{"algorithm": "RS256", "public_key": SMALL_PEM}],
        [{"algorithm": "ES384", "public_key": EC_PEM}],
        [{"algorithm": "EdDSA", "public_key": PEM}],
        *([{"algorithm": "ES256", "public_key": pem}] for pem in ODD_PEMS),
        [{"kid": "a", "secret": SECRET}, {"kid": "a", "secret": NEXT}],
    ],
)
def test_keys_that_prove_nothing_are_mistakes(keys: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        IdentitySettings.model_validate({"keys": keys})


async def test_who_proves_both_keeps_what_they_said_as_a_stranger(free: House) -> None:
    page = await free.browser()
    stranger = (await page.post("/chat/web/session", json={})).json()
    hello = {"t": "send", "id": "m1", "d": {"text": "before I signed in"}}
    await page.post("/chat/web/poll", json={"tok": stranger["token"], "epoch": stranger["epoch"], "since": 0, "up": [hello]})
    await free.work()
    bob = {"identity": signed(sub="bob"), "tok": "not a token"}
    assert (await page.post("/chat/web/session", json=bob)).json()["customer"] == "u:bob"
    given = {"identity": signed(email="anna@example.org"), "tok": stranger["token"]}
    named = (await page.post("/chat/web/session", json=given)).json()
    assert named["customer"] == "u:anna"

    async def seen(token: str) -> list[str]:
        items = (await page.get("/chat/web/history", headers={"authorization": f"Bearer {token}"})).json()["items"]
        return [item["d"]["text"] for item in items if item["by"]["kind"] == "customer"]

    assert await seen(named["token"]) == ["before I signed in"]
    assert await seen(stranger["token"]) == [], "the stranger's log is that customer's now, and nobody else's"
    other = (await page.post("/chat/web/session", json={"identity": signed(sub="bob"), "tok": named["token"]})).json()
    assert await seen(other["token"]) == [], "who was signed is somebody else, on the same device"
    assert await seen(named["token"]) == ["before I signed in"]


@pytest.mark.parametrize(
    ("claims", "linked"),
    [
        ({"email": "anna@example.org"}, True),
        ({"email": "anna@example.org", "email_verified": True}, True),
        ({"email": "anna@example.org", "email_verified": False}, False),
        ({"email": "anna@example.org", "email_verified": "false"}, False),
        ({"phone_number": "+8613800138000", "phone_number_verified": False}, False),
        ({"phone_number": "+8613800138000"}, True),
        ({"unionid": "oAbC"}, True),
        ({"name": "Anna"}, False),
    ],
)
async def test_what_a_backend_vouches_for_links_and_what_it_does_not_links_nobody(
    home: House, claims: dict[str, Any], linked: bool
) -> None:
    page = await home.browser()
    for sub in ("anna", "anna-again"):
        token = (await page.post("/chat/web/session", json={"identity": signed(sub=sub, **claims)})).json()["token"]
        hello = {"t": "send", "id": "m1", "d": {"text": "hello"}}
        answer = await page.post("/chat/web/poll", json={"tok": token, "epoch": home.hub.store.epoch, "since": 0, "up": [hello]})
        assert {"t": "ok", "id": "m1"} in answer.json()["down"]
        await home.work()
    assert len({row["customer_id"] for row in await rows(home.hub.store, Identity)}) == (1 if linked else 2)
