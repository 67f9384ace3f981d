"""Replies that agents have ready, as admins write them in `config/replies.yaml`: found by a word, filled with facts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from hub import masking
from hub.answers import in_language
from hub.model import DeskName, ExternalId, Part, Text
from hub.people import Who

VARIABLES = ("agent", "channel", "name", "team")
"""What may stand in braces; `name` is the customer's."""
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_MOST = 4000


def _known(text: str) -> str:
    strange = sorted(set(_PLACEHOLDER.findall(text)) - set(VARIABLES))
    if strange:
        raise ValueError(f"{{{strange[0]}}} is no variable; there are {', '.join(f'{{{name}}}' for name in VARIABLES)}")
    return text


def _by_locale(value: Any) -> Any:
    return {"*": value} if isinstance(value, str) else value


_Said = Annotated[str, Field(min_length=1, max_length=_MOST), AfterValidator(_known)]
_Texts = Annotated[
    dict[str, _Said], Field(min_length=1), BeforeValidator(_by_locale, json_schema_input_type=dict[str, str] | str)
]


class CannedReply(BaseModel):
    """One text that is ready. `{name}` stands for the customer, `{agent}` for who sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w-]{1,64}$", description="the word by which agents call it")
    title: str = Field("", max_length=150, description="what agents see in lists; empty: the name")
    text: _Texts = Field(description="one text, or locale → text: `zh` serves zh-CN too, `*` every other")

    def within(self, locale: str) -> str:
        """Its text for a customer's language."""
        return in_language(self.text, locale)


class SavedReply(CannedReply):
    """One that an agent has saved; it has one text."""

    actor: str = ""
    """Who wrote it last, as the audit log names them."""


class CannedReplies(BaseModel):
    """`config/replies.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replies: tuple[CannedReply, ...] = Field((), max_length=2000)

    @model_validator(mode="after")
    def _once(self) -> CannedReplies:
        seen: set[str] = set()
        for one in self.replies:
            if one.name.casefold() in seen:
                raise ValueError(f"two replies are named {one.name!r}")
            seen.add(one.name.casefold())
        return self

    @cached_property
    def _named(self) -> dict[str, CannedReply]:
        return {one.name.casefold(): one for one in self.replies}

    def find(self, name: str) -> CannedReply | None:
        """The reply of that name, case apart."""
        return self._named.get(name.strip().casefold())

    def search(self, words: str, most: int) -> list[CannedReply]:
        """Replies with every word in name, title or text; those that are named so come first."""
        wanted = words.casefold().split()

        def holds(one: CannedReply) -> bool:
            whole = " ".join((one.name, one.title, *one.text.values())).casefold()
            return all(word in whole for word in wanted)

        found = [one for one in self.replies if holds(one)]
        first = wanted[0] if wanted else ""
        return sorted(found, key=lambda one: not one.name.casefold().startswith(first))[:most]

    def said(self, name: str, parts: Sequence[Part], locale: str, facts: Mapping[str, str]) -> tuple[Part, ...]:
        """What leaves: the reply of that name in the customer's language, else the texts given, with their variables filled."""
        known = self.find(name) if name else None
        given: Sequence[Part] = (Text(text=known.within(locale)),) if known else parts
        return tuple(Text(text=fill(one.text, facts)) if isinstance(one, Text) else one for one in given)


def fill(text: str, facts: Mapping[str, str]) -> str:
    """A text with the variables filled whose facts are given, in one pass; no fact can be read as a variable later."""

    def value(found: re.Match[str]) -> str:
        fact = facts.get(found[1])
        return found[0] if fact is None else " ".join(re.sub(r"[{}]", "", fact).split())[:191]

    return _PLACEHOLDER.sub(value, text)


Ready = Callable[[], Awaitable[CannedReplies]]
"""What is ready at this moment: of the file, and of what agents have saved."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a customer, which must not stand in a text for others."""

    name: str = ""
    email: str = ""
    phone: str = ""
    locale: str = ""
    conversation: str = ""


class KnownOf(Protocol):
    """What somebody at a desk may know of the customer of a thread there."""

    async def __call__(self, desk: DeskName, person: ExternalId, who: Who, thread: str, *, anybody: bool) -> Known | str:
        """`no_agent` or `not_here` where there is nothing to tell. `anybody`: every full member of the desk may answer there."""
        ...


def personal(text: str, known: Known) -> list[str]:
    """What of a text is about one person: some of `name`, `phone`, `email` and `other`, in this order."""
    kinds = {finding.kind for finding in masking.find(text)}
    lower, digits = text.casefold(), re.sub(r"\D", "", text)
    number = re.sub(r"\D", "", known.phone)
    found = {
        "name": named_in(text, known.name),
        "phone": "phone" in kinds or (len(number) > 5 and number in digits),
        "email": "email" in kinds or bool(known.email and known.email.casefold() in lower),
        "other": bool(kinds - {"phone", "email"}),
    }
    return [name for name, there in found.items() if there]


def named_in(text: str, name: str) -> bool:
    """Whether a text calls somebody by this name."""
    return len(name.strip()) > 1 and _name(name).search(text) is not None


def unnamed(text: str, name: str) -> str:
    """The text with the variable in that name's place."""
    return _name(name).sub("{name}", text) if named_in(text, name) else text


def _name(name: str) -> re.Pattern[str]:
    """A name as a word of its own, and no part of an address; in Chinese words have no edges."""
    name = name.strip()
    left = r"(?<![A-Za-z0-9@])" if name[0].isascii() else ""
    right = r"(?![A-Za-z0-9]|[\w.+-]*@)" if name[-1].isascii() else ""
    return re.compile(left + re.escape(name) + right, re.IGNORECASE)
