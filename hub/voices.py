"""Voice notes that no browser plays (AMR, Speex) become MP3, which every browser and every desk plays.

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
RATE = 16_000
"""Samples a second of the MP3: more than is in AMR, and a rate that every player knows (MPEG-2 layer III)."""


def voice(head: bytes) -> str:
    """The container of a voice note that must be made playable, by its first bytes; empty for everything else."""
    if head.startswith(b"#!AMR"):
        return "amr"
    return "ogg" if head.startswith(b"OggS") and b"Speex   " in head[:64] else ""


async def playable(path: Path, container: str) -> bool:
    """Write a voice note as MP3 in its place. False: it can't be decoded, and is what it was."""
    if (await asyncio.to_thread(path.stat)).st_size > MOST:
        return False
    made = path.with_suffix(".mp3")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", __file__, container, str(path), str(made),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.defpath},
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_S):
            done = await child.wait() == 0
        if done:
            await asyncio.to_thread(made.rename, path)
        return done
    except TimeoutError:
        return False
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        await asyncio.to_thread(made.unlink, missing_ok=True)


def convert(container: str, source: str, target: str) -> int:
    """Decode one file and write it as MP3; returns the number of samples. Raises whatever is wrong with it."""
    # Only the process that decodes holds these 25 MiB.
    import av

    samples = 0
    with av.open(source, format=container) as sound, av.open(target, "w", format="mp3") as out:
        stream = out.add_stream("libmp3lame", rate=RATE, layout="mono", bit_rate=32_000)
        fitting = av.AudioResampler(format="s16p", layout="mono", rate=RATE)
        for frame in sound.decode(sound.streams.audio[0]):
            for fitted in fitting.resample(frame):
                samples += fitted.samples
                if samples > SECONDS * RATE:
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
