"""Requests that wait for a free answer: few wait as long as the channel says, many give up early."""

from __future__ import annotations

import asyncio

from hub.passive import CROWD, CROWDED_WAIT_S, Lookout
from hub.store.store import Store
from tests.conftest import until


async def test_where_the_workers_are_behind_nobody_waits_for_long(store: Store) -> None:
    lookout = Lookout(store)
    many = [asyncio.create_task(lookout.understood("phone", f"x{n}")) for n in range(CROWD + 1)]
    done, late = await asyncio.wait(many, timeout=CROWDED_WAIT_S + 1)
    assert (len(done), late) == (CROWD + 1, set())
    assert {type(one.exception()) for one in done} == {TimeoutError}
    few = [asyncio.create_task(lookout.understood("phone", f"y{n}")) for n in range(CROWD)]
    done, waiting = await asyncio.wait(few, timeout=CROWDED_WAIT_S + 0.4)
    assert (done, len(waiting)) == (set(), CROWD)
    for one in waiting:
        one.cancel()
    await asyncio.wait(few)
    await until(lambda: all(task.get_name() != "lookout" for task in asyncio.all_tasks()))
