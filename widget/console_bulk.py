"""Several acts on several conversations by one call, and macros: each act is kept like one that was made alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from hub.errors import Malformed
from hub.limits import Rule
from hub.metrics import BULK
from hub.model import AgentId, AgentReply, ConversationId, ExternalId, Text
from hub.runtime import Hub
from hub.workbench import LEVELS, Handover, Step
from widget.access import ID, Asker, hub_of, unknown
from widget.answers import Refusal, answer, json_of, word
from widget.console_acts import CONSOLE, INTAKE_S, client_id

log = structlog.get_logger()
MOST = 100
STEPS = 10
BULKS = Rule(30, 60)
"""Such calls that one agent may make in a minute."""
_STEPS: TypeAdapter[tuple[Step, ...]] = TypeAdapter(tuple[Step, ...])


async def bulk(request: Request, who: Asker) -> Response:
    """POST /console/api/bulk {id, conversations, do | macro} → {items: [{conversation, ok, code}]}"""
    hub = hub_of(request)
    body = await json_of(request)
    own, wanted = client_id(body), _conversations(body)
    steps = _steps(hub, body)
    made = [(step, await _carried(hub, who, step)) for step in steps]
    if not await hub.limits.hit(f"bulk:{who.agent.id}", BULKS):
        raise Refusal(429, "slow_down", "That was a lot at once. Wait a moment.", retry_after=10)
    there = await hub.store.console.there(wanted)
    replies = [
        _reply(hub, who, f"{own}.{talk}.{n}", talk, step, more)
        for talk in wanted
        if talk in there
        for n, (step, more) in enumerate(made)
    ]
    kept = await hub.intake.keep(replies, INTAKE_S)
    clashed = {str(one.conversation) for one, outcome in zip(replies, kept, strict=True) if outcome == "conflict"}
    codes = {talk: "unknown" if talk not in there else "conflict" if talk in clashed else "" for talk in wanted}
    for code in codes.values():
        BULK.labels(code or "kept").inc()
    log.info(
        "bulk",
        agent=who.agent.id,
        conversations=len(codes),
        steps=[step.kind for step in steps],
        refused=sum(map(bool, codes.values())),
    )
    return answer({"items": [{"conversation": talk, "ok": not code, "code": code} for talk, code in codes.items()]}, 201)


def _conversations(body: Mapping[str, Any]) -> list[str]:
    given = body.get("conversations")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST or not all(isinstance(one, str) for one in given):
        raise Malformed(f"conversations must be a list of 1 to {MOST} ids")
    return list(dict.fromkeys(one if ID.fullmatch(one) else "" for one in given))


def _steps(hub: Hub, body: Mapping[str, Any]) -> Sequence[Step]:
    macro, given = word(body, "macro", 64), body.get("do")
    if bool(macro) == (given is not None):
        raise Malformed("give either macro, the name of one, or do, a list of acts")
    if macro:
        if macro not in hub.workbench.named:
            raise unknown()
        return hub.workbench.named[macro].do
    if not isinstance(given, list) or not 1 <= len(given) <= STEPS:
        raise Malformed(f"do must be a list of 1 to {STEPS} acts")
    try:
        return _STEPS.validate_python(given)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        where = ".".join(["do", *map(str, first["loc"])])
        raise Malformed(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None


async def _carried(hub: Hub, who: Asker, step: Step) -> dict[str, Any]:
    """The fields of an agent's reply that a step stands for. Raises `Refusal` for whom or what there is not."""
    match step.kind:
        case "reply" | "note":
            text = (Text(text=step.reply or step.note or ""),)
            return {"kind": step.kind, "parts": text, "data": {"canned": ""} if step.kind == "reply" else {}}
        case "canned":
            found = hub.canned.find(step.canned or "")
            if found is None:
                raise unknown()
            return {"kind": "reply", "parts": (Text(text=found.within("*")),), "data": {"canned": found.name}}
        case "tag" | "untag":
            return {"kind": "tags", "data": {"add": list(step.tag or ()), "remove": list(step.untag or ())}}
        case "priority":
            return {"kind": "priority", "data": {"level": LEVELS.index(step.priority or "normal")}}
        case "assign":
            return await _given(hub, who, step.assign or Handover())
        case "snooze" | "until" | "sleep" | "wake":
            until = hub.now() if step.wake else step.wakes_at(hub.now())
            return {"kind": "snooze", "data": {"until": until.isoformat() if until else None}}
        case _:
            return {"kind": step.kind}


async def _given(hub: Hub, who: Asker, to: Handover) -> dict[str, Any]:
    if to.team and to.team not in hub.routing.teams:
        raise unknown()
    agent = who.agent.id if to.agent == "me" else ""
    if to.agent and not agent:
        everyone = await hub.store.agents.everyone()
        agent = next((one.id for one in everyone if to.agent in (one.id, one.email) and not one.disabled), "")
        if not agent:
            raise unknown()
    data = {"reason": to.reason} if to.reason else {}
    return {"kind": "assign", "assignee": AgentId(agent) if agent else None, "team": to.team, "data": data}


def _reply(hub: Hub, who: Asker, name: str, talk: str, step: Step, more: Mapping[str, Any]) -> AgentReply:
    """`name` makes the act's id, so that a call that is made again does nothing twice. A snooze for some time is made again with
    another end: its first one stands."""
    own = hashlib.sha256(name.encode()).hexdigest()[:32]
    return AgentReply(
        desk=CONSOLE,
        id=ExternalId(f"{who.agent.id}.{own}"),
        at=hub.now(),
        agent=ExternalId(who.agent.id),
        agent_name=who.agent.name,
        agent_email=who.agent.email,
        conversation=ConversationId(talk),
        client_id=own,
        **more,
    )
