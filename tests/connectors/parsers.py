"""Every parser that strangers' bytes reach, for the mutation fuzz: what it is asked with, and the payloads to begin with."""

from __future__ import annotations

import copy
import json
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import httpx

from config.settings import HubSettings, RateLimits
from connectors.wechat.kf.reading import read
from hub.errors import Malformed
from hub.model import AgentReply, ChannelName, Message
from hub.ports import Hook
from hub.store.inbox import row_of
from hub.store.store import open_store
from hub.text import loads
from tests.agents_bridge.desks import bare_desk
from tests.agents_bridge.desks import hook as slack_hook
from tests.conftest import own_valkey
from tests.connectors.conftest import NOW, bot_of
from tests.connectors.kf_company import company
from tests.connectors.programs import PAYLOADS as PROGRAM
from tests.connectors.programs import plain as program_in_the_open
from tests.connectors.programs import plainly
from tests.connectors.test_telegram_receive import hook as telegram_hook
from tests.connectors.webhook_channel import GOOD, channel
from tests.connectors.wechat_accounts import KINDS, account, xml
from tests.contract import dump, storable
from tests.servers.kf_callbacks import callback as kf_callback
from tests.servers.kf_callbacks import event_xml
from tests.servers.wechat_callbacks import TOKEN, callback, signature
from tests.widget.customers import WEB, web_house
from widget.app import create_app

FOLDER = Path(__file__).parents[1] / "payloads"
Parser = Callable[[bytes], Awaitable[int]]
"""Takes one body, returns how many messages came of it. Raises `Malformed`, and nothing else ever."""


@dataclass(frozen=True)
class Target:
    """One parser under fuzz."""

    open: Callable[[], AbstractAsyncContextManager[Parser]]
    seeds: Callable[[], list[dict[str, Any]]]
    dump: Callable[[Any], bytes] = dump


def counted(items: Any) -> int:
    """How many messages there are, each of which the store takes."""
    found = [item for item in items if isinstance(item, (Message, AgentReply))]
    for item in found:
        storable(item)
        assert 0 < len(item.id) < 400
    return len(found)


def _json(name: str, part: str = "", kind: str = "") -> list[dict[str, Any]]:
    found = [json.loads(path.read_text("utf-8")) for path in sorted((FOLDER / name).glob("*.json")) if path.name != "INDEX.json"]
    bodies = [one[part] if part else one for one in found]
    return [one for one in bodies if not kind or (one.get("type") == "event_callback") is (kind == "event")]


@asynccontextmanager
async def telegram() -> AsyncIterator[Parser]:
    """A bot without a network, which takes all that it can be set to take."""
    bot = bot_of(None, groups=True, group_messages="all")

    async def parse(body: bytes) -> int:
        return counted((await bot.receive(telegram_hook(body))).items)

    yield parse


@asynccontextmanager
async def wechat() -> AsyncIterator[Parser]:
    """An account in secure mode: what is fuzzed is what the seal holds."""
    own = account()

    async def parse(body: bytes) -> int:
        return counted((await own.receive(callback(body.decode("utf-8", "replace"), NOW.timestamp()))).items)

    yield parse


