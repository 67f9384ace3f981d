"""What is broken at channels and desks, and who was told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, delete, insert, not_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.people import Trouble
from hub.store import agent_tables, tables
from hub.store.database import Database, now_ms

agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
call = tables.Delivery.__table__  # type: ignore[attr-defined]
trouble = agent_tables.Trouble.__table__  # type: ignore[attr-defined]
HEARD = "heard."
"""How kinds begin that a platform tells by itself; they are over when they were not told for `LATELY`."""
REFUSED = "refused."
"""How kinds begin for which calls were refused."""
LATELY = timedelta(minutes=10)
CALLS_LIVE = timedelta(days=2)
_COLUMNS = (trouble.c.kind, trouble.c.said, trouble.c.mend)


def _taken(channel: str, since: datetime) -> Select[Any]:
    """A call to customers that was taken since then, of those that are young enough to be alive: ids begin with their time."""
    oldest = f"{int((since - CALLS_LIVE).timestamp() * 1000):012x}"
    own = and_(call.c.target == channel, call.c.kind == "send", call.c.state == "sent", call.c.done_at > since)
    return select(call.c.id).where(call.c.id > oldest, own, call.c.call_key.not_like("hook:%")).limit(1)


class TroubleStore:
    """Every query about them."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def broke(self, place: str, found: Trouble) -> bool:
        """Note that something is broken, and how to mend it; says whether that is news."""
        facts = {"said": found.said[:191], "mend": found.mend[:191], "at": datetime.now(UTC)}
        here = and_(trouble.c.place == place, trouble.c.kind == found.kind[:64])

        async def work(connection: AsyncConnection) -> bool:
            known = (await connection.execute(select(trouble.c.kind).where(here).with_for_update())).first()
            if known is not None:
                await connection.execute(update(trouble).where(here).values(**facts))
                return False
            await connection.execute(insert(trouble), [{"place": place, "kind": found.kind[:64], "told_ms": 0, **facts}])
            return True

        try:
            return await self.db.transact(work)
        except IntegrityError:
            return False

    async def heard(self, place: str, found: Trouble) -> bool:
        """As `broke`, of what a platform tells by itself."""
        return await self.broke(place, Trouble(f"{HEARD}{found.kind}", found.said, found.mend))

    async def over(self, place: str, kind: str) -> bool:
        """What a platform told by itself has ended; says whether that is news."""
        here = and_(trouble.c.place == place, trouble.c.kind == f"{HEARD}{kind}"[:64])
        async with self.db.write() as connection:
            return bool((await connection.execute(delete(trouble).where(here))).rowcount)

    async def refused(self, channel: str, found: Trouble) -> bool:
        """As `broke`, of what a channel refused a call for; it is over once it takes one (`passed`)."""
        return await self.broke(channel, Trouble(f"{REFUSED}{found.kind}", found.said, found.mend))

    async def works(self, place: str, but: Sequence[str]) -> list[Trouble]:
        """Everything there works again, but for these kinds of trouble and what was heard lately; returns what people know of."""
        fresh = and_(trouble.c.kind.like(f"{HEARD}%"), trouble.c.at > datetime.now(UTC) - LATELY)
        over = and_(trouble.c.place == place, trouble.c.kind.not_in(but), not_(fresh))

        async def work(connection: AsyncConnection) -> list[Trouble]:
            rows = list(await connection.execute(select(*_COLUMNS, trouble.c.told_ms).where(over).with_for_update()))
            if rows:
                await connection.execute(delete(trouble).where(over))
            return [Trouble(*row[:3]) for row in rows if row[3]]

        return await self.db.transact(work)

    async def places(self, among: Sequence[str]) -> list[str]:
        """Of these channels or desks, those where something is broken."""
        wanted = select(trouble.c.place).where(trouble.c.place.in_(among)).distinct()
        async with self.db.read() as connection:
            return sorted((await connection.execute(wanted)).scalars())

    async def passed(self, channel: str) -> list[Trouble]:
        """Forget what is over because the channel has taken a call since it was last refused so; returns what people know of.
        An answer to a customer's own request proves nothing: it is taken whatever the account may do."""
        rows = and_(trouble.c.place == channel, trouble.c.kind.like(f"{REFUSED}%"))

        async def work(connection: AsyncConnection) -> list[Trouble]:
            found = list(
                await connection.execute(select(*_COLUMNS, trouble.c.told_ms, trouble.c.at).where(rows).with_for_update())
            )
            over = [row for row in found if (await connection.execute(_taken(channel, row.at))).first() is not None]
            if over:
                await connection.execute(delete(trouble).where(rows, trouble.c.kind.in_([row.kind for row in over])))
            return [Trouble(*row[:3]) for row in over if row.told_ms]

        return await self.db.transact(work)

    async def untold(self, place: str) -> list[Trouble]:
        """What nobody was told of yet; whoever asks tells them, and nobody else gets the same."""
        own = and_(trouble.c.place == place, trouble.c.told_ms == 0)

        async def work(connection: AsyncConnection) -> list[Trouble]:
            rows = list(await connection.execute(select(*_COLUMNS).where(own).order_by(trouble.c.kind).with_for_update()))
            if rows:
                await connection.execute(update(trouble).where(own).values(told_ms=now_ms()))
            return [Trouble(*tuple(row)) for row in rows]

        return await self.db.transact(work)

    async def not_told(self, place: str, kinds: Sequence[str]) -> None:
        """Nobody could be reached: it is to be told later."""
        here = and_(trouble.c.place == place, trouble.c.kind.in_(kinds))
        async with self.db.write() as connection:
            await connection.execute(update(trouble).where(here).values(told_ms=0))

    async def all(self) -> list[tuple[str, str, str]]:
        """(channel or desk, what broke, how to mend it)."""
        async with self.db.read() as connection:
            wanted = select(trouble.c.place, trouble.c.said, trouble.c.mend).order_by(trouble.c.place, trouble.c.kind)
            return [(row[0], row[1], row[2]) for row in await connection.execute(wanted)]

    async def with_roles(self, roles: Sequence[str], most: int) -> list[str]:
        """Agents with one of these roles."""
        held = and_(agent.c.disabled.is_(False), agent.c.role.in_(roles))
        async with self.db.read() as connection:
            return list((await connection.execute(select(agent.c.id).where(held).order_by(agent.c.id).limit(most))).scalars())
