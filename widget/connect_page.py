"""The page at the end of an installation: what was done, what is missing, or why nothing was. The desk has the words."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from starlette.requests import Request
from starlette.responses import Response

from hub.installs import Language, SupportsInstall

HTML = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Frontdesk</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/connect.css">
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def page(
    request: Request, desk: SupportsInstall, about: str, status: int, facts: Mapping[str, str], missing: Mapping[str, str]
) -> Response:
    """The page about an installation. `facts` hold `lines`, which are still to be written into a file; `missing` are scopes with
    what does not work without them."""
    language = _language(request.headers.get("accept-language", ""))
    title, said = desk.told(about, facts, language)
    parts = [f"<p>{escape(one)}</p>" for one in said]
    if facts.get("lines"):
        parts += [f"<p>{escape(one)}</p>" for one in desk.told("unmapped", facts, language)[1]]
        parts.append(f"<pre><code>{escape(facts['lines'])}</code></pre>")
    if missing:
        parts += [f"<p>{escape(one)}</p>" for one in desk.told("missing", facts, language)[1]]
        items = "".join(f"<li><code>{escape(name)}</code>: {escape(why)}</li>" for name, why in sorted(missing.items()))
        parts.append(f"<ul>{items}</ul>")
    whole = HTML.format(language=language, title=escape(title), body="\n".join(parts))
    return Response(whole, status, {"cache-control": "no-store", "vary": "accept-language"}, media_type="text/html")


def _language(asked: str) -> Language:
    """The first language that a browser names and we speak."""
    for one in asked[:200].lower().split(","):
        match one.strip()[:2]:
            case "zh":
                return "zh"
            case "en":
                return "en"
    return "en"
