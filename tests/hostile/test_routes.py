"""Every open route and everything hostile: a clear refusal, nothing stored, no failure. The rows are held to the routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.routing import Route, WebSocketRoute

from agents_bridge import DESKS
from connectors import CONNECTORS
from tests.hostile.addresses import ADDRESSES, HEADERS, WORDS
from tests.hostile.attacks import Attack, harmless, harmless_forms, refused, refused_forms
from tests.hostile.process import Knocked, application, raw
from tests.hostile.rows import ROWS, Known, Row, known

HOOK = "/hooks/"
ALONE = httpx.Client(verify=False, limits=httpx.Limits(max_keepalive_connections=0))
"""A connection for each call, without reading the list of certificates for each: that takes ten times as long as the answer."""
PLAIN = sorted(key for key in ROWS if not key[1].endswith("/socket"))
BODIES = sorted(key for key, row in ROWS.items() if row.good or row.multipart)


def names(keys: list[tuple[str, str]]) -> list[str]:
    return [" ".join(key) for key in keys]


def test_every_route_has_a_row() -> None:
    found = set()
    for route in application().routes:
        if isinstance(route, WebSocketRoute):
            found.add(("GET", route.path))
        else:
            assert isinstance(route, Route), f"{route} is of a kind that nobody knocks at"
            found |= {(method, route.path) for method in (route.methods or set()) - {"HEAD"}}
    assert {key for key in ROWS if not key[1].startswith(HOOK)} == found


def test_every_kind_of_place_that_hooks_come_to_has_a_row() -> None:
    there = {path.removeprefix(HOOK).replace("-", "_") for _, path in ROWS if path.startswith(HOOK)}
    assert there == {*CONNECTORS, *DESKS, "nobody"}


def sent(who: Known, key: tuple[str, str], attack: Attack, row: Row | None, http: httpx.Client | None = None) -> httpx.Response:
    """The answer to an attack; with a row, it is proved as its platform, customer or agent would."""
    given = attack.headers | (row.proof(who, attack.body) if row else {})
    content: bytes | Iterator[bytes] = pieces(attack.body) if attack.chunked else attack.body
    return (http or ALONE).request(key[0], who.hub.url + who.filled(key[1]), content=content, headers=given, timeout=30)


def pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, max(len(body), 1), 65_536):
        yield body[start : start + 65_536]


def sentence(answer: httpx.Response) -> str:
    """What a refusal tells people."""
    told: str = answer.json()["error"]["message"] if answer.headers["content-type"] == "application/json" else answer.text
    return told


def hopeless(row: Row, good: Any) -> list[Attack]:
    """What the route must refuse whoever sends it."""
    attacks = refused_forms() if row.multipart else refused(good)
    return [attack for attack in attacks if attack.body or not row.bare]


def clear(answer: httpx.Response) -> bool:
    """Whether this is a refusal that says why."""
    return 400 <= answer.status_code < 500 and len(sentence(answer)) > 5


@pytest.mark.parametrize("key", BODIES, ids=names(BODIES))
def test_strangers_are_refused_and_leave_nothing(hub: Knocked, who: Known, key: tuple[str, str]) -> None:
    """Whatever they send: a good body without its proof is forged."""
    row = ROWS[key]
    good = row.good(who) if row.good else {}
    before, files = hub.stored(), hub.files()
    attacks = hopeless(row, good)
    if row.guarded:
        attacks += list(harmless_forms() if row.multipart else harmless(good))
    wrong = [(attack.name, a.status_code, a.text[:80]) for attack in attacks if not clear(a := sent(who, key, attack, None))]
    assert (wrong, hub.failures()) == ([], [])
    assert (hub.stored(), hub.files()) == (before, files)


@pytest.mark.parametrize("key", BODIES, ids=names(BODIES))
def test_what_nobody_sends_is_refused_and_leaves_nothing(hub: Knocked, who: Known, key: tuple[str, str]) -> None:
    """Also when it is authentic."""
    row = ROWS[key]
    before, files = hub.stored(), hub.files()
    attacks = hopeless(row, row.good(who) if row.good else {})
    wrong = []
    for attack in attacks:
        answer = sent(who, key, attack, row)
        if not clear(answer) or answer.status_code == 429:
            wrong.append((attack.name, answer.status_code, answer.text[:80]))
    assert (wrong, hub.failures()) == ([], [])
    assert (hub.stored(), hub.files()) == (before, files)


@pytest.mark.parametrize("key", BODIES, ids=names(BODIES))
def test_what_is_only_strange_is_no_failure(hub: Knocked, who: Known, key: tuple[str, str]) -> None:
    row = ROWS[key]
    wrong = []
    for number, attack in enumerate(harmless_forms() if row.multipart else harmless(row.good(who) if row.good else {})):
        if number % 15 == 14:
            who = known(hub, who.conversation)
        answer = sent(who, key, attack, row)
        if not answer.is_success and not clear(answer):
            wrong.append((attack.name, answer.status_code, answer.text[:80]))
    assert (wrong, hub.failures()) == ([], [])


@pytest.mark.parametrize("key", PLAIN, ids=names(PLAIN))
def test_strange_addresses_and_headers_are_no_failure(hub: Knocked, who: Known, key: tuple[str, str]) -> None:
    method, path = key
    target = who.filled(path).encode()
    proof = b"".join(f"{name}: {value}\r\n".encode() for name, value in ROWS[key].proof(who, b"").items())
    asked = [(target + more, b"") for more in ADDRESSES] + [(target, line + b"\r\n") for line in HEADERS]
    wrong = []
    for where, line in asked:
        for known_as in {b"", proof}:
            head = b"%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % (method.encode(), where)
            answer = raw(hub.port, head + line + known_as + b"\r\n").removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
            if not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4", b"HTTP/1.1 101")):
                wrong.append((where[:40], line[:40], answer[:80]))
    assert (wrong, hub.failures()) == ([], [])


def test_a_method_that_a_route_does_not_take_is_refused(hub: Knocked, who: Known) -> None:
    taken: dict[str, set[str]] = {}
    for method, path in PLAIN:
        taken.setdefault(path, set()).update({method} | ({"HEAD"} if method == "GET" else set()))
    wrong = []
    before = hub.stored()
    for path, methods in taken.items():
        hook = path.startswith(HOOK)
        for word in WORDS:
            if word in methods or (hook and word in ("GET", "POST")):
                continue
            head = f"{word} {who.filled(path)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            status = raw(hub.port, head.encode()).partition(b"\r\n")[0]
            if not status.startswith(b"HTTP/1.1 4"):
                wrong.append((word, path, status))
    assert not wrong
    assert hub.stored() == before
