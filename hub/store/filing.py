"""Files' facts: what we hold, what still lies with a platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.errors import Busy
from hub.model import FileId
from hub.store import tables
from hub.store.database import Database, now_ms

file = tables.File.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file; `state` is remote, stored or lost. `remote` is by what its platform hands it out; of an upload, which lies
    nowhere else, the SHA-256 of what came, where that was noted."""

    id: str
    source: str
    remote: str
    owner: str
    state: str
    name: str
    mime: str
    size: int
    sha256: str
    tries: int
    error: str


class FileRows:
    """Every query on files."""

    def __init__(self, db: Database) -> None:
        self.db = db
        columns = [file.c[name] for name in FileRow.__slots__]
        self._one = select(*columns)

    async def get(self, file_id: FileId | str) -> FileRow | None:
        """One file's facts."""
        async with self.db.read() as connection:
            row = (await connection.execute(self._one.where(file.c.id == file_id))).first()
        return FileRow(*tuple(row)) if row else None

    async def add(self, row: FileRow, at: datetime) -> None:
        """A file that is stored already. Raises `Busy` when another request keeps a file of this id at this moment."""
        values: dict[str, Any] = {name: getattr(row, name) for name in FileRow.__slots__}
        try:
            async with self.db.write() as connection:
                await connection.execute(insert(file), [{**values, "due_ms": 0, "at": at}])
        except IntegrityError:
            raise Busy("this file is being kept already") from None

    async def change(self, file_id: str, *, wait_ms: int = 0, **values: Any) -> None:
        """Record that a file was fetched, lost, or must be tried again later."""
        async with self.db.write() as connection:
            await connection.execute(update(file).where(file.c.id == file_id).values(due_ms=now_ms() + wait_ms, **values))

    async def conversation(self, owner: str) -> str | None:
        """The newest conversation of the identity that a file belongs to."""
        whose = select(identity.c.customer_id).where(identity.c.id == owner).scalar_subquery()
        own = and_(conversation.c.customer_id == whose, conversation.c.identity_id == owner)
        wanted = select(conversation.c.id).where(own).order_by(conversation.c.last_s.desc())
        async with self.db.read() as connection:
            return (await connection.execute(wanted.limit(1))).scalar()

    async def waiting(self, most: int = 50) -> list[str]:
        """Files to fetch now."""
        wanted = select(file.c.id).where(file.c.state == "remote", file.c.due_ms <= now_ms()).order_by(file.c.due_ms)
        async with self.db.read() as connection:
            return list((await connection.execute(wanted.limit(most))).scalars())
