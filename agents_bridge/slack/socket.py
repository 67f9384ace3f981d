"""Socket Mode: Slack's events over a WebSocket of ours, each acknowledged only after it is committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
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


async def poll(slack: Slack, app_token: str, take: Take, keep: Callable[[Receipt], Awaitable[None]]) -> None:
    """Run until cancelled. What is not acknowledged, Slack sends again. The SDK runs a task per envelope; the lock, which wakes
    in the order of asking, keeps them in the order in which they came."""
    client = SocketModeClient(app_token=app_token, web_client=slack.web)
    client.proxy = slack.proxy
    turn = asyncio.Lock()

    async def heard(_: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        async with turn:
            try:
                receipt = await _receipt(take, request)
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


async def _receipt(take: Take, request: SocketModeRequest) -> Receipt:
    """An envelope that is not as documented is acknowledged and left: refusing it would bring it again."""
    try:
        return await take(clean_tree(request.payload))
    except (Malformed, RecursionError) as exc:
        log.warning("slack.socket_malformed", kind=request.type, error=str(exc))
        return Receipt()
