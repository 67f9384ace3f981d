"""Strangers who are slow, endless or many: cut off in time, with memory flat, while everybody else is served."""

from __future__ import annotations

import concurrent.futures
import contextlib
import random
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.hostile.attacks import harmless, refused, refused_forms
from tests.hostile.process import Knocked, knocked
from tests.hostile.rows import ROWS, Known, known
from tests.hostile.test_routes import BODIES, PLAIN, sent

HEAD_ENDS_S, BODY_ENDS_S = 16.0, 20.0
MIB = 1_048_576


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Knocked]:
    """A process that nobody has knocked at."""
    with knocked(tmp_path_factory.mktemp("limits"), redis_url) as own:
        yield own


def ended(hub: Knocked, begin: bytes, drop: bytes, every: float, most: float) -> tuple[float, bytes]:
    """Seconds until a connection that begins so and drips so is ended, and what it was told."""
    began, told = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", hub.port), 5) as line:
        line.sendall(begin)
        line.settimeout(every)
        while time.monotonic() - began < most:
            try:
                piece = line.recv(65_536)
                if not piece:
                    break
                told += piece
            except TimeoutError:
                with contextlib.suppress(OSError):
                    line.sendall(drop)
            except OSError:
                break
            if told:
                break
    return time.monotonic() - began, told


def test_slow_strangers_are_cut_off_and_others_do_not_notice(hub: Knocked, who: Known) -> None:
    """Silent, with a header that drips, with a body that never comes or drips: on every route that reads a body."""
    heads = [(b"", b""), (b"GET / HTTP/1.1\r\n", b"X: y\r\n"), (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", b"y"), (b"P", b"O")]
    bodies = []
    for key in [key for key in BODIES if not ROWS[key].multipart]:
        proof = "".join(f"{name}: {value}\r\n" for name, value in ROWS[key].proof(who, b"").items())
        proof += "Host: x\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n"
        head = f"{key[0]} {who.filled(key[1])} HTTP/1.1\r\n{proof}".encode()
        bodies += [(head, b""), (head + b"{", b" ")]
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        silent = [pool.submit(ended, hub, *given, 1.0, HEAD_ENDS_S + 5) for given in heads for _ in range(20)]
        dripping = [pool.submit(ended, hub, *given, 1.0, BODY_ENDS_S + 5) for given in bodies]
        waits = []
        for _ in range(50):
            began = time.monotonic()
            assert httpx.get(f"{hub.url}/healthz").status_code == 200
            waits.append(time.monotonic() - began)
        assert sorted(waits)[len(waits) // 2] < 1.0
        heads_ended = [one.result() for one in silent]
        bodies_ended = [one.result() for one in dripping]
    assert max(seconds for seconds, _ in heads_ended) < HEAD_ENDS_S
    assert all(told.startswith(b"HTTP/1.1 400") for _, told in heads_ended)
    late = [(given[0][:40], seconds) for given, (seconds, _) in zip(bodies, bodies_ended, strict=True) if seconds > BODY_ENDS_S]
    assert not late
    unclear = [
        (given[0][:40], told[:80]) for given, (_, told) in zip(bodies, bodies_ended, strict=True) if b" 4" not in told[:13]
    ]
    assert not unclear
    assert not hub.failures()


def test_a_header_has_an_end(hub: Knocked) -> None:
    before = hub.memory()
    for begin in (b"GET / HTTP/1.1\r\n", b"GET /"):
        with socket.create_connection(("127.0.0.1", hub.port), 5) as line:
            line.settimeout(10)
            line.sendall(begin)
            told = b""
            with contextlib.suppress(OSError):
                for _ in range(2000):
                    line.sendall((b"X: " if b"\r" in begin else b"") + b"x" * 32_000 + (b"\r\n" if b"\r" in begin else b""))
            with contextlib.suppress(OSError):
                told = line.recv(1000)
            assert not told or told.startswith(b"HTTP/1.1 400")
    assert hub.memory() - before < 8
    assert httpx.get(f"{hub.url}/healthz").status_code == 200


LET_GO_S = 12.0


def endless(megabytes: int) -> Iterator[bytes]:
    piece = b"[" * MIB
    for _ in range(megabytes):
        yield piece


def flood(hub: Knocked, who: Known, count: int, seed: int) -> None:
    """So many hostile requests, of every kind, at every route that reads a body."""
    chance = random.Random(seed)
    with httpx.Client(timeout=30) as http:
        for _ in range(count):
            key = chance.choice(BODIES)
            row = ROWS[key]
            good = row.good(who) if row.good else {}
            kinds = [refused_forms()] if row.multipart else [refused(good), harmless(good)]
            attack = chance.choice([one for kind in kinds for one in kind])
            given = sent(who, key, attack, row if chance.random() < 0.5 else None, http=http)
            assert given.status_code < 500, (key, attack.name)


def large(fresh: Knocked, who: Known) -> None:
    """Bodies that say nothing of their length, at every route."""
    for key in PLAIN:
        for proof in (ROWS[key].proof(who, b""), {}):
            with contextlib.suppress(httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
                given = httpx.request(key[0], fresh.url + who.filled(key[1]), content=endless(2), headers=proof, timeout=30)
                assert given.status_code < 500, key


def test_memory_stays_flat(fresh: Knocked) -> None:
    """Hundreds of hostile requests and large bodies, at every route. What is loaded at its first use, as pictures' decoder is,
    has been loaded before; and what hundreds of connections that were cut hold (64 KiB each) is let go some seconds later."""
    who = known(fresh, "0" * 32)
    flood(fresh, who, 500, 1)
    large(fresh, who)
    time.sleep(LET_GO_S)
    before = fresh.memory()
    fresh.forget_peak()
    flood(fresh, who, 300, 2)
    large(fresh, who)
    with contextlib.suppress(httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        httpx.post(f"{fresh.url}/hooks/telegram", content=endless(200), timeout=60)
    after, most = fresh.memory(), fresh.memory("VmHWM")
    assert after - before < 24, f"{before} → {after} MiB"
    assert most - before < 64, f"{before} → at most {most} MiB"
    assert not fresh.failures()
