"""App Home: an agent's own page in Slack, with what is theirs, what waits, and whether they are there (views.publish)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from agents_bridge.slack.blocks import clock
from agents_bridge.slack.events import Reading, named, stamped
from agents_bridge.slack.heard import Heard, Then
from agents_bridge.slack.home_words import HOME
from agents_bridge.slack.modals import Locale, given, labelled
from agents_bridge.slack.text import inert, mrkdwn, plain, section, short
from agents_bridge.slack.wire import link_of
from hub.model import AgentReply, ConversationId, ExternalId
from hub.people import Health, Page, Seen
from hub.sign import Sign

AWAY_FOR = "fd_gone_for"
"""How the `action_id`s begin of what says for how long; the value is that, in seconds."""
SPANS = (1800, 3600)
PRESENT, AWAY, HOME_CLAIM, HOME_OPEN = "fd_present", "fd_away", "fd_home_claim", "fd_home_open"
"""`action_id`s; the second opens a modal of the same `callback_id`, the last is a link."""
REASON_LIMIT = 150
HEALTH_MOST = 8
_ID = re.compile(r"[0-9a-f]{32}")


def home_view(page: Page | None, address: str, locale: Locale) -> dict[str, Any]:
    """The page. `address` is the workspace's, for links to threads."""
    w = HOME[locale]
    blocks = [_text(w["stranger"])] if page is None else [*_head(page, w), *_lists(page, address, w)]
    return {"type": "home", "blocks": blocks}


def _text(text: str, **more: Any) -> dict[str, Any]:
    return section(text[:3000], **more)


def _small(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [mrkdwn(text[:3000])]}


def _title(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text[:150], "emoji": True}}


