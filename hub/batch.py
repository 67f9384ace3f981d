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
from hub.origins import TRANSLATED, EntryKind, Origin
from hub.packing import Quoted, naming, quoting
from hub.rendering import fit, linked, plain
from hub.rows import call_row, entry_row, file_row, wanted_row
from hub.sign import Signed
from hub.store.agent_facts import Record
from hub.store.staff import Person, Staff
from hub.store.talks import Talk, Who
from hub.store.windows import Act
from hub.translation import TranslationRules

PARTS: TypeAdapter[tuple[Part, ...]] = TypeAdapter(tuple[Part, ...])
BESIDE = ("message", "note", "edit", "delete", "event", "status")
"""What agents see of a merged conversation in the one that goes on, with what becomes of translations."""
RANK = 1000
"""Calls of one entry have ranks seq·RANK, seq·RANK+1 …: more than any entry is ever split into."""


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
    held: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """Inbox rows that wait for something, and until when, by the (desk, thread) that they came from: the first of each."""
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
    translations: list[dict[str, Any]] = field(default_factory=list)
    translation: TranslationRules | None = None
    """How conversations are translated; None where no service does it."""
    wants: bool = False
    """Whether translations must be asked for once this is committed."""
    translating: bool = False
    """Whether the calls in hand wait for a translation."""
    placed: set[str] = field(default_factory=set)
    """Customers whose logs got entries that had waited."""
    continued: frozenset[str] = frozenset()
    """Channels whose conversations go on in a web chat: their customers have a log too."""
    about: dict[str, str] = field(default_factory=dict)
    """Of entries that answer something or react to it: what, in words."""
    acts: list[Act] = field(default_factory=list)
    """What customers did where the channel counts our answers."""
    unseen_ms: int = 0
    """After how long an agent who was called and has not been there is reminded; 0: nobody is."""
    reminders: list[dict[str, Any]] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    """Of entries of merged conversations: the place of the mark by which agents see each in the one that goes on."""
    beside: dict[str, str] = field(default_factory=dict)
    """Of entries that name another conversation: which."""
    near: dict[tuple[str, str], str] = field(default_factory=dict)
    """The threads of those, by (conversation, desk)."""
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

    def head(self, talk: Talk) -> Talk:
        """The conversation in which agents see this one: itself, unless it was merged into another."""
        return self.talks.get(talk.merged_into or "", talk)

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
        talk.last_at, talk.changed = self.now, True
        who = self.owners[talk.identity_id]
        kept = tuple(self._filed(part, origin.get("source") or talk.channel, who) for part in parts)
        entry = entry_row(talk.id, talk.identity_id, talk.head, kind, author, at or self.now, self.now)
        entry["cs"] = self._place_in_log(talk, who, author) if public else None
        entry["parts"] = PARTS.dump_json(kept).decode()
        entry |= {"data": orjson.dumps(data).decode() if data else "{}", **origin}
        self.entries.append(entry)
        self._follow(talk, entry, public=public)
        if kind == "message":
            talk.preview = plain(kept, talk.locale or "en").replace("\n", " ")[:180]
            talk.preview_by = author.kind
        if talk.merged_into and (kind in BESIDE or (data or {}).get("what") == TRANSLATED):
            self._mark(talk, entry, author)
        return entry

    def _mark(self, talk: Talk, entry: dict[str, Any], author: Author) -> None:
        """Show an entry of a merged conversation in the one that goes on: a mark there stands for it."""
        head = self.head(talk)
        if head is talk:
            return
        said = {"what": "beside", "of": entry["kind"], "entry": entry["id"], "conversation": talk.id, "channel": talk.channel}
        self.marks[entry["id"]] = self.append(head, "changed", author, at=entry["at"], data=said, public=False)["seq"]
        if entry["kind"] == "message":
            head.preview, head.preview_by = talk.preview, talk.preview_by

    def keeps_log(self, talk: Talk) -> bool:
        """Whether the customer can fetch what is said from a log of their own."""
        return self.capabilities[talk.channel].pulled or talk.channel in self.continued

    def _place_in_log(self, talk: Talk, who: Who, author: Author) -> int | None:
        """The next place in the customer's own log, where there is one; what follows an answer that waits for its translation
        waits behind it, unless the customer says it."""
        if not self.keeps_log(talk) or (talk.unplaced and author.kind != "customer"):
            return None
        who.head += 1
        who.changed = True
        return who.head

    def _follow(self, talk: Talk, entry: dict[str, Any], *, public: bool) -> None:
        if public and entry["cs"] is None and talk.unplaced and self.keeps_log(talk):
            self.wait(talk, entry, "after", "-", state="done")

    def wait(self, talk: Talk, entry: dict[str, Any], side: str, language: str, **more: Any) -> None:
        """Want an entry's translation, or let it wait behind one for its place in the customer's log."""
        unplaced = side != "in" and entry["cs"] is None and self.keeps_log(talk)
        if unplaced:
            talk.unplaced += 1
            talk.changed = True
        self.wants = self.wants or side != "after"
        self.translations.append(wanted_row(entry, side, language, self.now, unplaced=unplaced, **more))

    def _filed(self, part: Part, source: str, who: Who) -> Part:
        """Give a file that still lies with its platform an id of ours; the worker copies it later."""
        if not isinstance(part, Media) or part.file is not None or not part.remote:
            return part
        row = file_row(part, source, who.id, self.now)
        self.files.append(row)
        return part.model_copy(update={"file": row["id"], "remote": ""})

    def acted(self, who: Who, parts: Sequence[Part], at: datetime, ticket: str = "") -> None:
        """Note that a customer did something, where that lets us answer."""
        window = self.capabilities[who.channel].window_for(who.external_id)
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
            self.call(talk, talk.channel, kind, entry["seq"] * RANK, entry["id"])
            return
        parts = PARTS.validate_json(entry["parts"])
        mark: dict[str, Any] = {"translating": True} if self.translating else {}
        data: dict[str, Any] = {**mark}
        if quoted and quoted.external_id and capabilities.quotes:
            data["quoted"] = quoted.external_id
        elif quoted:
            parts = quoting(quoted.said, parts)
        if names := linked(parts, capabilities):
            data["linked"] = names
        for n, group in enumerate(fit(parts, capabilities, self.link, talk.locale or "en")):
            body = PARTS.dump_json(tuple(group)).decode()
            self.call(talk, talk.channel, "send", entry["seq"] * RANK + n, entry["id"], parts=body, data=mark if n else data)

    def to_desks(self, talk: Talk, entry: dict[str, Any], origin: str = "") -> None:
        """The lines that show an entry at the conversation's desks, except at the one that it came from."""
        shown = self.head(talk) if entry["id"] in self.marks else talk
        seq, via = self.marks.get(entry["id"], entry["seq"]), talk.channel if shown is not talk else ""
        for desk in shown.desks.split():
            if desk == origin or desk not in self.capabilities:
                continue
            near = self.near.get((self.beside.get(entry["id"], ""), desk))
            data = ({"via": via} if via else {}) | ({"near": near} if near else {})
            parts = naming(self.about.get(entry["id"], ""), entry["kind"], PARTS.validate_json(entry["parts"]))
            groups = fit(parts, self.capabilities[desk], self.link) if parts else [()]
            for n, group in enumerate(groups or [()]):
                body = PARTS.dump_json(tuple(group)).decode()
                self.call(shown, desk, "line", seq * RANK + n, entry["id"], parts=body, data=data)

    def open_at(self, talk: Talk, desks: Sequence[str]) -> None:
        """Let a conversation have a thread at these desks."""
        there = talk.desks.split()
        for desk in desks:
            if desk not in there and desk in self.capabilities:
                there.append(desk)
                self.call(talk, desk, "open", 0, None)
        talk.desks = " ".join(there)
        talk.changed = True

    def redraw(self, talk: Talk) -> None:
        """Draw the cards at the conversation's desks anew, once for all that this batch changes."""
        talk = self.head(talk)
        for desk in talk.desks.split():
            here = [d for d in self.deliveries if d["conversation_id"] == talk.id and d["target"] == desk]
            if desk in self.capabilities and not any(d["kind"] in ("open", "card") for d in here):
                self.call(talk, desk, "card", talk.head * RANK, None, stream=f"{desk}#card")

    def mark(self, talk: Talk, desk: str, reply: str, state: str) -> None:
        """Show on an agent's own message at a desk what became of it."""
        talk = self.head(talk)
        if desk in self.capabilities and desk in talk.desks.split():
            data = {"reply": reply, "state": state}
            self.call(talk, desk, "mark", talk.head * RANK, None, data=data, stream=f"{desk}#mark")

    def whisper(self, talk: Talk, desk: str, person: str, about: str, facts: dict[str, str]) -> None:
        """Tell one person at a desk something about a conversation."""
        talk = self.head(talk)
        if desk in self.capabilities and desk in talk.desks.split():
            data = {"person": person, "about": about, "facts": facts}
            self.call(talk, desk, "mark", talk.head * RANK, None, data=data, stream=f"{desk}#mark")

    def notice(self, talk: Talk, key: str, due_ms: int) -> None:
        """Tell the customer beside the window that an answer waits, unless they come before that is due."""
        self.call(talk, talk.channel, "notice", talk.head * RANK, None, stream=f"{talk.channel}#notice")
        self.deliveries[-1] |= {"idem_key": key, "due_ms": due_ms}

    def amend(self, talk: Talk, desk: str, entry_id: str) -> None:
        """Show an entry's translation in the post that shows the entry; it comes after that, in the same stream."""
        talk = self.head(talk)
        if desk in self.capabilities and desk in talk.desks.split():
            self.call(talk, desk, "amend", talk.head * RANK, None, data={"entry": entry_id})

    def call(self, talk: Talk, target: str, kind: str, rank: int, message_id: str | None, **more: Any) -> None:
        """One platform call, with the columns of `hub.rows.call_row`."""
        due_ms = self.reserved_ms if kind in ("send", "edit") else 0
        self.deliveries.append(call_row(talk, target, kind, rank, message_id, self.now, due_ms=due_ms, **more))
