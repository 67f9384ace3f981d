"""What an OpenAPI 3.1 document must be (written from the specification), and real exchanges held to what a document says."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import jsonschema_rs

TEXT = {"type": "string"}
EXTENSION = {"^x-": True}


def _object(needed: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    shape = {"type": "object", "required": list(needed), "properties": properties}
    return {**shape, "patternProperties": EXTENSION, "additionalProperties": False}


def _map(of: Any, names: str = ".") -> dict[str, Any]:
    return {"type": "object", "patternProperties": {names: of}, "additionalProperties": False}


SCHEMA = {"type": ["object", "boolean"]}
CONTENT = _map(_object(("schema",), schema=SCHEMA, example=True), r"^[\w.+-]+/[\w.+*-]+$")
_IN_PATH = {"properties": {"in": {"const": "path"}}}
_NEEDED = {"properties": {"required": {"const": True}}, "required": ["required"]}
PARAMETER = {
    **_object(
        ("name", "in", "schema"),
        **{"name": TEXT, "in": {"enum": ["query", "path", "header", "cookie"]}, "description": TEXT, "schema": SCHEMA},
        required={"type": "boolean"},
    ),
    "if": _IN_PATH,
    "then": _NEEDED,
}
RESPONSE = _object(("description",), description=TEXT, content=CONTENT, headers={"type": "object"})
OPERATION = _object(
    ("responses",),
    operationId={"type": "string", "pattern": r"^\w+$"},
    tags={"type": "array", "items": TEXT},
    summary=TEXT,
    description=TEXT,
    parameters={"type": "array", "items": PARAMETER},
    requestBody=_object(("content",), content=CONTENT, required={"type": "boolean"}, description=TEXT),
    responses={**_map(RESPONSE, r"^([1-5](\d\d|XX)|default)$"), "minProperties": 1},
    security={"type": "array", "items": {"type": "object", "additionalProperties": {"type": "array", "items": TEXT}}},
)
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PATH = _object((), parameters={"type": "array", "items": PARAMETER}, **dict.fromkeys(METHODS, OPERATION))
KEY = {
    "oneOf": [
        _object(("type", "scheme"), type={"const": "http"}, scheme=TEXT, description=TEXT),
        _object(("type", "in", "name"), **{"type": {"const": "apiKey"}, "in": TEXT, "name": TEXT, "description": TEXT}),
    ]
}
DOCUMENT = _object(
    ("openapi", "info", "paths"),
    openapi={"type": "string", "pattern": r"^3\.1\.\d+$"},
    info=_object(
        ("title", "version"),
        title=TEXT,
        version=TEXT,
        description=TEXT,
        license=_object(("name", "identifier"), name=TEXT, identifier=TEXT),
    ),
    servers={"type": "array", "items": _object(("url",), url=TEXT)},
    tags={"type": "array", "items": _object(("name",), name=TEXT, description=TEXT)},
    paths=_map(PATH, "^/"),
    components=_object((), schemas=_map(SCHEMA, r"^[\w.-]+$"), securitySchemes=_map(KEY, r"^[\w.-]+$")),
)


def mistakes(document: dict[str, Any]) -> list[str]:
    """What is wrong with a document: its objects, its schemas, its references and its names."""
    found = [
        f"{error.instance_path}: {error.message}" for error in jsonschema_rs.Draft202012Validator(DOCUMENT).iter_errors(document)
    ]
    for name, schema in document["components"]["schemas"].items():
        if not jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}):
            found.append(f"the schema {name} is no JSON Schema")
    text = json.dumps(document)
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    used = set(re.findall(r'"(#/[^"]*)"', text))
    found += [f"{name} is used, and not there" for name in used - known]
    found += [f"{name} is there, and not used" for name in known - used]
    tags = {tag["name"] for tag in document["tags"]}
    ids: set[str] = set()
    for path, item in document["paths"].items():
        named = {one["name"] for one in item.get("parameters", []) if one["in"] == "path"}
        if named != set(re.findall(r"{(\w+)}", path)):
            found.append(f"{path}: its parameters are {named}")
        for method in set(item) & set(METHODS):
            call = item[method]
            if call["operationId"] in ids or not set(call["tags"]) <= tags:
                found.append(f"{method} {path}: its id or tag is wrong")
            ids.add(call["operationId"])
            keys = {name for one in call.get("security", []) for name in one}
            found += [
                f"{method} {path}: there is no key {name}" for name in keys - set(document["components"]["securitySchemes"])
            ]
    return found


def closed(value: Any) -> Any:
    """A schema in which every field that is not described is a mistake."""
    if isinstance(value, list):
        return [closed(part) for part in value]
    if not isinstance(value, dict):
        return value
    made = {key: closed(part) for key, part in value.items()}
    if isinstance(value.get("properties"), dict) and "additionalProperties" not in value:
        made["additionalProperties"] = False
    return made


class Book:
    """A document that is compared with what really goes over the wire."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.seen: set[tuple[str, str, int]] = set()
        self._components = {"components": document["components"]}
        self._closed = closed(self._components)

    def operations(self) -> dict[tuple[str, str], dict[str, Any]]:
        items = self.document["paths"].items()
        return {(method.upper(), path): item[method] for path, item in items for method in METHODS if method in item}

    def template(self, path: str) -> str:
        """The documented path that an address belongs to; one without variables wins."""
        if path in self.document["paths"]:
            return path
        for known in self.document["paths"]:
            if re.fullmatch(re.sub(r"{path}", ".+", re.sub(r"{(?!path)\w+}", "[^/]+", known)), path):
                return str(known)
        raise AssertionError(f"{path} is not in the document")

    def errors(self, schema: dict[str, Any], value: Any, *, strict: bool) -> list[str]:
        whole = {**schema, **(self._closed if strict else self._components)}
        found = jsonschema_rs.Draft202012Validator(whole).iter_errors(value)
        return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in found]

    async def hold(self, response: httpx.Response) -> None:
        """An httpx response hook: the answer must be one that is documented, in a documented shape."""
        await response.aread()
        path = self.template(response.request.url.path)
        where = f"{response.request.method} {path} → {response.status_code} {response.text[:300]}"
        call = self.operations().get((response.request.method, path))
        assert call is not None, where
        described = call["responses"].get(str(response.status_code))
        assert described is not None, where
        self.seen.add((response.request.method, path, response.status_code))
        content = described.get("content")
        if content is None:
            assert not response.content, where
            return
        ((kind, shape),) = content.items()
        given = response.headers.get("content-type", "").partition(";")[0]
        assert kind in (given, "application/octet-stream") or (kind, given) == ("text/plain", ""), where
        if kind == "application/json":
            assert not (wrong := self.errors(shape["schema"], response.json(), strict=True)), f"{where}\n{wrong}"

    async def asked(self, request: httpx.Request) -> None:
        """An httpx request hook: what is sent must be as documented, unless the caller marks it as wrong on purpose."""
        if request.headers.pop("x-wrong", ""):
            return
        call = self.operations()[(request.method, self.template(request.url.path))]
        body = call.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None:
            wrong = self.errors(body["schema"], json.loads(request.content), strict=True)
            assert not wrong, f"{request.method} {request.url.path}: {wrong}"
