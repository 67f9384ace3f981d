"""The test Telegram itself: a green run proves nothing when the platform in it is too kind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.conftest import until
from tests.servers.serving import serving
from tests.servers.telegram import TelegramServer, telegram

SECRET = "a-secret-of-16-letters"
Answer = Callable[[dict[str, Any]], Awaitable[Response]]


@asynccontextmanager
async def hooked(sim: TelegramServer, answer: Answer, connections: int = 40) -> AsyncIterator[None]:
    """A hub of one function behind the hook."""

    async def hook(request: Request) -> Response:
        assert request.headers["x-telegram-bot-api-secret-token"] == SECRET
        return await answer(await request.json())

    async with serving(Starlette(routes=[Route("/hook", hook, methods=["POST"])])) as url:
        sim.updates.set_hook(f"{url}/hook", SECRET, connections, [])
        yield
        await sim.updates.stop()


def api(sim: TelegramServer, method: str) -> str:
    return f"{sim.url}/bot{sim.token}/{method}"


async def test_refused_updates_come_again_with_the_same_number_and_in_order() -> None:
    seen: list[tuple[int, str]] = []

    async def answer(update: dict[str, Any]) -> Response:
        seen.append((update["update_id"], update["message"]["text"]))
        return Response(status_code=503 if len(seen) <= 3 else 200)

    async with telegram(factor=0.001) as sim, hooked(sim, answer):
        numbers = [sim.say(7, text) for text in "abc"]
        await sim.updates.drained()
        assert [number for number, _ in seen] == [numbers[0]] * 3 + numbers
        assert sim.updates.attempts == {numbers[0]: 4, numbers[1]: 1, numbers[2]: 1}
        assert [record["update_id"] for record in sim.taken.records] == numbers
        assert all(sim.updates.acked[number] > 1.7e9 for number in numbers)


async def test_an_answer_that_comes_too_late_is_none() -> None:
    seen: list[int] = []

    async def answer(update: dict[str, Any]) -> Response:
        seen.append(update["update_id"])
        await asyncio.sleep(0.5 if len(seen) == 1 else 0)
        return Response()

    async with telegram(factor=0.001, patience=0.2) as sim, hooked(sim, answer):
        number = sim.say(7, "hello")
        await sim.updates.drained()
        assert seen == [number, number]


async def test_chats_go_side_by_side_and_each_one_in_single_file() -> None:
    now: dict[int, int] = {}
    most = {"in one chat": 0, "at once": 0}

    async def answer(update: dict[str, Any]) -> Response:
        chat = update["message"]["chat"]["id"]
        now[chat] = now.get(chat, 0) + 1
        most["in one chat"] = max(most["in one chat"], now[chat])
        most["at once"] = max(most["at once"], sum(now.values()))
        await asyncio.sleep(0.01)
        now[chat] -= 1
        return Response()

    async with telegram() as sim, hooked(sim, answer, connections=5):
        for n in range(60):
            sim.say(1 + n % 10, str(n))
        await sim.updates.drained()
    assert most == {"in one chat": 1, "at once": 5}


async def test_a_method_in_the_hooks_answer_is_carried_out() -> None:
    async def answer(update: dict[str, Any]) -> Response:
        return JSONResponse({"method": "answerCallbackQuery", "callback_query_id": update["callback_query"]["id"]})

    async with telegram() as sim, hooked(sim, answer):
        sim.press(7, 1, "a")
        assert sim.api.unanswered
        await sim.updates.drained()
        assert not sim.api.unanswered


async def test_what_is_accepted_is_on_disk_before_the_answer(tmp_path: Path) -> None:
    log = tmp_path / "accepted.jsonl"
    async with telegram(log) as sim, httpx.AsyncClient() as http:
        sim.api.chats.add(7)
        sim.behaviour.next("ok", "accept_reset", "accept_hang", "garbage", "refuse:500", "limit:2", "revoked", "accept_late:0.2")
        for n in range(8):
            try:
                await http.post(api(sim, "sendMessage"), data={"chat_id": 7, "text": str(n)}, timeout=0.1)
            except httpx.TransportError:
                assert n in (1, 2, 7)
        await sim.accepted.until(lambda records: len(records) == 5)
        lines = [json.loads(line) for line in log.read_bytes().splitlines()]
    assert [(line["n"], line["text"]) for line in lines] == [(1, "0"), (2, "1"), (3, "2"), (4, "3"), (5, "7")]
    assert sim.behaviour.drawn["accept_hang"] == 1


@pytest.mark.parametrize(
    ("method", "asked", "code", "words"),
    [
        ("sendMessage", {"chat_id": 7, "text": "x" * 4097}, 400, "too long"),
        ("sendMessage", {"chat_id": 7, "text": "😀" * 2049}, 400, "too long"),
        ("sendMessage", {"chat_id": 7, "text": " "}, 400, "empty"),
        ("sendMessage", {"chat_id": 99, "text": "x"}, 400, "chat not found"),
        ("sendMessage", {"text": "x"}, 400, "chat_id"),
        ("sendMessage", {"chat_id": 7, "text": "x", "entities": "{"}, 400, "parse"),
        ("sendPhoto", {"chat_id": 7, "photo": "nothing"}, 400, "no photo"),
        ("editMessageText", {"chat_id": 7, "message_id": 1, "text": "x"}, 400, "not found"),
        ("sendMessage", {"chat_id": 7, "text": "x", "reply_markup": json.dumps(
            {"inline_keyboard": [[{"text": "x", "callback_data": "y" * 65}]]})}, 400, "BUTTON_DATA_INVALID"),
        ("getFile", {"file_id": "nothing"}, 400, "file_id"),
        ("inventMethod", {}, 404, "Not Found"),
    ],
)  # fmt: skip
async def test_it_refuses_what_the_real_one_refuses(method: str, asked: dict[str, Any], code: int, words: str) -> None:
    async with telegram() as sim, httpx.AsyncClient() as http:
        sim.api.chats.add(7)
        answer = await http.post(api(sim, method), data=asked)
        assert (answer.status_code, answer.json()["error_code"], answer.json()["ok"]) == (code, code, False)
        assert words in answer.json()["description"]
        assert not sim.accepted.records


async def test_a_wrong_token_is_unauthorized() -> None:
    async with telegram() as sim, httpx.AsyncClient() as http:
        assert (await http.get(f"{sim.url}/bot1:x/getMe")).status_code == 401
        assert (await http.get(api(sim, "getMe"))).json()["result"]["is_bot"] is True


async def test_it_takes_files_by_attach_and_by_id() -> None:
    async with telegram() as sim, httpx.AsyncClient() as http:
        sim.api.chats.add(7)
        asked = {"chat_id": "7", "document": "attach://mine", "caption": "c"}
        first = await http.post(api(sim, "sendDocument"), data=asked, files={"mine": ("a.txt", b"hello")})
        again = {"chat_id": 7, "document": first.json()["result"]["document"]["file_id"]}
        await http.post(api(sim, "sendDocument"), data=again)
        assert len({record["sha256"] for record in sim.accepted.records}) == 1
        assert [record["name"] for record in sim.accepted.records] == ["a.txt", "a.txt"]


async def test_hook_and_polling_exclude_each_other() -> None:
    async with telegram() as sim, httpx.AsyncClient() as http:
        await http.post(api(sim, "setWebhook"), json={"url": "http://127.0.0.1:9/x", "secret_token": "s"})
        assert (await http.get(api(sim, "getUpdates"))).status_code == 409
        assert (await http.get(api(sim, "getWebhookInfo"))).json()["result"]["url"] == "http://127.0.0.1:9/x"
        await http.post(api(sim, "deleteWebhook"))
        first = asyncio.create_task(http.get(api(sim, "getUpdates"), params={"timeout": 5}))
        await until(lambda: sim.api.calls[-1][0] == "getUpdates")
        number = sim.say(7, "hello")
        assert [update["update_id"] for update in (await first).json()["result"]] == [number]


async def test_it_is_driven_from_another_process(tmp_path: Path) -> None:
    async with telegram(tmp_path / "log") as sim, httpx.AsyncClient(base_url=sim.url) as http:
        assert len((await http.post("/sim/say", json=[{"chat": 7, "text": "a"}, {"chat": 8, "text": "b"}])).json()) == 2
        await http.post("/sim/behaviour", json={"shares": {"refuse:500": 1.0}, "seed": 3})
        assert (await http.post(api(sim, "sendMessage"), data={"chat_id": 7, "text": "x"})).status_code == 500
        await http.post("/sim/behaviour", json={"shares": {}, "next": ["ok"]})
        await http.post(api(sim, "sendMessage"), data={"chat_id": 7, "text": "x"})
        assert [one["text"] for one in (await http.get("/sim/accepted")).json()] == ["x"]
        state = (await http.get("/sim/state")).json()
        assert (state["pending"], state["accepted"]) == (2, 1)
