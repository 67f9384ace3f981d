"""The words that Frontdesk itself says in Slack, in English and Chinese."""

from __future__ import annotations

WORDS = {
    "en": {
        "open": "Open", "resolved": "Resolved", "by": "by", "agent": "Agent", "nobody": "nobody yet", "team": "Team",
        "channel": "Channel", "language": "Language", "since": "Since", "waiting": "Waiting since", "fd_resolve": "Resolve",
        "fd_why": "Resolve…", "fd_claim": "Claim", "fd_release": "Release", "fd_assign": "Assign…",
        "reopen": "Reopen", "reopened": "Reopened", "console": "Open in console", "resend": "Send again", "note": "Note",
        "as_link": "Send as link", "as_note": "Make note",
        "edited": "edited", "deleted": "removed by {who}", "failed": "Not delivered", "unknown": "May not have arrived",
        "held": "Held", "warned": "Almost used up", "noticed": "Customer told", "sent": "Sent",
        "assigned": "assigned to", "took": "has taken the conversation", "customer": "Customer", "colon": ": ",
        "lost": "could not be copied here ({why})", "empty": "is empty",
        "snoozed": "Asleep until", "written": "the customer writes",
        "priority1": "Normal", "priority2": "High", "priority3": "Urgent",
        "until": "takes answers until", "left": "{n} left",
        "fd_canned": "Canned…", "fd_snooze": "Snooze…", "more_priority": "Priority…", "more_tags": "Tags…",
        "more_block": "Block…", "more_unblock": "Unblock",
        "identity": "Identity", "unproved": "not verified", "unionid": "WeChat account", "history": "History",
        "earlier": "{n} earlier", "place": "number {n} in line",
        "username": "Name there", "email": "E-mail", "phone": "Phone", "page": "Page",
    },
    "zh": {
        "open": "进行中", "resolved": "已解决", "by": "由", "agent": "客服", "nobody": "暂无", "team": "团队",
        "channel": "渠道", "language": "语言", "since": "开始于", "waiting": "等待自", "fd_resolve": "标为已解决",
        "fd_why": "解决并说明…", "fd_claim": "接手", "fd_release": "放手", "fd_assign": "分配…",
        "reopen": "重新打开", "reopened": "已重新打开", "console": "在控制台打开", "resend": "再次发送", "note": "备注",
        "as_link": "以链接发送", "as_note": "改为备注",
        "edited": "已修改", "deleted": "{who}已撤回", "failed": "未送达", "unknown": "可能未送达",
        "held": "暂缓发送", "warned": "回复次数将尽", "noticed": "已通知客户", "sent": "已发送",
        "assigned": "已分配给", "took": "已接手此会话", "customer": "客户", "colon": "：",
        "lost": "无法复制到这里（{why}）", "empty": "是空文件",
        "snoozed": "暂停至", "written": "客户来信", "priority1": "普通", "priority2": "高", "priority3": "紧急",
        "until": "可回复至", "left": "还可回复 {n} 次",
        "fd_canned": "快捷回复…", "fd_snooze": "稍后…", "more_priority": "优先级…", "more_tags": "标签…",
        "more_block": "拉黑…", "more_unblock": "取消拉黑",
        "identity": "身份", "unproved": "未验证", "unionid": "微信账号", "history": "历史", "earlier": "此前 {n} 次会话",
        "place": "排队第 {n} 位",
        "username": "账号名", "email": "邮箱", "phone": "电话", "page": "页面",
    },
}  # fmt: skip
