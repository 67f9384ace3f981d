"""GET /openapi.json: the public API as OpenAPI 3.1, made from the app's own routes and the shapes beside this module."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from hub.model import PART_KINDS
from hub.roles import SHIPPED
from widget import console, openapi_shapes
from widget.access import Needed
from widget.openapi_calls import CALLS, JSON, PARTS, TAGS, Call
from widget.openapi_shapes import Error

SCHEMAS = "#/components/schemas/"
HOOKS = (("GET", "/hooks/{name}"), ("POST", "/hooks/{name}"))
"""Answered in front of the routes."""
ABOUT = (
    "What customers' widgets and apps, the agents' console and programs call. A 2xx to a message or an action means: "
    "committed to disk. Errors are {error: {code, message}}; codes stay, messages are for people. "
    "Fields may be added: ignore what you do not know."
)
KEYS = {
    "agent": {
        "type": "http",
        "scheme": "bearer",
        "description": "a program's token, made by POST /console/api/me/tokens or `frontdesk agent add … --token`",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "fd_session",
        "description": "a browser's session (`__Host-fd_session` over https); calls that change something also need the header "
        "X-Frontdesk: 1",
    },
    "customer": {"type": "http", "scheme": "bearer", "description": "the token of POST /chat/{channel}/session"},
    "metrics": {"type": "http", "scheme": "bearer", "description": "`metrics.token` of hub.yaml"},
}
WRONG = {
    400: "not as described here",
    401: "not signed in, or the token is not good",
    403: "not allowed",
    404: "there is no such thing, or it is not for you",
    408: "the body took too long",
    409: "it does not fit what has happened meanwhile",
    411: "Content-Length is missing",
    413: "too large",
    415: "compressed, or of the wrong type",
    422: "understood, but not acceptable",
    426: "a WebSocket's address, asked without an upgrade",
    429: "too often; Retry-After says how long to wait",
    503: "not now; Retry-After says when",
}
PLACES = {
    "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "channel": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"},
    "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"},
    "path": {"type": "string"},
}


def addresses(routes: Iterable[BaseRoute]) -> list[tuple[str, str]]:
    """(method, path) of everything that an app answers. HEAD comes with every GET and is not named."""
    found = []
    for route in routes:
        if isinstance(route, Route):
            found += [(method, _plain(route.path)) for method in sorted(route.methods or {"GET"}) if method != "HEAD"]
        elif isinstance(route, WebSocketRoute):
            found.append(("GET", _plain(route.path)))
    return [*found, *HOOKS]


def _plain(path: str) -> str:
    """A route's path without Starlette's convertors."""
    return re.sub(r":\w+}", "}", path)


def describe(routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """The document. A route that `CALLS` does not know is a mistake of ours: `KeyError`."""
    calls = {address: CALLS[address] for address in addresses(routes)}
    models = _models(calls.values())
    links, defined = models_json_schema([(model, "validation") for model in models], ref_template=SCHEMAS + "{model}")
    names = {model: links[(model, "validation")]["$ref"] for model in models}
    rights = {(method, path): needed for method, path, _, needed in console.CALLS}
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), call in calls.items():
        item = paths.setdefault(path, {"parameters": places} if (places := _places(path)) else {})
        item[method.lower()] = _operation(method, path, call, names, rights.get((method, path)))
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Frontdesk",
            "version": version("frontdesk"),
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": en, "x-zh": zh} for name, (en, zh) in TAGS.items()],
        "paths": paths,
        "components": {"schemas": _tidy(defined["$defs"]), "securitySchemes": KEYS},
    }


def _models(calls: Iterable[Call]) -> list[type[BaseModel]]:
    found: dict[type[BaseModel], None] = {Error: None}
    for call in calls:
        shapes = [call.takes, *call.gives.values()]
        found |= {shape: None for shape in shapes if shape is not None and not isinstance(shape, str)}
    return list(found)


def _operation(method: str, path: str, call: Call, names: dict[type[BaseModel], str], needed: Needed | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}{path}{'page' if path.endswith('/') else ''}").strip("_"),
        "tags": [call.tag],
        "summary": call.en,
        "x-zh": call.zh,
        "responses": {str(status): _answer(status, shape, names) for status, shape in call.gives.items()},
    }
    wrong = {"$ref": names[Error]}
    for status in sorted(set(call.fails)):
        made["responses"][str(status)] = {"description": WRONG[status], "content": {JSON: {"schema": wrong}}}
    made["responses"]["default"] = {"description": "anything else that went wrong", "content": {JSON: {"schema": wrong}}}
    if call.query is not None:
        made["parameters"] = _query(call.query)
    if call.takes is not None:
        made["requestBody"] = {"required": not call.bare, "content": {JSON: {"schema": {"$ref": names[call.takes]}}}}
    if call.uploads:
        form = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
        made["requestBody"] = {"required": True, "content": {PARTS: {"schema": form}}}
    if call.key:
        made["security"] = [{call.key: []}, *([{"cookie": []}] if call.key == "agent" else [])]
    if needed is not None:
        made["x-right"] = needed
        made["x-roles"] = sorted(role for role, rights in SHIPPED.items() if needed in ("own", "enrol") or needed in rights)
    return made


def _answer(status: int, shape: type[BaseModel] | str | None, names: dict[type[BaseModel], str]) -> dict[str, Any]:
    kept = {101: "the socket is open", 201: "kept", 202: "accepted", 204: "done"}
    said = {**kept, 302: "elsewhere", 304: "not changed", 307: "elsewhere"}
    made: dict[str, Any] = {"description": said.get(status, "as asked")}
    if isinstance(shape, str):
        made["content"] = {shape: {"schema": {"type": "string"} if shape != JSON else {"type": "object"}}}
    elif shape is not None:
        made["content"] = {JSON: {"schema": {"$ref": names[shape]}}}
    return made


def _places(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", path)
    return [{"name": name, "in": "path", "required": True, "schema": PLACES[name]} for name in names]


def _query(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = _tidy({model.__name__: model.model_json_schema()})[model.__name__]
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": part} for name, part in schema["properties"].items()
    ]


def _tidy(schemas: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only pydantic needs: titles, defaults of what is simply left out, and the ban on fields that may come later.
    A part always says its type."""
    parts = {"MediaShown", "CardShown", *(kind.capitalize() for kind in PART_KINDS)} & set(vars(openapi_shapes))
    made = {name: _plain_schema(schema) for name, schema in schemas.items()}
    for name in parts & set(made):
        made[name]["required"] = ["type", *made[name].get("required", [])]
    return made


def _plain_schema(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain_schema(part) for part in value]
    if not isinstance(value, dict):
        return value
    kept = {key: part for key, part in value.items() if not _is_noise(key, part)}
    return {key: _plain_schema(part) for key, part in kept.items()}


def _is_noise(key: str, part: Any) -> bool:
    title = key == "title" and isinstance(part, str)
    return title or (key == "default" and part is None) or (key == "additionalProperties" and part is False)


async def openapi(request: Request) -> Response:
    """GET /openapi.json"""
    state = request.app.state
    if not hasattr(state, "openapi"):
        state.openapi = orjson.dumps(describe(request.app.routes))
    return Response(state.openapi, headers={"cache-control": "no-cache"}, media_type=JSON)
