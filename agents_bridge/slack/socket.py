"""Socket Mode: Slack's events over a WebSocket of ours, each acknowledged only after it is committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from agents_bridge.slack.calls import Slack
from agents_bridge.slack.errors import translated
from hub.errors import Malformed
from hub.ports import Receipt
from hub.text import clean_tree

log = structlog.get_logger()
Take = Callable[[dict[str, Any]], Awaitable[Receipt]]
"""Reads what an envelope holds."""


class Turns:
    """Who came first goes first; who leaves holds up nobody."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Event] = []

    @contextmanager
    def ticket(self) -> Iterator[Callable[[], Awaitable[object]]]:
        """A place at the end; what it gives waits until it is the first."""
        mine = asyncio.Event()
        self._waiting.append(mine)
        self._waiting[0].set()
        try:
            yield mine.wait
        finally:
            self._waiting.remove(mine)
            if self._waiting:
                self._waiting[0].set()


async def poll(slack: Slack, app_token: str, take: Take, keep: Callable[[Receipt], Awaitable[None]]) -> None:
    """Run until cancelled. What is not acknowledged, Slack sends again. The SDK runs a task per envelope; their tickets have them
    kept in the order in which they came. They are read side by side, and what leaves nothing to keep waits for nobody: a
    modal has three seconds, and a database may need them."""
    client = SocketModeClient(app_token=app_token, web_client=slack.web)
    client.proxy = slack.proxy
    turns = Turns()

    async def heard(_: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        try:
            with turns.ticket() as first:
                receipt = await _receipt(take, request)
                if _holds(receipt):
                    await first()
                    await keep(receipt)
        except Exception as exc:
            log.error("slack.socket_failed", kind=request.type, error=repr(exc))
            return
        told = json.loads(receipt.body) if receipt.body else None
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=told))
        if receipt.after is not None:
            await receipt.after()

    seen: list[datetime] = []

    async def told(_: AsyncBaseSocketModeClient, message: dict[str, Any], raw: str | None = None) -> None:
        """A connection begins with `hello`; what happened since the one before was heard of by nobody."""
        if message.get("type") == "hello" and seen:
            await keep(Receipt(missed=seen[0]))
        seen[:] = [datetime.now(UTC)]

    client.message_listeners.append(told)
    client.socket_mode_request_listeners.append(heard)
    try:
        with translated("apps.connections.open", posts=False):
            client.wss_uri = await client.issue_new_wss_url()
        await client.connect()  # type: ignore[no-untyped-call]
        await asyncio.Event().wait()
    finally:
        await client.close()  # type: ignore[no-untyped-call]


def _holds(receipt: Receipt) -> bool:
    """Whether anything has to be kept before it is acknowledged."""
    facts = (receipt.items, receipt.signs, receipt.unread, receipt.news, receipt.missed, receipt.trouble, receipt.mended)
    return any(facts)


async def _receipt(take: Take, request: SocketModeRequest) -> Receipt:
    """An envelope that is not as documented is acknowledged and left: refusing it would bring it again."""
    try:
        return await take(clean_tree(request.payload))
    except (Malformed, RecursionError) as exc:
        log.warning("slack.socket_malformed", kind=request.type, error=str(exc))
        return Receipt()
