"""What the modals say in which an agent begins a conversation, in English and Chinese."""

from __future__ import annotations

STARTING = {
    "en": {
        "title": "New conversation",
        "cancel": "Cancel",
        "wait": "One moment…",
        "channel": "Channel",
        "who": "Customer",
        "who_hint": "A part of the name, e-mail address, phone number, or address on the channel.",
        "find": "Next",
        "customer": "Customer",
        "text": "First message",
        "send": "Send",
        "address": "New: {address}",
        "nobody": "Nobody on this channel whom you could write to is called “{words}”.",
        "barred": "These can't be written to now:",
        "no_channels": "None of your channels lets you write first: customers must begin.",
        "empty": "Write a first message.",
    },
    "zh": {
        "title": "新建会话",
        "cancel": "取消",
        "wait": "请稍候……",
        "channel": "渠道",
        "who": "客户",
        "who_hint": "姓名、邮箱、电话或渠道账号的一部分。",
        "find": "下一步",
        "customer": "客户",
        "text": "第一条消息",
        "send": "发送",
        "address": "新客户：{address}",
        "nobody": "此渠道上没有可联系的“{words}”。",
        "barred": "以下客户目前无法联系：",
        "no_channels": "您的渠道都不允许主动联系客户，须由客户先来信。",
        "empty": "请写第一条消息。",
    },
}
BARRED = {
    "en": {
        "no_channel": "there is no such channel",
        "never": "only customers can begin there",
        "never_wrote": "this channel lets nobody write to people who have not written first",
        "unreachable": "they have blocked the channel, or can't be reached",
        "blocked": "they are blocked here; unblock them first",
        "window": "the time for answers is over; they must write first",
    },
    "zh": {
        "no_channel": "没有这个渠道",
        "never": "该渠道只能由客户发起",
        "never_wrote": "该渠道不允许联系从未来信的人",
        "unreachable": "对方已屏蔽该渠道，或无法联系",
        "blocked": "对方已被拉黑，请先取消拉黑",
        "window": "已超过可回复的时间，须由客户先来信",
    },
}
"""Why somebody can't be written to; the keys are those of `hub.beginning.WHY`."""
