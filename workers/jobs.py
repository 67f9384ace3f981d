"""The jobs, each a few lines around a use-case. They hold no state: what they do not finish, the sweep finds again."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

import structlog
from arq.worker import func

from hub import feeds, fetching, inbound, interpreting, proving, sweep, tasks
from hub.errors import ConfigError
from hub.notify import send_due
from hub.outbound import Outbound
from hub.pages import Pages
from hub.pushing import push_due
from hub.runtime import Hub

log = structlog.get_logger()
Job = TypeVar("Job", bound=Callable[..., Coroutine[Any, Any, None]])
TIMEOUT = 20
"""Seconds; short, because arq keeps a killed worker's job ids blocked for this and ten more."""


def _hub(ctx: dict[str, Any]) -> Hub:
    hub: Hub = ctx["hub"]
    return hub


async def run_inbound(ctx: dict[str, Any], lane: int) -> None:
    """What waits in a lane's inbox becomes entries."""
    ctx["lane"] = ("inbound", lane)
    await inbound.drain(_hub(ctx), lane)


async def run_feed(ctx: dict[str, Any], channel: str, name: str) -> None:
    """What a hook has announced is read from its platform."""
    ctx["feed"] = (channel, name)
    await feeds.read(_hub(ctx), channel, name)


async def run_deliver(ctx: dict[str, Any], lane: int) -> None:
    """The calls that are due in a lane are made."""
    outbound: Outbound = ctx["outbound"]
    ctx["lane"] = ("deliver", lane)
    await outbound.run(lane)


async def run_notify(ctx: dict[str, Any]) -> None:
    """Notices that are due are sent."""
    await send_due(_hub(ctx))


async def run_pages(ctx: dict[str, Any]) -> None:
    """Pages of people at desks are drawn anew."""
    pages: Pages = ctx["pages"]
    await pages.run()


async def run_push(ctx: dict[str, Any]) -> None:
    """Customers' devices are told of answers."""
    await push_due(_hub(ctx))


async def run_translate(ctx: dict[str, Any]) -> None:
    """What customers and agents said is translated."""
    ctx["translate"] = True
    await interpreting.run(_hub(ctx))


async def run_track(ctx: dict[str, Any]) -> None:
    """A tracker is asked for tasks."""
    await tasks.run(_hub(ctx))


async def run_fetch(ctx: dict[str, Any], file: str) -> None:
    """A file that a message names is copied from its platform."""
    await fetching.fetch(_hub(ctx), file)


async def run_prove(ctx: dict[str, Any]) -> None:
    """Platforms are asked who customers are."""
    await proving.run(_hub(ctx))


async def run_sweep(ctx: dict[str, Any]) -> None:
    """Whatever was forgotten is found again."""
    await sweep.run(_hub(ctx))


async def look_again(ctx: dict[str, Any]) -> None:
    """Runs once a job's id is free: a hint that came while the job ran was refused (arq 0.28, connections.py, `enqueue_job`)."""
    hub = _hub(ctx)
    name, lane = ctx.get("lane", ("", 0))
    if name == "inbound" and await hub.store.inbox.lane_waits(lane):
        hub.jobs.hint_inbound([lane])
    elif name == "deliver" and await hub.store.deliveries.lane_waits(lane):
        hub.jobs.hint_deliver([lane])
    elif (feed := ctx.get("feed")) and feed in await hub.store.feeds.waiting():
        hub.jobs.hint_feeds([feed])
    elif ctx.get("translate") and await hub.store.translations.waits():
        await hub.jobs.translate(again=True)


def kept(work: Job) -> Job:
    """A job that finds that the promises can't be kept here ends the process, as a hook does: the next one looks anew."""

    @functools.wraps(work)
    async def run(ctx: dict[str, Any], *arguments: Any) -> None:
        try:
            await work(ctx, *arguments)
        except ConfigError as exc:
            log.critical("worker.stopped", error=str(exc))
            signal.raise_signal(signal.SIGTERM)

    return cast(Job, run)


FUNCTIONS = {
    "in": [func(kept(run_inbound), name="inbound", keep_result=0, timeout=TIMEOUT)],
    "out": [func(kept(run_deliver), name="deliver", keep_result=0, timeout=TIMEOUT)],
    "slow": [
        func(kept(run_notify), name="notify", keep_result=0, timeout=60),
        func(kept(run_push), name="push", keep_result=0, timeout=60),
        func(kept(run_pages), name="pages", keep_result=0, timeout=60),
        func(kept(run_translate), name="translate", keep_result=0, timeout=60),
        func(kept(run_track), name="track", keep_result=0, timeout=100),
        func(kept(run_prove), name="prove", keep_result=0, timeout=60),
        func(kept(run_fetch), name="fetch", keep_result=0, timeout=60),
        func(kept(run_feed), name="feed", keep_result=0, timeout=60),
    ],
}
"""Which queue carries which job. Names are fixed here: arq's default, the function's own name, loses jobs over a rename."""
