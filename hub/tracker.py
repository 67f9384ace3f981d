"""The port to a tracker of tasks, which an admin has named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Task:
    """What an agent wants done. `id` is the same at every try; `link` leads to the conversation, where the hub has an address."""

    id: str
    title: str
    text: str
    by: str
    conversation: str
    channel: str
    link: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """What the tracker calls the task, and where it is; each empty where it did not say."""

    key: str = ""
    url: str = ""


class Tracker(Protocol):
    """Takes tasks."""

    title: str
    """What agents know it as."""

    async def create(self, task: Task) -> Made:
        """Ask for a task. Raises `Temporary` or `Uncertain` when it may be asked for again, `Undeliverable` with the tracker's
        words."""
        ...

    async def aclose(self) -> None: ...
