"""A reference client of the customer protocol, as an app would have it: what docs/app.md shows, run by the tests."""

from __future__ import annotations

import asyncio
import hashlib
import random
import uuid
from collections.abc import Callable
from typing import Any

import httpx


class ChatClient:
    """One customer on one device. Keep `cursor`, `epoch` and `outbox` on the device; everything else comes back by itself."""

    def __init__(self, hub: str, channel: str, identity: Callable[[], str]) -> None:
        self.http = httpx.AsyncClient(base_url=f"{hub}/chat/{channel}", timeout=40)
        self.identity = identity
        """Asks the app's own backend for a fresh JWT."""
        self.token, self.epoch, self.cursor = "", "", 0
        self.outbox: dict[str, dict[str, Any]] = {}
        self.log: dict[int, dict[str, Any]] = {}

    async def sign_in(self) -> None:
        """A token for the customer whom the identity names."""
        answer = await self.http.post("/session", json={"identity": self.identity()})
        answer.raise_for_status()
        self.token = answer.json()["token"]
        self.http.headers["authorization"] = f"Bearer {self.token}"

    def say(self, text: str, files: tuple[str, ...] = ()) -> str:
        """Put a message in the outbox. Its id is made once and used at every try."""
        own = str(uuid.uuid4())
        self.outbox[own] = {"t": "send", "id": own, "d": {"text": text, "files": list(files)}}
        return own

    async def step(self, wait: int = 25) -> None:
        """Send what waits, and take what is new; for ever in a loop."""
        up = list(self.outbox.values())[:50]
        body = {"tok": self.token, "epoch": self.epoch, "since": self.cursor, "up": up, "wait": wait}
        answer = await self.http.post("/poll", json=body)
        if answer.status_code == 401:
            return await self.sign_in()
        answer.raise_for_status()
        for frame in answer.json()["down"]:
            self.take(frame)
        return None

    def take(self, frame: dict[str, Any]) -> None:
        """One frame of the hub, by the rules of docs/protocol.md."""
        match frame["t"]:
            case "welcome":
                self.epoch = frame["epoch"]
                if not frame["resumed"]:
                    self.log.clear()
                self.cursor = frame["from"] - 1
            case "ev" if frame["s"] == self.cursor + 1:
                self.cursor, self.log[frame["s"]] = frame["s"], frame
                self.outbox.pop(frame.get("id", ""), None)
            case "ok":
                self.outbox.pop(frame["id"], None)
            case "no" if not frame["retry"]:
                self.outbox.pop(frame.get("id", ""), None)

    async def run(self) -> None:
        """Until cancelled."""
        failures = 0
        while True:
            try:
                await self.step()
                failures = 0
            except httpx.HTTPError:
                failures += 1
                await asyncio.sleep(0.3 + random.random() * min(30, 0.5 * 2**failures))

    async def read(self) -> None:
        """Everything that is here was read."""
        body = {"tok": self.token, "epoch": self.epoch, "since": self.cursor, "up": [{"t": "read", "s": self.cursor}]}
        (await self.http.post("/poll", json=body)).raise_for_status()

    async def unread(self) -> int:
        """For the badge."""
        return int((await self.http.get("/unread")).json()["unread"])

    async def older(self, before: int) -> list[dict[str, Any]]:
        """Entries before a place, oldest first."""
        items: list[dict[str, Any]] = (await self.http.get("/history", params={"before": before})).json()["items"]
        return items

    async def upload(self, name: str, content: bytes, mime: str) -> str:
        """A file's id for `say`. The key makes a second try harmless."""
        head = {"idempotency-key": hashlib.sha256(name.encode() + b"\0" + content).hexdigest()}
        answer = await self.http.post("/files", files={"file": (name, content, mime)}, headers=head)
        answer.raise_for_status()
        return str(answer.json()["id"])

    async def tell_device(self, kind: str, token: str) -> str:
        """This device wants push; the id is for `forget_device` on logging out."""
        answer = await self.http.post("/devices", json={"kind": kind, "token": token})
        answer.raise_for_status()
        return str(answer.json()["id"])

    async def forget_device(self, device: str) -> None:
        """No push any more."""
        (await self.http.delete(f"/devices/{device}")).raise_for_status()

    async def aclose(self) -> None:
        """Close what is open."""
        await self.http.aclose()
