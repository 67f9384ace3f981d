"""What somebody is told who may not do what they tried, and how that is mended."""

from __future__ import annotations

from typing import Literal

NOTHING = {
    "en": "Nothing went to the customer, and nothing was changed. What you wrote stays as a note. ",
    "zh": "没有发送给客户，也没有改动任何内容。您写的内容已存为备注。",
}
REFUSALS = {
    "en": {
        "stranger": "You are no agent of this hub. An admin can invite your Slack e-mail address in the console, "
        "or say here in Slack who you are.",
        "guest": "Guests of this workspace may not answer. An admin of the hub can say here in Slack that you are an agent.",
        "outside": "Only members of this workspace may answer. Ask a colleague of this workspace to send it.",
        "viewer": "Your role, viewer, may only read. An admin can change it in the console.",
        "off": "Your account in this hub is switched off. An admin can switch it on in the console.",
        "unasked": "Slack did not say who you are. Please try again in some minutes.",
    },
    "zh": {
        "stranger": "您还不是本系统的客服。请管理员在控制台邀请您的 Slack 邮箱，或在 Slack 中指定您的身份。",
        "guest": "此工作区的访客不能回复。管理员可以在 Slack 中将您设为客服。",
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


def refusal_text(about: str, locale: Literal["en", "zh"]) -> str:
    """The sentence for a refusal; empty when `about` is none."""
    if about == "no_agent_there":
        return UNASSIGNED[locale]
    why = REFUSALS[locale].get(about, "")
    return f"{NOTHING[locale]}{why}" if why else ""
