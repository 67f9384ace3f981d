"""How Slack tells an app of events: signed POSTs that want their 2xx within three seconds, or envelopes over Socket Mode.

Three more tries after 0, 60 and 300 seconds (times `factor`), with the headers that say so. What got its 2xx is known.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.servers.slack_parsing import told_as_written
from tests.servers.slack_workspace import APP, BOT_USER, TEAM, Accepted

WAITS = (0.0, 0.0, 60.0, 300.0)
DEADLINE_S = 3.0


def signed(secret: str, body: bytes, at: float | None = None) -> dict[str, str]:
    """The headers that prove a body."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}


@dataclass
class Told:
    """One event or interaction on its way to the app."""

    id: str
    payload: dict[str, Any]
    ts: str = ""
    statuses: list[int] = field(default_factory=list)
    answer: bytes = b""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def acknowledged(self) -> bool:
        """Whether the app has said 2xx."""
        return bool(self.statuses) and 200 <= self.statuses[-1] < 300

    async def done(self, seconds: float = 10.0) -> Told:
        """Wait until it was acknowledged or given up."""
        await asyncio.wait_for(self.over.wait(), seconds)
        return self


class Sender:
    """The sending half of a workspace."""

    def __init__(self, accepted: Accepted, secret: str, *, factor: float = 1.0) -> None:
        self.hook = ""
        self.secret = secret
        self.factor = factor
        self.told: list[Told] = []
        self.sockets: list[WebSocket] = []
        self._accepted = accepted
        self._ids = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._http: aiohttp.ClientSession | None = None
        self._run = f"{time.time_ns():x}"

    def event(self, event: dict[str, Any], team: str = TEAM, at: int = 0) -> Told:
        """Tell of an event of a workspace, in the usual envelope; `at` is when it was, in seconds."""
        one = f"Ev{self._run}{next(self._ids):06d}"
        body: dict[str, Any] = {
            "type": "event_callback",
            "token": "t",
            "team_id": team,
            "api_app_id": APP,
            "event": event,
            "event_id": one,
        }
        body |= {"event_time": at or int(time.time()), "is_ext_shared_channel": False}
        body |= {"authorizations": [{"team_id": team, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}]}
        return self._start(Told(one, body, ts=str(event.get("ts", ""))), "events_api")

    def interaction(self, payload: dict[str, Any]) -> Told:
        """Tell of a pressed button."""
        return self._start(Told(f"In{self._run}{next(self._ids):06d}", payload), "interactive")

    def command(self, form: dict[str, Any]) -> Told:
        """Tell of a command."""
        return self._start(Told(f"Co{self._run}{next(self._ids):06d}", form), "slash_commands")

    def again(self, told: Told) -> Told:
        """The same event once more, as a replay."""
        kind = "interactive" if told.id.startswith("In") else "events_api"
        return self._start(Told(told.id, told.payload, told.ts), kind)

    def _start(self, told: Told, kind: str) -> Told:
        if not self.hook and not self.sockets:
            told.over.set()
            return told
        self.told.append(told)
        task = asyncio.create_task(self._send(told, kind))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return told

    async def _send(self, told: Told, kind: str) -> None:
        reason = ""
        for turn, wait in enumerate(WAITS):
            await asyncio.sleep(wait * self.factor)
            socket = self.sockets[turn % len(self.sockets)] if self.sockets else None
            if socket is not None:
                reason = await self._over_socket(socket, told, kind, turn, reason)
            else:
                reason = await self._post(told, kind, turn, reason)
            if told.acknowledged or reason == "stop":
                break
        if not told_as_written(told.answer):
            self._accepted.add("parsed", method="answer")
        self._accepted.add("acked" if told.acknowledged else "given_up", event=told.id, ts=told.ts, statuses=told.statuses)
        told.over.set()

    async def _post(self, told: Told, kind: str, turn: int, reason: str) -> str:
        text = json.dumps(told.payload, ensure_ascii=False)
        form = kind != "events_api"
        fields = told.payload if kind == "slash_commands" else {"payload": text}
        body = (urlencode(fields) if form else text).encode()
        headers = {"content-type": "application/x-www-form-urlencoded" if form else "application/json"} | signed(
            self.secret, body
        )
        if turn:
            headers |= {"x-slack-retry-num": str(turn), "x-slack-retry-reason": reason}
        if self._http is None:
            deadline = aiohttp.ClientTimeout(total=DEADLINE_S)
            self._http = aiohttp.ClientSession(timeout=deadline, connector=aiohttp.TCPConnector(limit=0))
        try:
            async with self._http.post(self.hook, data=body, headers=headers) as answer:
                told.answer = await answer.read()
        except TimeoutError:
            told.statuses.append(0)
            return "http_timeout"
        except aiohttp.ClientError:
            told.statuses.append(0)
            return "connection_failed"
        told.statuses.append(answer.status)
        return "stop" if answer.headers.get("x-slack-no-retry") == "1" else "http_error"

    async def _over_socket(self, socket: WebSocket, told: Told, kind: str, turn: int, reason: str) -> str:
        envelope = f"{told.id}.{turn}"
        self._waiting[envelope] = asyncio.get_running_loop().create_future()
        frame = {"envelope_id": envelope, "type": kind, "payload": told.payload, "accepts_response_payload": False}
        try:
            await socket.send_text(json.dumps(frame | {"retry_attempt": turn, "retry_reason": reason}))
            answer = await asyncio.wait_for(self._waiting[envelope], DEADLINE_S * min(1.0, max(self.factor * 10, 0.2)))
            told.answer = json.dumps(answer).encode() if answer else b""
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            told.statuses.append(0)
            return "timeout"
        finally:
            self._waiting.pop(envelope, None)
        told.statuses.append(200)
        return ""

    async def serve(self, socket: WebSocket) -> None:
        """One Socket Mode connection of the app's."""
        await socket.accept()
        self.sockets.append(socket)
        await socket.send_text(
            json.dumps({"type": "hello", "num_connections": len(self.sockets), "connection_info": {"app_id": APP}})
        )
        try:
            while True:
                heard = json.loads(await socket.receive_text())
                envelope = heard.get("envelope_id", "")
                if envelope in self._waiting and not self._waiting[envelope].done():
                    self._waiting[envelope].set_result(heard.get("payload"))
        except WebSocketDisconnect:
            pass
        finally:
            self.sockets.remove(socket)

    async def disconnect(self) -> None:
        """Ask every socket to connect anew, as Slack does now and then."""
        for socket in list(self.sockets):
            await socket.send_text(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))

    async def aclose(self) -> None:
        """Stop telling."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()
