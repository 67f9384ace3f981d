"""What is shown after an answer has left: modals, words to one person. Each is tried once; what fails is logged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
import structlog
from yarl import URL

from agents_bridge.slack import saving, starting, tasking
from agents_bridge.slack.asking import LOOK
from agents_bridge.slack.assigning import ASSIGNING, waiting_view
from agents_bridge.slack.calls import AS_WRITTEN, FOLDED, Slack
from agents_bridge.slack.errors import translated
from agents_bridge.slack.heard import Then
from agents_bridge.slack.linking import LINK
from agents_bridge.slack.manifest import SAVE, TASK
from agents_bridge.slack.modals import Locale
from agents_bridge.slack.starting import FOUND, START
from hub.errors import ConnectorError

log = structlog.get_logger()
ANSWERS = "hooks.slack.com"
"""Where Slack takes answers to a press."""
WAITS: Mapping[str, Callable[[Locale], dict[str, Any]]] = {
    START: starting.loading_view,
    SAVE: saving.loading_view,
    ASSIGNING: waiting_view,
    TASK: tasking.loading_view,
}
"""What is opened at once, by what is asked."""
Answer = Callable[[Then], Awaitable[Then]]
"""Makes the answer of what somebody asked to see."""


async def follow(slack: Slack, calls: Sequence[Then], api_url: str, answer: Answer, locale: Locale = "en") -> None:
    """Make the calls in their order."""
    for asked in calls:
        call = asked
        try:
            if call.method in WAITS:
                call = await _opened(slack, call, locale)
            if call.method in (LOOK, FOUND, LINK, *WAITS):
                call = await answer(call)
            if call.method == "respond":
                await _respond(slack, call, api_url)
                continue
            with translated(call.method, posts=False):
                await slack.web.api_call(call.method, json={**_about(call.method), **call.arguments})
        except (ConnectorError, aiohttp.ClientError, TimeoutError, ValueError) as exc:
            log.warning("slack.not_shown", method=asked.method, error=str(exc) or type(exc).__name__)


def _about(method: str) -> Mapping[str, Any]:
    return {"chat.postMessage": {**FOLDED, **AS_WRITTEN}, "chat.postEphemeral": AS_WRITTEN}.get(method, {})


async def _opened(slack: Slack, call: Then, locale: Locale) -> Then:
    """The modal that waits is there at once, for a trigger lives three seconds; what belongs into it is looked up afterwards."""
    with translated("views.open", posts=False):
        shown = await slack.web.views_open(trigger_id=call.arguments["trigger"], view=WAITS[call.method](locale))
        return Then(call.method, {**call.arguments, "view_id": shown["view"]["id"]})


async def _respond(slack: Slack, call: Then, api_url: str) -> None:
    target, own = URL(call.arguments["url"]), URL(api_url)
    slacks = target.scheme == "https" and target.host == ANSWERS
    if not slacks and (target.scheme, target.host, target.port) != (own.scheme, own.host, own.port):
        raise ValueError("an answer does not go to Slack")
    async with slack.session.post(
        target, json={**AS_WRITTEN, **call.arguments["json"]}, allow_redirects=False, proxy=slack.proxy
    ) as answer:
        if answer.status != 200:
            raise ValueError(f"Slack took no answer: {answer.status}")
