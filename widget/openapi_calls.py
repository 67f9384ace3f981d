"""Every address of the web process as /openapi.json describes it: summary in two languages, shapes, what can go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from widget import openapi_begin as begin
from widget import openapi_change as change
from widget import openapi_console as console
from widget import openapi_customers as people
from widget import openapi_desks as desks
from widget import openapi_devices as devices
from widget import openapi_mail as mail
from widget import openapi_merge as merging
from widget import openapi_reports as reports
from widget import openapi_shapes as shapes
from widget import openapi_staff as staff
from widget import openapi_workbench as bench

CHAT, CONSOLE, OPERATIONS, PAGES = "customer protocol", "console", "operations", "pages"
TAGS = {
    CHAT: (
        "For widgets and apps: one customer, one channel. How frames go: docs/protocol.md.",
        "客户协议：网页组件与 App 使用。",
    ),
    CONSOLE: (
        "What agents do. Every action of the console is one of these calls.",
        "坐席接口：控制台的每个操作都是其中一个调用。",
    ),
    OPERATIONS: ("Platforms' hooks, health and figures.", "平台回调、健康检查与指标。"),
    PAGES: ("Pages, scripts and files for browsers.", "网页、脚本与文件。"),
}
JSON = "application/json"
PARTS = "multipart/form-data"
BODY = (400, 408, 413, 415)
"""What any JSON body can be answered with."""


@dataclass(frozen=True, slots=True)
class Call:
    """One method of one address. `gives` maps a status to a shape, or to a content type, or to None for an empty answer."""

    tag: str
    en: str
    zh: str
    gives: Mapping[int, type[BaseModel] | str | None]
    takes: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    bare: bool = False
    """Whether the body may be left out."""
    uploads: bool = False
    key: str = ""
    """The security scheme; empty for calls that anybody may make."""
    fails: tuple[int, ...] = field(default=())


def _chat(en: str, zh: str, **more: object) -> Call:
    return Call(CHAT, en, zh, **more)  # type: ignore[arg-type]


def _agents(en: str, zh: str, gives: Mapping[int, type[BaseModel] | str | None], *fails: int, **more: object) -> Call:
    """A call of somebody who is signed in."""
    body = BODY if more.get("takes") else ()
    return Call(CONSOLE, en, zh, gives, key="agent", fails=(401, 403, *body, *({*fails} - {429}), 429), **more)  # type: ignore[arg-type]


def _page(en: str, zh: str, kind: str, *fails: int) -> Call:
    return Call(PAGES, en, zh, {200: kind, 304: None}, fails=fails)


_LIMITED = (403, 404, 429)
"""What every call of a chat can be answered with."""
_C = "/chat/{channel}"
_A = "/console/api"
_ONE = f"{_A}/conversations/{{id}}"
_KEPT = {201: console.Kept}
_LATE = (404, 409, 429, 503)
"""What every action on a conversation can be answered with."""

CALLS: dict[tuple[str, str], Call] = {
    ("POST", f"{_C}/session"): _chat(
        "A token for a new customer, or a fresh one for a known customer", "新客户取得令牌，或老客户续期",
        takes=shapes.SessionAsked, bare=True, gives={200: shapes.Session}, fails=(401, *BODY, *_LIMITED),
    ),
    ("POST", f"{_C}/poll"): _chat(
        "Frames up and down by long poll; the token travels in the body", "长轮询收发帧；令牌放在请求体中",
        takes=shapes.Poll, gives={200: shapes.Polled}, fails=(401, *BODY, *_LIMITED),
    ),
    ("GET", f"{_C}/history"): _chat(
        "Older entries of one's own log", "更早的消息", query=shapes.HistoryQuery, gives={200: shapes.History}, key="customer",
        fails=(400, 401, *_LIMITED),
    ),
    ("POST", f"{_C}/files"): _chat(
        "Upload one file", "上传一个文件", uploads=True, gives={201: shapes.File}, key="customer",
        fails=(401, 409, 411, *BODY, *_LIMITED),
    ),
    ("POST", f"{_C}/transcript"): _chat(
        "Have the conversation sent by e-mail", "将对话记录发送到邮箱", takes=mail.TranscriptAsked, gives={202: mail.Mailed},
        key="customer", fails=(401, *BODY, *_LIMITED),
    ),
    ("POST", f"{_C}/devices"): _chat(
        "Tell this device of answers by push", "用推送通知此设备有新回复", takes=devices.DeviceAsked, gives={201: devices.Device},
        key="customer", fails=(401, *BODY, *_LIMITED),
    ),
    ("DELETE", f"{_C}/devices/{{id}}"): _chat(
        "Tell a device no more, as on logging out", "不再通知此设备（如退出登录时）", gives={204: None}, key="customer",
        fails=(401, *_LIMITED),
    ),
    ("GET", f"{_C}/unread"): _chat(
        "How many answers are not read", "未读回复数", gives={200: devices.Unread}, key="customer", fails=(401, *_LIMITED),
    ),
    ("GET", f"{_C}/socket"): _chat(
        "The same frames over a WebSocket", "同样的帧，经 WebSocket", gives={101: None}, fails=(403, 426)
    ),
    ("POST", f"{_A}/setup"): Call(
        CONSOLE, "Use a one-time link: set name and password, and come in", "用一次性链接设置姓名和密码并登录",
        {201: staff.Agent, 202: staff.Agent}, takes=staff.Setup, fails=(403, 409, 422, 429, *BODY),
    ),
    ("POST", f"{_A}/session"): Call(
        CONSOLE, "Sign in; the session is a cookie", "登录；会话保存在 Cookie 中",
        {201: staff.Agent}, takes=staff.SignIn, fails=(401, 429, *BODY),
    ),
    ("GET", f"{_A}/door"): Call(CONSOLE, "By what ways agents come in", "登录方式", {200: staff.Door}),
    ("GET", f"{_A}/oidc"): Call(
        CONSOLE, "To the single sign-on's provider, where one is set up", "跳转到单点登录", {302: None}, fails=(404, 429)
    ),
    ("GET", f"{_A}/oidc/back"): Call(
        CONSOLE, "Back from the provider: a session, or a reason why not", "单点登录返回", {302: None}, query=staff.Returned,
        fails=(404, 429),
    ),
    ("DELETE", f"{_A}/session"): _agents("Sign out", "退出", {204: None}),
    ("GET", f"{_A}/me"): _agents("Who one is", "我是谁", {200: staff.Me}),
    ("PUT", f"{_A}/me/presence"): _agents("Be there or away", "切换在线状态", {200: staff.Agent}, takes=staff.PresenceAsked),
    ("PUT", f"{_A}/me/password"): _agents(
        "Change the password; other sessions and tokens end", "修改密码；其他会话和令牌失效", {204: None}, 422, 429,
        takes=staff.PasswordAsked,
    ),
    ("GET", f"{_A}/me/sessions"): _agents("One's own sessions and tokens", "我的会话和令牌", {200: staff.Logins}),
    ("DELETE", f"{_A}/me/sessions/{{id}}"): _agents("End a session or token", "结束一个会话或令牌", {204: None}, 404),
    ("POST", f"{_A}/me/tokens"): _agents(
        "A token for a program, with one's own role or less", "为程序创建令牌", {201: staff.Token},
        takes=staff.TokenAsked,
    ),
    ("GET", f"{_A}/me/factor"): _agents("One's second factor", "我的两步验证", {200: staff.FactorState}),
    ("POST", f"{_A}/me/factor"): _agents(
        "Begin to set up a second factor", "开始设置两步验证", {201: staff.FactorOffered}, 409, 429, takes=staff.Again
    ),
    ("PUT", f"{_A}/me/factor"): _agents(
        "Confirm it by its first code; answers with recovery codes", "用第一个验证码确认，返回恢复码", {200: staff.Codes},
        422, 429, takes=staff.CodeShown,
    ),
    ("DELETE", f"{_A}/me/factor"): _agents(
        "Give the second factor up; other sessions and tokens end", "停用两步验证", {204: None}, 409, 429, takes=staff.Again
    ),
    ("POST", f"{_A}/me/factor/codes"): _agents(
        "New recovery codes", "新的恢复码", {201: staff.Codes}, 409, 429, takes=staff.Again
    ),
    ("GET", f"{_A}/conversations"): _agents(
        "Conversations, newest first", "会话列表", {200: console.Conversations}, 422, query=console.ConversationsQuery
    ),
    ("GET", _ONE): _agents("One conversation", "会话详情", {200: console.Conversation}, 404),
    ("GET", f"{_ONE}/entries"): _agents(
        "What was said", "会话内容", {200: console.Entries}, 404, 422, query=console.EntriesQuery
    ),
    ("POST", f"{_ONE}/entries"): _agents(
        "Reply, or write a note", "回复或写备注", _KEPT, *_LATE, takes=console.Reply
    ),
    ("POST", f"{_ONE}/resolve"): _agents("Resolve", "结束会话", _KEPT, *_LATE, takes=console.Resolve),
    ("POST", f"{_ONE}/reopen"): _agents("Reopen", "重新打开", _KEPT, *_LATE, takes=console.Act),
    ("POST", f"{_A}/conversations"): _agents("Write to a customer first", "主动联系客户", _KEPT, *_LATE, takes=begin.Begin),
    ("GET", f"{_A}/reach"): _agents(
        "Whom a channel lets us write to", "渠道允许联系的客户", {200: begin.Reach}, 404, query=begin.ReachQuery
    ),
    ("POST", f"{_ONE}/assign"): _agents("Give to somebody", "分配", _KEPT, *_LATE, takes=console.Assign),
    ("POST", f"{_ONE}/snooze"): _agents("Let it sleep", "暂缓", _KEPT, *_LATE, takes=change.Snooze),
    ("POST", f"{_ONE}/priority"): _agents("How urgent it is", "优先级", _KEPT, *_LATE, takes=change.Priority),
    ("POST", f"{_ONE}/tags"): _agents("Tags", "标签", _KEPT, *_LATE, takes=change.Tags),
    ("POST", f"{_ONE}/block"): _agents("Block the customer", "拉黑客户", _KEPT, *_LATE, takes=change.Block),
    ("POST", f"{_ONE}/unblock"): _agents("Unblock the customer", "取消拉黑", _KEPT, *_LATE, takes=change.Block),
    ("POST", f"{_ONE}/undo"): _agents("Take back a reply before it leaves", "撤回", _KEPT, *_LATE, takes=change.Undo),
    ("POST", f"{_ONE}/translate"): _agents("Translate", "翻译", _KEPT, *_LATE, takes=change.Translate),
    ("POST", f"{_ONE}/merge"): _agents(
        "See another conversation of this customer in this one", "合并客户的另一会话", _KEPT, *_LATE, takes=merging.MergeAsked
    ),
    ("POST", f"{_ONE}/part"): _agents(
        "Let a merged conversation go on apart", "拆分已合并的会话", _KEPT, *_LATE, takes=merging.ApartAsked
    ),
    ("POST", f"{_ONE}/read"): _agents("How far one has read", "标记已读", {200: console.ReadUpTo}, 404, takes=console.ReadAsked),
    ("GET", f"{_ONE}/draft"): _agents("What one has begun to write", "草稿", {200: console.Draft}, 404),
    ("PUT", f"{_ONE}/draft"): _agents(
        "Keep a draft; one's other browsers are told", "保存草稿", {200: console.Draft}, 404, 429, takes=bench.DraftAsked
    ),
    ("GET", f"{_ONE}/canned"): _agents(
        "Replies that are ready, filled for this customer", "快捷回复（已填变量）", {200: bench.ReadyReplies}, 404, 422,
        query=bench.WordsQuery,
    ),
    ("POST", f"{_A}/bulk"): _agents(
        "The same acts, or a macro, on several conversations", "批量操作与宏", {201: bench.Outcomes}, *_LATE, takes=bench.Bulk
    ),
    ("GET", f"{_A}/search"): _agents(
        "Search in everything that was said", "搜索全部消息", {200: bench.Hits}, 422, 429, query=bench.SearchQuery
    ),
    ("GET", f"{_A}/workbench"): _agents("What lies ready for agents", "团队、标签、宏等", {200: bench.Workbench}),
    ("GET", f"{_A}/me/drafts"): _agents("Where one has begun to write", "有草稿的会话", {200: bench.Drafted}),
    ("GET", f"{_A}/me/views"): _agents("Views of one's own", "我的视图", {200: bench.Views}),
    ("GET", f"{_A}/views"): _agents("Views that everybody has", "团队视图", {200: bench.Views}),
    ("PUT", f"{_A}/views"): _agents("Keep views for everybody", "保存团队视图", {200: bench.Views}, takes=bench.Views),
    ("PUT", f"{_A}/me/views"): _agents("Keep views of one's own", "保存我的视图", {200: bench.Views}, takes=bench.Views),
    ("PUT", f"{_A}/me/capacity"): _agents(
        "How many conversations one is given at most", "接待上限", {200: staff.Agent}, takes=bench.CapacityAsked
    ),
    ("POST", f"{_A}/deliveries/{{id}}/resend"): _agents(
        "Send again what failed or has an unknown fate", "重新发送", _KEPT, *_LATE, takes=console.Act
    ),
    ("POST", f"{_A}/files"): _agents("Upload one file", "上传一个文件", {201: shapes.File}, 411, *BODY, 429, uploads=True),
    ("GET", f"{_A}/customers"): _agents(
        "Customers by name or address", "查找客户", {200: bench.People}, 422, query=bench.WordsQuery
    ),
    ("GET", f"{_A}/customers/{{id}}"): _agents("A customer over all channels", "客户（全渠道）", {200: people.Customer}, 404),
    ("POST", f"{_A}/customers/{{id}}/link"): _agents(
        "Two customers are one person", "合并两个客户", {201: people.Linked}, 404, 409, takes=people.LinkAsked
    ),
    ("POST", f"{_A}/links/{{id}}/undo"): _agents(
        "They are two after all", "撤销合并", {200: people.Parted}, 404, 409, takes=people.PartAsked
    ),
    ("GET", f"{_A}/agents"): _agents("All agents", "坐席列表", {200: staff.Colleagues}),
    ("POST", f"{_A}/agents"): _agents("Invite an agent", "邀请坐席", {201: staff.Invited}, 409, takes=staff.Invite),
    ("PATCH", f"{_A}/agents/{{id}}"): _agents(
        "Change an agent's name or role, or switch one off", "修改坐席", {200: staff.Colleague}, 404, 409, takes=staff.Change
    ),
    ("POST", f"{_A}/agents/{{id}}/link"): _agents(
        "A link with which an agent sets a new password", "重置密码链接", {201: staff.Link}, 404, 409
    ),
    ("DELETE", f"{_A}/agents/{{id}}/factor"): _agents(
        "Take the second factor from an agent who lost it", "重置坐席的两步验证", {204: None}, 404, 409
    ),
    ("GET", f"{_A}/roles"): _agents("Every role and what it may do", "角色与权限", {200: staff.Roles}),
    ("GET", f"{_A}/desks"): _agents("Workspaces that desks' apps are in", "应用所在的工作区", {200: desks.Desks}),
    ("POST", f"{_A}/desks/{{name}}/install"): _agents(
        "Where an admin installs the app, once; for sessions", "生成一次性安装链接（仅限登录会话）", {201: desks.Begins}, 404
    ),
    ("POST", f"{_A}/me/links"): _agents(
        "Whom a code from a desk is about, and that it is me; for sessions", "用一次性代码关联自己的账号（仅限登录会话）",
        {200: desks.Linked, 201: desks.Linked}, 404, takes=desks.CodeGiven,
    ),
    ("GET", "/connect/{name}/install"): Call(
        PAGES, "To the platform's page on which the app is installed", "跳转到平台的安装页面", {302: None, 403: "text/html"},
        query=desks.Ticket, fails=(404, 429),
    ),
    ("GET", "/connect/{name}/back"): Call(
        PAGES, "Back from there: what was installed, or why nothing was", "从安装页面返回",
        {200: "text/html", 400: "text/html", 403: "text/html", 502: "text/html"}, query=staff.Returned, fails=(404, 429),
    ),
    ("GET", f"{_A}/reports"): _agents(
        "Figures of a period", "报表", {200: reports.Report}, 422, query=reports.ReportQuery
    ),
    ("GET", f"{_A}/reports/conversations"): _agents(
        "The conversations behind a number", "数字背后的会话", {200: reports.Behind}, 422, query=reports.BehindQuery
    ),
    ("GET", f"{_A}/reports/csv"): _agents(
        "The same as a CSV file", "下载 CSV", {200: "text/csv"}, 422, query=reports.ReportQuery
    ),
    ("GET", f"{_A}/parked"): _agents(
        "What nobody could handle", "无法处理的消息", {200: staff.ParkedPage}, 422, query=staff.PageQuery
    ),
    ("POST", f"{_A}/parked/{{id}}/replay"): _agents("Try it again", "重试", {202: console.Kept}, 404, 409),
    ("GET", f"{_A}/audit"): _agents(
        "Who did what", "操作记录", {200: staff.AuditPage}, 404, 422, query=staff.AuditQuery
    ),
    ("GET", "/console/socket"): _agents("The inbox-wide log over a WebSocket", "控制台实时连接", {101: None}, 426),
    ("GET", "/hooks/{name}"): Call(
        OPERATIONS, "A platform's handshake, where it has one", "平台握手", {200: "text/plain"}, fails=(400, 401, 404, 503)
    ),
    ("POST", "/hooks/{name}"): Call(
        OPERATIONS, "What a platform tells; 200 only after the commit. The body is the platform's", "平台回调；提交后才返回 200",
        {200: "text/plain"}, fails=(400, 401, 404, 408, 413, 415, 503),
    ),
    ("GET", "/healthz"): Call(OPERATIONS, "The process lives", "进程存活", {200: staff.Alive}),
    ("GET", "/readyz"): Call(OPERATIONS, "Whether it may be given work", "可接收流量", {200: staff.Ready}, fails=(503,)),
    ("GET", "/metrics"): Call(
        OPERATIONS, "Prometheus figures; from this machine, or with the token of hub.yaml", "Prometheus 指标",
        {200: "text/plain"}, key="metrics", fails=(404,),
    ),
    ("GET", "/files/{id}"): Call(
        PAGES, "What a signed link names, while it is good", "签名链接指向的文件",
        {200: "application/octet-stream"}, query=shapes.FileQuery, fails=(404, 503),
    ),
    ("GET", "/"): Call(PAGES, "To the demo page (development only)", "转到演示页", {307: None}),
    ("GET", "/demo"): _page("A page that shows the widget (development only)", "演示页", "text/html"),
    ("GET", "/widget.js"): _page("The embed: one script tag", "网页组件脚本", "text/javascript"),
    ("GET", "/static/{path}"): _page("Scripts, styles and pictures of ours", "静态文件", "application/octet-stream", 404),
    ("GET", "/w/{channel}"): _page("The chat as a page of its own", "独立聊天页", "text/html"),
    ("GET", "/console"): Call(PAGES, "To the console", "转到控制台", {307: None}),
    ("GET", "/console/"): _page("The agents' console", "坐席控制台", "text/html"),
    ("GET", "/docs"): _page("This document, to read", "本文档的阅读页", "text/html"),
    ("GET", "/openapi.json"): _page("This document", "本文档", JSON),
}  # fmt: skip
