"""What a channel or desk can carry, as data: the core asks these figures and never a platform's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hub.model import Event, Part


@dataclass(frozen=True, slots=True)
class Pace:
    """A platform's rate limit: `rate` calls a second, `burst` at once. What is beyond a whole number lets calls go so early."""

    rate: float
    burst: float = 1


@dataclass(frozen=True, slots=True)
class Window:
    """How long after the customer's last act we may answer, in seconds, and with how many calls; 0: any number.

    `scenes` maps the `Event.kind` of an act that is not a message (`followed`, `scanned`, `opened`), or `choice` for a pressed
    button, to its own (seconds, calls), where no seconds open nothing; an event that is not named here opens nothing, a button
    counts as a message.
    """

    seconds: float
    quota: int
    scenes: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    hold_s: float = 7 * 86_400.0
    """How long an answer that the window does not let go waits for the customer; then it has failed, and agents are told."""
    mark: str = ""
    """What addresses hold for which this counts, where others of the same channel can be answered at any time; empty: all."""

    def of(self, scene: str) -> tuple[float, int] | None:
        """Seconds and calls that an act opens; `message` is the scene of whatever the customer says."""
        return (self.seconds, self.quota) if scene == "message" else self.scenes.get(scene)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a platform takes as one kind of `Media`. Other files are made so where that is possible, or leave as a link."""

    mimes: tuple[str, ...]
    """The first is what others are made into."""
    size: int
    """Bytes."""
    seconds: float = 0.0
    """Of the longest sound that is made; 0: however long it is."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel or desk can carry, as data. `hub.rendering.fit` makes everything else fit."""

    parts: frozenset[str] = frozenset({"text"})
    """Part types that `send` accepts as they are."""
    media: frozenset[str] = frozenset()
    """Kinds of `Media` that `send` accepts."""
    brings: frozenset[str] = frozenset({"text"})
    """Types of parts and kinds of `Media` that customers' messages arrive as; whatever else they send is `unsupported`."""
    text_limit: int = 4096
    text_unit: Literal["chars", "utf16", "bytes"] = "chars"
    caption_limit: int = 0
    """Longest text that may travel in the same call as one media; 0: never together."""
    media_limit: int = 20_000_000
    """Bytes; a bigger file leaves as a link."""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """Kinds of `Media` that must be of certain types; all other kinds travel as they are."""
    options_limit: int = 0
    """Most buttons in one `Choices`."""
    edit: bool = False
    delete: bool = False
    quotes: bool = False
    """Can answer a given message: `Identity.quoted` says which; elsewhere a line quotes it."""
    named: bool = False
    """Shows customers which agent answers: `Identity.agent` says who; answers of different agents travel apart."""
    window: Window | None = None
    idempotency: Literal["key", "lookup", "none"] = "none"
    pulled: bool = False
    """Customers fetch from their log (widget, app): there is nothing to send, and delivery is exact."""
    coalesce: int = 1
    """Most consecutive entries that may travel in one call."""
    post_limit: int = 0
    """Of a desk: characters of stored lines that may share a call, so that it becomes about one post; 0: any number."""
    head: int = 0
    """Of a desk: bytes of stored lines without files that may travel with a new thread's head, in its own call."""
    pace: Pace | None = None
    """Per place: a desk's thread belongs to one, a customer's conversation is one. Counted for all processes together."""
    card_pace: Pace | None = None
    """Of a desk's cards that are drawn anew, wherever they are, where they do not count as posts."""
    total: Pace | None = None
    """For everything that goes to the channel or desk, beside `pace`."""
    album: int = 1
    """Most files in one call."""
    albums: tuple[frozenset[str], ...] = ()
    """Kinds of `Media` that may stand in one call together."""
    deadline: float = 5.0
    """Seconds within which the platform wants its 2xx."""
    lookup_after: float = 30.0
    """Seconds to wait before asking whether an uncertain call was accepted: longer than the platform's own limit."""
    asks: bool = False
    """Of a desk: whether who answers in a settled conversation, or in one that somebody else has, is asked first."""
    begins: Literal["never", "known", "anybody"] = "known"
    """Whom an agent may write to first: nobody, customers who have written before, or any address."""
    speakers: Literal["agents", "members"] = "agents"
    """Of a desk that knows its people: who may answer there, the hub's agents alone, or every full member."""
    pauses: tuple[float, ...] = ()
    """Seconds before each further try of a call that was refused or, where it has a key, may have been; empty: the hub's own."""
    typing_s: float = 4.0
    """Seconds after which it is shown again that an agent types: less than the platform's sign lasts, unless that refuses to show
    it anew while it does."""
    timeout: float = 15.0
    """Seconds after which a call has an unknown outcome."""

    def window_for(self, address: str) -> Window | None:
        """What limits our answers to this address; None: nothing does."""
        return self.window if self.window is not None and self.window.mark in address else None


def scene_of(parts: Sequence[Part], window: Window) -> str:
    """By what a customer acted: an event's kind, `choice` for a pressed button where that counts by itself, else `message`."""
    kinds = [part.kind if isinstance(part, Event) else part.type for part in parts]
    if kinds and all(isinstance(part, Event) for part in parts):
        return next((kind for kind in kinds if kind in window.scenes), kinds[0])
    return "choice" if "choice" in window.scenes and kinds and set(kinds) == {"choice"} else "message"
