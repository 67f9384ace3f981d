"""What an admin reads at the end of an installation, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.installs import Language

NOTHING = {"en": "Nothing was installed", "zh": "没有安装"}
AGAIN = {
    "en": "Ask for a new link: `frontdesk slack install`, or in the console under People.",
    "zh": "请重新获取链接：运行 `frontdesk slack install`，或在控制台的“成员”页获取。",
}
SAID = {
    "en": {
        "done": "Frontdesk is installed in {name}. What waited for this workspace leaves now.",
        "invite": "In Slack, invite the app into the Slack channels that you name: /invite @frontdesk.",
        "unmapped": "No conversations are given to {name} yet. Write this into config/desks/{desk}.yaml, with a Slack channel's "
        "id for C… and the lines that you need, and start Frontdesk anew:",
        "missing": "Not everything was granted. Without these scopes:",
        "link": "The link was used, or is older than fifteen minutes.",
        "state": "This browser did not begin the installation, it was finished before, or it took longer than ten minutes.",
        "cancelled": "You pressed Cancel in Slack.",
        "refused": "{why}.",
        "away": "{why}. The code from Slack works once, so begin anew.",
        "org": "The app was to be installed for a whole organization. Choose a single workspace.",
        "rotates": "Token rotation is switched on in the app's settings (OAuth & Permissions), and Slack can't switch it off "
        "again: make a new app of the manifest.",
    },
    "zh": {
        "done": "Frontdesk 已安装到 {name}。等待发往该工作区的内容现在会发出。",
        "invite": "请在 Slack 中把应用邀请到所写的频道：/invite @frontdesk。",
        "unmapped": "{name} 还没有分配会话。请把下面的内容写入 config/desks/{desk}.yaml，将 C… 换成 Slack 频道的 ID，"
        "保留需要的行，然后重新启动 Frontdesk：",
        "missing": "部分权限没有授予。缺少它们时：",
        "link": "该链接已使用，或已超过十五分钟。",
        "state": "不是由此浏览器开始的安装、已经完成过，或超过了十分钟。",
        "cancelled": "您在 Slack 中点击了取消。",
        "refused": "{why}。",
        "away": "{why}。Slack 的授权码只能使用一次，请重新开始。",
        "org": "应用要安装到整个组织。请选择单个工作区。",
        "rotates": "应用设置（OAuth & Permissions）中启用了令牌轮换，启用后无法关闭。请用清单重新创建一个应用。",
    },
}


def told(about: str, facts: Mapping[str, str], language: Language) -> tuple[str, Sequence[str]]:
    """The title and what is said below it."""
    w = SAID[language]
    if about in ("unmapped", "missing"):
        return "", [w[about].format(**facts)]
    if about == "done":
        return {"en": "Installed", "zh": "安装完成"}[language], [w["done"].format(**facts), w["invite"]]
    return NOTHING[language], [w[about].format(**facts), AGAIN[language]]
