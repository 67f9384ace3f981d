"""Files: kept on disk by content, fetched from platforms before their links expire, handed out by signed links."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
import re
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import puremagic
import structlog

from hub.capabilities import Shape
from hub.errors import Busy, Temporary, Undeliverable
from hub.model import FileId, new_id
from hub.pictures import FORMATS, UNSHOWN, cleaned, fitted, from_heif, is_heif
from hub.ports import StoredFile, SupportsMedia
from hub.store.filing import FileRow, FileRows
from hub.voices import CODECS, MP3, SECONDS, container_of, playable, recoded, voice

log = structlog.get_logger()
MOST = 50_000_000
"""Bytes of the biggest file that is kept."""
TRIES = 12
LONGEST_PAUSE_MS = 3_600_000
"""Between two tries; all of them together last about seven hours."""
FETCH_S = 50.0
"""For one try; less than what the job has, so that it ends in a count and not in the air."""
ENDINGS = {"image/jpeg": "jpg", "audio/mpeg": "mp3", "audio/amr": "amr", "audio/ogg": "ogg"}
LINK_S = 900
"""Seconds for which a link is good."""


class FileStore:
    """`ports.Files` on a folder. `sources` are the channels and desks, by name, that files may still lie with."""

    def __init__(self, folder: Path, rows: FileRows, sources: Mapping[str, object], secret: bytes, public_url: str) -> None:
        self._folder = folder
        self._rows = rows
        self._sources = sources
        self._secret = secret
        self._public_url = public_url
        self._decoding = asyncio.Semaphore(1)
        """One picture or voice note at a time: decoded, it takes many times the room of its file."""

    def path(self, file: FileId | str) -> Path:
        """Where a file's content lies: under a name that we made, never the sender's."""
        return self._folder / file[-2:] / file

    async def save(
        self, pieces: AsyncIterator[bytes], *, name: str, mime: str, owner: str, most: int = MOST, file: str = ""
    ) -> FileRow:
        """Keep a new file, under this id where one is given. Raises `Undeliverable` when it is bigger than `most` bytes."""
        file = file or new_id()
        came = hashlib.sha256()
        size, digest, kind = await self._write(file, _weighed(pieces, came), mime, most)
        row = FileRow(file, "", came.hexdigest(), owner, "stored", _name(name, kind)[:191], kind[:191], size, digest, 0, "")
        await self._rows.add(row, datetime.now(UTC))
        return row

    async def read(self, file: FileId) -> StoredFile:
        """As `ports.Files.read`."""
        row = await self._rows.get(file)
        if row is None or row.state == "lost":
            raise Undeliverable(f"the file is gone{': ' + row.error if row and row.error else ''}")
        if row.state == "remote":
            row = await self.fetch(file)
        content = await asyncio.to_thread(self.path(file).read_bytes)
        return StoredFile(file, row.name, row.mime, row.size, content)

    async def fetch(self, file: FileId | str) -> FileRow:
        """Copy a file from its platform, unless that is done. Raises `Temporary` or `Undeliverable`."""
        row = await self._rows.get(file)
        if row is None:
            raise Undeliverable("there is no such file")
        if row.state != "remote":
            return row
        source = self._sources.get(row.source)
        try:
            if not isinstance(source, SupportsMedia):
                raise Undeliverable(f"{row.source} cannot hand out files")
            async with asyncio.timeout(FETCH_S):
                size, digest, kind = await self._write(row.id, source.fetch(row.remote), row.mime, MOST)
        except Undeliverable as exc:
            await self._rows.change(row.id, state="lost", error=exc.reason[:500])
            raise
        except Exception as exc:
            over = row.tries + 1 >= TRIES
            why = str(exc)[:500] or type(exc).__name__
            log.warning("files.fetch_failed", file=row.id, source=row.source, tries=row.tries + 1, error=type(exc).__name__)
            wait = min(2000 * 4**row.tries, LONGEST_PAUSE_MS)
            await self._rows.change(row.id, state="lost" if over else "remote", tries=row.tries + 1, error=why, wait_ms=wait)
            if over:
                raise Undeliverable(f"{TRIES} tries: {why}") from exc
            raise Temporary("the file could not be copied yet", retry_after=wait / 1000) from exc
        name = _name(row.name, kind)[:191]
        await self._rows.change(row.id, state="stored", size=size, sha256=digest, mime=kind[:191], name=name, error="")
        return await self._rows.get(file) or row

    async def _write(self, file: str, pieces: AsyncIterator[bytes], mime: str, most: int) -> tuple[int, str, str]:
        """Write, flush and name a file; returns its size, SHA-256 and real type."""
        path = self.path(file)
        partial = path.with_suffix(f".{new_id()[-6:]}")
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        size, head = 0, b""
        handle = await asyncio.to_thread(partial.open, "wb")
        try:
            async for piece in pieces:
                size += len(piece)
                if size > most:
                    raise Undeliverable(f"the file is bigger than {most // 1_000_000} MB")
                head = head or piece[:4096]
                await asyncio.to_thread(handle.write, piece)
            await asyncio.to_thread(handle.close)
            kind = _kind(head, mime)
            if kind in FORMATS:
                async with self._decoding:
                    kind = await asyncio.to_thread(cleaned, partial, kind)
            elif is_heif(head):
                async with self._decoding:
                    kind = await asyncio.to_thread(from_heif, partial)
            elif container := voice(head):
                async with self._decoding:
                    kind = MP3 if await playable(partial, container) else kind
            size, digest = await asyncio.to_thread(_settled, partial)
            await asyncio.to_thread(partial.rename, path)
        finally:
            await asyncio.to_thread(handle.close)
            await asyncio.to_thread(partial.unlink, missing_ok=True)
        return size, digest, kind

    async def derived(self, row: FileRow, shape: Shape, patience_s: float) -> FileRow | None:
        """The same picture or sound as a file of this shape, made once; None where that is not possible."""
        own = hashlib.sha256(f"{row.id}\0{shape}".encode()).hexdigest()[:32]
        if known := await self._rows.get(own):
            return known
        path, mime = self.path(own), shape.mimes[0]
        partial = path.with_suffix(f".{new_id()[-6:]}")
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        try:
            async with asyncio.timeout(patience_s), self._decoding:
                if not await _made(self.path(row.id), partial, shape, patience_s):
                    return None
            size, digest = await asyncio.to_thread(_settled, partial)
            if not 0 < size <= shape.size:
                return None
            await asyncio.to_thread(partial.rename, path)
        except TimeoutError:
            return None
        finally:
            await asyncio.to_thread(partial.unlink, missing_ok=True)
        name = f"{Path(row.name).stem or 'file'}.{ENDINGS.get(mime, 'bin')}"[:191]
        made = FileRow(own, "", "", row.owner, "stored", name, mime, size, digest, 0, "")
        with contextlib.suppress(Busy):
            await self._rows.add(made, datetime.now(UTC))
        return made

    def link(self, file: FileId | str, seconds: int = LINK_S) -> str:
        """As `ports.Files.link`."""
        until = int(time.time()) + seconds
        return f"{self._public_url}/files/{file}?exp={until}&sig={self._sign(str(file), until)}"

    def allowed(self, file: str, until: str, signature: str) -> bool:
        """Whether a link is ours and still good."""
        if not re.fullmatch(r"[0-9]{1,12}", until) or int(until) < time.time():
            return False
        return hmac.compare_digest(self._sign(file, int(until)).encode(), signature.encode())

    def _sign(self, file: str, until: int) -> str:
        return hmac.new(self._secret, f"file\0{file}\0{until}".encode(), hashlib.sha256).hexdigest()[:40]


async def _made(source: Path, target: Path, shape: Shape, patience_s: float) -> bool:
    """Write what a file holds as what a shape wants, if that is a picture or a sound."""
    mime = shape.mimes[0]
    if mime == "image/jpeg":
        return await asyncio.to_thread(fitted, source, target, shape.size)
    head = await asyncio.to_thread(_head, source)
    container = container_of(head) if mime in CODECS else ""
    return bool(container) and await recoded(source, container, target, mime, shape.seconds or SECONDS, patience_s)


def _head(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(64)


async def _weighed(pieces: AsyncIterator[bytes], came: hashlib._Hash) -> AsyncIterator[bytes]:
    """What comes, as it is, and in the digest: pictures and voice notes are kept as other bytes."""
    async for piece in pieces:
        came.update(piece)
        yield piece


def _settled(path: Path) -> tuple[int, str]:
    """Flush a file to the disk; its size and its SHA-256."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
        digest = hashlib.file_digest(handle, "sha256")
        return handle.tell(), digest.hexdigest()


def _kind(head: bytes, claimed: str) -> str:
    """The type that the content shows; the claimed one where the content shows none. A picture shows it."""
    try:
        shown = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        shown = ""
    if shown in ("video/webm", "video/mp4") and claimed == f"audio/{shown[6:]}":
        return claimed  # these containers hold sound alone just as well, and their first bytes do not say which
    return shown or (claimed if claimed and not claimed.startswith("image/") else UNSHOWN)


def _name(name: str, kind: str) -> str:
    """A file's name, with the ending of what a voice note or a telephone's photograph was made into."""
    if kind == "image/jpeg" and name.lower().endswith((".heic", ".heif")):
        return f"{Path(name).stem or 'photo'}.jpg"
    return name if kind != MP3 or name.lower().endswith(".mp3") else f"{Path(name).stem or 'voice'}.mp3"
