"""What somebody is told who may not do what they tried, and how that is mended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from agents_bridge.slack.starting_words import BARRED
from agents_bridge.slack.text import inert, short

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
        "linked": "Done: you are {name} here from now on, and may answer as far as that role goes. The audit log has it.",
        "not_admin": "Nothing was changed: only who may invite agents can say who somebody is.",
    },
    "zh": {
        "admitted": "已完成：此人就是使用该邮箱的客服，从现在起可以在这里回复。操作已记入审计日志。",
        "linked": "已完成：从现在起您在这里就是 {name}，可以按该角色的权限回复。操作已记入审计日志。",
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
        "over": "✅ *Frontdesk works again*",
        "line_over": "• No longer: {said}.",
        "archived": "the Slack channel {place} is archived, and what its threads wait for is held",
        "mend_archived": "unarchive it, or set another channel in the desk's file",
        "gone": "the app can't post in the Slack channel {place}, and what is meant for it is held",
        "mend_gone": "invite the app to it (/invite), and check the channel's id in the desk's file",
        "events": "Slack pauses this app's events: there were more than 30 000 in an hour. What was not told is read again",
        "mend_events": "keep the app in fewer channels, or give a part of them a workspace of their own",
        "app_absent": "the app is not installed in the workspace {name}, which has conversations",
        "app_gone": "the app was taken from the workspace {name} ({why}); what is meant for it waits",
        "app_sealed": "the token of the workspace {name} can't be opened: {why}",
        "mend_install": "run `frontdesk slack install` and open the link as an admin of that workspace",
        "mend_key": "put the earlier key back into seal_keys, or install the app there again",
    },
    "zh": {
        "head": "⚠️ *Frontdesk 需要管理员处理*",
        "line": "• {said}。解决办法：{mend}。",
        "scope": "应用缺少权限 {name}：{so}",
        "mend_scope": "在 OAuth & Permissions 中添加 {name} 并重新安装应用",
        "mend_token": "重新安装应用并设置 bot_token；等待发送的内容会保留",
        "over": "✅ *Frontdesk 已恢复正常*",
        "line_over": "• 已解决：{said}。",
        "archived": "Slack 频道 {place} 已归档，其会话串的消息暂停发送",
        "mend_archived": "取消归档，或在配置文件中改用其他频道",
        "gone": "应用无法在 Slack 频道 {place} 发消息，相关内容暂停发送",
        "mend_gone": "邀请应用加入该频道（/invite），并检查配置文件中的频道 ID",
        "events": "Slack 暂停向本应用推送事件：一小时内超过 30 000 条。未推送的内容会重新读取",
        "mend_events": "减少应用所在的频道，或为其中一部分使用单独的工作区",
        "app_absent": "工作区 {name} 分配了会话，但没有安装应用",
        "app_gone": "应用已从工作区 {name} 移除（{why}）；发往该工作区的内容会等待",
        "app_sealed": "无法解开工作区 {name} 的令牌：{why}",
        "mend_install": "运行 `frontdesk slack install`，由该工作区的管理员打开链接",
        "mend_key": "把原来的密钥放回 seal_keys，或在该工作区重新安装应用",
    },
}
BEGINNING = {
    "en": "Your new conversation was not begun: {why}.",
    "zh": "未能新建会话：{why}。",
}


def directly(about: str, facts: Mapping[str, str], locale: Literal["en", "zh"]) -> str:
    """What somebody is told outside of every thread."""
    if about in MEMBERS[locale]:
        return MEMBERS[locale][about].format(name=inert(short(facts.get("name", ""), 80)))
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
