"""Whose counting an id from a platform belongs to.

A channel's first account – the bot that it had when this was first looked at – keeps the ids that it has always had in the inbox.
Those of an account that takes the channel over later begin with that account, because it counts from one again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from hub.store import tables
from hub.store.database import Database

meta = tables.Meta.__table__  # type: ignore[attr-defined]


class Accounts:
    """The first account of each channel, read once in a process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._first: dict[str, str] = {}

    async def tell_apart(self, rows: Sequence[dict[str, Any]]) -> None:
        """Give inbox rows the keys that are theirs alone; takes `account` out of them."""
        for row in rows:
            if row.get("account") and row["source"] not in self._first:
                self._first[row["source"]] = await self._settled(row["source"], row["account"])
        for row in rows:
            account = row.pop("account", "")
            if account and account != self._first[row["source"]]:
                row["external_id"] = f"{account}:{row['external_id']}"

    async def _settled(self, source: str, account: str) -> str:
        """The first account of a channel: this one where there was none."""
        name = f"account:{source}"
        known = select(meta.c.value).where(meta.c.name == name)
        async with self._db.read() as connection:
            found = (await connection.execute(known)).scalar()
        if found is None:
            try:
                async with self._db.write() as connection:
                    await connection.execute(insert(meta), [{"name": name, "value": account}])
                return account
            except IntegrityError:  # another process was quicker
                async with self._db.read() as connection:
                    found = (await connection.execute(known)).scalar_one()
        return str(found)
