"""What agents do in the console: reply, note, resolve, assign, resend. Each is committed to the inbox before it is answered."""

from __future__ import annotations

import re
from typing import Any, Literal

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from hub.errors import Malformed
from hub.limits import Rule
from hub.metrics import ACK
from hub.model import AgentId, AgentReply, Card, ConversationId, DeskName, ExternalId, FileId, Form, Media, Part, Text
from hub.runtime import Hub
from hub.store.console import Place
from widget.access import Asker, hub_of, id_of, unknown
from widget.answers import Refusal, answer, json_of, whole, word
from widget.chat import keep_upload

CONSOLE = DeskName("console")
"""The source of everything that the console keeps: no desk may have this name."""
CLIENT_ID = re.compile(r"[!-~]{1,64}")
INTAKE_S = 5.0
TEXT = 10_000
FILES = 10
OFFERED = 20_000
"""Bytes of cards and a form in one reply."""
ACTS = Rule(120, 60)
"""What one agent may do in a minute."""
UPLOADS = Rule(30, 60)
_KIND: dict[str, Literal["image", "audio", "video"]] = {"image": "image", "audio": "audio", "video": "video"}
Act = Literal[
    "reply", "note", "resolve", "reopen", "assign", "resend", "snooze", "priority", "tags", "block", "unblock", "undo", "begin",
    "translate",
    "merge", "part",
]  # fmt: skip
LATEST = 10
"""Seconds that a reply may wait for its author to take it back."""


