"""Link my account: somebody in Slack whom no address proves gets a one-time code, which an agent confirms in the console."""

from __future__ import annotations

from typing import Any

from agents_bridge.slack.heard import Then
from agents_bridge.slack.modals import Locale
from agents_bridge.slack.sayings import SAYINGS
from hub.model import DeskName, ExternalId
from hub.people import Who
from hub.ports import Kit

LINK = "fd_link"
"""`action_id` of the button, and of a `Then`: a code is made, and shown to one person."""
WORDS = ("link", "关联")
LINKING = {
    "en": {
        "button": "Link my account",
        "code": "Your code is *{code}*. It is good once, for ten minutes.\n"
        "If you are an agent here under another address, sign in to the console and open {url}, or enter the code there on the "
        "page of your account. Give it to nobody: whoever confirms it says that you are them.",
    },
    "zh": {
        "button": "关联我的账号",
        "code": "您的代码是 *{code}*，仅可使用一次，十分钟内有效。\n如果您是使用其他邮箱的客服，请登录控制台并打开 {url}，"
        "或在控制台的账号页面输入代码。请不要告诉别人：谁确认它，就表示您就是那位客服。",
    },
}


def button(locale: Locale) -> dict[str, Any]:
    """The button, below a refusal."""
    words = {"type": "plain_text", "text": LINKING[locale]["button"]}
    return {"type": "actions", "elements": [{"type": "button", "action_id": LINK, "text": words, "value": "link"}]}


def asked(agent: str, url: Any) -> Then | None:
    """A press or a command; None where Slack gives no address for the answer."""
    return Then(LINK, {"agent": agent, "url": url}) if isinstance(url, str) and url else None


async def answered(call: Then, desk: DeskName, kit: Kit, who: Who, locale: Locale) -> Then:
    """The code, for this person's eyes alone."""
    said = SAYINGS[locale]["no_agent"]
    if kit.link is not None:
        code = await kit.link(desk, ExternalId(call.arguments["agent"]), who)
        said = LINKING[locale]["code"].format(code=code, url=f"{kit.public_url}/console/#/account?link={code}")
    told = {"response_type": "ephemeral", "replace_original": False, "text": said}
    return Then("respond", {"url": call.arguments["url"], "json": told})
