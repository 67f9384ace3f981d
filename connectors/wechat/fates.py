"""What WeChat says later of a notice that it had taken (TEMPLATESENDJOBFINISH, subscribe_msg_sent_event)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.wechat.reading import Fields, event_of, word
from hub.model import ChannelName, Event, ExternalId, Message

REASONS = {
    "failed:userblock": "the customer has switched off notices of this account",
    "failed:systemfailed": "WeChat could not bring it",
}
"""By WeChat's words without their spaces, which come and go."""


def fate_of(channel: ChannelName, fields: Fields, template_id: str, now: Callable[[], datetime]) -> Message | None:
    """What became of a notice, if a callback says that of one with our template; None for everything else."""
    match word(fields, "Event").lower():
        case "templatesendjobfinish":
            return _fate(channel, fields, word(fields, "Status"), word(fields, "MsgID"), now)
        case "subscribe_msg_sent_event":
            found = next((one for one in _listed(fields) if word(one, "TemplateId") == template_id), None)
            if found is None:
                return None
            # What WeChat answers to the call itself names no id.
            return _fate(channel, fields, word(found, "ErrorStatus"), "", now)
    return None


def _fate(channel: ChannelName, fields: Fields, status: str, about: str, now: Callable[[], datetime]) -> Message | None:
    short = "".join(status.split()).lower()
    arrived = short == "success"
    reason = "" if arrived else REASONS.get(short, status[:200] or "WeChat does not say why")
    event = Event(kind="arrived" if arrived else "bounced", data=reason)
    return event_of(channel, fields, event, now, reply_to=ExternalId(about[:160]) if about else None)


def _listed(fields: Fields) -> list[Mapping[str, Any]]:
    """The entries of a notice's event: one or several, within an element of its own in XML."""
    inner = fields.get("SubscribeMsgSentEvent")
    found = (inner if isinstance(inner, Mapping) else fields).get("List")
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping)]
