"""The web process: `python -m widget`. It listens on a socket that it is handed, or on host and port of the settings."""

from __future__ import annotations

from config import lean  # isort: skip  # first: it decides what structlog may import

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator

import structlog
import uvicorn
import uvloop

from config.assemble import open_hub
from config.load import Installation, load
from config.settings import HubSettings
from hub.errors import Busy, ConfigError
from widget.app import create_app
from widget.wire import Socket, Wire

log = structlog.get_logger()
STALLED_MS = 30_000
"""A reader that takes nothing for so long is dropped by the kernel: nothing above it can (tcp(7), TCP_USER_TIMEOUT)."""
GRACE_S = 15


def listener(settings: HubSettings) -> socket.socket:
    """The socket to accept on: the one whose number is in FRONTDESK_SOCKET, else a new one that others may share."""
    handed = os.environ.get("FRONTDESK_SOCKET")
    if handed:
        return socket.socket(fileno=int(handed))
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    line = socket.socket(family)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    line.bind((settings.host, settings.port))
    return line


class Server(uvicorn.Server):
    """uvicorn raises the signal again when it has stopped, which would end us before the intake is flushed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.handle_exit, name, None)
        yield


async def serve(installation: Installation) -> None:
    """Run until SIGTERM or SIGINT."""
    settings = installation.hub
    line = listener(settings)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MS)
    async with open_hub(installation, "web") as hub:
        config = uvicorn.Config(
            create_app(hub, settings),
            http=Wire,
            ws=Socket,
            ws_max_size=65_536,
            ws_per_message_deflate=False,
            ws_ping_interval=None,  # pages have a heartbeat of their own; `Socket` asks only those that say nothing
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=75,
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            backlog=2048,
        )
        lean.settle()
        log.info("web.ready", url=settings.own_url, pid=os.getpid())
        await Server(config).serve(sockets=[line])


def main() -> int:
    """Exit code 2 for a configuration that can't be kept to, 3 when the database does not answer, 0 after a clean stop."""
    try:
        uvloop.run(serve(load()))
    except ConfigError as exc:
        print(exc, file=sys.stderr)  # noqa: T201
        return 2
    except Busy as exc:
        print(exc, file=sys.stderr)  # noqa: T201
        return 3
    except OSError as exc:
        print(f"the address can't be used: {exc}", file=sys.stderr)  # noqa: T201
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
