"""A conversation in two languages: what is to be translated, what waits for it, and what a translation changes when it comes.

An answer's calls are written at once, due when the wait is over: whatever becomes of the service or the workers, the customer
gets the original then. A translation that comes earlier takes their place as long as not one of them has begun.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hub.batch import PARTS, Batch
from hub.joined import matter
from hub.model import AgentReply, Author, ExternalId, Part
from hub.origins import TRANSLATED
from hub.quotes import quoted_by
from hub.runtime import Hub
from hub.spoken import pieces_of
from hub.store.talks import Talk
from hub.store.translations import Waiting, with_translation
from hub.telling import tell
from hub.tongues import could_be, same, tongue, worded
from hub.translation import TranslationRules

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

EARLIER = 10
"""Lines of the customer that are translated when somebody switches it on."""
ASK_MS = 86_400_000
"""Until when an answer's calls are kept from leaving where its author decides: the end of the wait comes long before."""
SHORT = 20
"""Characters below which no service can tell a language."""
LOST = "not translated: {why}. The original has not left; send it again as it is, or write it in the customer's language"


def languages(batch: Batch, talk: Talk) -> list[str]:
    """The languages in which agents read a conversation: in the console, and at each of its desks; a merged one where it was
    merged into."""
    rules, head = batch.translation, batch.head(talk)
    if rules is None:
        return []
    return list(dict.fromkeys(rules.read_by(head.team, desk) for desk in ("", *head.desks.split())))


def _is_on(rules: TranslationRules, batch: Batch, talk: Talk) -> bool:
    """Whether a conversation is translated: what was said of the one that it was merged into counts for it too."""
    return rules.on_for(talk.channel, batch.head(talk).translate or talk.translate)


def hears(batch: Batch, talk: Talk, entry: dict[str, Any], parts: Sequence[Part]) -> None:
    """Want what a customer says in the languages of those who read it. What the customer was found to speak is not
    asked again."""
    rules = batch.translation
    if rules is None or not _is_on(rules, batch, talk):
        return
    text = "\n".join(pieces_of(parts))
    if not worded(text):
        return
    for language in languages(batch, talk):
        if not same(talk.spoken, language) or not could_be(text, language):
            batch.wait(talk, entry, "in", language)


def target(batch: Batch, talk: Talk, desk: str) -> str:
    """The language into which answers are translated; empty: they leave as they are."""
    rules = batch.translation
    if rules is None or not _is_on(rules, batch, talk):
        return ""
    spoken = tongue(talk.spoken or talk.locale) or rules.spoken_on(talk.channel)
    return "" if not spoken or same(spoken, rules.read_by(batch.head(talk).team, desk)) else spoken


def holds(batch: Batch, talk: Talk, parts: Sequence[Part], desk: str) -> str:
    """As `target`, for one answer: one without words needs no translation."""
    return target(batch, talk, desk) if worded("\n".join(pieces_of(parts))) else ""


@contextmanager
def held(batch: Batch, talk: Talk, entry: dict[str, Any], language: str, desk: str) -> Iterator[None]:
    """Let an answer wait for its translation, if it has one: calls that are written meanwhile leave when the wait is over, or not
    before its author says so."""
    rules = batch.translation
    if rules is None or not language:
        yield
        return
    leave_ms = batch.reserved_ms
    until = max(leave_ms, batch.now_ms + int(rules.hold * 1000))
    text = "\n".join(pieces_of(PARTS.validate_json(entry["parts"])))
    own = rules.read_by(batch.head(talk).team, desk)
    source = own if len(text) < SHORT and could_be(text, own) else ""
    batch.wait(talk, entry, "out", language, source=source, until_ms=until, leave_ms=leave_ms)
    batch.translating, batch.reserved_ms = True, until if rules.late == "send" else until + ASK_MS
    yield
    batch.translating, batch.reserved_ms = False, leave_ms


