"""A channel with a window and a quota, as tests of the meter set it up, and what became of its calls."""

from __future__ import annotations

from dataclasses import replace

from hub.ports import Window
from hub.store.tables import Conversation, Delivery
from hub.store.windows import Meter
from tests.fakes import TEXT_ONLY
from tests.hub.hubs import Scene, rows

WINDOW = Window(48 * 3600, 3, {"followed": (60, 2), "choice": (60, 2)})
COUNTED = replace(TEXT_ONLY, window=WINDOW)
PACKED = replace(COUNTED, coalesce=5)


async def meter(scene: Scene) -> Meter:
    talk = (await rows(scene.hub.store, Conversation))[0]
    found = await scene.hub.store.windows.of(talk["id"])
    assert found is not None
    return found


async def states(scene: Scene) -> list[str]:
    return [row["state"] for row in await rows(scene.hub.store, Delivery, target="phone")]
