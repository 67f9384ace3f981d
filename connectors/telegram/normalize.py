"""An update's JSON → hub messages, without the SDK: this runs for every hook (Bot API 10.0, "Update" and "Message")."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connectors.telegram.parts import parts_of
from hub.errors import Malformed
from hub.model import ChannelName, Choice, Event, ExternalId, Message, Profile

ALLOWED_UPDATES = (
    "message", "edited_message", "callback_query", "my_chat_member", "business_message", "edited_business_message",
    "deleted_business_messages",
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

MOST_DELETED = 100
"""Of one update: as many as Telegram lets people choose at once."""

Now = Callable[[], datetime]


def messages_of(channel: ChannelName, update: dict[str, Any], now: Now) -> list[Message]:
    """What an update says; empty for what is none of our business (groups, service messages, kinds we did not ask for)."""
    number = update.get("update_id")
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) >= 1 << 63:
        raise Malformed("telegram: an update without update_id")
    try:
        match update:
            case {"message": dict() as message}:
                return _message(channel, message, update)
            case {"edited_message": dict() as message}:
                return _message(channel, message, update, edited=True)
            case {"business_message": dict() as message}:
                return _business(channel, message, update)
            case {"edited_business_message": dict() as message}:
                return _business(channel, message, update, edited=True)
            case {"deleted_business_messages": dict() as gone}:
                return _deleted(channel, gone, update, now)
            case {"callback_query": dict() as query}:
                return _pressed(channel, query, update, now)
            case {"my_chat_member": dict() as change}:
                return _membership(channel, change, update)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError) as exc:
        raise Malformed(f"telegram: not an update as documented: {type(exc).__name__}") from exc
    if any(kind in update for kind in ALLOWED_UPDATES):
        raise Malformed("telegram: not an update as documented")
    return []


def _business(channel: ChannelName, message: dict[str, Any], update: dict[str, Any], edited: bool = False) -> list[Message]:
    """What a customer wrote to a person who connected the bot to a Business account; what that person wrote is no customer's."""
    if _id(message["from"]["id"]) != _id(message["chat"]["id"]):
        return []
    return _message(channel, message, update, edited)


def _deleted(channel: ChannelName, gone: dict[str, Any], update: dict[str, Any], now: Now) -> list[Message]:
    """Messages taken back in a Business account's chat; ordinary chats never tell (Bot API, "BusinessMessagesDeleted")."""
    customer = address_of(gone["chat"]["id"], gone["business_connection_id"])
    return [
        Message(
            channel=channel,
            id=ExternalId(f"{customer}.d{_id(number)}.{update['update_id']}"),
            customer=ExternalId(customer),
            at=now(),
            parts=(Event(kind="deleted"),),
            edit_of=ExternalId(f"{customer}.{_id(number)}"),
            profile=profile_of(gone["chat"]),
            raw=update,
        )
        for number in list(gone["message_ids"])[:MOST_DELETED]
    ]


def _message(channel: ChannelName, message: dict[str, Any], update: dict[str, Any], edited: bool = False) -> list[Message]:
    chat = message["chat"]
    sender = message.get("from") or chat
    if chat["type"] != "private" or sender.get("is_bot"):
        return []
    if "text" not in message and not SERVICE.isdisjoint(message):
        return []
    customer = address_of(chat["id"], message.get("business_connection_id"))
    own = f"{customer}.{_id(message['message_id'])}"
    at = (message.get("edit_date") if edited else None) or message["date"]
    reply = message.get("reply_to_message")
    return [
        Message(
            channel=channel,
            # Two edits within a second have the same edit_date; a redelivered update has the same update_id.
            id=ExternalId(f"{own}.e{int(at)}.{update['update_id']}" if edited else own),
            customer=ExternalId(customer),
            at=datetime.fromtimestamp(int(at), UTC),
            parts=tuple(parts_of(message)),
            reply_to=ExternalId(f"{customer}.{_id(reply['message_id'])}") if reply else None,
            edit_of=ExternalId(own) if edited else None,
            locale=str(sender.get("language_code") or ""),
            profile=profile_of(sender),
            raw=update,
        )
    ]


def address_of(chat: Any, connection: Any) -> str:
    """The opaque address: the chat, and after `@` the Business connection through which answers go."""
    if connection is None:
        return _id(chat)
    if not isinstance(connection, str) or not 0 < len(connection) <= 128:
        raise ValueError("not a business connection")
    return f"{_id(chat)}@{connection}"


def _id(value: Any) -> str:
    """A number of Telegram's, which has at most 52 significant bits; some gateways write it as a string."""
    number = int(value)
    if isinstance(value, (bool, float)) or abs(number) >= 1 << 63:
        raise ValueError("not an id")
    return str(number)


def profile_of(person: dict[str, Any]) -> Profile:
    """A person's name; usernames come and go, so that nothing is keyed by them."""
    name = " ".join(str(person[key]) for key in ("first_name", "last_name") if person.get(key))
    return Profile(name=name or str(person.get("username") or ""), username=str(person.get("username") or ""))


def _pressed(channel: ChannelName, query: dict[str, Any], update: dict[str, Any], now: Now) -> list[Message]:
    """A button of ours that a customer pressed, which has no date; the message may be too old for Telegram to show it."""
    message = query.get("message") or {}
    chat = message.get("chat") or {}
    if chat.get("type", "private") != "private" or query["from"].get("is_bot"):
        return []
    connection = message.get("business_connection_id")
    customer = address_of(query["from"]["id"], connection)
    data = str(query.get("data") or "")
    of = f"{address_of(chat['id'], connection)}.{_id(message['message_id'])}" if chat and message.get("message_id") else None
    return [
        Message(
            channel=channel,
            id=ExternalId(f"q{str(query['id'])[:64]}"),
            customer=ExternalId(customer),
            at=now(),
            parts=(Choice(id=data, text=_label(message, data), of=ExternalId(of) if of else None),),
            locale=str(query["from"].get("language_code") or ""),
            profile=profile_of(query["from"]),
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


def _membership(channel: ChannelName, change: dict[str, Any], update: dict[str, Any]) -> list[Message]:
    if change["chat"]["type"] != "private":
        return []
    kind = "blocked" if change["new_chat_member"]["status"] == "kicked" else "unblocked"
    return [
        Message(
            channel=channel,
            id=ExternalId(f"u{update['update_id']}"),
            customer=ExternalId(_id(change["chat"]["id"])),
            at=datetime.fromtimestamp(int(change["date"]), UTC),
            parts=(Event(kind=kind),),
            profile=profile_of(change["from"]),
            raw=update,
        )
    ]
