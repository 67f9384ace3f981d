"""An update's JSON → hub messages, without the SDK: this runs for every hook (Bot API 10.0, "Update" and "Message")."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from connectors.telegram.groups import GROUPS, Groups, is_hidden_admin, speaker_of, topic_of
from connectors.telegram.parts import parts_of
from connectors.telegram.profiles import group_profile, profile_of
from hub.errors import Malformed
from hub.model import ChannelName, Choice, Event, ExternalId, Message, Part

ALLOWED_UPDATES = (
    "message", "edited_message", "callback_query", "my_chat_member", "business_message", "edited_business_message",
    "deleted_business_messages", "business_connection", "message_reaction",
)  # fmt: skip
"""The kinds of update that we ask for."""

SERVICE = frozenset((
    "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created",
    "supergroup_chat_created", "channel_chat_created", "message_auto_delete_timer_changed", "migrate_to_chat_id",
    "migrate_from_chat_id", "pinned_message", "users_shared", "chat_shared", "connected_website", "write_access_allowed",
    "proximity_alert_triggered", "boost_added", "chat_background_set", "forum_topic_created", "forum_topic_edited",
    "forum_topic_closed", "forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden",
    "video_chat_scheduled", "video_chat_started", "video_chat_ended", "video_chat_participants_invited",
    "giveaway_created", "giveaway_completed", "refunded_payment", "chat_owner_changed", "chat_owner_left",
    "checklist_tasks_added", "checklist_tasks_done", "direct_message_price_changed", "paid_message_price_changed",
    "gift_upgrade_sent", "managed_bot_created", "poll_option_added", "poll_option_deleted", "suggested_post_approved",
    "suggested_post_approval_failed", "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded",
))  # fmt: skip
"""Facts about a chat, which are nobody's message."""

FORWARDED = frozenset(("forward_origin", "forward_from", "forward_from_chat", "forward_sender_name"))
SIGNS = {"custom_emoji": "✨", "paid": "⭐"}
"""Reactions that are no emoji: customers' own pictures, and stars (Bot API, "ReactionType")."""
START = re.compile(r"/start(?:@\w+)?(?: ([\w-]{1,64}))? *", re.ASCII)

MOST_DELETED = 100
"""Of one update: as many as Telegram lets people choose at once."""

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Source:
    """Where updates come from: the channel, its clock, what it takes of groups, if anything, and the bot that counts them."""

    channel: ChannelName
    now: Now
    groups: Groups | None = None
    account: str = ""

    def takes(self, chat: dict[str, Any]) -> bool:
        """Whether a chat is one that we answer in."""
        return chat["type"] == "private" or (self.groups is not None and chat["type"] in GROUPS)


def messages_of(source: Source, update: dict[str, Any]) -> list[Message]:
    """What an update says; empty for what is none of our business (service messages, kinds we did not ask for)."""
    if not is_number(update.get("update_id")):
        raise Malformed("telegram: an update without update_id")
    try:
        match update:
            case {"message": dict() as message}:
                return _message(source, message, update)
            case {"edited_message": dict() as message}:
                return _message(source, message, update, edited=True)
            case {"business_message": dict() as message}:
                return _business(source, message, update)
            case {"edited_business_message": dict() as message}:
                return _business(source, message, update, edited=True)
            case {"deleted_business_messages": dict() as gone}:
                return _deleted(source, gone, update)
            case {"callback_query": dict() as query}:
                return _pressed(source, query, update)
            case {"my_chat_member": dict() as change}:
                return _membership(source, change, update)
            case {"message_reaction": dict() as change}:
                return _reacted(source, change, update)
            case {"business_connection": dict()}:
                return []
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError) as exc:
        raise Malformed(f"telegram: not an update as documented: {type(exc).__name__}") from exc
    if any(kind in update for kind in ALLOWED_UPDATES):
        raise Malformed("telegram: not an update as documented")
    return []


def is_number(value: Any) -> bool:
    """Whether this can be an update's own number."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


def _business(source: Source, message: dict[str, Any], update: dict[str, Any], edited: bool = False) -> list[Message]:
    """What a customer wrote to a person who connected the bot to a Business account; what that person wrote is no customer's."""
    if _id(message["from"]["id"]) != _id(message["chat"]["id"]):
        return []
    return _message(source, message, update, edited)


