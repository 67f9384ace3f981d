"""Use-case: a file that a channel does not take as it is leaves as one that it takes, and agents read what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from hub.capabilities import Capabilities, Shape
from hub.files import FileStore
from hub.model import Media, Part, Text
from hub.store.filing import FileRow
from hub.wording import say

PATIENCE_S = 6.0
"""For one conversion: the call that it is for must begin and end within its lease."""
WORDS = {
    "image/jpeg": "a JPEG picture",
    "audio/mpeg": "an MP3",
    "audio/amr": "an AMR voice note",
    "audio/ogg": "an Ogg voice note",
}


def links_told(names: Sequence[str]) -> str:
    """What agents read of files that no call of this channel can carry."""
    return "; ".join(f"{name or 'the file'} left as a link: this channel takes no such file" for name in names)


async def shaped(files: FileStore, parts: Sequence[Part], can: Capabilities, locale: str) -> tuple[tuple[Part, ...], str]:
    """The parts of one call with every file as the channel takes it, and what agents read of that. Raises as `Files.read`."""
    made, told = [], []
    for part in parts:
        shape = can.shapes.get(part.kind) if isinstance(part, Media) and part.file else None
        if isinstance(part, Media) and part.file and shape:
            changed, words = await _as_taken(files, part, await files.fetch(part.file), shape, can, locale)
            made.append(changed)
            told += [words] if words else []
        else:
            made.append(part)
    return tuple(made), "; ".join(told)


async def _as_taken(
    files: FileStore, part: Media, row: FileRow, shape: Shape, can: Capabilities, locale: str
) -> tuple[Part, str]:
    """One file: as it is, made into another one, as a plain file, or as a link."""
    if row.mime.split(";")[0].strip().lower() in shape.mimes and 0 < row.size <= shape.size:
        return part, ""
    name = row.name or part.kind
    if found := await files.derived(row, shape, PATIENCE_S):
        update = {"file": found.id, "name": found.name, "mime": found.mime, "size": found.size}
        return part.model_copy(update=update), f"{name} left as {WORDS[found.mime]}"
    if "file" in can.media and row.size <= can.media_limit:
        return part.model_copy(update={"kind": "file"}), f"{name} left as a file: this channel can't show it"
    whole = part.model_copy(update={"name": row.name, "size": row.size})
    return Text(text=say(whole, locale, files.link)), f"{name} left as a link: this channel takes no such file"
