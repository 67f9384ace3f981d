"""The facts at the head of a conversation's thread at a desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hub.model import ChannelName, ConversationId


@dataclass(frozen=True, slots=True)
class ThreadCard:
    """What the head of a thread shows: facts only, each desk draws it its own way. Times are UTC."""

    conversation: ConversationId
    channel: ChannelName
    customer: str
    preview: str
    """What the customer said last."""
    status: Literal["open", "resolved", "merged"]
    agent: str = ""
    team: str = ""
    locale: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What a site or an app says of the customer in words of its own; nobody vouches for it."""
    waiting_since: datetime | None = None
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str = ""
    console_url: str = ""
    avatar: str = ""
    tags: Sequence[str] = ()
    priority: int = 0
    snoozed_until: datetime | Literal["written"] | None = None
    proved: Sequence[str] = ()
    """What somebody who knows has proved of the customer here: `email`, `phone`, `unionid`."""
    earlier: int = 0
    """Conversations of this customer before this one, on all channels."""
    earlier_url: str = ""
    earlier_at: datetime | None = None
    """The last of them."""
    place: int | None = None
    """The place in line when the card was drawn, from 1; None where nobody waits in one."""
    window_until: datetime | None = None
    """Until when the channel takes answers; None where it does not say."""
    due_at: datetime | None = None
    due_kind: Literal["", "first", "next", "resolve"] = ""
    """When what was promised is due, and what that is: the first answer, the next, or the end."""
    calls_left: int | None = None
    """How many calls it takes until then, or until the customer acts again."""
    messages: int = 0
    """Of a settled matter: how many there were."""
    rating: int | None = None
    """What the customer thought of it: 1 to 5, 0 while they are asked, None where they are not."""
    surveyed: bool = False
    """Whether its channel's customers can be asked for a rating."""
