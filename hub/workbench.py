"""What admins lay ready for agents in `config/console.yaml`: macros, colours of tags, links to own systems, the time to undo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

TAGS = 20
TAG = 40
"""Bounds of a conversation's tags: how many, and characters of one."""
Colour = Literal["grey", "blue", "green", "amber", "red", "purple"]
LEVELS = ("normal", "low", "high", "urgent")
"""Priorities in the order of their numbers."""
UNDO_MOST = 10
FACTS = ("address", "agent", "channel", "conversation", "customer", "email", "locale", "name", "phone", "team")
"""What may stand in braces in a link; each is put in as one piece of an address."""
_BLANK = re.compile(r"\{([a-z_]+|attributes\.[\w-]{1,40})\}")
_SPAN = re.compile(r"([1-9][0-9]{0,3})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _by_locale(value: Any) -> Any:
    return {"*": value} if isinstance(value, str) else value


_Title = Annotated[str, Field(min_length=1, max_length=80)]
Titles = Annotated[
    dict[str, _Title], Field(min_length=1), BeforeValidator(_by_locale, json_schema_input_type=dict[str, str] | str)
]
"""One text, or locale → text; `*` is for every other language."""


def _one_word(tag: str) -> str:
    if tag.split() != [tag]:
        raise ValueError("a tag is one word without spaces")
    return tag


Tag = Annotated[str, Field(min_length=1, max_length=TAG), AfterValidator(_one_word)]


class Handover(_Rules):
    """To whom a conversation goes; neither: back to everybody."""

    agent: str = Field("", max_length=190, description="an e-mail address, an agent's id, or `me`")
    team: str = Field("", max_length=64)
    reason: str = Field("", max_length=500, description="what the next one should know; customers never see it")


def _span(text: str | None) -> str | None:
    if text is not None and not _SPAN.fullmatch(text):
        raise ValueError("write 30m, 2h or 3d")
    return text


class Step(_Rules):
    """One thing that is done to a conversation: exactly one of these."""

    reply: str | None = Field(
        None, min_length=1, max_length=4000, description="a text; {name}, {agent}, {team}, {channel} are filled"
    )
    canned: str | None = Field(None, min_length=1, max_length=64, description="the name of a reply of replies.yaml")
    note: str | None = Field(None, min_length=1, max_length=4000)
    tag: tuple[Tag, ...] | None = Field(None, min_length=1, max_length=TAGS)
    untag: tuple[Tag, ...] | None = Field(None, min_length=1, max_length=TAGS)
    priority: Literal["normal", "low", "high", "urgent"] | None = None
    assign: Handover | None = None
    snooze: Annotated[str, AfterValidator(_span)] | None = Field(None, description="30m, 2h, 3d")
    until: datetime | None = Field(None, description="let it sleep until this time")
    sleep: Literal["written"] | None = Field(None, description="let it sleep until the customer writes")
    wake: Literal[True] | None = None
    resolve: Literal[True] | None = None
    reopen: Literal[True] | None = None

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: Any) -> Any:
        """`- resolve` is short for `- resolve: true`."""
        return {value: True} if value in ("resolve", "reopen", "wake") else value

    @model_validator(mode="after")
    def _one(self) -> Step:
        if len(given := self.model_fields_set) != 1 or getattr(self, next(iter(given))) is None:
            raise ValueError(f"give exactly one of {', '.join(type(self).model_fields)}")
        if self.until is not None and (self.until.tzinfo is None or self.until.year > 9000):
            raise ValueError("until must be a time with its zone, like 2030-01-31T09:00:00+08:00")
        return self

    @property
    def kind(self) -> str:
        """Which of them it is."""
        return next(iter(self.model_fields_set))

    def wakes_at(self, now: datetime) -> datetime | None:
        """Until when `snooze` and `until` let it sleep."""
        if self.snooze is None:
            return self.until
        found = _SPAN.fullmatch(self.snooze)
        assert found is not None
        return now + timedelta(**{_UNITS[found[2]]: int(found[1])})


class Macro(_Rules):
    """Several things that are done at once."""

    name: str = Field(pattern=r"^[\w-]{1,64}$")
    title: Titles
    do: tuple[Step, ...] = Field(min_length=1, max_length=10)


def _good_link(url: str) -> str:
    if not url.startswith(("https://", "http://")) or "{" in url.split("/", 3)[2]:
        raise ValueError("must begin with https:// and a host without variables")
    strange = sorted(name for name in set(_BLANK.findall(url)) - set(FACTS) if not name.startswith("attributes."))
    if strange:
        known = ", ".join(f"{{{name}}}" for name in (*FACTS, "attributes.NAME"))
        raise ValueError(f"{{{strange[0]}}} is no variable; there are {known}")
    return url


class Link(_Rules):
    """A page of one's own about the customer of a conversation."""

    title: Titles
    url: Annotated[str, Field(max_length=1000), AfterValidator(_good_link)]

    def filled(self, facts: Mapping[str, str]) -> str:
        """The address for one customer; empty when something that it needs is not known."""
        if any(not facts.get(name) for name in _BLANK.findall(self.url)):
            return ""
        return _BLANK.sub(lambda found: quote(facts[found[1]], safe=""), self.url)


class Workbench(_Rules):
    """`config/console.yaml`."""

    undo: int = Field(0, ge=0, le=UNDO_MOST, description="seconds that a reply waits for its author to take it back")
    tags: dict[Tag, Colour] = Field({}, description="tags that are offered, with their colours")
    macros: tuple[Macro, ...] = Field((), max_length=200)
    links: tuple[Link, ...] = Field((), max_length=20)

    @model_validator(mode="after")
    def _once(self) -> Workbench:
        seen: set[str] = set()
        for one in self.macros:
            if one.name in seen:
                raise ValueError(f"two macros are named {one.name!r}")
            seen.add(one.name)
        return self

    @cached_property
    def named(self) -> dict[str, Macro]:
        """Macros by name."""
        return {one.name: one for one in self.macros}
