"""The connections below the pages: limits for a request's head, sockets that answer heartbeats and end the silent."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from starlette.websockets import WebSocket
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from widget.frames import HEARTBEAT_S

HEAD_BYTES = 65_536
HEAD_S = 10.0
LOOK_S = 5.0
"""How often a connection is looked at: whoever is slow is ended within HEAD_S + LOOK_S."""
ASK_S = HEARTBEAT_S + 5.0
"""Who said nothing for so long is asked, by a ping that browsers answer below the page: they let the clocks of pages in the
background tick once a minute."""
ANSWER_S = 10.0
CALM_S = 1.0
SILENT = 4008
PING, PONG = b'{"t":"ping"}', b'{"t":"pong"}'


class Wire(HttpToolsProtocol):
    """uvicorn has no limit for a request's line and header: here they end after so many bytes, and after so many seconds."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._in_head, self._head, self._since = True, 0, self.loop.time()
        self.loop.call_later(LOOK_S, self._look)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self._in_head:
            self._in_head, self._head, self._since = True, 0, self.loop.time()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self._end("The request's header is too large.")

    def _look(self) -> None:
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self._in_head and self.loop.time() - self._since > HEAD_S:
            self._end("The request's header took too long.")
        else:
            self.loop.call_later(LOOK_S, self._look)

    def _end(self, why: str) -> None:
        """An answer that is under way is not cut in two."""
        if self.cycle is None or self.cycle.response_complete:
            self.send_400_response(why)
        else:
            self.transport.close()


class Pulse:
    """A connection's sign of life, for the application above it."""

    __slots__ = ("answered", "heard")

    def __init__(self, now: float) -> None:
        self.heard = now
        """When something came from the other side, by the loop's clock."""
        self.answered = False
        """Whether heartbeats are answered here; the application hears nothing of them."""


class Socket(WebSocketsSansIOProtocol):
    """Ten thousand quiet sockets are nearly all heartbeats: one that is answered here costs a third of one that wakes its task.
    A dead one is found within HEARTBEAT_S + 15 seconds."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._asked, self._answered = False, 0.0
        self.pulse = Pulse(self.loop.time())
        self._clock = self.loop.call_later(ASK_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._clock.cancel()  # it would keep all that a connection was for as long as it runs
        super().connection_lost(exc)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast(dict[str, Any], self.scope["extensions"])["pulse"] = self.pulse

    def data_received(self, data: bytes) -> None:
        self.pulse.heard = self.loop.time()
        super().data_received(data)

    def handle_text(self, event: Frame) -> None:
        """A heartbeat is answered at once; those of somebody who sends many, or reads nothing, are the application's to count."""
        pulse = self.pulse
        calm = pulse.answered and pulse.heard - self._answered > CALM_S and self.writable.is_set()
        if calm and event.data == PING and event.fin and not self.close_sent:
            self._answered = pulse.heard
            self.conn.send_text(PONG)
            self.transport.write(b"".join(self.conn.data_to_send()))
        else:
            super().handle_text(event)

    def _look(self) -> None:
        """Ask who is silent; end who does not answer."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return
        silent = self.loop.time() - self.pulse.heard
        if silent < ASK_S or self.read_paused:  # what nobody has read yet may be a sign of life
            self._asked = False
            self._clock = self.loop.call_later(LOOK_S if self.read_paused else ASK_S - silent + 0.05, self._look)
        elif not self._asked and self.handshake_complete:
            self._asked = True
            self.conn.send_ping(b"")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self._clock = self.loop.call_later(ANSWER_S, self._look)
        else:
            self.conn.fail(SILENT, "silent")
            self.queue.put_nowait({"type": "websocket.disconnect", "code": SILENT})
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.transport.close()


def pulse_of(socket: WebSocket) -> Pulse:
    """A socket's sign of life; in a server that has none, one that is always fresh."""
    found = socket.scope["extensions"].get("pulse") if "extensions" in socket.scope else None
    return found if isinstance(found, Pulse) else Pulse(float("inf"))
