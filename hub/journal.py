"""The log: one JSON object a line, without secrets and with personal data masked."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import orjson
import structlog

from hub.masking import masked

PLAIN = {"event", "level", "timestamp", "logger"}


def _masked(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {**masked(event), **{key: event[key] for key in PLAIN & event.keys()}}


def _line(event: Any, **_: Any) -> str:
    """orjson refuses halves of surrogate pairs and whole numbers above 64 bits, which strangers can send."""
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:
        return json.dumps(event, default=str)


def set_up(level: str = "info", *, to: TextIO = sys.stdout) -> None:
    """Called once by each process. A command keeps its standard output for what was asked."""
    number = getattr(logging, level.upper())
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _masked,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(to),
        cache_logger_on_first_use=True,
    )
