"""Updates as Telegram's servers send them, and the marks by which a message is known wherever it turns up."""

from __future__ import annotations

import re
import time

SECRET = "a_secret_of_the_bench"  # noqa: S105
"""Of a hook that only this machine reaches, for as long as the bench runs."""
MARK = re.compile(rb"b(\d+)x(\d+)z")
FIRST_CUSTOMER = 7_000_000_000
UPDATE = (
    '{"update_id":%d,"message":{"message_id":%d,"from":{"id":%d,"is_bot":false,"first_name":"Ana","last_name":"García",'
    '"username":"ana_g","language_code":"es"},"chat":{"id":%d,"first_name":"Ana","last_name":"García","username":"ana_g",'
    '"type":"private"},"date":%d,"text":"Hola, mi pedido no ha llegado todavía. ¿Pueden mirar? %s"}}'
)


def mark(run: int, number: int) -> str:
    """The mark of a run's n-th message."""
    return f"b{run}x{number}z"


def marked(text: bytes, run: int) -> int | None:
    """The number of this run's message that a text is about."""
    found = MARK.search(text)
    return int(found[2]) if found and int(found[1]) == run else None


def update(run: int, number: int, customer: int) -> bytes:
    """A private message of a customer; no two of a run, and no two runs, have the same ids."""
    own = run * 10_000_000 + number + 1
    who = FIRST_CUSTOMER + customer
    return (UPDATE % (own, own, who, who, time.time(), mark(run, number))).encode()


def external_id(run: int, number: int, customer: int) -> str:
    """The id under which the hub must keep that message."""
    return f"{FIRST_CUSTOMER + customer}.{run * 10_000_000 + number + 1}"