async def came(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply) -> set[int]:
    """Write down a translation, or that there will be none; returns lanes in which calls may have become due. What came before,
    was taken back or asked for anew changes nothing."""
    data = reply.data
    row = await hub.store.translations.row(connection, str(data["entry"]), str(data["language"]))
    if row is None or row["state"] != "queued" or row["turn"] != data["turn"]:
        return set()
    parts = PARTS.dump_json(reply.parts).decode() if reply.parts else None
    facts = {
        "state": data["state"],
        "source": str(data.get("from") or row["source"])[:16],
        "reason": str(data.get("reason") or ""),
    }
    await hub.store.translations.end(
        connection, row["message_id"], row["language"], parts=parts, due_ms=0, done_at=batch.now, **facts
    )
    if row["side"] == "in" and data.get("sure") and talk.spoken != facts["source"]:
        talk.spoken, talk.changed = facts["source"], True
    if row["side"] == "out":
        await _release(hub, connection, batch, talk, {**row, **facts, "parts": parts}, reply)
    if facts["state"] != "same" or row["unplaced"]:
        _show(batch, talk, {**row, **facts}, reply.parts)
    return {talk.lane}


def _show(batch: Batch, talk: Talk, row: dict[str, Any], parts: Sequence[Part]) -> None:
    """Let agents see it: in the log, under the customer's line at each desk that reads the language, and below an answer."""
    author = Author(kind=row["said_author_kind"], id=row["said_author_id"], name=row["said_author_name"])
    data = {"what": TRANSLATED, "side": row["side"], "state": row["state"], "language": row["language"], "from": row["source"]}
    data |= {"reason": row["reason"]} if row["reason"] else {}
    entry = batch.append(talk, "changed", author, parts=parts, data=data, edit_of=row["message_id"], public=False)
    if row["state"] == "same" or batch.translation is None:
        return
    if row["side"] == "out":
        batch.to_desks(talk, entry)
        return
    head = batch.head(talk)
    for desk in head.desks.split():
        if batch.translation.read_by(head.team, desk) == row["language"]:
            batch.amend(talk, desk, row["message_id"])


async def _release(
    hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, row: dict[str, Any], reply: AgentReply
) -> None:
    """An answer waits no longer: its calls leave as they should be, and it gets its place in the customer's log."""
    asks = row["state"] == "failed" and hub.translation.late == "ask"
    if not batch.capabilities[talk.channel].pulled:
        calls = await hub.store.translations.waiting_calls(connection, talk.lane, row["message_id"], talk.channel)
        if calls is not None:
            await _leave(hub, connection, batch, talk, row, calls, reply)
    elif asks:
        tell(batch, talk, row["message_id"], talk.channel, "failed", LOST.format(why=row["reason"]), "")
    if row["unplaced"]:
        if asks:
            await hub.store.translations.end(connection, row["message_id"], row["language"], unplaced=False)
        await place(hub, connection, batch, talk)


async def _leave(
    hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, row: dict[str, Any], calls: Waiting, reply: AgentReply
) -> None:
    due_ms = calls.due_ms if calls.state == "held" else row["leave_ms"]
    if row["state"] == "failed" and hub.translation.late == "ask":
        reason = LOST.format(why=row["reason"])
        over = {"state": "failed", "reason": reason, "due_ms": 0, "done_at": batch.now}
        await hub.store.translations.set_calls(connection, calls, **over)
        for delivery in calls.ids:
            tell(batch, talk, row["message_id"], talk.channel, "failed", reason, delivery)
        origin = await hub.store.timeline.origin(connection, row["message_id"])
        if origin is not None and origin[0] in hub.desks:
            batch.mark(talk, origin[0], origin[1], "failed")
    elif row["state"] != "done" or not row["parts"]:
        await hub.store.translations.set_calls(connection, calls, due_ms=due_ms)
    elif calls.kind == "edit":
        await hub.store.translations.set_calls(connection, calls, due_ms=due_ms, parts=row["parts"])
    else:
        await hub.store.translations.replace_calls(connection, calls)
        answers = reply.model_copy(update={"reply_to": ExternalId(row["said_reply_to"]) if row["said_reply_to"] else None})
        about = await quoted_by(hub, connection, batch, talk, answers)
        entry = {"id": row["message_id"], "seq": row["seq"], "parts": row["parts"]}
        before = len(batch.deliveries)
        batch.to_customer(talk, entry, quoted=about[1] if about else None)
        for call in batch.deliveries[before:]:
            call |= {"due_ms": due_ms, "state": calls.state}


