"""What the desk's tests build with: a desk against the Slack server, lines, cards, signed hooks."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from agents_bridge.slack.desk import SlackDesk
from agents_bridge.slack.settings import SlackSettings
from hub.errors import Undeliverable
from hub.model import Author, ChannelName, ConversationId, DeskName, Entry, ExternalId, FileId, MessageId, Part, Text, ThreadId
from hub.ports import Hook, IdempotencyKey, Kit, Line, StoredFile, ThreadCard
from tests.servers.slack import APP_TOKEN, SECRET, TOKEN, SlackServer
from tests.servers.slack_events import signed

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLACE = "C0SUPPORT"
_numbers = itertools.count(1)


class MemoryFiles:
    """`ports.Files` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, StoredFile] = {}

    def keep(self, name: str, content: bytes, mime: str = "image/png") -> FileId:
        file = FileId(f"file{len(self.kept)}")
        self.kept[file] = StoredFile(file, name, mime, len(content), content)
        return file

    async def read(self, file: FileId) -> StoredFile:
        if file not in self.kept:
            raise Undeliverable("the file is gone")
        return self.kept[file]

    def link(self, file: FileId) -> str:
        return f"https://hub.example/files/{file}"


def settings(**more: Any) -> SlackSettings:
    """Settings that suit the Slack server."""
    given: dict[str, Any] = {"bot_token": SecretStr(TOKEN), "signing_secret": SecretStr(SECRET), "channel": PLACE}
    given |= {"app_token": SecretStr(APP_TOKEN), "rate": 50.0, "timeout": 1.0, "lookup_after": 0.2}
    given |= {"who_answers": "members", "ask_first": False}
    return SlackSettings(**{**given, **more})


def bare_desk(now: datetime | None = None, **more: Any) -> SlackDesk:
    """A desk that is only asked to receive."""
    kit = Kit(files=MemoryFiles(), public_url="", now=lambda: now or datetime.now(UTC))
    return SlackDesk(DeskName("slack"), settings(**more), kit)


@asynccontextmanager
async def desk_at(slack: SlackServer, files: MemoryFiles | None = None, **more: Any) -> AsyncIterator[SlackDesk]:
    """A desk whose workspace is the Slack server."""
    kit = Kit(files=files or MemoryFiles(), public_url="https://hub.example", now=lambda: datetime.now(UTC))
    desk = SlackDesk(DeskName("slack"), settings(**{"api_url": slack.api_url or None, **more}), kit)
    try:
        yield desk
    finally:
        await desk.aclose()


def line(text: str = "", *parts: Part, author: str = "Mei", kind: Any = "message", key: str = "", **more: Any) -> Line:
    """A customer's line, or with `kind` another entry."""
    said: tuple[Part, ...] = (*parts, Text(text=text)) if text else parts
    data = more.pop("data", {})
    who = Author(kind=more.pop("by", "customer"), name=author)
    entry = Entry(
        id=MessageId(f"m{next(_numbers)}"),
        conversation=ConversationId("c1"),
        seq=1,
        s=1,
        kind=kind,
        author=who,
        at=NOON,
        parts=said,
        data=data,
    )
    return Line(entry=entry, parts=said, key=IdempotencyKey(key or f"key{next(_numbers)}"), author=author, **more)


def card(**more: Any) -> ThreadCard:
    """The facts of an open conversation."""
    given: dict[str, Any] = {"conversation": ConversationId("c1"), "channel": ChannelName("wechat"), "customer": "Mei"}
    given |= {
        "preview": "Where is my order?",
        "status": "open",
        "opened_at": NOON,
        "console_url": "https://hub.example/console/#c=c1",
    }
    return ThreadCard(**{**given, **more})


def new_key() -> IdempotencyKey:
    """A key that nothing else has."""
    return IdempotencyKey(f"key{next(_numbers)}")


async def looked_up(desk: SlackDesk, key: str, thread: str, since: datetime | None = None) -> ExternalId | None:
    """What the desk finds for one key."""
    return (await desk.lookup([IdempotencyKey(key)], thread, since or desk._kit.now())).get(IdempotencyKey(key))


async def opened(desk: SlackDesk, **more: Any) -> ThreadId:
    """A new thread."""
    return await desk.open(PLACE, card(**more), new_key())


def hook(body: Any, *, form: bool = False, at: float | None = None, **headers: str) -> Hook:
    """A signed request of Slack's; `body` is bytes or what becomes JSON."""
    if not isinstance(body, bytes):
        text = json.dumps(body, ensure_ascii=False)
        body = (urlencode({"payload": text}) if form else text).encode()
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Hook("POST", {}, {"content-type": kind, **signed(SECRET, body, at), **given}, body)


def event(**more: Any) -> dict[str, Any]:
    """An agent's thread reply in its envelope; `more` changes the event, `envelope` what is around it."""
    around = more.pop("envelope", {})
    given = {"type": "message", "channel": PLACE, "user": "U1ANNA", "text": "On its way", "ts": "1700000001.000100"}
    given |= {"thread_ts": "1700000000.000100", "team": "T0TEAM", "channel_type": "channel", "event_ts": "1700000001.000100"}
    found = {name: value for name, value in {**given, **more}.items() if value is not None}
    bot = {"team_id": "T0TEAM", "user_id": "U0FRONTDESK", "is_bot": True}
    return {"type": "event_callback", "team_id": "T0TEAM", "event_id": "Ev1", "event": found, "authorizations": [bot], **around}
