"""Use-case: ask the customer what they thought once a matter is settled, and take the answer without opening it again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hub.batch import Batch
from hub.model import Author, Message, Text
from hub.runtime import Hub
from hub.store.ratings import Asked
from hub.store.talks import Talk, Who
from hub.surveys import Rated, number, rated

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

BOT = Author(kind="bot", name="Bot")


async def ask(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, wish: bool | None) -> None:
    """Ask about a conversation that was just resolved. Where the channel counts our answers, only while one more may leave: a
    question that waits for the customer's next act would greet them with yesterday's matter."""
    who, capabilities = batch.owners[talk.identity_id], batch.capabilities[talk.channel]
    if who.blocked or who.unreachable or not hub.survey.asks(talk.channel, wish):
        return
    if capabilities.window_for(who.external_id) and not await hub.store.ratings.may_answer(connection, who.id, batch.now_ms):
        return
    asked = {"conversation_id": talk.id, "identity_id": who.id, "channel": talk.channel, "asked_at": batch.now}
    if not await hub.store.ratings.ask(connection, {**asked, "agent_id": talk.agent_id, "team": talk.team}):
        return
    parts = hub.survey.question_for(talk.id, capabilities, talk.locale)
    batch.to_customer(talk, _quietly(batch, talk, BOT, parts=parts, data={"survey": True}))


async def answered(hub: Hub, connection: AsyncConnection, batch: Batch, who: Who, message: Message, author: Author) -> bool:
    """Keep a customer's answer; False when the message is none. One that comes too late is shown and changes nothing."""
    found = rated(message.parts)
    asked = await _asked(hub, connection, batch, who, message, found)
    if asked is None:
        return False
    talks = (
        batch.talks
        if asked.conversation_id in batch.talks
        else await hub.store.timeline.talks(connection, [asked.conversation_id])
    )
    talk = talks[asked.conversation_id]
    batch.add_talk(talk)
    given = found or Rated(talk.id, number(message.parts))
    open_until = (
        asked.answered_at + timedelta(hours=hub.survey.change_hours)
        if asked.answered_at
        else asked.asked_at + timedelta(days=hub.survey.answer_days)
    )
    late = batch.now > open_until
    data: dict[str, Any] = {"rating": given.score, **({"late": True} if late else {})}
    origin = {"source": message.channel, "external_id": message.id, "client_id": message.client_id}
    entry = _quietly(batch, talk, author, parts=message.parts, at=message.at, data=data, **origin)
    batch.to_desks(talk, entry)
    if late:
        return True
    await hub.store.ratings.rate(connection, asked, given.score, given.comment, batch.now)
    batch.redraw(talk)
    if asked.answered_at is None and "form" not in batch.capabilities[talk.channel].parts:
        thanks = (Text(text=hub.survey.thanks_for(talk.locale)),)
        batch.to_customer(talk, _quietly(batch, talk, BOT, parts=thanks, data={"survey": True}))
    return True


async def _asked(
    hub: Hub, connection: AsyncConnection, batch: Batch, who: Who, message: Message, found: Rated | None
) -> Asked | None:
    """The question that a message answers, if it was put to this customer. A lone number answers lines that were numbered,
    because the channel has no buttons, as long as nothing else was begun since."""
    if found is not None:
        asked = await hub.store.ratings.asked(connection, found.conversation)
        return asked if asked and asked.identity_id == who.id else None
    if who.new or who.id in batch.open or "choices" in batch.capabilities[who.channel].parts or not number(message.parts):
        return None
    asked = await hub.store.ratings.latest(connection, who.id)
    return asked if asked and not asked.score and asked.asked_at + timedelta(days=hub.survey.answer_days) > batch.now else None


def _quietly(batch: Batch, talk: Talk, author: Author, **entry: Any) -> dict[str, Any]:
    """An entry after the end: the list goes on showing what the matter was about."""
    shown = talk.preview, talk.preview_by
    made = batch.append(talk, "message", author, **entry)
    talk.preview, talk.preview_by = shown
    return made
