"""Use-case: a second factor. Codes of six digits by time (RFC 6238), each good once; recovery codes for a lost device."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno

from hub.limits import Limits, Rule
from hub.signin import TooManyTries
from hub.store.agent_facts import Person
from hub.store.store import Store

STEP_S = 30
AROUND = (-1, 0, 1)
"""Steps beside the server's own that are taken: clocks of telephones go wrong by some seconds."""
DIGITS = 6
RECOVERY_CODES = 10
CODES = Rule(10, 900)
"""Codes that may be tried for one agent, whoever tries: a password is known already where one is asked for."""
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that are taken for each other."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret for a device: to be typed in, as an address, and as a picture (a `data:` address) to be scanned."""

    secret: str
    uri: str
    picture: str


def offer_of(secret: str, email: str) -> Offer:
    """What a device needs to make codes."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Frontdesk")
    picture = segno.make(uri, error="m", micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    return Offer(secret, uri, picture)


async def begin(store: Store, person: Person) -> Offer | None:
    """A new secret, which counts once its device has shown a code; None for who has a factor."""
    secret = pyotp.random_base32()
    return offer_of(secret, person.email) if await store.factors.offer(person.id, secret) else None


async def confirm(store: Store, limits: Limits, person: Person, code: str, now: datetime) -> list[str] | None:
    """The device's first code makes the factor count; returns the recovery codes, which are shown this once. None: a wrong code.
    Raises `TooManyTries`."""
    await _throttle(limits, person)
    factor = await store.factors.of(person.id)
    step = step_of(factor.seed, code, now) if factor is not None and not person.factor else None
    if factor is None or step is None:
        return None
    codes = new_codes()
    return codes if await store.factors.confirm(person.id, factor.seed, step, [hash_of_code(one) for one in codes]) else None


async def renew(store: Store, person: Person) -> list[str]:
    """New recovery codes for old ones."""
    codes = new_codes()
    await store.factors.renew(person.id, [hash_of_code(one) for one in codes])
    return codes


async def shown(store: Store, limits: Limits, person: Person, code: str, now: datetime) -> bool:
    """Whether a code is the agent's and was not used before; it is used up by this. Raises `TooManyTries`."""
    await _throttle(limits, person)
    factor = await store.factors.of(person.id)
    if factor is None:
        return False
    if _plain(code).isdecimal() and len(_plain(code)) == DIGITS:
        step = step_of(factor.seed, code, now)
        return step is not None and await store.factors.spend_step(person.id, step)
    if await store.factors.spend_code(person.id, hash_of_code(code)):
        await store.agents.record(person.id, "factor.recovery", detail=f"left: {await store.factors.left(person.id)}")
        return True
    return False


async def _throttle(limits: Limits, person: Person) -> None:
    if not await limits.hit(f"factor:{person.id}", CODES):
        raise TooManyTries


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is: now's, or one beside it."""
    step = int(now.timestamp()) // STEP_S
    made = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S)
    given = _plain(code)
    if not (given.isascii() and given.isdecimal() and len(given) == DIGITS):
        return None
    found = [step + beside for beside in AROUND if secrets.compare_digest(made.generate_otp(step + beside), given)]
    return max(found, default=None)


def new_codes() -> list[str]:
    """Recovery codes: 79 random bits each, in groups of four."""
    drawn = ["".join(secrets.choice(_ALPHABET) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    return ["-".join(one[n : n + 4] for n in range(0, 16, 4)) for one in drawn]


def hash_of_code(code: str) -> str:
    """What the store keeps of a recovery code. It is random and long, so a plain hash suffices."""
    return hashlib.sha256(_plain(code).encode(errors="replace")).hexdigest()


def _plain(code: str) -> str:
    return "".join(code.lower().split()).replace("-", "")
