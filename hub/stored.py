"""Files that the store holds, as connectors and desks reach them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hub.model import FileId


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that the store holds."""

    id: FileId
    name: str
    mime: str
    size: int
    content: bytes


class Files(Protocol):
    """How connectors and desks reach the content of `Media.file`."""

    async def read(self, file: FileId) -> StoredFile:
        """The file, fetched from its platform first when need be. `Undeliverable` when gone, `Temporary` when not yet there."""
        ...

    def link(self, file: FileId) -> str:
        """A signed, expiring, public address for people."""
        ...