@asynccontextmanager
async def wechat_envelope() -> AsyncIterator[Parser]:
    """The same account's outer callback: its query, what is around the seal, and the seal, signed anew where that is asked."""
    own = account()

    async def parse(body: bytes) -> int:
        try:
            given = json.loads(body)
            query, outer = given["query"], given["outer"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Malformed("not a callback that could be made") from None
        asked = {str(name): str(value) for name, value in query.items()} if isinstance(query, dict) else {}
        sealed = outer.get("Encrypt") if isinstance(outer, dict) else None
        if given.get("signed") and isinstance(sealed, str):
            pieces = (TOKEN, asked.get("timestamp", ""), asked.get("nonce", ""), sealed)
            asked["msg_signature"] = signature(*(piece.encode("utf-8", "replace").decode() for piece in pieces))
        raw = dump(outer) if given.get("json") else as_xml({"xml": outer})
        return counted((await own.receive(Hook("POST", asked, {}, raw))).items)

    yield parse


def _envelopes() -> list[dict[str, Any]]:
    """Every payload sealed: as XML and as JSON, with its own signature and to be signed anew."""
    found = []
    for n, one in enumerate(_json("wechat", "xml")):
        hook = callback(str(one), NOW.timestamp(), json=True)
        found.append({"query": dict(hook.query), "outer": json.loads(hook.body), "signed": n % 4 > 0, "json": n % 2 > 0})
    return found


def _messages() -> list[dict[str, Any]]:
    """Every payload that is XML, as a tree."""
    found = [tree_of(xml(kind, more)) for kind, more, _ in KINDS]
    for text in _json("wechat", "xml"):
        with suppress(ElementTree.ParseError):
            found.append(tree_of(str(text)))
    return found


@asynccontextmanager
async def miniprogram() -> AsyncIterator[Parser]:
    """A Mini Program in plain mode: bodies are read as they come, as JSON or XML."""

    async def parse(body: bytes) -> int:
        return counted((await program_in_the_open().receive(plainly(body))).items)

    yield parse


@asynccontextmanager
async def wecom_kf() -> AsyncIterator[Parser]:
    """One entry of a feed, as a page brings it."""

    async def parse(body: bytes) -> int:
        try:
            given = loads(body.decode("utf-8", "replace"))
        except ValueError:
            raise Malformed("not an answer that could be read") from None
        done = read(ChannelName("kf"), "wkDesk1", [given], {}, lambda: NOW)
        for unread in done.unread:
            assert 0 < len(row_of(unread, 1)["external_id"]) <= 191
        return counted(done.items)

    yield parse


@asynccontextmanager
async def wecom_kf_callback() -> AsyncIterator[Parser]:
    """A company's callbacks: what is fuzzed is what the seal holds."""
    own = company()

    async def parse(body: bytes) -> int:
        receipt = await own.receive(kf_callback(body.decode("utf-8", "replace"), NOW.timestamp()))
        return sum(0 < len(news.feed) <= 64 for news in receipt.news)

    yield parse


def tree_of(text: str) -> dict[str, Any]:
    """A callback's XML as a tree that can be changed."""

    def inner(item: ElementTree.Element) -> Any:
        return {one.tag: inner(one) for one in item} if len(item) else item.text or ""

    return {"xml": inner(ElementTree.fromstring(text))}


def as_xml(tree: Any) -> bytes:
    """A tree as XML again: keys become elements, in whatever shape they are now."""

    def element(name: str, value: Any) -> str:
        if isinstance(value, dict):
            inner = "".join(element(str(key) or "x", one) for key, one in value.items())
        elif isinstance(value, list):
            inner = "".join(element("item", one) for one in value)
        else:
            inner = "" if value is None else escape(str(value)) if not isinstance(value, int) else f"{value:d}"[:4000]
        return f"<{name}>{inner}</{name}>"

    return "".join(element(str(key), value) for key, value in tree.items()).encode("utf-8", "replace")


@asynccontextmanager
async def webhook() -> AsyncIterator[Parser]:
    """A channel by YAML alone that asks for no signature."""
    own = channel()

    async def parse(body: bytes) -> int:
        hook = slack_hook(body)
        return counted((await own.receive(type(hook)("POST", {}, {"content-type": "application/json"}, body))).items)

    yield parse


def slack(form: bool) -> Callable[[], AbstractAsyncContextManager[Parser]]:
    """A desk that hears events, or (`form`) buttons and modals."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Parser]:
        desk = bare_desk(app_token=None)

        async def parse(body: bytes) -> int:
            if not form:
                return counted((await desk.receive(slack_hook(body))).items)
            try:
                given = json.loads(body)
            except (ValueError, RecursionError):
                raise Malformed("not a payload that a form could hold") from None
            return counted((await desk.receive(slack_hook(given, form=True))).items)

        yield parse

    return opened


FRAMES: list[dict[str, Any]] = [
    {"t": "hello", "v": 1, "tok": "x", "epoch": "e", "since": 0, "lang": "en", "page": "https://shop.example/a"},
    {"t": "send", "id": "m1", "d": {"text": "Hello"}},
    {"t": "send", "id": "m2", "d": {"text": "see", "files": ["0" * 32], "reply_to": "0" * 32}},
    {"t": "send", "id": "m3", "d": {"choice": {"id": "yes", "text": "Yes"}}},
    {
        "t": "send",
        "id": "m4",
        "d": {"form": {"title": "You", "fields": [{"name": "mail", "label": "Mail", "value": "a@b.cn"}]}},
    },
    {"t": "read", "s": 3},
    {"t": "typing", "on": True, "text": "Hel"},
    {"t": "ping"},
]


def frames_seeds() -> list[dict[str, Any]]:
    """Polls with frames in them."""
    return [{"tok": "TOKEN", "epoch": "EPOCH", "since": 0, "wait": 0, "up": [copy.deepcopy(one)]} for one in FRAMES] + [
        {"tok": "TOKEN", "epoch": "EPOCH", "since": 0, "wait": 0, "up": copy.deepcopy(FRAMES)}
    ]


@asynccontextmanager
async def frames() -> AsyncIterator[Parser]:
    """The web process as apps and widgets reach it: a poll with frames; 2xx and 4xx are all that may come back."""
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder, own_valkey() as redis_url:
        store = await open_store(f"sqlite:///{folder}/hub.db")
        try:
            async with web_house(store, redis_url, f"fuzz{secrets.token_hex(4)}", Path(folder)) as home:
                most = 10**9
                limits = RateLimits(requests_per_ip=most, messages_per_customer=most, sessions_per_ip=most)
                app = create_app(home.hub, HubSettings(limits=limits))
                async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.example") as api:
                    made = (await api.post(f"/chat/{WEB}/session", json={})).json()

                    async def parse(body: bytes) -> int:
                        body = body.replace(b"TOKEN", made["token"].encode()).replace(b"EPOCH", made["epoch"].encode())
                        answer = await api.post(f"/chat/{WEB}/poll", content=body)
                        assert 200 <= answer.status_code < 500, (answer.status_code, answer.text)
                        return answer.text.count('"t":"ok"') if answer.status_code < 300 else 0

                    yield parse
        finally:
            await store.close()


PARSERS: dict[str, Target] = {
    "telegram": Target(telegram, lambda: _json("telegram", "update")),
    "wechat": Target(wechat, _messages, as_xml),
    "wechat-envelope": Target(wechat_envelope, _envelopes),
    "miniprogram": Target(miniprogram, lambda: [one["json"] for one in PROGRAM.values() if one.get("json")]),
    "wecom-kf": Target(wecom_kf, lambda: [one for one in _json("wecom_kf", "msg") if isinstance(one, dict)]),
    "wecom-kf-callback": Target(wecom_kf_callback, lambda: [tree_of(event_xml("ENC1"))], as_xml),
    "webhook": Target(webhook, lambda: [copy.deepcopy(GOOD)]),
    "slack-events": Target(slack(False), lambda: _json("slack", kind="event")),
    "slack-interactivity": Target(slack(True), lambda: _json("slack", kind="form")),
    "frames": Target(frames, frames_seeds),
}
"""Name → parser. A new connector's parser is one line here."""
