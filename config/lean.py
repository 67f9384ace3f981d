"""Imported first by processes that live long: keeps out what others would import for nothing, gives back what starting took.

structlog imports rich for tracebacks in colour, which a log in JSON never has: with it come pygments and attrs, 5 MiB a process.
httpx has a command, and uvicorn looks at files that change: neither is used here, and both are done without (1.2 MiB).
PyJWT proves signatures by public keys with cryptography, 8 MiB; ours are by secrets, redis only wants its name. Whoever needs
cryptography imports it all the same, and for tokens that public keys prove there is joserfc.
"""

from __future__ import annotations

import ctypes
import gc
import sys

for _name in ("rich", "httpx._main", "watchfiles"):
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]
if "cryptography" not in sys.modules:
    sys.modules["cryptography"] = None  # type: ignore[assignment]
    import jwt  # noqa: F401

    del sys.modules["cryptography"]


def settle() -> None:
    """Give memory that only starting needed back to the system, and leave what lives for ever out of later collections."""
    gc.collect()
    gc.freeze()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).malloc_trim(0)
