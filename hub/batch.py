"""One inbound transaction in memory: identities, conversations, new entries and the calls that they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Unpack

import orjson
from pydantic import TypeAdapter

from hub.capabilities import Capabilities, scene_of
from hub.model import Author, Media, Part, bucket_of, identity_of, new_id
from hub.origins import NOWHERE, EntryKind, Origin
from hub.packing import naming, quoting
from hub.rendering import fit, linked, plain
from hub.sign import Signed
from hub.store.agent_facts import Record
from hub.store.staff import Person, Staff
from hub.store.talks import Talk, Who
from hub.store.windows import Act

PARTS: TypeAdapter[tuple[Part, ...]] = TypeAdapter(tuple[Part, ...])
RANK = 1000
"""Calls of one entry have ranks seq·RANK, seq·RANK+1 …: more than any entry is ever split into."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What an answer is about: the platform's id of it, where it has one, and its words."""

    external_id: str | None
    said: str


@dataclass(slots=True)
class Batch:
    """Everything that one transaction will write. `capabilities` is of every channel and desk by name."""

    now: datetime
    now_ms: int
    lanes: int
    capabilities: Mapping[str, Capabilities]
    link: Any
    people: dict[tuple[str, str], Who] = field(default_factory=dict)
    owners: dict[str, Who] = field(default_factory=dict)
    """Identities by id."""
    talks: dict[str, Talk] = field(default_factory=dict)
    """Conversations by id."""
    open: dict[str, Talk] = field(default_factory=dict)
    """Open conversations by identity."""
    threads: dict[tuple[str, str], str] = field(default_factory=dict)
    """Conversations by (desk, thread)."""
    held: dict[tuple[str, str], int] = field(default_factory=dict)
    """Inbox rows that wait for something, by the (desk, thread) that they came from: the first of each."""
    staff: list[Staff] | None = None
    loads: dict[str, int] = field(default_factory=dict)
    """Conversations given to agents in this batch, beyond what `staff` counts."""
    persons: dict[tuple[str, str], Person] = field(default_factory=dict)
    """People at desks by (desk, person)."""
    signs: list[Signed] = field(default_factory=list)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    """(desk, person, what they are told by themselves)."""
    audits: list[Record] = field(default_factory=list)
    """Who did what, for the audit log."""
    strangers: set[tuple[str, str]] = field(default_factory=set)
    """(desk, person) whose names a desk could not tell when it was asked."""
    entries: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    continued: frozenset[str] = frozenset()
    """Channels whose conversations go on in a web chat: their customers have a log too."""
    about: dict[str, str] = field(default_factory=dict)
    """Of entries that answer something or react to it: what, in words."""
    acts: list[Act] = field(default_factory=list)
    """What customers did where the channel counts our answers."""
    reserved_ms: int = 0
    """Until when calls to customers are left to the hook that brought the row in hand; 0: they are anybody's."""

    def who(self, channel: str, external_id: str) -> Who:
        """The identity of a customer, made now when it is new."""
        known = self.people.get((channel, external_id))
        if known is None:
            bucket = bucket_of(channel, external_id)
            known = Who(identity_of(channel, external_id), channel, external_id, new_id(), bucket, new=True)
            self.people[(channel, external_id)] = known
            self.owners[known.id] = known
        return known

    def open_talk(self, who: Who, locale: str) -> Talk:
        """A new conversation for a customer who has none open."""
        talk = Talk(
            id=new_id(),
            identity_id=who.id,
            customer_id=who.customer_id,
            channel=who.channel,
            bucket=who.bucket,
            lane=who.bucket % self.lanes,
            at=self.now,
            last_at=self.now,
            open_key=who.id,
            locale=locale[:16],
            new=True,
        )
        self.add_talk(talk)
        return talk

    def add_talk(self, talk: Talk) -> None:
        """Make a conversation known to the batch."""
        self.talks[talk.id] = talk
        if talk.open_key:
            self.open[talk.open_key] = talk

    def append(
        self,
        talk: Talk,
        kind: EntryKind,
        author: Author,
        *,
        parts: Sequence[Part] = (),
        at: datetime | None = None,
        data: dict[str, Any] | None = None,
        public: bool = True,
        **origin: Unpack[Origin],
    ) -> dict[str, Any]:
        """A new entry at the end of a conversation; `public` ones get a place in the customer's own log
        where customers fetch it themselves."""
        talk.head += 1
        talk.last_at = self.now
        talk.changed = True
        who = self.owners[talk.identity_id]
        kept = tuple(self._filed(part, origin.get("source") or talk.channel, who) for part in parts)
        entry = NOWHERE | {
            "id": new_id(),
            "conversation_id": talk.id,
            "identity_id": talk.identity_id,
            "seq": talk.head,
            "cs": self._place_in_log(talk, who) if public else None,
            "kind": kind,
            "author_kind": author.kind,
            "author_id": author.id[:191],
            "author_name": author.name[:191],
            "parts": PARTS.dump_json(kept).decode(),
            "data": orjson.dumps(data).decode() if data else "{}",
            "at": at or self.now,
            "stored_at": self.now,
            **origin,
        }
        self.entries.append(entry)
        if kind == "message":
            talk.preview = plain(kept, talk.locale or "en").replace("\n", " ")[:180]
            talk.preview_by = author.kind
        return entry

    def _place_in_log(self, talk: Talk, who: Who) -> int | None:
        """The next place in the customer's own log, where customers can fetch it themselves."""
        if not self.capabilities[talk.channel].pulled and talk.channel not in self.continued:
            return None
        who.head += 1
        who.changed = True
        return who.head

    def _filed(self, part: Part, source: str, who: Who) -> Part:
        """Give a file that still lies with its platform an id of ours; the worker copies it later."""
        if not isinstance(part, Media) or part.file is not None or not part.remote:
            return part
        row = {
            "id": new_id(),
            "source": source,
            "remote": part.remote,
            "owner": who.id,
            "state": "remote",
            "name": part.name[:191],
            "mime": part.mime[:191],
            "size": part.size or 0,
            "sha256": "",
            "tries": 0,
            "due_ms": 0,
            "error": "",
            "at": self.now,
        }
        self.files.append(row)
        return part.model_copy(update={"file": row["id"], "remote": ""})

    def acted(self, who: Who, parts: Sequence[Part], at: datetime, ticket: str = "") -> None:
        """Note that a customer did something, where that lets us answer."""
        window = self.capabilities[who.channel].window
        scene = scene_of(parts, window) if window else ""
        opened = window.of(scene) if window else None
        if opened is not None:
            at_ms, lane = int(at.timestamp() * 1000), who.bucket % self.lanes
            self.acts.append(Act(who.id, who.customer_id, lane, scene, at_ms, *opened, self.reserved_ms, ticket))

    def to_customer(self, talk: Talk, entry: dict[str, Any], kind: str = "send", quoted: Quoted | None = None) -> None:
        """The platform calls that bring an entry to the customer; none where customers fetch their log themselves. What it
        answers is named where the platform can show that, and quoted in a line elsewhere."""
        capabilities = self.capabilities[talk.channel]
        if capabilities.pulled:
            return
        if kind != "send":
            self._call(talk, talk.channel, kind, entry["seq"] * RANK, entry["id"])
            return
        parts = PARTS.validate_json(entry["parts"])
        data: dict[str, Any] = {}
        if quoted and quoted.external_id and capabilities.quotes:
            data["quoted"] = quoted.external_id
        elif quoted:
            parts = quoting(quoted.said, parts)
        if names := linked(parts, capabilities):
            data["linked"] = names
        for n, group in enumerate(fit(parts, capabilities, self.link, talk.locale or "en")):
            body = PARTS.dump_json(tuple(group)).decode()
            self._call(talk, talk.channel, "send", entry["seq"] * RANK + n, entry["id"], parts=body, data=None if n else data)

    def to_desks(self, talk: Talk, entry: dict[str, Any], origin: str = "") -> None:
        """The lines that show an entry at the conversation's desks, except at the one that it came from."""
        for desk in talk.desks.split():
            if desk == origin or desk not in self.capabilities:
                continue
            parts = naming(self.about.get(entry["id"], ""), entry["kind"], PARTS.validate_json(entry["parts"]))
            groups = fit(parts, self.capabilities[desk], self.link) if parts else [()]
            for n, group in enumerate(groups or [()]):
                body = PARTS.dump_json(tuple(group)).decode()
                self._call(talk, desk, "line", entry["seq"] * RANK + n, entry["id"], parts=body)

    def open_at(self, talk: Talk, desks: Sequence[str]) -> None:
        """Let a conversation have a thread at these desks."""
        there = talk.desks.split()
        for desk in desks:
            if desk not in there and desk in self.capabilities:
                there.append(desk)
                self._call(talk, desk, "open", 0, None)
        talk.desks = " ".join(there)
        talk.changed = True

    def redraw(self, talk: Talk) -> None:
        """Draw the cards at the conversation's desks anew, once for all that this batch changes."""
        for desk in talk.desks.split():
            here = [d for d in self.deliveries if d["conversation_id"] == talk.id and d["target"] == desk]
            if desk in self.capabilities and not any(d["kind"] in ("open", "card") for d in here):
                self._call(talk, desk, "card", talk.head * RANK, None, stream=f"{desk}#card")

    def mark(self, talk: Talk, desk: str, reply: str, state: str) -> None:
        """Show on an agent's own message at a desk what became of it."""
        if desk in self.capabilities and desk in talk.desks.split():
            data = {"reply": reply, "state": state}
            self._call(talk, desk, "mark", talk.head * RANK, None, data=data, stream=f"{desk}#mark")

    def whisper(self, talk: Talk, desk: str, person: str, about: str, facts: dict[str, str]) -> None:
        """Tell one person at a desk something about a conversation."""
        if desk in self.capabilities and desk in talk.desks.split():
            data = {"person": person, "about": about, "facts": facts}
            self._call(talk, desk, "mark", talk.head * RANK, None, data=data, stream=f"{desk}#mark")

    def notice(self, talk: Talk, key: str, due_ms: int) -> None:
        """Tell the customer beside the window that an answer waits, unless they come before that is due."""
        self._call(talk, talk.channel, "notice", talk.head * RANK, None, stream=f"{talk.channel}#notice")
        self.deliveries[-1] |= {"idem_key": key, "due_ms": due_ms}

    def _call(
        self,
        talk: Talk,
        target: str,
        kind: str,
        rank: int,
        message_id: str | None,
        *,
        parts: str | None = None,
        data: dict[str, Any] | None = None,
        stream: str = "",
    ) -> None:
        call_id = new_id()
        self.deliveries.append(
            {
                "id": call_id,
                "idem_key": call_id,
                "conversation_id": talk.id,
                "message_id": message_id,
                "target": target,
                "stream": stream or target,
                "kind": kind,
                "rank": rank,
                "lane": talk.lane,
                "state": "queued",
                "tries": 0,
                "attempt": 0,
                "due_ms": self.reserved_ms if kind == "send" else 0,
                "lease_ms": 0,
                "owner": "",
                "call_key": "",
                "parts": parts,
                "data": orjson.dumps(data or {}).decode(),
                "external_id": None,
                "reason": "",
                "at": self.now,
                "done_at": None,
            }
        )
