"""What an admin writes about the tracker that takes tasks (`config/tasks.yaml`)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from pydantic import BaseModel, ConfigDict, Field

from connectors.webhook_settings import Signed


class TrackerSettings(Signed):
    """Where tasks are posted to. Signed by Standard Webhooks (https://www.standardwebhooks.com)."""

    title: str = Field("Tracker", min_length=1, max_length=60, description="what agents know it as")
    private_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="networks that are not public and may still be called, as 10.1.0.0/16"
    )


class TaskSettings(BaseModel):
    """`config/tasks.yaml`. No tasks can be made as long as no tracker is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tracker: TrackerSettings | None = None

    @property
    def title(self) -> str:
        """What agents know the tracker as; empty while there is none."""
        return self.tracker.title if self.tracker else ""
