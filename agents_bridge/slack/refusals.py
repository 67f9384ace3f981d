"""What somebody is told who may not do what they tried, and how that is mended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from agents_bridge.slack.starting_words import BARRED

NOTHING = {
    "en": "Nothing went to the customer, and nothing was changed. What you wrote stays as a note. ",
    "zh": "没有发送给客户，也没有改动任何内容。您写的内容已存为备注。",
}
REFUSALS = {
    "en": {
        "stranger": "You are no agent of this hub. An admin can invite your Slack e-mail address in the console, "
        "or say who you are: `/frontdesk agent @you your@address`.",
        "guest": "Guests of this workspace may not answer. An admin can let you: `/frontdesk agent @you your@address`.",
        "outside": "Only members of this workspace may answer. Ask a colleague of this workspace to send it.",
        "viewer": "Your role, viewer, may only read. An admin can change it in the console.",
        "off": "Your account in this hub is switched off. An admin can switch it on in the console.",
        "unasked": "Slack did not say who you are. Please try again in some minutes.",
    },
    "zh": {
        "stranger": "您还不是本系统的客服。请管理员在控制台邀请您的 Slack 邮箱，或输入 `/frontdesk 客服 @您 邮箱`。",
        "guest": "此工作区的访客不能回复。管理员可以输入 `/frontdesk 客服 @您 邮箱` 允许您回复。",
        "outside": "只有本工作区的成员可以回复。请让本工作区的同事发送。",
        "viewer": "您的角色（只读）不能回复。管理员可以在控制台修改。",
        "off": "您在本系统中的账号已停用。管理员可以在控制台启用。",
        "unasked": "Slack 没有说明您是谁。请几分钟后再试。",
    },
}
UNASSIGNED = {
    "en": "Not assigned: {name} is no agent of this hub. An admin can invite them in the console.",
    "zh": "未分配：{name} 还不是本系统的客服。管理员可以在控制台邀请。",
}


MEMBERS = {
    "en": {
        "admitted": "Done: that person is the agent with this address, and may answer here from now on. The audit log has it.",
        "not_admin": "Nothing was changed: only who may invite agents can say who somebody is.",
    },
    "zh": {
        "admitted": "已完成：此人就是使用该邮箱的客服，从现在起可以在这里回复。操作已记入审计日志。",
        "not_admin": "没有改动：只有可以邀请客服的人才能指定身份。",
    },
}
DOUBTS = {
    "en": {
        "settled": "Not sent yet: this conversation is resolved. Reopen it and send?",
        "theirs": "Not sent yet: {name} has this conversation. Send all the same?",
        "yes_settled": "Reopen and send",
        "yes_theirs": "Send anyway",
    },
    "zh": {
        "settled": "尚未发送：此会话已解决。重新打开并发送吗？",
        "theirs": "尚未发送：此会话由 {name} 负责。仍要发送吗？",
        "yes_settled": "重新打开并发送",
        "yes_theirs": "仍然发送",
    },
}
ALERTS = {
    "en": {
        "head": "⚠️ *Frontdesk needs an admin*",
        "line": "• {said}. To mend it: {mend}.",
        "scope": "the app lacks the scope {name}: {so}",
        "mend_scope": "add {name} under OAuth & Permissions and install the app again",
        "mend_token": "install the app again and set its bot_token; what waits is kept",
    },
    "zh": {
        "head": "⚠️ *Frontdesk 需要管理员处理*",
        "line": "• {said}。解决办法：{mend}。",
        "scope": "应用缺少权限 {name}：{so}",
        "mend_scope": "在 OAuth & Permissions 中添加 {name} 并重新安装应用",
        "mend_token": "重新安装应用并设置 bot_token；等待发送的内容会保留",
    },
}
BEGINNING = {
    "en": "Your new conversation was not begun: {why}.",
    "zh": "未能新建会话：{why}。",
}


def directly(about: str, facts: Mapping[str, str], locale: Literal["en", "zh"]) -> str:
    """What somebody is told outside of every thread."""
    if about in MEMBERS[locale]:
        return MEMBERS[locale][about]
    if about in BARRED[locale]:
        return BEGINNING[locale].format(why=BARRED[locale][about])
    return refusal_text(about, locale)


def refusal_text(about: str, locale: Literal["en", "zh"]) -> str:
    """The sentence for a refusal; empty when `about` is none."""
    if about == "no_agent_there":
        return UNASSIGNED[locale]
    if about in ("settled", "theirs"):
        return DOUBTS[locale][about]
    why = REFUSALS[locale].get(about, "")
    return f"{NOTHING[locale]}{why}" if why else ""
