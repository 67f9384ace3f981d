"""Bolt routes what people press, send off, choose, and give as a command to what reads it; its `ack` makes the answer.

Bolt itself sends nothing. `process_before_response` has its dispatcher wait for the listener and hand the answer over: the hub
commits what the listener has read, and only then the answer leaves, over HTTP and in Socket Mode alike. Who sent a request is
proven before (receive.py, or Slack's own connection), and whether a workspace is served is the readers' matter, so Bolt verifies
nothing, holds no token, and asks Slack nothing. Events are not Bolt's: it acknowledges those before its listeners have run.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from agents_bridge.slack import (
    blocks,
    canned,
    guard,
    home,
    linking,
    marking,
    menus,
    modals,
    presses,
    resolving,
    saving,
    starting,
    submitted,
    tasking,
    telling,
)
from agents_bridge.slack.events import Reading
from agents_bridge.slack.heard import Heard, Then
from agents_bridge.slack.manifest import COMMAND, MAKE_NOTE, NEW, RETRY, SAVE, SEND_IT, TASK, TRANSLATE
from agents_bridge.slack.sayings import SAYINGS

log = structlog.get_logger()
Reader = Callable[[Reading, dict[str, Any]], Heard]
Route = tuple[str | re.Pattern[str], Reader]
ANY = re.compile("")


def _among(*names: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{'|'.join(map(re.escape, names))})$")


def _begins(*names: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{'|'.join(map(re.escape, names))})")


def nothing(reading: Reading, body: dict[str, Any]) -> Heard:
    """Slack tells of it, and nobody waits for anything: a button that is a link, a modal that was closed."""
    return Heard()


def unknown(reading: Reading, body: dict[str, Any]) -> Heard:
    """What has no listener, as a button of an older version: nothing is done, and who asked hears so."""
    team = body.get("team_id") or (body.get("team") or {}).get("id")
    kind, view = body.get("type"), body.get("view") or {}
    log.warning("slack.unknown", desk=reading.desk, kind=kind, name=body.get("command") or body.get("callback_id"))
    if not reading.ours(team):
        return Heard()
    text, url, trigger = SAYINGS[reading.locale]["no_such"], body.get("response_url"), body.get("trigger_id")
    if kind == "view_submission":
        return Heard(answer={"response_action": "update", "view": modals.told_view(text, reading.locale)})
    if isinstance(url, str) and url:
        said = {"response_type": "ephemeral", "replace_original": False, "text": text}
        return Heard(then=[Then("respond", {"url": url, "json": said})])
    if not trigger or view.get("type") == "modal":
        return Heard()
    return Heard(then=[Then("views.open", {"trigger_id": str(trigger), "view": modals.told_view(text, reading.locale)})])


ACTIONS: Sequence[Route] = (
    (_among(*presses.AT_ONCE), presses.done),
    (_begins(*presses.AGAIN), presses.again),
    (marking.MORE, presses.more),
    (_among(blocks.ASSIGN, blocks.RESOLVE_WHY, canned.CANNED, *marking.FIELDS), presses.opened),
    (canned.PICK, submitted.picked),
    (canned.CHANGE, saving.change),
    (canned.FORGET, saving.forgotten),
    (guard.SEND, presses.sent),
    (telling.SAY, presses.said),
    (telling.KEEP, presses.kept),
    (telling.UNDO, presses.undone),
    (linking.LINK, presses.linked),
    (_among(home.PRESENT, home.AWAY), home.home_pressed),
    (_begins(f"{home.AWAY_FOR}_"), home.home_pressed),
    (_begins(f"{home.HOME_CLAIM}_"), home.home_pressed),
    (_begins(blocks.CONSOLE, home.HOME_OPEN), nothing),
    (ANY, unknown),
)
"""By `action_id`; the first that fits has it."""
SUBMITTED: Sequence[Route] = (
    (modals.ASSIGN, submitted.assigned),
    (resolving.RESOLVE, submitted.resolved),
    (canned.SEND_CANNED, submitted.canned_sent),
    (saving.SUBMIT, saving.saved),
    (tasking.SUBMIT, tasking.sent),
    (_among(*map(marking.callback_of, marking.FIELDS)), submitted.marked),
    (home.AWAY, home.away_submitted),
    (starting.FIND, starting.sought),
    (starting.SEND, starting.sent),
    (ANY, unknown),
)
"""By a modal's `callback_id`."""
SHORTCUTS: Sequence[Route] = (
    (NEW, menus.begun),
    (TRANSLATE, menus.translated),
    (SEND_IT, menus.send_chosen),
    (MAKE_NOTE, menus.note_chosen),
    (RETRY, menus.retried),
    (SAVE, saving.asked),
    (TASK, tasking.asked),
    (ANY, unknown),
)
LISTS: Sequence[Route] = ((canned.PICK, submitted.suggested), (ANY, nothing))
COMMANDS: Sequence[Route] = ((COMMAND, menus.command_heard), (ANY, unknown))


def _listener(read: Reader) -> Callable[..., Awaitable[BoltResponse]]:
    async def listen(context: AsyncBoltContext, body: dict[str, Any], ack: AsyncAck) -> BoltResponse:
        heard = context["heard"] = read(context["reading"], body)
        return await ack("" if heard.answer is None else dict(heard.answer))

    return listen


async def _authorize(enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult:
    """Without one of our own, Bolt asks `auth.test`, and while that fails people's presses come to nothing."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, user_id=user_id)


async def _failed(error: Exception) -> BoltResponse:
    """What is nothing of the kind is answered with 200, for Slack counts a 404 as a failure. Anything else is no request as
    documented, which is told where requests are taken."""
    if isinstance(error, BoltUnhandledRequestError):
        return BoltResponse(status=200)
    raise error


@functools.cache
def app() -> AsyncApp:
    """One for all desks and workspaces: whose a request is travels with it. What Bolt takes from the environment by itself has no
    effect: with a client and `authorize` of ours it looks at no token, and its OAuth pages are never served."""
    made = AsyncApp(
        name="frontdesk",
        client=AsyncWebClient(),
        authorize=_authorize,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    made.error(_failed)
    routes: Mapping[Callable[..., Any], Sequence[Route]] = {
        made.block_action: ACTIONS,
        made.view_submission: SUBMITTED,
        made.view_closed: ((ANY, nothing),),
        made.shortcut: SHORTCUTS,
        made.block_suggestion: LISTS,
        made.command: COMMANDS,
    }
    for route, listeners in routes.items():
        for name, read in listeners:
            route(name)(_listener(read))
    return made


async def routed(reading: Reading, body: dict[str, Any]) -> tuple[Heard, BoltResponse]:
    """What a request means, and its answer once that is committed. Bolt calls a body that was parsed before `socket_mode`."""
    request = AsyncBoltRequest(body=body, mode="socket_mode", context={"reading": reading})
    answer = await app().async_dispatch(request)
    return request.context.get("heard") or Heard(), answer
