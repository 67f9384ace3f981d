"""Voice notes that no browser plays (AMR, Speex) become MP3, and agents' recordings what a channel plays.

The decoder is native code and what it reads comes from strangers: it runs in a process of its own, with an end to its time and
its memory, and with none of our secrets around it. Of what can't be decoded the original stays as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sys
from pathlib import Path

MP3 = "audio/mpeg"
MOST = 10_000_000
"""Bytes of a voice note that is decoded; a minute of AMR has 96 000 at most."""
SECONDS = 600
"""Longest voice note that is decoded."""
PATIENCE_S = 30.0
MEMORY = 1 << 30
"""Bytes of address space for the decoder: its libraries alone take 300 MB of it, though few of memory."""
CODECS: dict[str, tuple[str, str, str, int, int, int | None]] = {
    MP3: ("mp3", "libmp3lame", "s16p", 16_000, 32_000, None),
    "audio/amr": ("amr", "libopencore_amrnb", "s16", 8_000, 12_200, 160),
    "audio/ogg": ("ogg", "libopus", "s16", 48_000, 24_000, 960),
}
"""Container, codec, form of samples, samples a second, bits a second and samples in a frame. 16 000 a second is more than is in
AMR, and a rate that every player knows (MPEG-2 layer III)."""
STARTS = {
    b"OggS": "ogg", b"\x1aE\xdf\xa3": "matroska", b"RIFF": "wav", b"ID3": "mp3", b"\xff\xfb": "mp3", b"\xff\xf3": "mp3",
    b"\xff\xf1": "aac", b"fLaC": "flac", b"caff": "caf", b"#!AMR": "amr",
}  # fmt: skip


def voice(head: bytes) -> str:
    """The container of a voice note that must be made playable, by its first bytes; empty for everything else."""
    if head.startswith(b"#!AMR"):
        return "amr"
    return "ogg" if head.startswith(b"OggS") and b"Speex   " in head[:64] else ""


def container_of(head: bytes) -> str:
    """The container of a recording by its first bytes, as telephones and browsers make them; empty where it is unknown."""
    if head[4:8] == b"ftyp":
        return "mov"
    return next((name for start, name in STARTS.items() if head.startswith(start)), "")


async def playable(path: Path, container: str) -> bool:
    """Write a voice note as MP3 in its place. False: it can't be decoded, and is what it was."""
    made = path.with_suffix(".mp3")
    try:
        if await recoded(path, container, made, MP3, SECONDS, PATIENCE_S):
            await asyncio.to_thread(made.rename, path)
            return True
        return False
    finally:
        await asyncio.to_thread(made.unlink, missing_ok=True)


async def recoded(source: Path, container: str, target: Path, mime: str, seconds: float, patience_s: float) -> bool:
    """Write a recording of at most so many seconds as another one of `CODECS`. False: it can't be decoded, or is longer."""
    if (await asyncio.to_thread(source.stat)).st_size > MOST:
        return False
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", __file__, container, str(source), str(target), mime, str(seconds),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.defpath},
    )  # fmt: skip
    try:
        async with asyncio.timeout(patience_s):
            return await child.wait() == 0
    except TimeoutError:
        return False
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def convert(container: str, source: str, target: str, mime: str, most_s: str) -> int:
    """Decode one file and write it anew; returns the number of samples. Raises whatever is wrong with it."""
    # Only the process that decodes holds these 25 MiB.
    import av

    form, codec, samples_form, rate, bits, frame = CODECS[mime]
    samples = 0
    with av.open(source, format=container) as sound, av.open(target, "w", format=form) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono", bit_rate=bits)
        if not isinstance(stream, av.AudioStream):
            raise TypeError(f"{codec} is no sound")
        fitting = av.AudioResampler(format=samples_form, layout="mono", rate=rate, frame_size=frame)
        for decoded in sound.decode(sound.streams.audio[0]):
            for fitted in fitting.resample(decoded):
                samples += fitted.samples
                if samples > float(most_s) * rate:
                    raise ValueError("too long")
                out.mux(stream.encode(fitted))
        for fitted in fitting.resample(None):
            out.mux(stream.encode(fitted))
        out.mux(stream.encode(None))
    return samples


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(PATIENCE_S), int(PATIENCE_S)))
    sys.exit(0 if convert(*sys.argv[1:]) else 1)
