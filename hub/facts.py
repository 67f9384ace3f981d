"""What the bot and the routing look at in a message: gathered once, then passed to pure functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from hub.keywords import fold
from hub.model import Choice, Event, Form, Media, Message, Part, Text, Unsupported


@dataclass(frozen=True)
class MessageFacts:
    """A customer's message in the light of its conversation. `text` is all that was written, pressed buttons too."""

    channel: str
    text: str = ""
    locale: str = ""
    name: str = ""
    choice: str = ""
    """The id of the button that was pressed."""
    event: str = ""
    """The kind of a lone `Event`, which is not a message."""
    wordless: bool = False
    """A picture, a voice note or anything else that keywords can't read."""
    tags: frozenset[str] = field(default_factory=frozenset)
    came_by: str = ""
    """The word in the link or code by which the customer came, while nobody was found for them yet."""
    team: str = ""
    """The team that has the conversation already: rules are then not asked for another."""
    last_agent: str = ""
    """The id of the agent who answered this customer last."""
    open: bool = True
    """Whether somebody is at work now; with `opens_at`, as `hub.routing.opening` says."""
    opens_at: datetime | None = None

    @cached_property
    def folded(self) -> str:
        """The text as keywords are compared with it."""
        return fold(self.text)

    @cached_property
    def language(self) -> str:
        """The locale; where the channel gave none, what the writing looks like."""
        if self.locale:
            return self.locale
        if any("\u3040" <= c <= "\u30ff" for c in self.folded):
            return "ja"
        if any("\u3400" <= c <= "\u9fff" for c in self.folded):
            return "zh"
        return ""


def facts_of(
    message: Message,
    *,
    locale: str = "",
    name: str = "",
    last_agent: str = "",
    tags: frozenset[str] = frozenset(),
    came_by: str = "",
    team: str = "",
    open: bool = True,
    opens_at: datetime | None = None,
) -> MessageFacts:
    """The facts of a message; the arguments are what its conversation knows beside it."""
    text = "\n".join(filter(None, map(_written, message.parts)))
    choice = next((part.id for part in message.parts if isinstance(part, Choice)), "")
    events = [part.kind for part in message.parts if isinstance(part, Event)]
    return MessageFacts(
        channel=message.channel,
        text=text,
        locale=locale or message.locale,
        name=name or message.profile.name,
        choice=choice,
        event=events[0] if len(events) == len(message.parts) == 1 else "",
        wordless=bool(message.parts) and not events and not choice and not text.strip(),
        tags=tags,
        came_by=came_by,
        team=team,
        last_agent=last_agent,
        open=open,
        opens_at=opens_at,
    )


def _written(part: Part) -> str:
    match part:
        case Text(spans=(span, *_)) if span.kind == "quote" and span.end - span.start == len(part.text):
            return ""
        case Text() | Choice() | Unsupported():
            return part.text
        case Media():
            return part.alt
        case Form():
            return "\n".join(field.value for field in part.fields if field.value)
        case _:
            return ""