async def place(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk) -> None:
    """Give entries their places in the customer's log, in order, up to the first that still waits for its translation."""
    if batch.translations:
        await hub.store.translations.add(connection, batch.translations)
        batch.translations.clear()
    who, rows = batch.owners[talk.identity_id], await hub.store.translations.unplaced(connection, talk.id)
    left = len(rows)
    for row in rows:
        if row["state"] == "queued":
            break
        left -= 1
        who.head += 1
        fresh = next((entry for entry in batch.entries if entry["id"] == row["message_id"]), None)
        data = fresh["data"] if fresh else row["data"]
        if row["side"] == "out" and row["state"] == "done" and row["parts"]:
            data = with_translation(data, row["language"], row["source"], row["parts"])
        if fresh is not None:
            fresh |= {"cs": who.head, "data": data}
        await hub.store.translations.place(connection, row["message_id"], who.head, data)
    talk.unplaced, talk.changed, who.changed = left, True, True
    batch.placed.add(talk.identity_id)


async def taken_back(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, entry_id: str) -> bool:
    """An answer that waits shall not leave; says whether the customer has seen nothing of it, so that nothing need be deleted."""
    if batch.translation is None:
        return False
    own = [row for row in batch.translations if row["message_id"] == entry_id]
    batch.translations[:] = [row for row in batch.translations if row not in own]
    count = await hub.store.translations.drop(connection, entry_id, batch.now) + sum(row["unplaced"] for row in own)
    if count:
        await place(hub, connection, batch, talk)
    return bool(count)


async def asked(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Translate a conversation from now on, or no longer (`data`: {on: bool}, or {toggle: true}), or some of what the customer
    said: {entry: our id}, or {post: the desk's id of what shows it}. In a merged matter that is all of it."""
    rules, data = batch.translation, reply.data
    if rules is None:
        batch.whisper(talk, str(reply.desk), str(reply.agent), "no_translator", {})
        return
    if data.get("entry") or data.get("post"):
        post = str(data.get("post") or "")
        ids = await hub.store.translations.posted(connection, str(reply.desk), post) if post else [str(data["entry"])]
        for one in matter(batch, talk):
            await _wanted(hub, connection, batch, one, ids, str(reply.desk))
        return
    on = bool(data["on"]) if "on" in data else not rules.on_for(talk.channel, talk.translate)
    talk.translate, talk.changed = "on" if on else "off", True
    entry = batch.append(talk, "changed", author, data={"what": "translation", "on": on}, public=False)
    batch.to_desks(talk, entry)
    for one in matter(batch, talk) if on else ():
        await _wanted(hub, connection, batch, one, (), str(reply.desk))


async def _wanted(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, ids: Sequence[str], desk: str) -> None:
    """Want these lines of the customer's, or what they said last, in the language of who asks; what failed is tried anew."""
    if batch.translation is None:
        return
    found = await hub.store.translations.entries(connection, talk.id, ids, EARLIER)
    language = batch.translation.read_by(batch.head(talk).team, desk)
    known = await hub.store.translations.known(connection, [row.id for row in found], language)
    for row in reversed(found):
        text = "\n".join(pieces_of(PARTS.validate_json(row.parts)))
        if row.author_kind != "customer" or not worded(text):
            continue
        state, turn = known.get(row.id, ("", 0))
        if not state:
            entry = {"id": row.id, "conversation_id": talk.id, "seq": row.seq, "cs": row.seq}
            batch.wait(talk, entry, "in", language)
        elif ids and state in ("failed", "same"):
            again = {"state": "queued", "turn": turn + 1, "tries": 0, "due_ms": 0, "reason": "", "done_at": None}
            await hub.store.translations.end(connection, row.id, language, **again)
            batch.wants = True
