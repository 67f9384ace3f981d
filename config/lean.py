"""Imported first by processes that live long: keeps out what others would import for nothing, gives back what starting took.

structlog imports rich for tracebacks in colour, which a log in JSON never has: with it come pygments and attrs, 5 MiB a process.
"""

from __future__ import annotations

import ctypes
import gc
import sys

sys.modules.setdefault("rich", None)  # type: ignore[arg-type]


def settle() -> None:
    """Give memory that only starting needed back to the system, and leave what lives for ever out of later collections."""
    gc.collect()
    gc.freeze()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).malloc_trim(0)
