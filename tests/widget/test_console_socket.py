"""The console's socket on a real server: nothing lost, nothing twice, nothing skipped, and closed as soon as it must be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from hub.live import Live
from hub.routing import RoutingRules
from hub.store.store import Store
from tests.conftest import until
from tests.fakes import said
from tests.widget.consoles import PASSWORD, House, Line, house
from widget import console_socket, tail

API = "/console/api"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    rules = RoutingRules.model_validate({"strategy": "manual"})
    async with house(store, redis_url, prefix, tmp_path / "files", routing=rules) as own:
        yield own


async def say_many(home: House, count: int, text: str = "line", **more: Any) -> None:
    """Many messages in few transactions."""
    for first in range(0, count, 250):
        batch = [said(f"{text} {n}", channel="page", **more) for n in range(first, min(first + 250, count))]
        await home.hub.intake.keep(batch, 10)
        await home.work()


async def closed(line: Line, seconds: float = 10.0) -> int:
    """The code with which a socket ends."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                await line.ws.recv()
    except ConnectionClosed as exc:
        return exc.rcvd.code if exc.rcvd else 1006


async def test_entries_arrive_in_order_while_it_is_open(home: House) -> None:
    bo = await home.agent()
    await say_many(home, 3)
    async with home.socket(bo) as line:
        welcome = await line.next("welcome")
        assert (welcome["me"], welcome["head"], welcome["from"], welcome["resumed"]) == (bo.id, 3, 4, False)
        assert (welcome["epoch"], welcome["hb"]) == (home.hub.store.epoch, 25)
        talk = await home.customer_says("and now?", channel="page")
        ev = await line.next("ev")
        assert (ev["s"], ev["c"], ev["n"], ev["k"], ev["by"]["kind"]) == (4, talk, 4, "message", "customer")
        assert ev["d"]["parts"][0]["text"] == "and now?"
        await bo.say(talk, "Here.", id="mine")
        await home.work()
        mine = await line.next("ev")
        assert (mine["s"], mine["id"], mine["by"]["id"]) == (5, "mine", bo.id)


async def test_it_resumes_where_it_was_without_loss_or_doubles(home: House) -> None:
    bo = await home.agent()
    await say_many(home, 700)
    async with home.socket(bo, since=50, epoch=home.hub.store.epoch) as line:
        assert (await line.next("welcome"))["resumed"] is True
        await say_many(home, 20)
        places = [(await line.next("ev"))["s"] for _ in range(670)]
    assert places == list(range(51, 721))


@pytest.mark.parametrize("since", [-1, 10**18, "7", None, 3.5, [1], True])
async def test_a_strange_cursor_gets_no_data(home: House, since: Any) -> None:
    bo = await home.agent()
    await say_many(home, 3)
    async with home.socket(bo, since=since, epoch=home.hub.store.epoch) as line:
        welcome = await line.next("welcome")
        assert (welcome["resumed"], welcome["from"]) == (False, 4)


async def test_another_epoch_or_too_far_behind_says_so(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bo = await home.agent()
    monkeypatch.setattr(console_socket, "BACKLOG", 5)
    await say_many(home, 10)
    epoch = home.hub.store.epoch
    for since, given, resumed in ((4, epoch, False), (5, epoch, True), (8, "another", False), (8, "", False)):
        async with home.socket(bo, since=since, epoch=given) as line:
            welcome = await line.next("welcome")
            assert (welcome["resumed"], welcome["from"]) == (resumed, since + 1 if resumed else 11)


async def test_a_gap_in_what_is_stored_is_not_resumed_over(home: House) -> None:
    bo = await home.agent()
    await say_many(home, 10)
    async with home.hub.store.db.write() as connection:
        await connection.exec_driver_sql("DELETE FROM message WHERE s = 7")
    async with home.socket(bo, since=5, epoch=home.hub.store.epoch) as line:
        assert (await line.next("welcome"))["resumed"] is False
    async with home.socket(bo, since=7, epoch=home.hub.store.epoch) as line:
        assert (await line.next("welcome"))["resumed"] is True


async def test_a_lost_poke_costs_a_delay_and_nothing_else(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bo = await home.agent()

    async def lost(*_: Any, **__: Any) -> None:
        return None

    async with home.socket(bo) as line:
        await line.next("welcome")
        monkeypatch.setattr(Live, "poke", lost)
        await say_many(home, 3)
        assert [(await line.next("ev"))["s"] for _ in range(3)] == [1, 2, 3]


async def test_a_slow_reader_is_closed_and_never_skipped(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "ROOM", 50)
    monkeypatch.setattr(tail, "PAGE", 50)
    bo = await home.agent()
    async with home.socket(bo) as slow, home.socket(bo) as quick:
        await slow.next("welcome")
        await quick.next("welcome")
        got: list[int] = []

        async def read() -> None:
            while len(got) < 1500:
                got.append((await quick.next("ev", 20))["s"])

        reading = asyncio.create_task(read())
        for first in range(0, 1500, 25):
            await home.hub.intake.keep([said("x" * 8000, channel="page") for _ in range(25)], 10)
            await home.work()
            await until(lambda upto=first + 25: len(got) >= upto)
        await reading
        assert got == list(range(1, 1501)), "a colleague who reads is not held up"
        seen: list[int] = []
        code = 0
        try:
            async with asyncio.timeout(20):
                while True:
                    frame = await slow.next()
                    if frame["t"] == "ev":
                        seen.append(frame["s"])
        except ConnectionClosed as exc:
            code = exc.rcvd.code if exc.rcvd else 1006
        assert code in (4008, 1006), "closed, with a code where it can still be heard"
        assert seen == list(range(1, len(seen) + 1)), "what it got is without a gap"
        assert len(seen) < 1500
    async with home.socket(bo, since=len(seen), epoch=home.hub.store.epoch) as again:
        assert (await again.next("welcome"))["resumed"] is True
        assert [(await again.next("ev"))["s"] for _ in range(1500 - len(seen))] == list(range(len(seen) + 1, 1501))


async def test_who_is_not_signed_in_gets_nothing(home: House) -> None:
    await say_many(home, 3)
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"cookie": "fd_session=nonsense"}):
        async with home.socket(headers=headers, since=0, epoch=home.hub.store.epoch) as line:
            first = await line.next()
            assert (first["t"], first["code"], first["retry"]) == ("bye", 4401, False)
            assert await closed(line) == 4401


