"""Use-case: agents prove who they are. Passwords by argon2id in a thread, everything else by random secrets kept as hashes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.limits import Limits, Rule
from hub.store.agent_facts import About, Person
from hub.store.agents import AgentStore

if TYPE_CHECKING:
    from hub.store.store import Store

SHORTEST, LONGEST = 10, 1024
"""Of a password, in characters."""
HERE, ELSEWHERE = "here", "elsewhere"
"""By what a session was opened."""
SESSION_S = 12 * 3600.0
TOKEN_S = 365 * 86400.0
FIRST_LINK_S = 86400.0
INVITATION_S = 3 * 86400.0
RESET_S = 900.0
PER_ADDRESS = Rule(30, 600)
"""Tries from one IP address, whoever they are for."""
PER_ACCOUNT = Rule(20, 600)
"""Tries for one account from machines that never signed in to it."""
PER_DEVICE = Rule(10, 600)
"""Tries for one account from one machine that did: strangers can't lock an agent out of their own machine."""
_STOLEN = """
1234567890 12345678910 0123456789 9876543210 0987654321 1q2w3e4r5t 1q2w3e4r5t6y qwertyuiop qwerty12345
qwerty123456 qwertyuiop123 asdfghjkl; password12 password123 password1234 password12345 password123456
passw0rd123 p@ssw0rd123 administrator admin12345 admin123456 changeme123 changemenow letmein123 letmein1234
welcome123 welcome1234 iloveyou123 iloveyou1234 football123 baseball123 superman123 princess123 sunshine123
abcdefghij abcd123456 abc1234567 abc123456789 a123456789 a1234567890 woaini1314 woaini1314520 woaini520
5201314520 1qaz2wsx3edc 1qazxsw23edc zaq12wsxcde3 q1w2e3r4t5y6 frontdesk123 frontdesk1234 supportdesk
helpdesk123 secret12345 correcthorse trustno1trustno1
"""
COMMON = frozenset(_STOLEN.split())
"""Passwords of ten characters and more that lists of stolen passwords begin with."""
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's parameters for argon2id with little memory (Password Storage Cheat Sheet, 2024)."""
_threads = ThreadPoolExecutor(2, "argon2")
"""Two hashes at once: each takes 19 MiB and a core."""


class WeakPassword(Exception):
    """Says what is wrong with a password."""


class TooManyTries(Exception):
    """Somebody guesses."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Who wants in: their IP address, and the proof that their machine signed in before, if it has one."""

    address: str
    device: str = ""


def new_secret() -> str:
    """A secret for a session, a token or a link: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What the store keeps of a secret. It is random, so a plain hash suffices."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def check_password(password: str, *about: str) -> None:
    """Raise `WeakPassword` unless a password will do. `about` are names that it must not simply repeat."""
    plain = unicodedata.normalize("NFC", password)
    if len(plain) < SHORTEST:
        raise WeakPassword(f"The password needs at least {SHORTEST} characters.")
    if len(plain) > LONGEST:
        raise WeakPassword(f"The password can't be longer than {LONGEST} characters.")
    low = plain.lower()
    if low in COMMON or len(set(low)) < 4:
        raise WeakPassword("This password is one that attackers try first. Choose another.")
    if low in {word.lower() for word in about if word}:
        raise WeakPassword("The password must not be your name or e-mail address.")


async def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    plain = unicodedata.normalize("NFC", password)
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, plain)


async def matches(password: str, stored: str) -> bool:
    """Whether a password belongs to a hash; takes as long for an empty hash, which nothing belongs to."""
    plain = unicodedata.normalize("NFC", password)
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, plain, stored)


def _verify(password: str, stored: str) -> bool:
    nobody = _nobody()
    try:
        _hasher.verify(stored or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


async def sign_in(store: Store, limits: Limits, email: str, password: str, guest: Guest) -> Person | None:
    """The agent with this address and password. Unknown people, wrong passwords and agents who were switched off get the same
    answer after the same work. Raises `TooManyTries`."""
    email = email.strip().lower()
    await _throttle(limits, store.secret, email, guest)
    known = await store.agents.secret_of(email)
    person, stored = known if known is not None else (None, "")
    if not await matches(password[: LONGEST + 1], stored) or person is None or person.disabled:
        await store.agents.record(email, "signin.failed", guest.address)
        return None
    if _hasher.check_needs_rehash(stored):
        await store.agents.improve_hash(person.id, stored, await hash_password(password))
    await store.agents.record(person.id, "signin", guest.address)
    return person


async def _throttle(limits: Limits, secret: bytes, email: str, guest: Guest) -> None:
    account = hashlib.sha256(email.encode()).hexdigest()[:24]
    if knows_device(secret, email, guest.device):
        allowed = await limits.hit(f"signin:device:{hash_of(guest.device)[:24]}", PER_DEVICE)
    else:
        allowed = await limits.hit(f"signin:ip:{guest.address}", PER_ADDRESS)
        allowed = allowed and await limits.hit(f"signin:account:{account}", PER_ACCOUNT)
    if not allowed:
        raise TooManyTries


def is_address(email: str) -> bool:
    """Whether this can be an e-mail address."""
    name, _, host = email.rpartition("@")
    return bool(name) and ("." in host.strip(".") or host == "localhost") and not any(c.isspace() or ord(c) < 32 for c in email)


def device_proof(secret: bytes, email: str) -> str:
    """What a machine keeps that has signed in to an account: it is throttled on its own from then on."""
    nonce = secrets.token_urlsafe(16)
    return f"{nonce}.{_device_mac(secret, email.lower(), nonce)}"


def knows_device(secret: bytes, email: str, proof: str) -> bool:
    """Whether a proof is ours and for this account."""
    nonce, _, mac = proof.partition(".")
    return bool(mac) and hmac.compare_digest(_device_mac(secret, email, nonce).encode(), mac.encode())


def _device_mac(secret: bytes, email: str, nonce: str) -> str:
    return hmac.new(secret, f"device\0{email}\0{nonce}".encode(), hashlib.sha256).hexdigest()[:40]


async def open_session(agents: AgentStore, agent_id: str, about: About | None = None) -> str:
    """A new console session; returns its secret."""
    secret = new_secret()
    await agents.open_login("session", agent_id, hash_of(secret), SESSION_S, about or About())
    return secret


async def one_time_link(agents: AgentStore, public_url: str, kind: str, agent_id: str, seconds: float) -> str:
    """A link that sets a password, once. `kind` is `setup`, `invite` or `reset`."""
    secret = new_secret()
    await agents.open_login(kind, agent_id, hash_of(secret), seconds)
    return f"{public_url}/console/#setup={secret}"


async def first_admin_link(store: Store, public_url: str) -> str | None:
    """The link by which the first admin comes in, for the start to print; None once there is an admin."""
    if await store.agents.any_admin():
        return None
    return await one_time_link(store.agents, public_url, "setup", "", FIRST_LINK_S)
