"""Parts in words, for channels that can't show them and for previews, notices and desks; English and Chinese."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hub.model import (
    Card,
    Choice,
    Choices,
    Contact,
    Event,
    FileId,
    Form,
    FormField,
    Location,
    Media,
    Option,
    Part,
    Text,
    Unsupported,
)
from hub.splitting import clip, visible

Link = Callable[[FileId], str]

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "image": "Picture", "voice": "Voice message", "audio": "Audio", "video": "Video", "file": "File", "sticker": "Sticker",
        "location": "Location", "live": "live", "contact": "Contact", "form": "Form", "required": "required", "or": " / ",
        "choice": "Chose", "colon": ": ", "comma": ", ", "open": "(", "close": ")",
        "unsupported": "This kind can't be shown here", "choose": "Please choose:",
        "followed": "started following", "unfollowed": "stopped following", "blocked": "blocked this account",
        "unblocked": "unblocked this account", "scanned": "scanned a code", "opened": "opened the conversation",
        "started": "pressed Start", "reacted": "reacted", "unreacted": "took a reaction back",
        "moved": "moved to another address", "arrived": "has got the notice", "bounced": "has not got the notice",
        "typing": "is typing", "read": "has read the messages", "deleted": "deleted a message",
        "goes_on": "More answers will be here: ",
        "lost": "“{name}” could not be copied from {source}: {why}",
    },
    "zh": {
        "image": "图片", "voice": "语音", "audio": "音频", "video": "视频", "file": "文件", "sticker": "表情",
        "location": "位置", "live": "实时", "contact": "名片", "form": "表单", "required": "必填", "or": " / ",
        "choice": "选择了", "colon": "：", "comma": "，", "open": "（", "close": "）",
        "unsupported": "暂不支持显示此类内容", "choose": "请选择：",
        "followed": "关注了", "unfollowed": "取消了关注", "blocked": "屏蔽了本账号",
        "unblocked": "解除了屏蔽", "scanned": "扫描了二维码", "opened": "打开了会话",
        "started": "点击了开始", "reacted": "回应了表情", "unreacted": "撤回了表情回应", "moved": "迁移到了新地址",
        "arrived": "已收到通知", "bounced": "未收到通知",
        "typing": "正在输入", "read": "已读消息", "deleted": "删除了一条消息",
        "goes_on": "后续回复请在此查看：",
        "lost": "无法从 {source} 复制“{name}”：{why}",
    },
}  # fmt: skip


def words(locale: str) -> dict[str, str]:
    """The table for a locale; English where there is none."""
    return WORDS.get(locale.replace("_", "-").split("-")[0].lower(), WORDS["en"])


def size_of(count: int) -> str:
    """A number of bytes as people read it."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def numbered(options: Sequence[Option]) -> list[str]:
    """Buttons as lines that can be answered with a number."""
    return [f"{n}. {option.text or option.id}" + (f" {option.url}" if option.url else "") for n, option in enumerate(options, 1)]


def say(part: Part, locale: str = "en", link: Link | None = None) -> str:
    """One part in words, with the address of its file when `link` is given."""
    w = words(locale)
    match part:
        case Text():
            return part.text
        case Media():
            return _media(part, w, link)
        case Location():
            return _location(part, w)
        case Contact():
            return f"{w['contact']}{w['colon']}" + w["comma"].join(x for x in (part.name, part.phone, part.email) if x)
        case Choices():
            return _lines([part.text, *numbered(part.options)])
        case Choice():
            return part.text if visible(part.text) else f"{w['choice']}{w['colon']}{part.id}"
        case Card():
            picture = [_media(part.image, w, link)] if part.image else []
            return _lines([*picture, part.title, part.text, part.url, *numbered(part.options)])
        case Form():
            return _lines([part.title or w["form"], *(_field(f, n, part.submitted, w) for n, f in enumerate(part.fields, 1))])
        case Event():
            kind = "unreacted" if part.kind == "reacted" and not part.data else part.kind
            return f"[{w[kind]}{w['colon'] + part.data if part.data else ''}]"
        case Unsupported():
            return _lines([f"[{part.kind}{w['colon']}{w['unsupported']}]", part.text])


def _lines(pieces: Sequence[str]) -> str:
    return "\n".join(piece for piece in pieces if visible(piece))


def _media(part: Media, w: dict[str, str], link: Link | None) -> str:
    about = [part.name] if visible(part.name) else []
    if part.seconds is not None:
        about.append(f"{int(part.seconds) // 60}:{int(part.seconds) % 60:02d}")
    if part.size is not None:
        about.append(size_of(part.size))
    head = w[part.kind] + (w["colon"] + w["comma"].join(about) if about else "")
    return _lines([f"[{head}]", part.alt, link(part.file) if link and part.file else ""])


def _location(part: Location, w: dict[str, str]) -> str:
    kind = w["location"] + (f"{w['open']}{w['live']}{w['close']}" if part.live else "")
    where = w["comma"].join(x for x in (part.title, part.address) if x)
    at = f"{part.latitude:.6f}, {part.longitude:.6f}"
    page = f"https://www.openstreetmap.org/?mlat={part.latitude:.6f}&mlon={part.longitude:.6f}"
    return _lines([f"{kind}{w['colon']}{where or at}", at if where else "", page])


def _field(field: FormField, n: int, submitted: bool, w: dict[str, str]) -> str:
    label = field.label or field.name
    if submitted:
        chosen = next((o.text for o in field.options if o.id == field.value), field.value)
        return f"{label}{w['colon']}{chosen or '–'}"
    must = f" {w['open'].strip()}{w['required']}{w['close']}" if field.required else ""
    options = w["colon"] + w["or"].join(o.text or o.id for o in field.options) if field.options else ""
    return f"{n}. {label}{must}{options}"


def plain(parts: Sequence[Part], locale: str = "en") -> str:
    """Everything that was said, in words, a line or more for each part."""
    return _lines([say(part, locale) for part in parts])


def preview(parts: Sequence[Part], locale: str = "en", limit: int = 120) -> str:
    """What was said, on one line of at most `limit` code points."""
    line = " ".join(plain(parts, locale).split())
    return line if len(line) <= limit else clip(line, limit - 1).rstrip() + "…"
