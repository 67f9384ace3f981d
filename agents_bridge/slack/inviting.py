"""The app is invited into a Slack channel that nobody has given anything to: it says there, once, which lines do."""

from __future__ import annotations

from typing import Any

from agents_bridge.slack.events import Reading, named
from agents_bridge.slack.heard import Heard, Then
from agents_bridge.slack.text import inert, section

INVITED = {
    "en": {
        "head": "👋 *Frontdesk is here, and no conversations are given to this Slack channel yet.*",
        "how": "Whoever keeps the configuration writes one of these lines into `config/desks/{desk}.yaml` and starts it anew; "
        "`frontdesk check` says beforehand whether it holds.",
        "names": "Teams that can stand for NAME: {names}.",
        "leave": "If nothing shall come here, remove the app from this channel again.",
        "usual": "everything that has no place of its own",
        "name": "what a team has, or what comes in on one of our channels",
        "urgent": "what is urgent or broken",
    },
    "zh": {
        "head": "👋 *Frontdesk 已加入，目前还没有会话分配到这个 Slack 频道。*",
        "how": "请管理配置的同事把下面其中一行写入 `config/desks/{desk}.yaml`，然后重新启动 Frontdesk；"
        "可以先用 `frontdesk check` 检查是否正确。",
        "names": "NAME 可以填写的团队：{names}。",
        "leave": "如果这里不需要会话，请把应用移出此频道。",
        "usual": "没有单独指定位置的所有会话",
        "name": "某个团队的会话，或某个渠道的会话",
        "urgent": "紧急事项和故障",
    },
}
MOST = 1000
"""Channels of which we remember that they were told."""


def yaml_lines(channel: str, team: str = "", locale: str = "en") -> str:
    """What a desk's file says to give a Slack channel something, with a comment on each line; `team` is the workspace where the
    desk serves several."""
    w = INVITED[locale]
    lines = [
        f"channel: {channel}  # {w['usual']}",
        f"channels: {{NAME: {channel}}}  # {w['name']}",
        f"escalation: {channel}  # {w['urgent']}",
    ]
    return "\n".join(["workspaces:", f"  {team}:", *(f"    {one}" for one in lines)] if team else lines)


def joined(reading: Reading, body: dict[str, Any], event: dict[str, Any]) -> Heard:
    """Somebody has come into a Slack channel: the app, perhaps, and perhaps nobody has given that channel anything. It is told
    once in each process for as long as that runs: Slack tells of an event again when our answer was late."""
    own = {one.get("user_id") for one in body.get("authorizations") or () if isinstance(one, dict) and one.get("is_bot")}
    if reading.mapped is None or event.get("user") not in own:
        return Heard()
    team, channel = named(body.get("team_id")), named(event.get("channel"))
    mark = f"invited:{team}:{channel}:{event.get('event_ts')}"
    if channel in reading.mapped or mark in reading.told or len(reading.told) > MOST:
        return Heard()
    reading.told[mark] = reading.now()
    return Heard(then=[_card(reading, team if reading.several else "", channel)])


def _card(reading: Reading, team: str, channel: str) -> Then:
    w = INVITED[reading.locale]
    names = inert(", ".join(sorted(reading.teams))[:1500])
    code = f"```\n{yaml_lines(channel, team, reading.locale)}\n```"
    texts = [
        w["head"],
        w["how"].format(desk=reading.desk),
        code,
        *([w["names"].format(names=names)] if names else []),
        w["leave"],
    ]
    blocks = [section(one) for one in texts]
    return Then("chat.postMessage", {"channel": channel, "text": w["head"], "blocks": blocks})
