"""What commands do with the store: the first admin's link, agents, a desk's workspaces."""

from __future__ import annotations

from typing import Any

from config.assemble import open_hub
from config.load import load
from hub.canned import SavedReply
from hub.errors import ConfigError
from hub.installs import SupportsInstall
from hub.model import DeskName
from hub.runtime import Hub
from hub.saved import ready
from hub.signin import INVITATION_S, TOKEN_S, first_admin_link, hash_of, is_address, new_secret, one_time_link
from hub.store.agent_facts import About


async def first_link() -> str:
    """The one-time link for the first admin; empty when there is one."""
    async with open_hub(load(), "command") as hub:
        return await first_admin_link(hub.store, hub.public_url) or ""


async def add_agent(email: str, name: str, role: str, token: bool) -> str:
    """Add an agent; returns an invitation's link, or an API token."""
    installation = load()
    if not is_address(email):
        raise ConfigError(f"{email} is no e-mail address: give one such as ann@example.com")
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


async def all_replies() -> list[dict[str, Any]]:
    """Every canned reply as it holds at this moment."""
    async with open_hub(load(), "command") as hub:
        found = (await ready(hub.store, hub.canned)).replies
    return [
        {
            "name": one.name,
            "title": one.title,
            "source": "saved" if isinstance(one, SavedReply) else "file",
            "by": one.actor if isinstance(one, SavedReply) else "",
            "text": dict(one.text),
        }
        for one in found
    ]


async def forget_reply(name: str) -> bool:
    """Delete a reply that an agent has saved; False when there is none."""
    async with open_hub(load(), "command") as hub:
        dropped = await hub.store.db.transact(lambda connection: hub.store.saved.drop(connection, name))
        if dropped:
            await hub.store.agents.record("command line", "canned.forgotten", name)
        return dropped


async def install_link(desk: str) -> str:
    """A one-time link that installs a desk's app into a workspace."""
    async with open_hub(load(), "command") as hub:
        _installable(hub, desk)
        from hub.installing import ticket

        await hub.store.agents.record("command line", "desk.install", desk)
        return await ticket(hub, DeskName(desk), "")


async def workspaces_of(desk: str) -> list[dict[str, Any]]:
    """The workspaces of a desk; `needs` are sentences about what an admin must do there."""
    async with open_hub(load(), "command") as hub:
        place = _installable(hub, desk)
        assert hub.installs is not None
        found = []
        for one in await hub.installs.all(DeskName(desk)):
            needs = [one.reason or one.state] if one.state != "live" else []
            needs += [f"lacks {name}: {why}" for name, why in sorted(place.missing(one.scopes).items()) if one.state == "live"]
            facts = {"workspace": one.workspace, "name": one.name, "state": one.state, "since": one.since.isoformat()}
            found.append({**facts, "mapped": not place.lines(one.workspace), "scopes": one.scopes.split(","), "needs": needs})
        return found


def _installable(hub: Hub, desk: str) -> SupportsInstall:
    place = hub.desks.get(DeskName(desk))
    if hub.installs is None or not isinstance(place, SupportsInstall):
        raise ConfigError(f"desks/{desk}.yaml is no desk whose app is installed into workspaces (type: slack_workspaces)")
    return place
