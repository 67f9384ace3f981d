"""The customers of the sandbox: what somebody does on Telegram and on WeChat, and what their telephones show."""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import Any
from xml.sax.saxutils import escape

import httpx
import puremagic
from PIL import Image, UnidentifiedImageError

from tests.servers.telegram import TelegramServer
from tests.servers.wechat import WeChatServer
from tests.servers.wechat_callbacks import callback

CHAT, OPENID = 1001, "oMeiChen"
Line = dict[str, Any]
FIELDS = {"photo": "image", "sticker": "image", "voice": "audio", "audio": "audio", "video": "video", "document": "file"}
KINDS = {"image": "image", "voice": "audio", "video": "video"}
WECHAT_TRIES = 3


class OnePerson(TelegramServer):
    """A Telegram whose customer has a name, and the page's language."""

    lang = "en"

    def person(self, chat: int) -> dict[str, Any]:
        """Who writes."""
        name = {"first_name": "梅", "last_name": "陈"} if self.lang == "zh" else {"first_name": "Mei", "last_name": "Chen"}
        return {**super().person(chat), **name, "username": "mei_chen", "language_code": self.lang}


class TelegramPhone:
    """Mei's Telegram."""

    def __init__(self, sim: TelegramServer) -> None:
        self.sim = sim
        self._own: dict[int, Line] = {}

    def say(self, text: str) -> None:
        """Write a line."""
        self._send(self.sim.message(CHAT, text))

    def edit(self, number: int, text: str) -> None:
        """Change one's own line."""
        if number not in self._own:
            raise LookupError(f"there is no line {number}")
        self._own[number] |= {"text": text, "edited": True}
        self.sim.edit(CHAT, number, text)

    def press(self, number: int, data: str) -> None:
        """Press a button below a line of the bot's."""
        self.sim.press(CHAT, number, data)

    def picture(self, name: str, content: bytes) -> None:
        """Send a picture."""
        stored = self.sim.api.keep_file(content, name)
        width, height = sized(content)
        size = {"file_id": stored.id, "file_unique_id": stored.id, "file_size": len(content), "width": width, "height": height}
        self._send(self.sim.message(CHAT, photo=[size]))

    def _send(self, message: dict[str, Any]) -> None:
        self._own[message["message_id"]] = shown(message, "me")
        self.sim.updates.push(CHAT, message=message)

    def lines(self) -> list[Line]:
        """What the telephone shows, in order."""
        theirs = {number: shown(message, "shop") for (chat, number), message in self.sim.api.sent.items() if chat == CHAT}
        return [line for _, line in sorted((self._own | theirs).items())]

    def file(self, id: str) -> tuple[str, bytes] | None:
        """A file by its id."""
        stored = self.sim.api.files.get(id)
        return (stored.path.rsplit("/", 1)[-1], stored.content) if stored else None


def shown(message: dict[str, Any], by: str) -> Line:
    """A message of the Bot API as the page draws it."""
    line: Line = {"id": message["message_id"], "by": by, "text": message.get("text") or message.get("caption") or ""}
    for name, kind in FIELDS.items():
        if name in message:
            found = message[name][-1] if isinstance(message[name], list) else message[name]
            line |= {"kind": kind, "file": found["file_id"]}
    rows = (message.get("reply_markup") or {}).get("inline_keyboard") or ()
    buttons = [
        {"text": one["text"], "data": one.get("callback_data", ""), "url": one.get("url", "")} for row in rows for one in row
    ]
    return line | {"buttons": buttons, "edited": "edit_date" in message}


class WeChatPhone:
    """Mei's WeChat. `hook` is where her account's callbacks go."""

    def __init__(self, server: WeChatServer, post: Callable[[dict[str, str], bytes], Awaitable[int]]) -> None:
        self.server = server
        self._post = post
        self._lines: list[Line] = []
        self._seen = 0
        self._numbers = itertools.count(time.time_ns() // 1000)

    async def say(self, text: str, choice: str = "") -> None:
        """Write a line, or with `choice` press an item of a menu."""
        pressed = f"<bizmsgmenuid>{escape(choice)}</bizmsgmenuid>" if choice else ""
        await self._send("text", f"<Content>{escape(text)}</Content>{pressed}", text=text)

    async def picture(self, name: str, content: bytes) -> None:
        """Send a picture."""
        sized(content)
        media = self.server.keep(content, "image/png" if content.startswith(b"\x89PNG") else "image/jpeg")
        await self._send("image", f"<PicUrl></PicUrl><MediaId>{media}</MediaId>", kind="image", file=media)

    async def _send(self, msgtype: str, more: str, **line: Any) -> None:
        number, now = next(self._numbers), int(time.time())
        head = f"<ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>{now}</CreateTime>"
        self.lines()
        self._lines.append({"id": number, "by": "me", "text": "", "buttons": [], **line})
        self.server.acted(OPENID, "message")
        sealed = callback(f"<xml>{head}<MsgType>{msgtype}</MsgType>{more}<MsgId>{number}</MsgId></xml>", now)
        for _ in range(WECHAT_TRIES):
            try:
                if await self._post(dict(sealed.query), sealed.body) == 200:
                    return
            except httpx.HTTPError:
                continue
        self._lines[-1]["failed"] = True

    def lines(self) -> list[Line]:
        """What the telephone shows, in order."""
        for body in self.server.sent[self._seen :]:
            self._lines.append(self._shown(body))
        self._seen = len(self.server.sent)
        return self._lines

    def _shown(self, body: dict[str, Any]) -> Line:
        kind = body["msgtype"]
        said = body[kind]
        line: Line = {"id": next(self._numbers), "by": "shop", "text": said.get("content", ""), "buttons": []}
        if "media_id" in said:
            return line | {
                "kind": {"image": "image", "voice": "audio", "video": "video"}.get(kind, "file"),
                "file": said["media_id"],
            }
        if kind == "msgmenu":
            buttons = [{"text": one["content"], "data": one["id"], "url": ""} for one in said["list"]]
            return line | {"text": said["head_content"], "buttons": buttons}
        if kind == "news":
            one = said["articles"][0]
            return line | {"text": "\n".join(filter(None, [one["title"], one["description"], one["url"]]))}
        return line

    def file(self, id: str) -> tuple[str, bytes] | None:
        """A file by its id."""
        found = self.server.media.get(id)
        return (f"file.{found[1].rsplit('/', 1)[-1]}", found[2]) if found else None


def kind_of(content: bytes) -> str:
    """A file's type, by what is in it; empty when that is not known."""
    try:
        return puremagic.from_string(content, mime=True)
    except (puremagic.PureError, ValueError):
        return ""


def sized(content: bytes) -> tuple[int, int]:
    """A picture's size. Raises `ValueError` for anything else."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.format not in ("PNG", "JPEG"):
                raise ValueError("only PNG and JPEG pictures")
            return picture.size
    except (UnidentifiedImageError, OSError) as exc:
        raise ValueError("only PNG and JPEG pictures") from exc
