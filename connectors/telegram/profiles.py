"""What Telegram tells of who writes: a person's, a group's or a topic's name."""

from __future__ import annotations

from typing import Any

from connectors.telegram.groups import topic_name, topic_of
from hub.model import Profile


def profile_of(person: dict[str, Any]) -> Profile:
    """A person's or a group's name; usernames come and go, so that nothing is keyed by them."""
    name = " ".join(str(person[key]) for key in ("title", "first_name", "last_name") if person.get(key))
    return Profile(name=name or str(person.get("username") or ""), username=str(person.get("username") or ""))


def group_profile(message: dict[str, Any]) -> Profile:
    """A group's name, with its topic's; none where the topic's is not told, so that what is known stays."""
    profile = profile_of(message["chat"])
    if topic_of(message) is None:
        return profile
    topic = topic_name(message)
    return profile.model_copy(update={"name": f"{profile.name} · {topic}" if topic else ""})
