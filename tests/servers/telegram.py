"""A Telegram to test against, over real HTTP: customers who write, a Bot API that takes answers, both with faults to order.

In a test: `async with telegram() as sim:`. By hand or for a fault run:
`python -m tests.servers.telegram --port 8081 --log accepted.jsonl --hook http://127.0.0.1:8000/hooks/telegram --secret …`;
then customers write by `POST /sim/say`, and `GET /sim/state` tells how far things are.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.behaviour import Behaviour, parse_shares
from tests.servers.journal import Journal
from tests.servers.serving import listening, server_of, serving
from tests.servers.telegram_api import BotApi
from tests.servers.telegram_updates import Updates

TOKEN = "4242:TEST-token_of_nobody"


class TelegramServer:
    """Both halves, and the customers."""

    def __init__(self, log: Path | None = None, *, token: str = TOKEN, factor: float = 0.02, patience: float = 60.0) -> None:
        self.url = ""
        self.token = token
        self.accepted = Journal(log)
        self.taken = Journal(log.with_name(log.name + ".updates") if log else None, sync=False)
        self.updates = Updates(self.taken, factor=factor, patience=patience)
        self.behaviour = Behaviour()
        self.api = BotApi(token, self.accepted, self.updates, self.behaviour)
        self.updates.method_called = self._method_called

    # What customers do

    def say(self, chat: int, text: str = "", **content: Any) -> int:
        """A customer's message: a text, or fields of Bot API's Message such as `photo=[…]`. Returns the update_id."""
        return self.updates.push(chat, message=self.message(chat, text, **content))

    def message(self, chat: int, text: str = "", **content: Any) -> dict[str, Any]:
        """A customer's message with the next message_id, not sent yet."""
        self.api.chats.add(chat)
        said = {"text": text} if text else {}
        number, person = self.api.next_message_id(), self.person(chat)
        place = {**person, "type": "private"}
        return {"message_id": number, "from": person, "chat": place, "date": int(time.time()), **said, **content}

    def connect(self, connection: str, *, owner: int = 8888, enabled: bool = True, may_reply: bool = True) -> int:
        """An account's owner connects the bot to it, takes it away, or lets it answer no more."""
        person = {"id": owner, "is_bot": False, "first_name": "Owner", "username": "owner"}
        told = self.api.business.connected(connection, person, enabled=enabled, may_reply=may_reply)
        return self.updates.push(owner, business_connection=told)

    def say_to(self, connection: str, chat: int, text: str) -> int:
        """A customer writes to the owner of a Business account."""
        self.api.business.heard(connection, chat)
        date = int(self.api.business.clock())
        return self.updates.push(chat, business_message=self.message(chat, text, business_connection_id=connection, date=date))

    def person(self, chat: int) -> dict[str, Any]:
        """Who writes."""
        return {"id": chat, "is_bot": False, "first_name": f"Customer {chat}", "language_code": "en"}

    def edit(self, chat: int, message_id: int, text: str) -> int:
        """A customer changes what they wrote."""
        changed = {**self.message(chat, text), "message_id": message_id, "edit_date": int(time.time())}
        return self.updates.push(chat, edited_message=changed)

    def press(self, chat: int, message_id: int, data: str) -> str:
        """A customer presses a button under the bot's message. Returns the query's id, which is then `unanswered`."""
        query = f"{chat}{self.api.next_message_id()}"
        self.api.unanswered.add(query)
        message = self.api.sent.get((chat, message_id))
        asked = {"id": query, "from": self.person(chat), "chat_instance": "1", "data": data, "message": message}
        self.updates.push(chat, callback_query=asked)
        return query

    def react(self, chat: int, message_id: int, *signs: str) -> int:
        """A customer sets these reactions on a message, or takes theirs back."""
        new = [{"type": "emoji", "emoji": sign} for sign in signs]
        change = {"chat": {**self.person(chat), "type": "private"}, "message_id": message_id, "user": self.person(chat)}
        return self.updates.push(
            chat, message_reaction={**change, "date": int(time.time()), "old_reaction": [], "new_reaction": new}
        )

    def block(self, chat: int, *, blocked: bool = True) -> int:
        """A customer blocks the bot, or takes it back."""
        (self.api.blocked.add if blocked else self.api.blocked.discard)(chat)
        bot = {"id": int(self.token.split(":")[0]), "is_bot": True, "first_name": "Frontdesk"}
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        change = {
            "chat": {**self.person(chat), "type": "private"},
            "from": self.person(chat),
            "date": int(time.time()),
            "old_chat_member": {"user": bot, "status": before, "until_date": 0},
            "new_chat_member": {"user": bot, "status": after, "until_date": 0},
        }
        return self.updates.push(chat, my_chat_member=change)

    async def _method_called(self, asked: dict[str, Any]) -> None:
        """A hook answered with a method call."""
        if "method" in asked:
            await self.api.called(asked.pop("method"), asked)

    # HTTP

    def app(self) -> Starlette:
        """Everything at one address."""
        routes = [
            Route("/bot{token}/{method}", self.api.http, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._download),
            Route("/sim/say", self._say, methods=["POST"]),
            Route("/sim/updates", self._push, methods=["POST"]),
            Route("/sim/behaviour", self._behave, methods=["POST"]),
            Route("/sim/state", self._state),
            Route("/sim/accepted", self._accepted),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        self.updates.start()
        yield
        self.api.closing.set()
        await self.updates.stop()
        self.accepted.close()
        self.taken.close()

    async def _download(self, request: Request) -> Response:
        path = request.path_params["path"]
        stored = next((one for one in self.api.files.values() if one.path == path), None)
        if request.path_params["token"] != self.token or stored is None:
            return JSONResponse({"ok": False, "error_code": 404, "description": "Not Found"}, 404)
        return Response(stored.content, media_type="application/octet-stream")

    async def _say(self, request: Request) -> Response:
        return JSONResponse([self.say(**one) for one in await request.json()])

    async def _push(self, request: Request) -> Response:
        for chat, update in await request.json():
            self.api.chats.add(chat)
            self.updates.push_raw(chat, update)
        return JSONResponse(True)

    async def _behave(self, request: Request) -> Response:
        asked = await request.json()
        if "shares" in asked:
            self.behaviour.reset(asked["shares"], int(asked.get("seed", 0)))
        self.behaviour.next(*asked.get("next", ()))
        self.api.rate = float(asked.get("rate", self.api.rate))
        return JSONResponse(True)

    async def _state(self, request: Request) -> Response:
        updates = self.updates
        state = {"pending": updates.pending, "acked": len(updates.acked), "accepted": len(self.accepted.records)}
        attempts = sum(updates.attempts.values())
        return JSONResponse({**state, "attempts": attempts, "drawn": self.behaviour.drawn, "last_error": updates.last_error})

    async def _accepted(self, request: Request) -> Response:
        return JSONResponse(self.accepted.records[int(request.query_params.get("after", 0)) :])


@asynccontextmanager
async def telegram(log: Path | None = None, port: int = 0, **more: Any) -> AsyncIterator[TelegramServer]:
    """A running test Telegram in this event loop."""
    sim = TelegramServer(log, **more)
    async with serving(sim.app(), port) as url:
        sim.url = url
        try:
            yield sim
        finally:
            sim.api.closing.set()
            sim.updates.hang_up()


def main() -> None:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--log", type=Path, required=True, help="accepted messages; taken updates go to LOG.updates")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--hook", default="", help="deliver here without waiting for setWebhook")
    parser.add_argument("--secret", default="")
    parser.add_argument("--factor", type=float, default=0.02, help="how much faster than Telegram's its waits pass")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds for the hook's answer")
    parser.add_argument("--behaviour", default="", help="accept_hang=0.01,limit:2=0.02")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.0, help="messages a second and chat; 0: unlimited")
    parser.add_argument("--anyone", action="store_true", help="chats that never wrote can be reached")
    asked = parser.parse_args()
    asyncio.run(run(asked))


async def run(asked: argparse.Namespace) -> None:
    """Serve as the command line says."""
    sim = TelegramServer(asked.log, token=asked.token, factor=asked.factor, patience=asked.patience)
    sim.updates.hook, sim.updates.secret = asked.hook, asked.secret
    sim.behaviour.reset(parse_shares(asked.behaviour), asked.seed)
    sim.api.rate, sim.api.anyone = asked.rate, asked.anyone
    sock = listening(asked.port)
    print(f"telegram on http://127.0.0.1:{sock.getsockname()[1]}", flush=True)
    await server_of(sim.app()).serve([sock])


if __name__ == "__main__":
    main()
