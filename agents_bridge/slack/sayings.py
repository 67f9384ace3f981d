"""What Frontdesk says to one person in Slack, in English and Chinese; `{}` are filled with text that is already safe."""

from __future__ import annotations

SAYINGS = {
    "en": {
        "taken": "{name} has this conversation already. *Assign…* on the card gives it to you all the same.",
        "somebody": "Somebody",
        "unknown": "Not sent to the customer: `{word}` is no command here. It was kept as a note.{near}",
        "near": " Did you mean `!{word}`?",
        "incomplete": "Not sent to the customer: `{word}` lacks something. `!assign @colleague`, `!team name`, `!send text`.",
        "outsider": "Not sent to the customer: only members of this workspace may answer. It was kept as a note. "
        "Ask a colleague of this workspace to send it, or an admin to invite you to it.",
        "held": "Kept as a note, for it speaks to a colleague. Should the customer get it?",
        "held_long": "Kept as a note, for it speaks to a colleague. "
        "To send it, choose *Send to customer* in the message's own menu (⋮).",
        "send": "Send to customer",
        "keep": "Keep as note",
        "sent": "Sent to the customer.",
        "kept": "It stays a note.",
        "help": "*In a thread* everything you write goes to the customer, except:\n"
        "`!n …` or `//…` a note · `!send …` to the customer, whatever it looks like\n"
        "`!claim` · `!release` · `!assign @colleague why` · `!team name why`\n"
        "`!resolve why` · `!reopen` · `!snooze 2h` · `!snooze` until the customer writes · `!wake`\n"
        "`!prio none|normal|high|urgent` · `!tag new -old` · `!block why` · `!unblock` · `!help`\n"
        "The card at the thread's head has the same as buttons; a message's menu (⋮) has *Send to customer* and *Make note*.",
        "slash": "`/frontdesk help` shows this.",
        "not_here": "There is no conversation here: use this in the thread of a customer's conversation.",
        "assign": "Assign",
        "person": "Colleague",
        "team": "Team",
        "why": "Reason",
        "resolve": "Resolve",
        "cancel": "Cancel",
        "choose": "Choose a colleague or a team.",
    },
    "zh": {
        "taken": "此会话已由{name}接手。如需转给自己，请使用卡片上的“*分配…*”。",
        "somebody": "同事",
        "unknown": "未发送给客户：没有 `{word}` 这个命令，已保存为备注。{near}",
        "near": "是否要用 `!{word}`？",
        "incomplete": "未发送给客户：`{word}` 缺少内容。用法：`!转接 @同事`、`!团队 名称`、`!发送 内容`。",
        "outsider": "未发送给客户：只有本工作区的成员可以回复，已保存为备注。请由本工作区的同事发送，或请管理员邀请您加入。",
        "held": "这条消息是写给同事的，已保存为备注。要发送给客户吗？",
        "held_long": "这条消息是写给同事的，已保存为备注。如需发送，请在消息菜单（⋮）中选择“*Send to customer*”。",
        "send": "发送给客户",
        "keep": "保留为备注",
        "sent": "已发送给客户。",
        "kept": "保留为备注。",
        "help": "*在话题中*，您写的内容都会发送给客户，以下除外：\n"
        "`!n …` 或 `//…` 备注 · `!发送 …` 无论内容如何都发送给客户\n"
        "`!接手` · `!放手` · `!转接 @同事 原因` · `!团队 名称 原因`\n"
        "`!解决 原因` · `!重开` · `!稍后 2小时` · `!稍后`（直到客户来信）· `!唤醒`\n"
        "`!优先级 无|普通|高|紧急` · `!标签 新标签 -旧标签` · `!拉黑 原因` · `!取消拉黑` · `!帮助`\n"
        "话题首条卡片上有相同的按钮；消息菜单（⋮）中有 *Send to customer*（发送给客户）和 *Make note*（改为备注）。",
        "slash": "`/frontdesk help` 显示此说明。",
        "not_here": "这里没有会话：请在客户会话的话题中使用。",
        "assign": "分配",
        "person": "同事",
        "team": "团队",
        "why": "原因",
        "resolve": "标为已解决",
        "cancel": "取消",
        "choose": "请选择同事或团队。",
    },
}