async def say(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/entries {id, kind, text?, files?, cards?, form?, base?, force?, delay?,
    reply_to?, to?}
    A reply with `delay` (seconds) leaves so much later, and can be taken back until then; `reply_to`: the entry it answers;
    `to`: of merged conversations, the one over whose channel it goes."""
    hub = hub_of(request)
    place = await place_of(request)
    body = await json_of(request)
    kind = word(body, "kind", 8, "reply")
    if kind not in ("reply", "note"):
        raise Malformed("kind must be reply or note")
    own = client_id(body)
    parts = await _parts(hub, who, body)
    base = whole(body, "base") if body.get("base") is not None else None
    if kind == "reply" and base is not None and not body.get("force"):
        await _check_base(hub, place, who, own, base)
    act: Act = "reply" if kind == "reply" else "note"
    delay = whole(body, "delay")
    if delay > LATEST:
        raise Malformed(f"delay may be at most {LATEST} seconds")
    to = ExternalId(id_of(body, "reply_to")) if body.get("reply_to") else None
    data: dict[str, Any] = {"delay_ms": delay * 1000} if delay else {}
    data |= {"to": id_of(body, "to")} if body.get("to") else {}
    return await put(hub, who, own, act, place.id, parts=parts, base=base, reply_to=to, data=data)


async def _check_base(hub: Hub, place: Place, who: Asker, own: str, base: int) -> None:
    """Refuse a reply that a colleague's has overtaken, unless it is a retry of one that was kept already."""
    if not await hub.store.console.answered_since(place.id, base, who.agent.id):
        return
    if not await hub.store.console.kept(CONSOLE, f"{who.agent.id}.{own}"):
        raise Refusal(409, "stale", "A colleague has answered meanwhile. Read it, then send again if you still want to.")


async def resolve(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/resolve {id, survey?}: `survey` says whether the customer is asked for a rating."""
    place = await place_of(request)
    body = await json_of(request)
    wish = body.get("survey")
    if wish is not None and not isinstance(wish, bool):
        raise Malformed("survey must be true or false")
    data = {} if wish is None else {"survey": wish}
    return await put(hub_of(request), who, client_id(body), "resolve", place.id, data=data)


async def reopen(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/reopen {id}"""
    place = await place_of(request)
    return await put(hub_of(request), who, client_id(await json_of(request)), "reopen", place.id)


async def assign(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/assign {id, agent?, team?, reason?}: to an agent, a team, or back to everybody."""
    hub = hub_of(request)
    place = await place_of(request)
    body = await json_of(request)
    team = word(body, "team", 64)
    if team and team not in hub.routing.teams:
        raise unknown()
    agent = id_of(body, "agent") if body.get("agent") else ""
    person = await hub.store.agents.someone(agent) if agent else None
    if agent and (person is None or person.disabled):
        raise unknown()
    reason = word(body, "reason", 500)
    given = {"assignee": AgentId(agent) if agent else None, "team": team, "data": {"reason": reason} if reason else {}}
    return await put(hub, who, client_id(body), "assign", place.id, **given)


async def resend(request: Request, who: Asker) -> Response:
    """POST /console/api/deliveries/{id}/resend {id}: send again what failed or has an unknown fate."""
    hub = hub_of(request)
    delivery = id_of(request.path_params)
    body = await json_of(request)
    found = await hub.store.console.call(delivery)
    if found is None:
        raise unknown()
    own = client_id(body)
    if found[1] not in ("failed", "unknown") and not await hub.store.console.kept(CONSOLE, f"{who.agent.id}.{own}"):
        raise Refusal(409, "not_failed", "This was sent, or is on its way: there is nothing to send again.")
    return await put(hub, who, own, "resend", found[0], edit_of=ExternalId(delivery))


async def upload(request: Request, who: Asker) -> Response:
    """POST /console/api/files: one file as multipart `file`; its id then goes into a reply."""
    hub = hub_of(request)
    if not await hub.limits.hit(f"file:{who.agent.id}", UPLOADS):
        raise Refusal(429, "slow_down", "Too many files at once.", retry_after=30)
    return answer(await keep_upload(request, hub, who.agent.id), 201)


async def place_of(request: Request) -> Place:
    """The conversation that the path names. Raises `Refusal` 404."""
    place = await hub_of(request).store.console.place(id_of(request.path_params))
    if place is None:
        raise unknown()
    return place


def client_id(body: dict[str, Any]) -> str:
    """The caller's own id of an action: made once, used again at every retry."""
    own = body.get("id")
    if not isinstance(own, str) or not CLIENT_ID.fullmatch(own):
        raise Malformed("id must be 1 to 64 printable ASCII characters without spaces, made once and used again at every retry")
    return own


async def _parts(hub: Hub, who: Asker, body: dict[str, Any]) -> tuple[Part, ...]:
    files = body.get("files") or []
    if not isinstance(files, list) or len(files) > FILES:
        raise Malformed(f"files must be a list of at most {FILES} ids")
    parts: list[Part] = [await _file(hub, who, file) for file in files]
    text = word(body, "text", TEXT)
    if text.strip():
        parts.append(Text(text=text))
    parts += await _offered(hub, who, body)
    if not parts:
        raise Malformed("there is nothing to send: give text, files, cards or a form")
    return tuple(parts)


async def _offered(hub: Hub, who: Asker, body: dict[str, Any]) -> list[Part]:
    """Cards, whose pictures were uploaded before, and a form to fill in."""
    cards, form = body.get("cards") or [], body.get("form")
    if not isinstance(cards, list) or len(cards) > FILES or len(orjson.dumps([cards, form])) > OFFERED:
        raise Malformed(f"cards must be a list of at most {FILES}; cards and form may have {OFFERED} bytes")
    try:
        given: list[Part] = [await _card(hub, who, card) for card in cards]
        if form:
            given.append(Form.model_validate({**form, "submitted": False}))
    except (ValidationError, TypeError) as exc:
        raise Malformed("cards or form are not as the document says") from exc
    if any(isinstance(part, Form) and not part.fields for part in given):
        raise Malformed("a form needs at least one field")
    return given


async def _card(hub: Hub, who: Asker, card: Any) -> Card:
    if not isinstance(card, dict):
        raise Malformed("a card must be an object")
    image = await _file(hub, who, card["image"]) if card.get("image") else None
    if image is not None and image.kind != "image":
        raise Malformed("a card's image must be a picture")
    return Card.model_validate({**card, "image": image})


async def _file(hub: Hub, who: Asker, file: Any) -> Media:
    """A file that this agent has uploaded."""
    row = await hub.store.files.get(id_of({"id": file}))
    if row is None or row.owner != who.agent.id:
        raise unknown()
    kind = _KIND.get(row.mime.split("/")[0], "file")
    return Media(kind=kind, file=FileId(row.id), name=row.name, mime=row.mime, size=row.size)


async def put(hub: Hub, who: Asker, own: str, act: Act, conversation: str | None, **more: Any) -> Response:
    """Commit an agent's action to the inbox; 201 means that it is there, however often it is asked for."""
    if not await hub.limits.hit(f"act:{who.agent.id}", ACTS):
        raise Refusal(429, "slow_down", "That was a lot at once. Wait a moment.", retry_after=5)
    reply = AgentReply(
        desk=CONSOLE,
        id=ExternalId(f"{who.agent.id}.{own}"),
        at=hub.now(),
        agent=ExternalId(who.agent.id),
        agent_name=who.agent.name,
        agent_email=who.agent.email,
        conversation=ConversationId(conversation) if conversation else None,
        kind=act,
        client_id=own,
        **more,
    )
    with ACK.labels("console").time():
        (kept,) = await hub.intake.keep([reply], INTAKE_S)
    if kept == "conflict":
        raise Refusal(409, "conflict", "This id was used before for something else.")
    return answer({"id": own}, 201)
