"""The worker process: `python -m workers`. Three arq workers share its loop, one for each queue."""

from __future__ import annotations

from config import lean  # isort: skip  # first: it decides what structlog may import

import asyncio
import logging
import os
import signal
import sys

import structlog
import uvloop
from arq.cron import cron

from config.assemble import open_hub
from config.children import ended_lately, own_id
from config.load import Installation, load
from hub import repromising
from hub.errors import Busy, ConfigError
from hub.jobs import QUEUES
from hub.outbound import Outbound
from hub.pages import Pages
from hub.runtime import Hub
from workers.jobs import FUNCTIONS, kept, look_again, run_sweep
from workers.polling import Pollers
from workers.wake import WakeWorker

log = structlog.get_logger()
SWEEP_SECONDS = set(range(0, 60, 3))
STOP_SECONDS = 10.0


def workers_of(hub: Hub, outbound: Outbound) -> list[WakeWorker]:
    """The three arq workers of a process."""
    ctx = {"hub": hub, "outbound": outbound, "pages": Pages(hub)}
    sweep = cron(
        kept(run_sweep), name=f"{hub.jobs.prefix}:sweep", second=SWEEP_SECONDS, run_at_startup=True, keep_result=0, timeout=20
    )
    return [
        WakeWorker(
            hub.jobs.redis,
            hub.jobs.queue(queue),
            FUNCTIONS[queue],
            ctx=dict(ctx),
            after_job_end=kept(look_again),
            cron_jobs=[sweep] if queue == "slow" else [],
            on_wake=outbound.look if queue == "out" else lambda: None,
        )
        for queue in QUEUES
    ]


async def _renew(hub: Hub) -> None:
    """What is due by a target that was changed; what fails is looked at by the next start, and by whatever happens before."""
    try:
        await repromising.renew(hub)
    except Exception as exc:
        log.error("promises.not_renewed", error=repr(exc))


async def work(installation: Installation) -> None:
    """Run until SIGTERM or SIGINT; then finish what was begun."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with open_hub(installation, "worker") as hub:
        outbound = Outbound(hub, own_id())
        await outbound.succeed(ended_lately())
        workers = workers_of(hub, outbound)
        pollers = Pollers(hub)
        running = [asyncio.create_task(worker.main(), name=worker.queue_name) for worker in workers]
        pollers.start()
        renewing = asyncio.create_task(_renew(hub))
        lean.settle()
        log.info("worker.ready", lanes=hub.store.lanes, channels=sorted(hub.connectors), desks=sorted(hub.desks), pid=os.getpid())
        ended = asyncio.create_task(stop.wait())
        await asyncio.wait([ended, *running], return_when=asyncio.FIRST_COMPLETED)
        log.info("worker.stopping")
        outbound.begin_nothing()
        renewing.cancel()
        await pollers.stop()
        await asyncio.gather(outbound.aclose(), *(worker.stop(STOP_SECONDS) for worker in workers))
        for task in running:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise task.exception() or RuntimeError("a worker ended")


def main() -> int:
    """Exit code 2 for a configuration that can't be kept to, 3 when the database does not answer, 0 after a clean stop."""
    logging.getLogger("arq").setLevel(logging.ERROR)
    try:
        uvloop.run(work(load()))
    except ConfigError as exc:
        print(exc, file=sys.stderr)  # noqa: T201
        return 2
    except Busy as exc:
        print(exc, file=sys.stderr)  # noqa: T201
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
