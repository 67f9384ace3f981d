"""What the hub has one person told of an answer of theirs, in English and Chinese; what fills `{}` is safe already."""

from __future__ import annotations

ASIDES = {
    "en": {
        "last_calls": "Not sent yet: the channel takes {left} more until the customer writes, and this needs {calls}. "
        "What is beyond that waits for the customer. They would get:\n> {preview}",
        "unchanged": "This channel can't change what was sent. Should the customer get your new words as a correction?",
        "no_note": "Not sent after all: it is no longer part of this conversation. Write it again where it belongs.",
        "correct": "Send correction",
        "leave": "Leave it",
        "undone": "Taken back: it had not left.",
        "late": "It has left already. Delete your message to take it back where the channel can.",
        "leaving": "It leaves in {seconds} s.",
        "undo": "Undo",
        "take": "Take over",
        "not_failed": "There is nothing to send again: this line is no answer that failed.",
        "tasking": "{name} is being asked. What comes of it stands in this thread.",
        "no_tracker": "No task was created: an admin names the tracker in config/tasks.yaml.",
        "saved": "Saved: `!r {name}` sends it, and *Canned…* on the card lists it.",
        "not_saved": "Not saved: there is a canned reply `{name}` already. Choose another name.",
        "too_many_saved": "Not saved: there are 500 saved replies, which is the most. Delete one first.",
        "forgotten": "Deleted: the canned reply `{name}`.",
        "not_forgotten": "There is no saved reply `{name}` any more.",
        "no_translator": "Nothing is translated here: an admin names the service in config/translation.yaml.",
    },
    "zh": {
        "last_calls": "尚未发送：在客户下次来信前，此渠道还可发送 {left} 次，本条需要 {calls} 次，"
        "超出部分将等客户来信后发出。客户将看到：\n> {preview}",
        "unchanged": "此渠道无法修改已发送的消息。要把新内容作为更正发送给客户吗？",
        "no_note": "并未发送：这条内容已不属于此会话。请在要回复客户的会话中重新发送。",
        "correct": "发送更正",
        "leave": "不发送",
        "undone": "已撤回，客户没有收到。",
        "late": "消息已经发出。如渠道支持，删除您的消息即可撤回。",
        "leaving": "将在 {seconds} 秒后发出。",
        "undo": "撤销",
        "take": "由我接手",
        "not_failed": "没有可再次发送的内容：这条消息不是发送失败的回复。",
        "tasking": "正在 {name} 中创建任务，结果会发到此话题。",
        "no_tracker": "未创建任务：请管理员在 config/tasks.yaml 中设置任务系统。",
        "saved": "已保存：用 `!r {name}` 发送，卡片上的“快捷回复…”中也能找到。",
        "not_saved": "未保存：已有名为 `{name}` 的快捷回复，请换一个名称。",
        "too_many_saved": "未保存：已有 500 条保存的快捷回复，请先删除一条。",
        "forgotten": "已删除快捷回复 `{name}`。",
        "not_forgotten": "已没有名为 `{name}` 的快捷回复。",
        "no_translator": "此处未启用翻译：请管理员在 config/translation.yaml 中设置翻译服务。",
    },
}
