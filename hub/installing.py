"""Use-case: a desk's app comes into a workspace, is replaced there, or is taken away; its token lies sealed in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import structlog

from hub.installs import Grant, Installed, SupportsInstall, Unsealable
from hub.listening import doubt
from hub.model import DeskName
from hub.runtime import Hub
from hub.signin import hash_of, new_secret
from hub.store.agent_facts import About

if TYPE_CHECKING:
    from hub.sealing import Sealer
    from hub.store.store import Store

log = structlog.get_logger()
TICKET, STATE = "install", "connect"
"""Kinds of one-time secrets: the link that begins an installation, and what the platform hands back."""
TICKET_S, STATE_S = 900.0, 600.0


class Installing:
    """The installations of all desks, for one process."""

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    async def all(self, desk: DeskName) -> Sequence[Installed]:
        """Every workspace of a desk, with its token where it can be opened. One that an older key has sealed is sealed anew."""
        return [await self._read(desk, row) for row in await self._store.workspaces.all(desk)]

    async def _read(self, desk: DeskName, row: Mapping[str, Any]) -> Installed:
        token, state, reason = "", row["state"], row["reason"]
        if row["sealed"]:
            about = _about(desk, row["workspace"])
            try:
                token = self._sealer.open(row["sealed"], about)
            except Unsealable as exc:
                state, reason = "sealed", str(exc)
            else:
                if not self._sealer.is_fresh(row["sealed"]):
                    again = self._sealer.seal(token, about)
                    await self._store.workspaces.reseal(desk, row["workspace"], row["sealed"], again)
                    log.info("workspace.resealed", desk=desk, workspace=row["workspace"])
        since = datetime.fromtimestamp((row["gone_ms"] or row["granted_ms"]) / 1000, UTC)
        held: Literal["live", "gone", "sealed"] = state
        return Installed(row["workspace"], row["name"], row["member"], row["scopes"], held, reason, since, token)

    async def keep(self, desk: DeskName, grant: Grant, actor: str) -> int:
        """Keep what was granted; returns since when nothing was told from there, in milliseconds; 0: it never was gone."""
        sealed = self._sealer.seal(grant.token, _about(desk, grant.workspace))
        facts = {"name": grant.name, "member": grant.member, "scopes": grant.scopes, "sealed": sealed, "state": "live"}
        return await self._store.workspaces.grant(desk, grant.workspace, facts | {"actor": actor})

    async def gone(self, desk: DeskName, workspace: str, since: datetime, why: str) -> None:
        """The app was taken from a workspace: what is meant for it waits."""
        if await self._store.workspaces.gone(desk, workspace, int(since.timestamp() * 1000), why):
            log.error("workspace.gone", desk=desk, workspace=workspace, why=why, mend="install the app there again")
            await self._store.agents.record(str(desk), "desk.uninstalled", workspace, why)


def _about(desk: DeskName, workspace: str) -> str:
    return f"workspace\0{desk}\0{workspace}"


async def ticket(hub: Hub, desk: DeskName, agent_id: str) -> str:
    """The address at which somebody begins an installation, once."""
    secret = new_secret()
    await hub.store.agents.open_login(TICKET, agent_id, hash_of(secret), TICKET_S, About(label=desk))
    return f"{hub.public_url}/connect/{desk}/install?ticket={secret}"


async def installed(hub: Hub, desk: DeskName, grant: Grant, agent_id: str) -> None:
    """A workspace's admin has granted: keep it, go on with what waited, and read what agents wrote meanwhile."""
    assert hub.installs is not None
    gone_ms = await hub.installs.keep(desk, grant, agent_id or "command line")
    said = f"{grant.name}: {grant.scopes}"
    await hub.store.agents.record(agent_id or "command line", "desk.installed", f"{desk} {grant.workspace}", said)
    log.info("workspace.installed", desk=desk, workspace=grant.workspace, again=bool(gone_ms))
    place = hub.desks[desk]
    if isinstance(place, SupportsInstall):
        for where in place.places(grant.workspace):
            await hub.limits.free(f"{desk}:{where}")
        await hub.limits.free(f"{desk}:#card{grant.workspace}")
    hub.jobs.hint_deliver(await hub.store.workspaces.resume(desk))
    if gone_ms:
        await doubt(hub, desk, datetime.fromtimestamp(gone_ms / 1000, UTC))
