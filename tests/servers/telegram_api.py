"""The test Telegram's receiving half: the Bot API methods that the hub calls, with the real one's limits, errors and encodings.

The HTTP status is the error_code, as on the real server. What is accepted is in the journal before the answer leaves, also when
the behaviour then hangs or resets.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from tests.servers.behaviour import Act
from tests.servers.serving import cut
from tests.servers.telegram_bot import Bot
from tests.servers.telegram_wire import Refusal, StoredFile, check_buttons, parameters, text_of

THREAD = "message_thread_id"
MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8")
FILE_FIELDS = {
    "sendPhoto": "photo", "sendDocument": "document", "sendVoice": "voice", "sendAudio": "audio", "sendVideo": "video",
}  # fmt: skip
BEHAVED = {"sendMessage", "sendLocation", "sendVenue", "sendContact", "editMessageText", "editMessageCaption", "deleteMessage"}
BEHAVED |= {*FILE_FIELDS, "sendMediaGroup"}
"""Methods that take effect on a customer: the behaviour script is about these."""


class BotApi(Bot):
    """Everything behind /bot<token>/."""

    async def http(self, request: Request) -> Response:
        """POST or GET /bot<token>/<method>."""
        method = request.path_params["method"]
        try:
            if request.path_params["token"] != self.token:
                raise Refusal(401, "Unauthorized")
            asked = await parameters(request)
            if method not in BEHAVED:
                return _ok(await self.called(method, asked))
            return await self._behaved(request, method, asked)
        except Refusal as exc:
            answer: dict[str, Any] = {"ok": False, "error_code": exc.code, "description": exc.description}
            if exc.parameters:
                answer["parameters"] = exc.parameters
            return JSONResponse(answer, exc.code)

    async def _behaved(self, request: Request, method: str, asked: dict[str, Any]) -> Response:
        act = self.behaviour.draw()
        if act.kind == "limit":
            seconds = max(1, math.ceil(act.value))
            raise Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        if act.kind == "revoked":
            raise Refusal(401, "Unauthorized")
        if act.kind == "refuse":
            return HTMLResponse("<html><h1>Bad Gateway</h1></html>", int(act.value))
        if act.kind == "accept_late":
            await self._pause(act.value)
        result = await self.called(method, asked)
        return await self._answered(request, act, result)

    async def _answered(self, request: Request, act: Act, result: Any) -> Response:
        if act.kind == "slow":
            await self._pause(act.value)
        elif act.kind == "accept_hang":
            await self.closing.wait()
        elif act.kind == "accept_reset":
            cut(request.scope)
        elif act.kind == "garbage":
            return HTMLResponse("<html><body>It works!</body></html>")
        return _ok(result)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.closing.wait()
        except TimeoutError:
            return

    async def called(self, method: str, asked: dict[str, Any]) -> Any:
        """Carry out a method, however it was called; returns its result."""
        self.calls.append((method, {key: value for key, value in asked.items() if key != "uploads"}))
        for n, (only, refusal) in enumerate(self._refusals):
            if only in ("", method):
                del self._refusals[n]
                raise refusal
        handler = getattr(self, f"do_{method}", None)
        if handler is None and method not in BEHAVED:
            raise Refusal(404, "Not Found: method not found")
        if method in BEHAVED:
            self._reachable(asked)
        return await handler(asked) if handler else self._send(method, asked)

    def _send(self, method: str, asked: dict[str, Any], **beside: Any) -> dict[str, Any]:
        message = self._message(int(asked["chat_id"]))
        logged: dict[str, Any] = dict(beside)
        if method == "sendMessage":
            message["text"] = logged["text"] = text_of(asked, "text", 4096)
        elif method in FILE_FIELDS:
            logged |= self._attach(method, asked, message)
        else:
            kind = method.removeprefix("send").lower()
            message[kind] = logged[kind] = {key: value for key, value in asked.items() if key not in ("chat_id", "uploads")}
        for key in ("entities", "caption_entities", "reply_markup", "reply_parameters", "business_connection_id", THREAD):
            if key in asked:
                message[key] = logged[key] = asked[key]
        check_buttons(asked.get("reply_markup"))
        self.sent[message["chat"]["id"], message["message_id"]] = message
        self.journal.append(chat=message["chat"]["id"], method=method, message_id=message["message_id"], **logged)
        return message

    def _message(self, chat: int) -> dict[str, Any]:
        bot = {"id": int(self.token.split(":")[0]), "is_bot": True, "first_name": "Frontdesk", "username": "frontdesk_bot"}
        who = {"id": chat, "type": "private", "first_name": f"Customer {chat}"}
        return {"message_id": self.next_message_id(), "from": bot, "chat": who, "date": int(time.time())}

    def _attach(self, method: str, asked: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
        name = FILE_FIELDS[method]
        given = asked.get(name)
        stored = given if isinstance(given, StoredFile) else self.files.get(str(given))
        if stored is None:
            raise Refusal(400, f"Bad Request: there is no {name} in the request")
        if name == "photo":
            if len(stored.content) > 10_000_000:
                raise Refusal(400, "Bad Request: file is too big for a photo")
            if not stored.content.startswith(MAGIC):
                raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
        if isinstance(given, StoredFile):
            stored = self.keep_file(given.content, given.path)
        digest = hashlib.sha256(stored.content).hexdigest()
        kept: dict[str, Any] = {"file_id": stored.id, "file_unique_id": digest[:16], "file_size": len(stored.content)}
        kept |= {"duration": 1, "width": 1, "height": 1}
        message[name] = [kept] if name == "photo" else kept
        logged = {"sha256": digest, "name": stored.path.rsplit("/", 1)[-1]}
        if asked.get("caption"):
            message["caption"] = logged["caption"] = text_of(asked, "caption", 1024)
        return logged

    async def do_sendMediaGroup(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        items, uploads = asked.get("media") or [], asked.pop("uploads", {})
        if not 2 <= len(items) <= 10:
            raise Refusal(400, "Bad Request: media group must include 2-10 items")
        kinds = {item["type"] for item in items}
        if not any(kinds <= sort for sort in ({"photo", "video"}, {"audio"}, {"document"})):
            raise Refusal(400, f"Bad Request: {' and '.join(sorted(kinds))} can't be sent together in one album")
        found = [uploads.get(str(item["media"]).removeprefix("attach://")) for item in items]
        whole = {key: asked[key] for key in ("chat_id", "reply_parameters", "business_connection_id") if key in asked}
        calls = []
        for item, stored in zip(items, found, strict=True):
            method = next(name for name, kind in FILE_FIELDS.items() if kind == item["type"])
            one = {item["type"]: stored, **{key: item[key] for key in ("caption", "caption_entities") if key in item}}
            self._attach(method, one, {})
            calls.append((method, {**whole, **one}))
        group = str(self.next_message_id())
        made = [self._send(method, one, media_group_id=group) for method, one in calls]
        return [{**message, "media_group_id": group} for message in made]

    async def do_deleteMessages(self, asked: dict[str, Any]) -> bool:
        for number in asked["message_ids"]:
            if self.sent.pop((int(asked["chat_id"]), int(number)), None):
                self.journal.append(chat=int(asked["chat_id"]), method="deleteMessages", message_id=int(number))
        return True

    def _known(self, asked: dict[str, Any], what: str) -> dict[str, Any]:
        found = self.sent.get((int(asked["chat_id"]), int(asked.get("message_id") or 0)))
        if found is None:
            raise Refusal(400, f"Bad Request: message to {what} not found")
        return found

    async def do_editMessageText(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self._edit(asked, "text", 4096)

    async def do_editMessageCaption(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self._edit(asked, "caption", 1024)

    def _edit(self, asked: dict[str, Any], name: str, limit: int) -> dict[str, Any]:
        message = self._known(asked, "edit")
        if name == "text" and "text" not in message:
            raise Refusal(400, "Bad Request: there is no text in the message to edit")
        text = text_of(asked, name, limit, empty=name == "caption")
        spans = "entities" if name == "text" else "caption_entities"
        if message.get(name, "") == text and asked.get(spans) == message.get(spans):
            raise Refusal(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as "
                "a current content and reply markup of the message",
            )
        message |= {name: text, spans: asked.get(spans)}
        message["edit_date"] = int(time.time())
        chat, number = message["chat"]["id"], message["message_id"]
        self.journal.append(chat=chat, method=f"editMessage{name.title()}", message_id=number, **{name: text})
        return message

    async def do_deleteMessage(self, asked: dict[str, Any]) -> bool:
        message = self._known(asked, "delete")
        chat, number = message["chat"]["id"], message["message_id"]
        del self.sent[chat, number]
        self.journal.append(chat=chat, method="deleteMessage", message_id=number)
        return True

    async def do_deleteBusinessMessages(self, asked: dict[str, Any]) -> bool:
        through = asked.get("business_connection_id")
        for place, message in list(self.sent.items()):
            if message.get("business_connection_id") == through and place[1] in asked["message_ids"]:
                del self.sent[place]
                self.journal.append(chat=place[0], method="deleteBusinessMessages", message_id=place[1])
        return True

    async def do_sendChatAction(self, asked: dict[str, Any]) -> bool:
        self._reachable(asked)
        return True

    async def do_answerCallbackQuery(self, asked: dict[str, Any]) -> bool:
        if asked.get("callback_query_id") not in self.unanswered:
            raise Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.unanswered.discard(asked["callback_query_id"])
        return True

    async def do_getMe(self, asked: dict[str, Any]) -> dict[str, Any]:
        return dict(self._message(0)["from"])

    async def do_getFile(self, asked: dict[str, Any]) -> dict[str, Any]:
        stored = self.files.get(asked.get("file_id", ""))
        if stored is None:
            raise Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(stored.content) > 20_000_000:
            raise Refusal(400, "Bad Request: file is too big")
        size = len(stored.content)
        return {"file_id": stored.id, "file_unique_id": stored.id, "file_size": size, "file_path": stored.path}

    async def do_setWebhook(self, asked: dict[str, Any]) -> bool:
        connections = int(asked.get("max_connections") or 40)
        self.updates.set_hook(asked["url"], asked.get("secret_token", ""), connections, list(asked.get("allowed_updates") or []))
        return True

    async def do_deleteWebhook(self, asked: dict[str, Any]) -> bool:
        await self.updates.remove_hook()
        return True

    async def do_getWebhookInfo(self, asked: dict[str, Any]) -> dict[str, Any]:
        waiting = self.updates.pending
        info = {"url": self.updates.hook, "has_custom_certificate": False, "pending_update_count": waiting}
        return {**info, "last_error_message": self.updates.last_error} if self.updates.last_error else info

    async def do_getUpdates(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        if self.updates.hook:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")
        self.updates.allowed = list(asked.get("allowed_updates") or self.updates.allowed)
        offset = int(asked["offset"]) if asked.get("offset") else None
        limit = min(100, int(asked.get("limit") or 100))
        found = await self.updates.poll(offset, float(asked.get("timeout") or 0), limit)
        if found is None:
            raise Refusal(
                409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            )
        return found


def _ok(result: Any) -> Response:
    """JSON in ASCII, as the real one writes it: customers' lone surrogates are escapes in it."""
    return Response(json.dumps({"ok": True, "result": result}), media_type="application/json")
