"""/healthz, /readyz and /metrics: whether the process lives, whether it may be given work, and what it has counted."""

from __future__ import annotations

import asyncio
import hmac
import os
import time
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest, multiprocess
from prometheus_client import REGISTRY as OWN
from prometheus_client.metrics_core import Metric
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from config.figures import VARIABLE
from config.settings import HubSettings
from hub.runtime import Hub
from widget.answers import Refusal, answer

CHECK_S = 3.0
PING_S = 1.0
LOCAL = ("127.0.0.1", "::1", "localhost")


def health_routes() -> list[BaseRoute]:
    """Three addresses for operations."""
    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


async def healthz(request: Request) -> Response:
    """The process lives; `epoch` names the database it writes to, `run` the start that it belongs to."""
    hub: Hub = request.app.state.hub
    return answer({"ok": True, "epoch": hub.store.epoch, "run": os.environ.get("FRONTDESK_RUN", ""), "pid": os.getpid()})


async def readyz(request: Request) -> Response:
    """The database answers, and the process is not about to end. Without Redis it may be given work all the same: what comes is
    committed, and handled once Redis is back."""
    hub: Hub = request.app.state.hub
    try:
        async with asyncio.timeout(CHECK_S):
            await hub.store.sweeping.clock()
    except Exception as exc:
        raise Refusal(503, "not_ready", f"not ready: {type(exc).__name__}", retry_after=1) from exc
    if request.app.state.feed.draining.is_set():
        raise Refusal(503, "stopping", "this process is about to end", retry_after=1)
    run = os.environ.get("FRONTDESK_RUN", "")
    return answer({"ok": True, "epoch": hub.store.epoch, "run": run, "redis": await hub.live.answers(PING_S)})


def _may_read(request: Request) -> bool:
    settings: HubSettings = request.app.state.settings
    token = settings.metrics.token.get_secret_value() if settings.metrics.token else ""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    address = request.client.host if request.client else ""
    return settings.metrics.public or (address in LOCAL and "x-forwarded-for" not in request.headers)


class EveryMachine(multiprocess.MultiProcessCollector):
    """The figures of all machines that share the data folder; `config.figures` says where each leaves its own."""

    def collect(self) -> Iterable[Metric]:
        files = [str(path) for path in Path(os.environ[VARIABLE]).parent.glob("*/*.db")]
        found: Iterable[Metric] = self.merge(files, accumulate=True)  # type: ignore[no-untyped-call]
        return found


async def metrics(request: Request) -> Response:
    """Counters of all processes, and gauges read from the database at this moment."""
    if not _may_read(request):
        raise Refusal(404, "not_found", "there is nothing here")
    hub: Hub = request.app.state.hub
    gauges = CollectorRegistry()
    waiting, parked, age = await hub.store.inbox.depth()
    Gauge("frontdesk_inbox_waiting", "Inbox rows that wait to be handled", registry=gauges).set(waiting)
    Gauge("frontdesk_inbox_parked", "Inbox rows that nobody could handle", registry=gauges).set(parked)
    Gauge("frontdesk_inbox_age_seconds", "Age of the oldest row that waits", registry=gauges).set(age)
    states = Gauge("frontdesk_deliveries", "Platform calls that are not done, by state", ["target", "state"], registry=gauges)
    for (target, state), count in (await hub.store.deliveries.states()).items():
        states.labels(target, state).set(count)
    feeds = Gauge("frontdesk_feeds_failing", "Feeds that could not be read at the last try", ["channel"], registry=gauges)
    for channel, count in (await hub.store.feeds.failing()).items():
        feeds.labels(channel).set(count)
    Gauge("frontdesk_scraped_at_seconds", "When these gauges were read", registry=gauges).set(time.time())
    counted = CollectorRegistry()
    if os.environ.get(VARIABLE):
        counted.register(EveryMachine(None))  # type: ignore[no-untyped-call]
    else:
        counted = OWN
    return PlainTextResponse(generate_latest(gauges) + generate_latest(counted), media_type=CONTENT_TYPE_LATEST)