async def test_a_page_of_somebody_else_may_not_open_one(home: House) -> None:
    bo = await home.agent()
    bearer = {"authorization": f"Bearer {bo.token}"}
    async with home.socket(headers={**bearer, "origin": "https://evil.example"}) as line:
        assert await closed(line) == 4403
    async with home.socket(headers={**bearer, "origin": home.url}) as line:
        assert (await line.next())["t"] == "welcome"


async def test_revoking_ends_open_sockets_within_five_seconds(home: House) -> None:
    admin, bo, cy = (
        await home.agent("ada@example.com", role="admin"),
        await home.agent(),
        await home.agent("cy@example.com"),
    )
    async with home.socket(bo) as off, home.socket(cy) as out, home.socket(admin) as on:
        for line in (off, out, on):
            await line.next("welcome")
        assert (await admin.api.patch(f"{API}/agents/{bo.id}", json={"disabled": True})).status_code == 200
        assert (await cy.api.delete(f"{API}/session")).status_code == 204
        assert set(await asyncio.gather(closed(off, 5), closed(out, 5))) == {4401}
        await home.customer_says("still there?", channel="page")
        assert (await on.next("ev"))["s"] == 1


@pytest.mark.parametrize("first", ['{"t":"ping"}', "[]", "no json", '{"t":"hello"', "[" * 5000, '"x"', '{"t":5}'])
async def test_strange_first_frames_are_refused(home: House, first: str) -> None:
    bo = await home.agent()
    async with home.socket(bo) as line:
        await line.next("welcome")
    url = home.url.replace("http", "ws") + "/console/socket"
    from websockets.asyncio.client import connect

    async with connect(url, additional_headers={"authorization": f"Bearer {bo.token}"}) as ws:
        await ws.send(first)
        assert await closed(Line(ws)) == 4400


async def test_strange_frames_later_harm_nobody(home: House) -> None:
    bo = await home.agent()
    async with home.socket(bo) as line:
        await line.next("welcome")
        for frame in ({"t": "send", "id": "x"}, {"t": None}, {}, {"t": "typing", "c": 5}, {"t": "typing", "c": "*"}):
            await line.send(frame)
        await line.send({"t": "ping"})
        kinds = [(await line.next())["t"] for _ in range(4)]
        assert kinds == ["no", "no", "no", "pong"]
        for _ in range(80):
            await line.send({"t": "ping"})
        assert await closed(line) == 4029


async def test_the_last_one_out_stops_the_reading(home: House) -> None:
    bo = await home.agent()

    def reading() -> bool:
        return any(task.get_name() == "tail" for task in asyncio.all_tasks())

    for _ in range(3):
        async with home.socket(bo) as line:
            await line.next("welcome")
            assert reading()
        await until(lambda: not reading())
        await home.customer_says("meanwhile", channel="page")


async def test_a_cookie_opens_a_socket_too(home: House) -> None:
    from hub.signin import first_admin_link

    link = await first_admin_link(home.hub.store, home.url)
    assert link is not None
    page = await home.browser()
    body = {"token": link.split("#setup=")[1], "email": "ada@example.com", "name": "Ada", "password": PASSWORD}
    assert (await page.post(f"{API}/setup", json=body)).status_code == 201
    cookie = f"fd_session={page.cookies['fd_session']}"
    async with home.socket(headers={"cookie": cookie, "origin": home.url}) as line:
        assert (await line.next())["t"] == "welcome"
        assert (await page.delete(f"{API}/session")).status_code == 204
        assert await closed(line, 5) == 4401


async def test_a_process_that_ends_sends_its_consoles_to_another(home: House) -> None:
    bo = await home.agent()
    async with home.socket(bo) as line:
        await line.next("welcome")
        home.server.should_exit = True
        assert await closed(line, 5) == 1012


async def test_two_processes_tell_the_same(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    async with house(store, redis_url, prefix, tmp_path) as one, house(store, redis_url, prefix, tmp_path) as two:
        bo = await one.agent()
        async with one.socket(bo) as here, two.socket(bo) as there:
            await here.next("welcome")
            await there.next("welcome")
            await say_many(two, 300)
            for line in (here, there):
                assert [(await line.next("ev"))["s"] for _ in range(300)] == list(range(1, 301))
