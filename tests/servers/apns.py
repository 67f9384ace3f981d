"""Apple's push service as it is on the wire: HTTP/2 over TLS and nothing else, many requests in one connection.

The answers are those of `tests/servers/push.py`: this is only the transport, with h2 (https://python-hyper.org) behind asyncio.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette

DAY = datetime.timedelta(days=1)


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "apns.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


@dataclass
class Wire:
    """What was seen of connections. `refuse_from`: requests from the so-manieth on are answered with GOAWAY."""

    url: str = ""
    connections: int = 0
    requests: int = 0
    go_away_after: int = 0
    streams: list[int] = field(default_factory=list)


class _Connection(asyncio.Protocol):
    """One TLS connection that speaks HTTP/2 only."""

    def __init__(self, wire: Wire, app: Starlette) -> None:
        self._wire, self._app = wire, app
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self._asked: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
            transport.abort()
            return
        self._wire.connections += 1
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self._flush()
            self._transport.close()
            return
        for event in events:
            if isinstance(event, h2.events.RequestReceived):
                self._asked[event.stream_id] = ({str(k): str(v) for k, v in event.headers}, bytearray())
            elif isinstance(event, h2.events.DataReceived):
                self._asked[event.stream_id][1].extend(event.data)
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                task = asyncio.create_task(self._answer(event.stream_id))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        self._flush()

    async def _answer(self, stream: int) -> None:
        headers, body = self._asked.pop(stream)
        self._wire.requests += 1
        self._wire.streams.append(stream)
        if self._wire.go_away_after and self._wire.requests > self._wire.go_away_after:
            self._wire.go_away_after = 0
            self._h2.close_connection(last_stream_id=0)
            self._flush()
            self._transport.close()
            return
        plain = {name: value for name, value in headers.items() if not name.startswith(":")}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="http://apple") as app:
            found = await app.request(headers[":method"], headers[":path"], content=bytes(body), headers=plain)
        head = [(":status", str(found.status_code)), *((name, value) for name, value in found.headers.items())]
        self._h2.send_headers(stream, head, end_stream=not found.content)
        if found.content:
            self._h2.send_data(stream, found.content, end_stream=True)
        self._flush()

    def _flush(self) -> None:
        self._transport.write(self._h2.data_to_send())


@asynccontextmanager
async def over_http2(app: Starlette, pem: Path) -> AsyncIterator[Wire]:
    """The application behind HTTP/2 and TLS, as Apple's is."""
    wire = Wire()
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(pem)
    secure.set_alpn_protocols(["h2"])
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(wire, app), "127.0.0.1", 0, ssl=secure)
    wire.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        server.close()