def _button(action: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": text, "emoji": True}, **more}


def _head(page: Page, w: dict[str, str]) -> Iterator[dict[str, Any]]:
    state = w["present" if page.present else "away"]
    why = f" ({inert(short(page.reason, REASON_LIMIT))})" if page.reason and not page.present else ""
    until = f" {w['until'].format(at=clock(page.until))}" if page.until else ""
    load = w["load"].format(n=page.load, capacity=page.capacity, here=page.here)
    yield _text(f"{state}{why}{until} · {load}")
    if page.may_act:
        style = {} if page.present else {"style": "primary"}
        spans = [_button(f"{AWAY_FOR}_{span}", w[f"{AWAY_FOR}_{span}"], value=str(span)) for span in SPANS]
        buttons = [_button(PRESENT, w[PRESENT], value="x", **style), *spans, _button(AWAY, w[AWAY], value="x")]
        yield {"type": "actions", "elements": buttons}
    else:
        yield _small(w["read_only"])
    yield _small(w["today"].format(new=page.new, answered=page.answered, resolved=page.resolved))
    yield from _health(page.health, w)


def _health(found: Sequence[Health], w: dict[str, str]) -> Iterator[dict[str, Any]]:
    for one in [one for one in found if one.said][:HEALTH_MOST]:
        said = w["health_bad"].format(name=inert(short(one.name, 60)), said=inert(short(one.said, 300)))
        yield _text(f"{said}\n{w['mend'].format(mend=inert(short(one.mend, 300)))}" if one.mend else said)
    names = ", ".join(inert(short(one.name, 40)) for one in found[:30] if not one.said)
    if names:
        yield _small(w["health_good"].format(names=names) if all(not one.said for one in found) else f"✅ {names}")


def _lists(page: Page, address: str, w: dict[str, str]) -> Iterator[dict[str, Any]]:
    yield {"type": "divider"}
    yield _title(f"{w['mine']} · {page.load}")
    yield from (_entry(one, address, w, claim=False) for one in page.mine)
    yield from _rest(len(page.mine), page.load, w["nothing_mine"], w)
    yield {"type": "divider"}
    yield _title(f"{w['queue']} · {page.queued}")
    yield from (_entry(one, address, w, claim=page.may_act) for one in page.queue)
    yield from _rest(len(page.queue), page.queued, w["nothing_queue"], w)


def _rest(shown: int, total: int, nothing: str, w: dict[str, str]) -> Iterator[dict[str, Any]]:
    if not shown:
        yield _small(nothing)
    elif total > shown:
        yield _small(w["more"].format(n=total - shown))


def _entry(one: Seen, address: str, w: dict[str, str], *, claim: bool) -> dict[str, Any]:
    """A conversation, with the button for what comes next: to claim it, or to open its thread."""
    thread = link_of(address, one.thread)
    links = [f"<{url}|{w[name]}>" for name, url in (("thread", thread), ("console", one.url)) if _is_link(url)]
    waits = f"⏱️ {w['waiting']} {clock(one.waiting_since)}" if one.waiting_since else f"💬 {w['answered']}"
    due = f"🎯 {w['due']} {clock(one.due_at)}" if one.due_at else ""
    about = [inert(short(one.channel, 60)), inert(short(one.team, 60)), waits, due, *links]
    text = f"*{inert(short(one.customer, 60)) or w['customer']}* {inert(short(one.preview, 120))}".rstrip()
    said = "\n".join([text, " · ".join(part for part in about if part)])
    if claim:
        return _text(said, accessory=_button(f"{HOME_CLAIM}_{one.conversation}", w["claim"], value=one.conversation))
    url = thread if _is_link(thread) else one.url
    if not _is_link(url):
        return _text(said)
    return _text(said, accessory=_button(f"{HOME_OPEN}_{one.conversation}", w["open"], url=url, value=one.conversation))


def _is_link(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= 3000


def away_view(locale: Locale) -> dict[str, Any]:
    """Why somebody goes."""
    w = HOME[locale]
    words = {name: {"type": "plain_text", "text": text} for name, text in (("title", w[AWAY]), ("submit", "OK"))}
    field = labelled("reason", w["reason"], {"type": "plain_text_input", "max_length": REASON_LIMIT})
    return {
        "type": "modal",
        "callback_id": AWAY,
        **words,
        "close": {"type": "plain_text", "text": w["cancel"]},
        "private_metadata": "{}",
        "blocks": [labelled("until", w["away_until"], {"type": "datetimepicker"}), field],
    }


def who_of(reading: Reading, body: dict[str, Any]) -> str:
    """The person behind a press; empty for people of another workspace."""
    person = body.get("user") or {}
    team = (body.get("team") or {}).get("id") or person.get("team_id")
    home = person.get("team_id")
    if not reading.ours(str(team), home) or (home and home != team and not body.get("enterprise")):
        return ""
    return f"{named(team)}:{named(person.get('id'))}"


def home_opened(reading: Reading, body: dict[str, Any], event: dict[str, Any]) -> Heard:
    """Somebody looks at App Home."""
    person, stamp = f"{named(body.get('team_id'))}:{named(event.get('user'))}", stamped(event.get("event_ts"))
    if event.get("tab") != "home":
        return Heard()
    at = datetime.fromtimestamp(float(stamp), UTC)
    id = ExternalId(f"{person}:home:{stamp}")
    return Heard(signs=[Sign(desk=reading.desk, id=id, at=at, agent=ExternalId(person), kind="looks")])


def home_pressed(reading: Reading, body: dict[str, Any]) -> Heard:
    """Buttons on App Home."""
    who = who_of(reading, body)
    for action in body.get("actions") or () if who else ():
        name, value, stamp = str(action.get("action_id") or ""), str(action.get("value") or ""), stamped(action.get("action_ts"))
        at = datetime.fromtimestamp(float(stamp), UTC)
        if name == AWAY:
            view = away_view(reading.locale)
            return Heard(then=[Then("views.open", {"trigger_id": str(body.get("trigger_id") or ""), "view": view})])
        if name == PRESENT:
            return Heard(signs=[_sign(reading, who, stamp, at, "present")])
        if name.startswith(AWAY_FOR) and value in map(str, SPANS):
            return Heard(signs=[_sign(reading, who, stamp, at, "away", seconds=int(value))])
        if name.startswith(HOME_CLAIM) and _ID.fullmatch(value):
            claim = AgentReply(
                desk=reading.desk,
                id=ExternalId(f"{who}:{value}:{stamp}"),
                at=at,
                agent=ExternalId(who),
                conversation=ConversationId(value),
                kind="assign",
                data={"claim": True},
                raw={"action": action},
            )
            return Heard([claim], signs=[_sign(reading, who, stamp, at, "looks")])
    return Heard()


def _sign(reading: Reading, who: str, stamp: str, at: datetime, kind: Any, **data: Any) -> Sign:
    return Sign(desk=reading.desk, id=ExternalId(f"{who}:{kind}:{stamp}"), at=at, agent=ExternalId(who), kind=kind, data=data)


def away_submitted(reading: Reading, body: dict[str, Any]) -> Heard:
    """Somebody has said that they go, and perhaps why."""
    view, who = body.get("view") or {}, who_of(reading, body)
    if not who:
        return Heard()
    reason, now = plain(given(view, "reason")).text[:REASON_LIMIT], reading.now()
    until = int(given(view, "until") or 0)
    if until and until <= now.timestamp():
        return Heard(answer={"response_action": "errors", "errors": {"until": HOME[reading.locale]["over"]}})
    more = {"seconds": int(until - now.timestamp())} if until else {}
    return Heard(signs=[_sign(reading, who, named(view.get("id")), now, "away", reason=reason, **more)])
