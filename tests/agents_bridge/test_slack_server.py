"""The Slack server itself: it tells of events as Slack does, and its log says what arrived whatever became of the answer."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agents_bridge.slack.desk import SlackDesk
from hub.errors import Rejected
from hub.model import AgentReply, ThreadId
from hub.ports import Hook
from tests.agents_bridge.desks import PLACE, bare_desk, desk_at, line, new_key, opened
from tests.conftest import until
from tests.servers.serving import serving
from tests.servers.slack import SlackServer


class Ear:
    """An app's end: it takes hooks, after failing as often as told."""

    def __init__(self, desk: SlackDesk, failures: int = 0) -> None:
        self.desk = desk
        self.failures = failures
        self.heard: list[AgentReply] = []
        self.headers: list[dict[str, str]] = []

    async def hook(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        if self.failures:
            self.failures -= 1
            return Response(status_code=503)
        try:
            found = await self.desk.receive(Hook("POST", {}, dict(request.headers), await request.body()))
        except Rejected:
            return Response(status_code=401)
        self.heard.extend(item for item in found.items if isinstance(item, AgentReply))
        return Response(found.body, found.status)


@asynccontextmanager
async def listening_to(slack: SlackServer, failures: int = 0) -> AsyncIterator[Ear]:
    ear = Ear(bare_desk(), failures)
    async with serving(Starlette(routes=[Route("/hooks/slack", ear.hook, methods=["POST"])])) as url:
        slack.sender.hook = f"{url}/hooks/slack"
        try:
            yield ear
        finally:
            await slack.sender.aclose()


async def test_an_event_that_was_refused_comes_again_with_headers(slack: SlackServer, desk: SlackDesk) -> None:
    slack.sender.factor = 0.001
    thread = await opened(desk)
    async with listening_to(slack, failures=2) as ear:
        told = await slack.reply(thread, "On its way").done()
        assert told.statuses == [503, 503, 200]
        assert [h.get("x-slack-retry-num") for h in ear.headers[-3:]] == [None, "1", "2"]
        assert ear.headers[-1]["x-slack-retry-reason"] == "http_error"
        again = await slack.sender.again(told).done()
        assert again.acknowledged
        assert [item.id for item in ear.heard] == [f"T0TEAM:{PLACE}:{told.ts}"] * 2
        ear.failures = 9
        lost = await slack.reply(thread, "never heard").done()
        assert lost.statuses == [503] * 4 and not lost.acknowledged
        assert [one["ts"] for one in slack.accepted.of("given_up")] == [lost.ts]


async def test_forged_events_are_refused(slack: SlackServer, desk: SlackDesk) -> None:
    slack.sender.factor = 0
    thread = await opened(desk)
    async with listening_to(slack) as ear:
        slack.sender.secret = "somebody else's secret"
        told = await slack.reply(thread, "On its way").done()
        assert told.statuses == [401] * 4 and ear.heard == []


async def test_what_people_do_reaches_the_app(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    async with listening_to(slack) as ear:
        told = await slack.reply(thread, "On its way").done()
        await slack.edit(thread, told.ts, "It has left").done()
        await slack.unfurl(thread, told.ts).done()
        await slack.upload(thread, "a.png", b"1", "image/png").done()
        await slack.press(thread, "fd_resolve").done()
        await slack.delete(thread, told.ts).done()
        assert [item.kind for item in ear.heard] == ["reply", "edit", "reply", "resolve", "delete"]
        assert {item.thread for item in ear.heard} == {thread}
        assert ear.heard[1].edit_of == ear.heard[4].edit_of == ear.heard[0].id


async def test_as_a_process_it_answers_and_logs_what_was_acknowledged(tmp_path: Path) -> None:
    """As a fault run uses it: an agent answers every second line, and the log on disk tells what got its 2xx."""
    ear = Ear(bare_desk())
    log = tmp_path / "accepted.jsonl"
    async with serving(Starlette(routes=[Route("/hooks/slack", ear.hook, methods=["POST"])])) as url:
        free = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = free.sockets[0].getsockname()[1]
        free.close()
        await free.wait_closed()
        command = ["-m", "tests.servers.slack", "--port", str(port), "--log", str(log), "--hook", f"{url}/hooks/slack"]
        process = await asyncio.create_subprocess_exec(sys.executable, *command, "--answer-every", "2")
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
                await until(lambda: _answers(http), 15)
                slack = SlackServer()
                slack.url = str(http.base_url).rstrip("/")
                async with desk_at(slack) as desk:
                    thread = await opened(desk)
                    await http.post("/control/behaviour", json={"shares": {"accept_reset": 0.5}, "seed": 3})
                    for n in range(8):
                        await _post(desk, thread, f"line {n}", f"k{n}")
                await until(lambda: _settled(http), 10)
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), 10)
    lines = [json.loads(text) for text in log.read_text().splitlines()]
    assert [one["n"] for one in lines] == list(range(1, len(lines) + 1))
    posts = [one for one in lines if one["what"] == "post" and one["thread_ts"]]
    assert [one["keys"] for one in posts] == [[f"k{n}"] for n in range(8)], "also those whose answer was torn"
    replies = [one for one in lines if one["what"] == "reply"]
    assert len(replies) == 4
    assert {one["ts"] for one in replies} <= {one["ts"] for one in lines if one["what"] == "acked"}
    assert sorted(str(item.id).split(":")[-1] for item in ear.heard) == sorted(one["ts"] for one in replies)


async def _answers(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/control/state")).status_code == 200
    except httpx.ConnectError:
        return False


async def _settled(http: httpx.AsyncClient) -> bool:
    state = (await http.get("/control/state")).json()
    return bool(state["told"]) and not state["waiting"]


async def _post(desk: SlackDesk, thread: ThreadId, text: str, key: str) -> None:
    try:
        await desk.post(thread, [line(text, key=key)], new_key())
    except Exception as exc:
        assert type(exc).__name__ == "Uncertain", exc
