"""Groups and their topics, where an admin wants them: which messages are meant for the bot, and who of the members wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GROUPS = ("group", "supergroup")
ANONYMOUS = 1087968824
"""The account in whose name a group's hidden administrators write (Bot API, "Message", `sender_chat`)."""


@dataclass(frozen=True, slots=True)
class Groups:
    """What an admin decided. `bot` is the bot's own id; without `username` every @…bot counts: only bots have such names."""

    everything: bool
    bot: int
    username: str = ""

    def takes(self, message: dict[str, Any]) -> bool:
        """Whether a group's message is for us; what a linked channel posts by itself never is."""
        if message["chat"]["type"] not in GROUPS or message.get("is_automatic_forward"):
            return False
        return self.everything or self._answers_us(message) or any(self._names_us(*found) for found in _marks(message))

    def _answers_us(self, message: dict[str, Any]) -> bool:
        author = (message.get("reply_to_message") or {}).get("from") or {}
        return bool(author.get("id") == self.bot)

    def _names_us(self, mark: dict[str, Any], words: str) -> bool:
        match mark.get("type"):
            case "mention":
                return self._is_ours(words)
            case "text_mention":
                return bool((mark.get("user") or {}).get("id") == self.bot)
            case "bot_command":
                return "@" not in words or self._is_ours(words[words.index("@") :])
        return False

    def _is_ours(self, mention: str) -> bool:
        name = mention.removeprefix("@").lower()
        return name == self.username if self.username else name.endswith("bot")


def _marks(message: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """The marked places of a message's text or caption, with the words there; offsets count UTF-16 code units."""
    text = str(message.get("text") or message.get("caption") or "")
    units = text.encode("utf-16-le", "surrogatepass")
    found = message.get("entities") or message.get("caption_entities") or ()
    return [(one, _words(units, int(one["offset"]), int(one["length"]))) for one in found]


def _words(units: bytes, offset: int, length: int) -> str:
    return units[2 * max(offset, 0) : 2 * max(offset + length, 0)].decode("utf-16-le", "replace")


def speaker_of(message: dict[str, Any], sender_name: str) -> str:
    """Who wrote in a group: a member, or the chat in whose name somebody did."""
    chat = message.get("sender_chat")
    if not isinstance(chat, dict):
        return sender_name
    return " · ".join(str(one) for one in (chat.get("title"), message.get("author_signature")) if one) or sender_name


def topic_of(message: dict[str, Any]) -> Any:
    """The topic in which a message stands; None outside of topics, and for the threads of answers that every group has."""
    return message.get("message_thread_id") if message.get("is_topic_message") else None


def topic_name(message: dict[str, Any]) -> str:
    """The name of a topic, which stands in the message that opened it: what answers nothing else answers that."""
    opened = (message.get("reply_to_message") or {}).get("forum_topic_created") or {}
    return str(opened.get("name") or "")[:128]


def is_hidden_admin(sender: dict[str, Any]) -> bool:
    """Whether a group's administrator writes in the group's own name."""
    return sender.get("id") == ANONYMOUS
