"""What Frontdesk says to one person in Slack, in English and Chinese; `{}` are filled with text that is already safe."""

from __future__ import annotations

SAYINGS = {
    "en": {
        "taken": "{name} has this conversation already.",
        "somebody": "Somebody",
        "unknown": "Not sent to the customer: `{word}` is no command here. It was kept as a note.{near}",
        "near": " Did you mean `!{word}`?",
        "incomplete": "Not sent to the customer: `{word}` lacks something. `!assign @colleague`, `!team name`, `!send text`, "
        "`!merge link`.",
        "limited": "⚠️ Slack has paused this app's events since {minute}: there were more than 30 000 in an hour. "
        "What you write in threads meanwhile is fetched within some minutes.",
        "outsider": "Not sent to the customer: only members of this workspace may answer. It was kept as a note. "
        "Ask a colleague of this workspace to send it, or an admin to invite you to it.",
        "found_again": "Slack told Frontdesk of an answer of yours only now. The customer gets it after what came in before.",
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
        "`!resolve why` · `!resolve +survey why` asks for a rating, `-survey` does not · `!reopen`\n"
        "`!snooze 2h` · `!snooze` until the customer writes · `!wake`\n"
        "`!prio none|normal|high|urgent` · `!tag new -old` · `!block why` · `!unblock`\n"
        "`!merge link` takes that thread's conversation of this customer into this one · `!part` undoes it\n"
        "`!r word` a canned reply · `!r` which there are · `!tr on|off` translation · `!help`\n"
        "The card at the thread's head has the same as buttons; a message's menu (⋮) has *Send to customer*, *Make note*, "
        "*Send again*, *Translate*, *Save as canned reply*, *Create task* and "
        "*New conversation*.",
        "slash": "*In a channel* `/frontdesk queue` · `/frontdesk me` · `/frontdesk find words`\n"
        "`/frontdesk new` · `/frontdesk status` · `/frontdesk available` · `/frontdesk away 30m why`, `away 14:30`\n"
        "`/frontdesk link` says which agent you are · `/frontdesk agent @somebody their@address` (admins) · `/frontdesk help`",
        "no_agent": "Only agents of this hub may see that. Ask an admin to invite your Slack e-mail address in the console.",
        "found": "{n} found, {shown} shown; who has waited longest comes first:",
        "found_none": "Nothing there.",
        "no_such": "Nothing was done: Frontdesk has no such button or command. A button may be of an earlier version. "
        "`/frontdesk help` says what there is.",
        "close": "Close",
        "noted": "Noted. A direct message says what became of it.",
        "not_here": "There is no conversation here: use this in the thread of a customer's conversation.",
        "assign": "Assign",
        "person": "Colleague",
        "one_moment": "One moment…",
        "of_team": "Team {team}",
        "of_all": "Agents",
        "of_others": "Others",
        "somebody_else": "Or somebody who is no agent",
        "agents_legend": "🟢 here, ⚪ away · open conversations / how many they take · their time",
        "agents_more": "The first {shown} of {n}; `!assign @colleague` in the thread takes anybody.",
        "choose_one": "Choose one colleague.",
        "team": "Team",
        "why": "Reason",
        "resolve": "Resolve",
        "survey": "Ask the customer for a rating",
        "survey_usual": "As configured",
        "survey_ask": "Ask",
        "survey_spare": "Don't ask",
        "cancel": "Cancel",
        "choose": "Choose a colleague or a team.",
        "title_fd_snooze": "Snooze",
        "title_priority": "Priority",
        "title_tags": "Tags",
        "title_block": "Block",
        "title_merge": "Merge",
        "merge_with": "Link of the other thread, or number",
        "title_canned": "Canned reply",
        "canned_pick": "Reply",
        "canned_text": "What the customer gets",
        "canned_hint": "{agent} becomes your name when it is sent.",
        "canned_none": "Nothing was sent: there is no canned reply `{word}`. There are:",
        "canned_empty": "There are no canned replies. *Save as canned reply* in a message's menu (⋮) makes one; an admin may "
        "write some into config/replies.yaml.",
        "canned_choose": "Choose a reply.",
        "snooze": "How long",
        "snooze_30m": "30 minutes",
        "snooze_1h": "1 hour",
        "snooze_4h": "4 hours",
        "snooze_1d": "1 day",
        "snooze_3d": "3 days",
        "snooze_1w": "1 week",
        "snooze_written": "Until the customer writes",
        "snooze_wake": "Wake it now",
        "priority": "Priority",
        "priority_none": "None",
        "priority_normal": "Normal",
        "priority_high": "High",
        "priority_urgent": "Urgent",
        "tags_add": "Add (words, with spaces between)",
        "tags_remove": "Remove",
        "not_understood": "Choose something; a tag is one word of at most 40 characters, without < > &.",
    },
    "zh": {
        "taken": "此会话已由{name}接手。",
        "somebody": "同事",
        "unknown": "未发送给客户：没有 `{word}` 这个命令，已保存为备注。{near}",
        "near": "是否要用 `!{word}`？",
        "incomplete": "未发送给客户：`{word}` 缺少内容。用法：`!转接 @同事`、`!团队 名称`、`!发送 内容`、`!合并 链接`。",
        "limited": "⚠️ 自 {minute} 起，Slack 暂停向本应用推送事件：一小时内超过 30 000 条。"
        "期间您在消息列中写的内容会在几分钟内补取。",
        "outsider": "未发送给客户：只有本工作区的成员可以回复，已保存为备注。请由本工作区的同事发送，或请管理员邀请您加入。",
        "found_again": "Slack 刚刚才把您的一条回复告知本系统，客户会在此前已送达的消息之后收到它。",
        "held": "这条消息是写给同事的，已保存为备注。要发送给客户吗？",
        "held_long": "这条消息是写给同事的，已保存为备注。如需发送，请在消息菜单（⋮）中选择“*Send to customer*”。",
        "send": "发送给客户",
        "keep": "保留为备注",
        "sent": "已发送给客户。",
        "kept": "保留为备注。",
        "help": "*在话题中*，您写的内容都会发送给客户，以下除外：\n"
        "`!n …` 或 `//…` 备注 · `!发送 …` 无论内容如何都发送给客户\n"
        "`!接手` · `!放手` · `!转接 @同事 原因` · `!团队 名称 原因`\n"
        "`!解决 原因` · `!解决 +评价 原因` 请客户评价，`-评价` 不请 · `!重开`\n"
        "`!稍后 2小时` · `!稍后`（直到客户来信）· `!唤醒`\n"
        "`!优先级 无|普通|高|紧急` · `!标签 新标签 -旧标签` · `!拉黑 原因` · `!取消拉黑`\n"
        "`!合并 链接` 把该客户的另一会话并入此会话 · `!拆分` 撤销\n"
        "`!r 名称` 快捷回复 · `!r` 列出全部 · `!翻译 开|关` · `!帮助`\n"
        "话题首条卡片上有相同的按钮；消息菜单（⋮）中有 *Send to customer*（发送给客户）、*Make note*（改为备注）、"
        "*Send again*（再次发送）、*Translate*（翻译）、*Save as canned reply*（存为快捷回复）、"
        "*Create task*（创建任务）和 *New conversation*（新会话）。",
        "slash": "*在频道中* `/frontdesk queue`（待接）· `/frontdesk me`（我的）· `/frontdesk find 内容`\n"
        "`/frontdesk 新建` · `/frontdesk 状态` · `/frontdesk 在线` · `/frontdesk 离开 30分钟 原因`、`离开 14:30`\n"
        "`/frontdesk link`（关联我的账号）· `/frontdesk 客服 @某人 邮箱`（管理员）· `/frontdesk help`",
        "no_agent": "只有客服可以查看。请管理员在控制台邀请您的 Slack 邮箱。",
        "found": "共 {n} 个，显示 {shown} 个，等待最久的在前：",
        "found_none": "没有内容。",
        "no_such": "未执行任何操作：Frontdesk 没有这个按钮或命令，按钮可能来自较早的版本。输入 `/frontdesk help` 查看可用功能。",
        "close": "关闭",
        "noted": "已收到。结果会以私信告知。",
        "not_here": "这里没有会话：请在客户会话的话题中使用。",
        "assign": "分配",
        "person": "同事",
        "one_moment": "请稍候……",
        "of_team": "团队 {team}",
        "of_all": "客服",
        "of_others": "其他",
        "somebody_else": "或非客服的成员",
        "agents_legend": "🟢 在线，⚪ 离开 · 进行中的会话 / 可接数量 · 当地时间",
        "agents_more": "仅列出 {n} 位中的前 {shown} 位；在话题中输入 `!assign @同事` 可分配给任何人。",
        "choose_one": "请只选择一位同事。",
        "team": "团队",
        "why": "原因",
        "resolve": "标为已解决",
        "survey": "请客户评价",
        "survey_usual": "按配置",
        "survey_ask": "请客户评价",
        "survey_spare": "不请",
        "cancel": "取消",
        "choose": "请选择同事或团队。",
        "title_fd_snooze": "稍后处理",
        "title_priority": "优先级",
        "title_tags": "标签",
        "title_block": "拉黑",
        "title_merge": "合并会话",
        "merge_with": "另一消息列的链接或会话编号",
        "title_canned": "快捷回复",
        "canned_pick": "回复",
        "canned_text": "客户将收到的内容",
        "canned_hint": "发送时 {agent} 会换成您的姓名。",
        "canned_none": "未发送：没有名为 `{word}` 的快捷回复。可用的有：",
        "canned_empty": "还没有快捷回复。可用消息菜单（⋮）中的 *Save as canned reply* 保存，或请管理员写入 config/replies.yaml。",
        "canned_choose": "请选择一条回复。",
        "snooze": "多久",
        "snooze_30m": "30 分钟",
        "snooze_1h": "1 小时",
        "snooze_4h": "4 小时",
        "snooze_1d": "1 天",
        "snooze_3d": "3 天",
        "snooze_1w": "1 周",
        "snooze_written": "直到客户来信",
        "snooze_wake": "立即唤醒",
        "priority": "优先级",
        "priority_none": "无",
        "priority_normal": "普通",
        "priority_high": "高",
        "priority_urgent": "紧急",
        "tags_add": "添加（以空格分隔）",
        "tags_remove": "移除",
        "not_understood": "请选择；标签为一个词，最多 40 个字符，不含 < > &。",
    },
}
