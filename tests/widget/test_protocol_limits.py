"""What customers may not: others' entries and files, other sites' pages, more than their share; and how files are shown."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from hub.store.store import Store
from tests.conftest import until
from tests.widget.consoles import House, Line
from tests.widget.customers import Customer, customer, say, web_house
from widget.attendance import WELCOMES
from widget.talk import Talk

SHOP, EVIL = "https://shop.example", "https://shop.example.evil"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f00050001ff89993d"
    "1d0000000049454e44ae426082"
)


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with web_house(store, redis_url, prefix, tmp_path / "files", origins=(SHOP,)) as own:
        yield own


def socket_of(home: House) -> str:
    return home.url.replace("http", "ws") + "/chat/web/socket"


async def test_a_customer_sees_their_own_log_and_nobody_elses(home: House) -> None:
    ann, ben = await customer(home), await customer(home)
    assert ann.id != ben.id
    await ann.poll(say("a", "the secret of ann"))
    await home.work()
    assert len(await ann.poll()) > 0
    assert await ben.poll() == []
    assert (await ben.api.get("/chat/web/history")).json()["items"] == []
    ben.token, ben.api.headers["authorization"] = ann.token, f"Bearer {ann.token}"
    assert "the secret of ann" in (await ben.api.get("/chat/web/history")).text, "the token is all that counts"


async def test_a_file_is_sent_by_who_uploaded_it_and_nobody_else(home: House) -> None:
    ann, ben = await customer(home), await customer(home)
    file = await ann.upload("a.txt", b"hello", "text/plain")
    (refused,) = await ben.poll(say("b", "", files=[file["id"]]))
    assert (refused["t"], refused["code"], refused["message"]) == ("no", "malformed", "there is no such file")
    assert (await ann.poll(say("a", "", files=[file["id"]])))[0] == {"t": "ok", "id": "a"}


async def test_only_tokens_of_ours_for_this_channel_and_of_this_time_count(home: House) -> None:
    ann = await customer(home)
    head, claims, mark = ann.token.split(".")
    none = jwt.encode({"aud": "web", "sub": ann.id, "exp": 2**31}, "", "none")
    forged = jwt.encode({"aud": "web", "sub": ann.id, "exp": 2**31}, "x" * 32, "HS256")
    key = b"visitor\0" + home.hub.store.secret
    elsewhere = jwt.encode({"aud": "shop", "sub": ann.id, "exp": 2**31}, key, "HS256")
    for_ever = jwt.encode({"aud": "web", "sub": ann.id}, key, "HS256")
    old = jwt.encode({"aud": "web", "sub": ann.id, "exp": 1}, key, "HS256")
    for token in ("x", none, forged, elsewhere, for_ever, old, f"{head}.{claims}.", f"{head}.{claims}.{mark[::-1]}", "x" * 4000):
        given = await ann.api.post("/chat/web/poll", json={"tok": token})
        assert (given.status_code, given.json()["error"]["code"]) == (401, "token"), token
        given = await ann.api.get("/chat/web/history", headers={"authorization": f"Bearer {token}"})
        assert given.status_code == 401, token


async def test_pages_of_other_sites_get_nothing(home: House) -> None:
    ann = await customer(home)
    for origin in (EVIL, "null", "http://shop.example", "https://shop.example:8443"):
        for path in ("session", "poll"):
            given = await ann.api.post(f"/chat/web/{path}", json={"tok": ann.token}, headers={"origin": origin})
            assert (given.status_code, given.json()["error"]["code"]) == (403, "origin")
            assert "access-control-allow-origin" not in given.headers
        with pytest.raises(InvalidStatus) as refused:
            await connect(socket_of(home), origin=origin)  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403


async def test_a_page_of_the_list_is_let_in_by_name_and_never_with_cookies(home: House) -> None:
    ann = await customer(home)
    asked = await ann.api.options("/chat/web/poll", headers={"origin": SHOP, "access-control-request-method": "POST"})
    given = await ann.api.post("/chat/web/poll", json={"tok": ann.token}, headers={"origin": SHOP})
    for answer in (asked, given):
        assert answer.is_success
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "access-control-allow-credentials" not in answer.headers
        assert "set-cookie" not in answer.headers


async def test_a_token_in_the_address_opens_no_socket(home: House) -> None:
    ann = await customer(home)
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{socket_of(home)}?tok={ann.token}")
    assert refused.value.response.status_code == 403


async def test_nothing_is_told_before_hello_and_silence_is_cut_off(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("widget.socket.HELLO_S", 0.3)
    async with connect(socket_of(home), compression=None) as ws:
        assert await Line(ws).next() == {"t": "bye", "code": 4008, "retry": True}


async def test_a_customer_has_five_sockets(home: House) -> None:
    ann = await customer(home)
    open_ones = [await connect(socket_of(home), compression=None) for _ in range(6)]
    lines = [Line(ws) for ws in open_ones]
    for line in lines[:5]:
        await line.send({"t": "hello", "tok": ann.token})
        assert (await line.next())["t"] == "welcome"
    await lines[5].send({"t": "hello", "tok": ann.token})
    assert await lines[5].next() == {"t": "bye", "code": 4029, "retry": True}
    await asyncio.gather(*(ws.close() for ws in open_ones))


async def test_an_address_has_fifty_sockets_and_gets_their_places_back(home: House) -> None:
    """Also before they say who they are: an address that opens sockets and keeps silent takes no more than its share."""
    silent = await asyncio.gather(*(connect(socket_of(home), compression=None) for _ in range(50)))
    ann = await customer(home)
    async with connect(socket_of(home), compression=None) as ws:
        assert await Line(ws).next() == {"t": "bye", "code": 4029, "retry": True}
    await asyncio.gather(*(ws.close() for ws in silent))
    async with connect(socket_of(home), compression=None) as ws:
        line = Line(ws)
        await line.send({"t": "hello", "tok": ann.token})
        assert (await line.next())["t"] == "welcome"


async def test_a_frame_beyond_the_limit_closes_the_socket(home: House) -> None:
    ann = await customer(home)
    async with connect(socket_of(home), compression=None) as ws:
        line = Line(ws)
        await line.send({"t": "hello", "tok": ann.token})
        await line.next("welcome")
        await line.send(say("a", "x" * 70_000))
        await ws.wait_closed()
    assert ws.close_code == 1009


async def test_who_says_too_much_is_slowed_down_and_nothing_of_it_is_kept(home: House) -> None:
    ann = await customer(home)
    answers = await ann.poll(*(say(f"m{n}", str(n)) for n in range(40)))
    assert [frame["t"] for frame in answers[:10]] == ["ok"] * 10
    kept = [frame["id"] for frame in answers if frame["t"] == "ok"]
    assert len(kept) < 40, "one more each second, however long this took"
    refused = next(frame for frame in answers if frame["t"] == "no")
    assert refused == {"t": "no", "code": "slow_down", "retry": True, "id": refused["id"], "after": 10}
    await home.work()
    own = [entry["id"] for entry in await ann.poll() if entry["by"]["kind"] == "customer"]
    assert own == kept


async def test_who_goes_on_after_being_slowed_down_is_cut_off(home: House) -> None:
    ann = await customer(home)
    async with connect(socket_of(home), compression=None) as ws:
        line = Line(ws)
        await line.send({"t": "hello", "tok": ann.token})
        await line.next("welcome")
        for n in range(150):
            await line.send(say(f"m{n}", str(n)))
        told = [await line.next()]
        while told[-1]["t"] != "bye":
            told.append(await line.next())
        await ws.wait_closed()
    kinds = [frame["t"] for frame in told]
    assert kinds[:10] == ["ok"] * 10
    assert kinds[-22:] == ["no"] * 21 + ["bye"], "twenty-one in a row"
    assert told[-1] == {"t": "bye", "code": 4029, "retry": True}
    await home.work()
    own = [entry["id"] for entry in await ann.poll() if entry["t"] == "ev" and entry["by"]["kind"] == "customer"]
    assert own == [frame["id"] for frame in told if frame["t"] == "ok"], "what was taken before is kept"


async def test_an_address_gets_sixty_new_customers_an_hour(home: House) -> None:
    ann = await customer(home)
    async with httpx.AsyncClient(base_url=home.url) as anybody:
        statuses = [(await anybody.post("/chat/web/session", json={})).status_code for _ in range(60)]
        assert statuses == [200] * 59 + [429]
        spoofed = await anybody.post("/chat/web/session", json={}, headers={"x-forwarded-for": "203.0.113.9"})
        assert (spoofed.status_code, spoofed.headers["retry-after"]) == (429, "300")
        assert (await anybody.post("/chat/web/session", json={"tok": ann.token})).json()["customer"] == ann.id


FILES = [
    ("a.png", PIXEL, "image/png", "image/png", "inline"),
    ("a.txt", PIXEL, "text/plain", "image/png", "inline"),
    ("a.png", b"<script>alert(1)</script>", "image/png", "application/octet-stream", "attachment"),
    (
        "a.svg",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        "image/svg+xml",
        "application/octet-stream",
        "attachment",
    ),
    ("..\\..\\a.html", b"<html><script>alert(1)</script>", "text/html", "application/octet-stream", "attachment"),
]
"""Name, content, claimed type; the type it is served as, and how. A script that says it is a picture is none."""


@pytest.mark.parametrize(("name", "content", "told", "kind", "shown"), FILES)
async def test_a_file_is_shown_as_what_it_is(home: House, name: str, content: bytes, told: str, kind: str, shown: str) -> None:
    ann = await customer(home)
    file = await ann.upload(name, content, told)
    assert re.fullmatch(r"a\.\w+", file["name"])
    given = await ann.api.get(file["url"].removeprefix(home.hub.public_url))
    assert given.content == content
    assert given.headers["content-type"] == kind
    assert given.headers["content-disposition"].startswith(f"{shown}; ")
    assert given.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in given.headers["content-security-policy"]


async def test_a_link_that_was_changed_or_is_old_opens_nothing(home: House) -> None:
    ann = await customer(home)
    file, other = await ann.upload("a.png", PIXEL, "image/png"), await ann.upload("b.png", PIXEL, "image/png")
    path, _, query = file["url"].removeprefix(home.hub.public_url).partition("?")
    exp, sig = re.findall(r"=(\w+)", query)
    other_path = other["url"].removeprefix(home.hub.public_url).partition("?")[0]
    for address in (
        f"{path}?exp={int(exp) + 1}&sig={sig}",
        f"{path}?exp={exp}&sig={sig[::-1]}",
        f"{path}?exp=1&sig={sig}",
        f"{path}?exp=x&sig=é",
        f"{path}?exp=²&sig={sig}",
        f"{path}?exp={'9' * 5000}&sig={sig}",
        f"{path}?{query.upper()}",
        path,
        f"{other_path}?{query}",
    ):
        assert (await ann.api.get(address)).status_code == 404, address
    assert int(exp) - home.hub.now().timestamp() <= 900


@pytest.mark.parametrize("wrong", ["²", "9" * 5000, "-1", "x", "99999999999999999"])
async def test_a_place_that_is_no_place_is_no_failure(home: House, wrong: str) -> None:
    ann = await customer(home)
    for name in ("before", "limit"):
        given = await ann.api.get("/chat/web/history", params={name: wrong})
        assert given.status_code in (200, 400), given.text


async def test_who_waits_too_long_for_a_welcome_is_told_to_come_back_and_nobody_who_is_in_waits(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, gate = await customer(home), asyncio.Event()
    welcome, waiting = Talk._welcome, 0

    async def slow(self: Talk, frame: dict[str, Any]) -> dict[str, Any]:
        nonlocal waiting
        waiting += 1
        await gate.wait()
        return await welcome(self, frame)

    def hello(who: Customer) -> dict[str, Any]:
        return {"t": "hello", "v": 1, "tok": who.token, "since": 0, "epoch": who.epoch}

    async def comes(who: Customer) -> str:
        async with connect(socket_of(home), origin=Origin(SHOP)) as ws:
            line = Line(ws)
            await line.send(hello(who))
            frame = await line.next()
            if frame["t"] == "bye":
                assert frame == {"t": "bye", "code": 1012, "retry": True}
            return str(frame["t"])

    async with connect(socket_of(home), origin=Origin(SHOP)) as ws:
        line = Line(ws)
        await line.send(hello(inside))
        await line.next("welcome")
        monkeypatch.setattr(Talk, "_welcome", slow)
        first = [asyncio.create_task(comes(await customer(home))) for _ in range(WELCOMES)]
        await until(lambda: waiting == WELCOMES)
        monkeypatch.setattr("widget.attendance.TURN_S", 0.2)
        assert await comes(await customer(home)) == "bye"
        polls = await customer(home)
        refused = await polls.api.post("/chat/web/poll", json={"tok": polls.token, "epoch": "", "since": 0})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        await line.send(say("a", "I am in"))
        assert await line.next("ok") == {"t": "ok", "id": "a"}
        gate.set()
        assert await asyncio.gather(*first) == ["welcome"] * WELCOMES
        assert await comes(await customer(home)) == "welcome", "places are given back"
