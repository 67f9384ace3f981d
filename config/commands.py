"""What commands do with the store: the first admin's link, agents, dead letters."""

from __future__ import annotations

from typing import Any

from config.assemble import open_hub
from config.load import load
from hub import rereading
from hub.errors import ConfigError
from hub.signin import INVITATION_S, TOKEN_S, first_admin_link, hash_of, new_secret, one_time_link
from hub.store.agent_facts import About
from hub.store.inbox import PARKED


async def first_link() -> str:
    """The one-time link for the first admin; empty when there is one."""
    async with open_hub(load(), "command") as hub:
        return await first_admin_link(hub.store, hub.public_url) or ""


async def add_agent(email: str, name: str, role: str, token: bool) -> str:
    """Add an agent; returns an invitation's link, or an API token."""
    installation = load()
    if role not in installation.access.names:
        raise ConfigError(f"role must be one of {', '.join(installation.access.names)}")
    async with open_hub(installation, "command") as hub:
        agents = hub.store.agents
        found = await agents.secret_of(email)
        agent = found[0].id if found else await agents.invite(email, name, role)
        await agents.record("command line", "agent add", agent, role)
        if not token:
            return await one_time_link(agents, hub.public_url, "invite", agent, INVITATION_S)
        secret = new_secret()
        await agents.open_login("token", agent, hash_of(secret), TOKEN_S, About(label="command line"))
        return secret


async def reset_factor(email: str) -> str:
    """Take the second factor from an agent who has lost it; returns what was done."""
    async with open_hub(load(), "command") as hub:
        found = await hub.store.agents.secret_of(email)
        if found is None:
            raise ConfigError(f"no agent has the address {email}")
        await hub.store.factors.drop(found[0].id)
        await hub.store.agents.record("command line", "factor.reset", found[0].id)
        return f"{found[0].email} signs in with the password alone, and is signed out everywhere"


async def dead(state: str, target: str, before: str, most: int) -> list[dict[str, Any]]:
    """Dead letters of a kind, newest first."""
    if state not in ("parked", "failed", "unknown"):
        raise ConfigError("state must be parked, failed or unknown")
    async with open_hub(load(), "command") as hub:
        if state == "parked":
            rows = await hub.store.inbox.parked(before=int(before) if before.isdigit() else None, most=most)
            return [{"id": str(r["n"]), "at": r["at"], "about": r["source"], "reason": r["error"]} for r in rows]
        found = await hub.store.deliveries.list_dead(state, target or None, before or None, most)
        return [{"id": r["id"], "at": r["at"], "about": f"{r['kind']} to {r['target']}", "reason": r["reason"]} for r in found]


async def dead_one(id: str) -> dict[str, Any] | None:
    """One dead letter, whole."""
    async with open_hub(load(), "command") as hub:
        return await hub.store.inbox.row(int(id)) if id.isdigit() else await hub.store.deliveries.row(id)


async def replay(ids: list[str], dry_run: bool) -> str:
    """Try dead letters again; the audit log remembers who asked."""
    parked = [int(id) for id in ids if id.isdigit()]
    calls = [id for id in ids if not id.isdigit()]
    async with open_hub(load(), "command") as hub:
        rows = [row for n in parked if (row := await hub.store.inbox.row(n)) is not None and row["state"] == PARKED]
        found = [row for id in calls if (row := await hub.store.deliveries.row(id)) is not None]
        dead_calls = [row["id"] for row in found if row["state"] in ("failed", "unknown")]
        if dry_run:
            return f"would replay {len(rows)} parked and {len(dead_calls)} deliveries"
        refused = await rereading.replay(hub, [row["n"] for row in rows])
        hub.jobs.hint_deliver(await hub.store.deliveries.replay(dead_calls))
        await hub.store.agents.record("command line", "replay", detail=" ".join(ids)[:1000])
        said = f"replayed {len(rows) - len(refused)} parked and {len(dead_calls)} deliveries"
        return "\n".join([said, *(f"{n} stays parked: {why}" for n, why in refused.items())])