def _deleted(source: Source, gone: dict[str, Any], update: dict[str, Any]) -> list[Message]:
    """Messages taken back in a Business account's chat; ordinary chats never tell (Bot API, "BusinessMessagesDeleted")."""
    customer = address_of(gone["chat"]["id"], gone["business_connection_id"])
    return [
        Message(
            channel=source.channel,
            account=source.account,
            id=ExternalId(f"{customer}.d{_id(number)}.{update['update_id']}"),
            customer=ExternalId(customer),
            at=source.now(),
            parts=(Event(kind="deleted"),),
            edit_of=ExternalId(f"{customer}.{_id(number)}"),
            profile=profile_of(gone["chat"]),
            raw=update,
        )
        for number in list(gone["message_ids"])[:MOST_DELETED]
    ]


def _message(source: Source, message: dict[str, Any], update: dict[str, Any], edited: bool = False) -> list[Message]:
    chat, groups = message["chat"], source.groups
    private = chat["type"] == "private"
    sender = message.get("from") or chat
    service = "text" not in message and not SERVICE.isdisjoint(message)
    if service and not private and groups is not None:
        return _moved(source, message, update)
    if not (private or (groups is not None and groups.takes(message))):
        return []
    if service or (sender.get("is_bot") and (private or not is_hidden_admin(sender))):
        return []
    customer = address_of(chat["id"], message.get("business_connection_id"), None if private else topic_of(message))
    own = f"{customer}.{_id(message['message_id'])}"
    at = (message.get("edit_date") if edited else None) or message["date"]
    return [
        Message(
            channel=source.channel,
            account=source.account,
            # Two edits within a second have the same edit_date; a redelivered update has the same update_id.
            id=ExternalId(f"{own}.e{int(at)}.{update['update_id']}" if edited else own),
            customer=ExternalId(customer),
            at=datetime.fromtimestamp(int(at), UTC),
            parts=(() if edited else _started(message)) or tuple(parts_of(message)),
            reply_to=_answered(message, customer),
            edit_of=ExternalId(own) if edited else None,
            locale=str(sender.get("language_code") or ""),
            profile=profile_of(sender) if private else group_profile(message),
            album=_album(message),
            speaker="" if private else speaker_of(message, profile_of(sender).name),
            raw=update,
        )
    ]


def _answered(message: dict[str, Any], customer: str) -> ExternalId | None:
    """The message that one answers. In a topic everything answers the message that opened it, which nobody meant."""
    reply = message.get("reply_to_message")
    if not reply or (message.get("is_topic_message") and reply["message_id"] == message.get("message_thread_id")):
        return None
    return ExternalId(f"{customer}.{_id(reply['message_id'])}")


def _moved(source: Source, message: dict[str, Any], update: dict[str, Any]) -> list[Message]:
    """A group became a supergroup, which has another id. Each of the two tells of the other: it is said once."""
    to, before = message.get("migrate_to_chat_id"), message.get("migrate_from_chat_id")
    if not to and not before:
        return []
    here = _id(message["chat"]["id"])
    old, new = (here, _id(to)) if to else (_id(before), here)
    return [
        Message(
            channel=source.channel,
            account=source.account,
            id=ExternalId(f"{old}.moved.{new}"),
            customer=ExternalId(old),
            at=datetime.fromtimestamp(int(message["date"]), UTC),
            parts=(Event(kind="moved", data=new),),
            profile=profile_of(message["chat"]),
            raw=update,
        )
    ]


def _started(message: dict[str, Any]) -> tuple[Part, ...]:
    """The start button, with the word of the link that led to it (core.telegram.org/bots/features#deep-linking)."""
    text = message.get("text")
    found = START.fullmatch(text) if isinstance(text, str) and FORWARDED.isdisjoint(message) else None
    return (Event(kind="started", data=found[1] or ""),) if found else ()


def _album(message: dict[str, Any]) -> str:
    """What the pictures of an album have in common: each is a message of its own, and nothing marks the last."""
    group = message.get("media_group_id")
    return str(group)[:64] if isinstance(group, str | int) and not isinstance(group, bool) else ""


