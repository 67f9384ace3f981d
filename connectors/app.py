"""The chat inside a mobile app: customers fetch their own log, as on the web, and their devices are told when something waits."""

from __future__ import annotations

from typing import ClassVar

from connectors.app_push import ApnsSender, FcmSender
from connectors.app_settings import AppSettings
from connectors.web import Web
from hub import ports
from hub.errors import Undeliverable
from hub.model import ChannelName
from hub.notices import QuietHours
from hub.ports import Kit
from hub.pushes import Device, PushNote

SAYS = {"en": "You have an answer", "zh": "您有新回复"}


class App(Web):
    """One app."""

    Settings: ClassVar[type[ports.Settings]] = AppSettings

    def __init__(self, name: ChannelName, settings: AppSettings, kit: Kit) -> None:
        super().__init__(name, settings, kit)
        self._settings = settings
        push = settings.push
        self._senders: dict[str, FcmSender | ApnsSender] = {}
        if push is not None and push.fcm is not None:
            self._senders["fcm"] = FcmSender(push.fcm, push.timeout, kit.now)
        if push is not None and push.apns is not None:
            self._senders["apns"] = ApnsSender(push.apns, push.timeout, kit.now)
        self.pushes = frozenset(self._senders)
        self.push_after: float = push.after if push else 0.0
        self.push_quiet: QuietHours | None = push.quiet_hours if push else None

    async def push(self, device: Device, note: PushNote) -> None:
        """As `pushes.SupportsPush`. Notices about one chat replace each other on the device."""
        sender = self._senders.get(device.kind)
        if sender is None:
            raise Undeliverable("this app has no such push any more", unreachable=True)
        short = device.locale.split("-")[0].lower()
        title = self._settings.title.get(short) or next(iter(self._settings.title.values()), "")
        shown = self._settings.push is not None and self._settings.push.preview and note.text
        text = note.text if shown else SAYS.get(short, SAYS["en"])
        facts = {"channel": str(self.name), "conversation": str(note.conversation), "s": str(note.place)}
        await sender.send(device.token, title, text, note.unread, f"chat-{self.name}"[:64], facts | {"unread": str(note.unread)})

    async def aclose(self) -> None:
        """Close what is open."""
        for sender in self._senders.values():
            await sender.aclose()
