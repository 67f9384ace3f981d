"""A page of a feed → messages, failures of earlier answers, and what could not be read (接收消息和事件, sync_msg)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.wechat.kf.errors import FAILED, REFUSES
from connectors.wechat.kf.parts import Fields, parts_of, word
from hub.model import ChannelName, Event, ExternalId, Message, Part, Profile, Proved
from hub.ports import Bounce, Unread
from hub.text import clean_tree

CUSTOMER, SYSTEM, SERVICER = 3, 4, 5
"""Who caused a message (origin); a servicer writes in WeCom itself."""
LONGEST_ID, LONGEST_ACCOUNT, LONGEST_CODE = 120, 64, 512
BETWEEN = "/"
"""Stands between the kf account and the customer in an address of ours: whom an answer goes to, and in whose name."""
ENDED = 3
"""A session's change (session_status_change, change_type) after which WeCom gives a code for one last word."""
OWN = frozenset({"servicer_status_change", "servicer_recall_msg", "session_status_change"})
"""Events that are the company's own: nothing of them is said by a customer, or to one."""
People = Mapping[str, tuple[Profile, Proved | None]]


@dataclass(slots=True)
class Read:
    """What became of a page. `endings` are (code, id) of sessions that are over."""

    items: list[Message] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    bounces: list[Bounce] = field(default_factory=list)
    endings: list[tuple[str, str]] = field(default_factory=list)


def address(account: str, customer: str) -> ExternalId:
    """A customer of one kf account."""
    return ExternalId(f"{account}{BETWEEN}{customer}")


def customers_of(messages: Sequence[Any]) -> set[str]:
    """Who wrote or did something."""
    found = {word(holder, "external_userid", LONGEST_ID) for one in messages for holder in (one, _event_of(one))}
    return found - {""}


def read(channel: ChannelName, account: str, messages: Sequence[Any], people: People, now: Callable[[], datetime]) -> Read:
    """Every message of a page, in order. One that nobody can read is kept, and holds up none."""
    done = Read()
    for one in messages:
        try:
            _one(done, channel, account, one, people, now)
        except Exception as exc:  # whatever WeCom may send: asking again would bring the same page for ever
            raw = clean_tree(one) if isinstance(one, dict) else {"msg": clean_tree(one)}
            done.unread.append(Unread(channel, ExternalId(_id(one)), raw, f"{type(exc).__name__}: {exc}"[:300]))
    return done


def _one(done: Read, channel: ChannelName, account: str, one: Any, people: People, now: Callable[[], datetime]) -> None:
    if not isinstance(one, dict):
        raise ValueError("a message is no object")
    event, kind = _event_of(one), word(one, "msgtype", 64)
    customer = word(one, "external_userid", LONGEST_ID + 1) or word(event, "external_userid", LONGEST_ID + 1)
    what = word(event, "event_type", 64)
    if one.get("origin") == SERVICER or what in OWN:
        if what == "session_status_change" and event.get("change_type") == ENDED and (code := _code(event, "msg_code")):
            done.endings.append((code, _id(one)))
        return
    if what == "msg_send_fail":
        done.bounces.append(_bounce(event))
        return
    if not customer or len(customer) > LONGEST_ID:
        if kind == "event":
            return
        raise ValueError("it names no customer")
    parts, edit_of, ticket = _happened(what, event) if kind == "event" else (parts_of(kind, one), None, "")
    profile, proved = people.get(customer, (Profile(), None))
    named = word(one, "open_kfid", LONGEST_ACCOUNT) or word(event, "open_kfid", LONGEST_ACCOUNT)
    done.items.append(
        Message(
            channel=channel,
            id=ExternalId(_id(one)),
            customer=address(named or account, customer),
            at=_at(one, now),
            parts=parts,
            edit_of=ExternalId(edit_of) if edit_of else None,
            locale="zh",
            profile=profile,
            proved=proved,
            ticket=ticket,
            raw=clean_tree(one),
        )
    )


def _event_of(one: Any) -> dict[str, Any]:
    found = one.get("event") if isinstance(one, dict) else None
    return found if isinstance(found, dict) else {}


def _needed(event: Fields, name: str) -> str:
    """The message that an event is about."""
    found = word(event, name, LONGEST_ID)
    if not found:
        raise ValueError(f"it has no {name}")
    return found


def _code(event: Fields, name: str) -> str:
    code = word(event, name, LONGEST_CODE + 1)
    return code if len(code) <= LONGEST_CODE else ""


def _happened(what: str, event: Fields) -> tuple[tuple[Part, ...], str | None, str]:
    """(parts, what it changes, by what to answer it). Somebody who comes in may be greeted where WeCom gives a code for it."""
    match what:
        case "enter_session":
            code = _code(event, "welcome_code")
            came = word(event, "scene_param", 1000) or word(event, "scene", 1000)
            parts = (Event(kind="opened", data=came),) if came or not code else ()
            return (*parts, *((Event(kind="started"),) if code else ())), None, code
        case "user_recall_msg":
            return (Event(kind="deleted"),), _needed(event, "recall_msgid"), ""
        case "reject_customer_msg_switch_change":
            return (Event(kind="blocked" if event.get("reject_switch") == 1 else "unblocked"),), None, ""
        case _:
            raise ValueError("an event that nobody here knows")


def _bounce(event: Fields) -> Bounce:
    sent, told = _needed(event, "fail_msgid"), event.get("fail_type")
    why = told if isinstance(told, int) and told in FAILED else 0
    return Bounce(ExternalId(sent), f"{FAILED[why]} (WeCom fail_type {why})", unreachable=why == REFUSES)


def _id(one: Any) -> str:
    """WeCom gives every message an id of its own; what has none is known by what it says."""
    own = word(one, "msgid", LONGEST_ID + 1)
    if own and len(own) <= LONGEST_ID:
        return own
    try:
        said = orjson.dumps(one, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):
        said = repr(one).encode("utf-8", "replace")
    return "x" + hashlib.sha256(said).hexdigest()[:40]


def _at(one: Fields, now: Callable[[], datetime]) -> datetime:
    stamp = one.get("send_time")
    try:
        return datetime.fromtimestamp(stamp, UTC) if isinstance(stamp, int) and 0 < stamp < 10**11 else now()
    except (ValueError, OverflowError, OSError):
        return now()