def address_of(chat: Any, connection: Any, topic: Any = None) -> str:
    """The opaque address: the chat, after `/` the topic of a group, and after `@` the Business connection through which answers
    go."""
    place = _id(chat) if topic is None else f"{_id(chat)}/{_id(topic)}"
    if connection is None:
        return place
    if not isinstance(connection, str) or not 0 < len(connection) <= 128:
        raise ValueError("not a business connection")
    return f"{place}@{connection}"


def _id(value: Any) -> str:
    """A number of Telegram's, which has at most 52 significant bits; some gateways write it as a string."""
    number = int(value)
    if isinstance(value, (bool, float)) or abs(number) >= 1 << 63:
        raise ValueError("not an id")
    return str(number)


def _pressed(source: Source, query: dict[str, Any], update: dict[str, Any]) -> list[Message]:
    """A button of ours that a customer pressed, which has no date; the message may be too old for Telegram to show it."""
    message = query.get("message") or {}
    chat = message.get("chat") or {}
    if (chat and not source.takes({"type": "private", **chat})) or query["from"].get("is_bot"):
        return []
    private = chat.get("type", "private") == "private"
    connection, topic = message.get("business_connection_id"), None if private else topic_of(message)
    customer = address_of(query["from"]["id"] if private else chat["id"], connection, topic)
    data = str(query.get("data") or "")
    of = f"{address_of(chat['id'], connection, topic)}.{_id(message['message_id'])}" if message.get("message_id") else None
    return [
        Message(
            channel=source.channel,
            account=source.account,
            id=ExternalId(f"q{str(query['id'])[:64]}"),
            customer=ExternalId(customer),
            at=source.now(),
            parts=(Choice(id=data, text=_label(message, data), of=ExternalId(of) if of else None),),
            locale=str(query["from"].get("language_code") or ""),
            profile=profile_of(query["from"] if private else chat),
            speaker="" if private else profile_of(query["from"]).name,
            raw=update,
        )
    ]


def _label(message: dict[str, Any], data: str) -> str:
    """What stands on the button."""
    for row in (message.get("reply_markup") or {}).get("inline_keyboard") or ():
        for button in row:
            if button.get("callback_data") == data:
                return str(button.get("text") or "")
    return ""


def _reacted(source: Source, change: dict[str, Any], update: dict[str, Any]) -> list[Message]:
    """What now stands on a message, by its whole list: Telegram tells no difference (Bot API, "MessageReactionUpdated")."""
    person = change.get("user")
    chat = change["chat"]
    if not source.takes(chat) or not person or person.get("is_bot"):
        return []
    customer = _id(chat["id"])
    signs = [SIGNS.get(one["type"]) or str(one["emoji"])[:16] for one in change["new_reaction"]]
    return [
        Message(
            channel=source.channel,
            account=source.account,
            id=ExternalId(f"u{update['update_id']}"),
            customer=ExternalId(customer),
            at=datetime.fromtimestamp(int(change["date"]), UTC),
            parts=(Event(kind="reacted", data=" ".join(signs)[:200]),),
            reply_to=ExternalId(f"{customer}.{_id(change['message_id'])}"),
            profile=profile_of(person if chat["type"] == "private" else chat),
            speaker="" if chat["type"] == "private" else profile_of(person).name,
            raw=update,
        )
    ]


def _membership(source: Source, change: dict[str, Any], update: dict[str, Any]) -> list[Message]:
    chat, status = change["chat"], change["new_chat_member"]["status"]
    if not source.takes(chat):
        return []
    kind: Literal["blocked", "unblocked"] = "blocked" if status in ("kicked", "left") else "unblocked"
    return [
        Message(
            channel=source.channel,
            account=source.account,
            id=ExternalId(f"u{update['update_id']}"),
            customer=ExternalId(_id(chat["id"])),
            at=datetime.fromtimestamp(int(change["date"]), UTC),
            parts=(Event(kind=kind),),
            profile=profile_of(change["from"] if chat["type"] == "private" else chat),
            raw=update,
        )
    ]
