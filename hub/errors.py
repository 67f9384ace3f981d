"""The error tree. The class of an error is the instruction what happens next.

ConnectorError
├── Rejected        the request is not authentic            → 401, nothing stored
├── Malformed       authentic, or not worth asking, but not understood as what it claims → 400 (413 when `too_large`)
├── Temporary       nothing was accepted; try again, after `retry_after` seconds when given
├── Uncertain       it may have been accepted                → state `unknown`; looked up, re-sent by key, or shown
├── WindowClosed    the customer must act first             → held until then, told; never counts as failed
└── Undeliverable   it never will be                         → state `failed`, `reason` shown to the agent
ConfigError         outside the tree, so that no "carry on" clause can swallow it: the process does not start
Busy                the store can't promise durability in time → 503 with Retry-After
Conflict            the same id was used before for something else → 409
"""

from __future__ import annotations

from hub.people import Trouble


class ConnectorError(Exception):
    """A channel or desk could not do what was asked; the subclass says what to do about it."""


class Rejected(ConnectorError):
    """Not authentic."""


class Malformed(ConnectorError):
    """Not what it claims to be."""

    def __init__(self, message: str, *, too_large: bool = False) -> None:
        super().__init__(message)
        self.too_large = too_large


class Temporary(ConnectorError):
    """Definitely not accepted. `paused` asks that the place waits (a 429), which does not count as a try; `everywhere`, that all
    places of this channel or desk do. `trouble` is what people must mend before it is; the message begins with what it says."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        paused: bool = False,
        everywhere: bool = False,
        trouble: Trouble | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.paused = paused
        self.everywhere = everywhere
        self.trouble = trouble


class Uncertain(ConnectorError):
    """The request was written and no answer came: it may have been accepted."""


class WindowClosed(ConnectorError):
    """The platform takes nothing for this customer before they act again: the time or the number of calls is used up. What the
    platform says overrules what we counted. `code` is the platform's own."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Undeliverable(ConnectorError):
    """Refused for good. `reason` is a sentence for agents, `code` the platform's own; `unreachable` marks the identity until it
    writes again; `trouble` is what people must mend before anything like it is taken."""

    def __init__(self, reason: str, code: str = "", *, unreachable: bool = False, trouble: Trouble | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.unreachable = unreachable
        self.trouble = trouble


class ThreadGone(Undeliverable):
    """A conversation's thread at a desk is no longer there; its lines can go on in a new one."""


class Busy(Exception):
    """No commit within the deadline. `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Conflict(Exception):
    """The same id came with another content."""


class ConfigError(Exception):
    """The configuration can't be kept to; says what to change."""
