"""What holds values by their names, asked for them in another way than ``request.args["name"]``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from .scene import Scene, definition_of, nearest, own_nodes, typed

_PLACES = frozenset({"args", "form", "files", "values", "cookies"})


def _attribute(scene: Scene) -> str | None:
    """Say how ``request.args.name``, ``session.user`` or ``data.name`` is typed."""
    exc = scene.exc
    if not isinstance(exc, AttributeError) or not isinstance(exc.obj, Mapping):
        return None
    is_sent = isinstance(exc.obj, MultiDict) or type(exc.obj).__name__.endswith("Session")
    if exc.name not in exc.obj and not (is_sent and _is_unlike_all(str(exc.name), exc.obj)):
        return None
    called = {id(node.func) for node in scene.nodes if isinstance(node, ast.Call)}
    for node in scene.nodes:
        if isinstance(node, ast.Attribute) and node.attr == exc.name and id(node) not in called:
            return f'{scene.where}Type {typed(node.value)}["{exc.name}"]'
    return None


def _is_unlike_all(name: str, value: object) -> bool:
    """Whether a name is no misspelt method."""
    return nearest(name, dir(value)) is None


def _call(scene: Scene) -> str | None:
    """Say that values are taken with brackets."""
    if not re.search(r"(?:MultiDict|dict|Session)' object is not callable", str(scene.exc)):
        return None
    for node in scene.nodes:
        if isinstance(node, ast.Call) and len(node.args) == 1 and _is_mapping(scene, node.func):
            return f"{scene.where}brackets take a value. Type {typed(node.func)}[{_quoted(node.args[0])}]"
    return None


def _is_mapping(scene: Scene, node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in _PLACES and typed(node.value).endswith("request")
    return isinstance(scene.value_of(node), Mapping) or typed(node) == "session"


def _of_request(scene: Scene) -> str | None:
    """Say where ``request.get("name")`` is to look."""
    exc, request = scene.exc, scene.request
    if not isinstance(exc, AttributeError) or request is None or exc.obj is not request or exc.name != "get":
        return None
    for node in scene.nodes:
        if isinstance(node, ast.Call) and typed(node.func) == "request.get" and node.args:
            return f"{scene.where}Type request.{_place(request)}.get({', '.join(map(_quoted, node.args))})"
    return None


def _place(request: Any) -> str:
    if request.is_json:
        return "json"
    is_form = request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")
    return "form" if is_form else "args"


_UNLIKE = re.compile(r"'(?:<|>|<=|>=)' not supported between instances of '(\w+)' and '(\w+)'")


def _compared(scene: Scene) -> str | None:
    """Say how a number comes of a field: ``request.args.get("age") > 18``."""
    found = _UNLIKE.fullmatch(str(scene.exc))
    if found is None or set(found.groups()) not in ({"NoneType", "int"}, {"str", "int"}):
        return None
    for node in scene.nodes:
        for operand in (node.left, *node.comparators) if isinstance(node, ast.Compare) else ():
            call = _assigned(scene, operand)
            if isinstance(call, ast.Call) and _is_field(call):
                return f"{scene.where}{_as_number(call, is_missing='NoneType' in found.groups())}"
    return None


def _assigned(scene: Scene, node: ast.expr) -> ast.expr | None:
    """The expression, or the one that a variable was given, if that was done once."""
    if not isinstance(node, ast.Name):
        return node
    given = [one.value for one in _assignments(scene) if typed(one.targets[0]) == node.id]
    return given[0] if len(given) == 1 else None


def _assignments(scene: Scene) -> Iterator[ast.Assign]:
    function = definition_of(scene.view)
    return (node for node in own_nodes(function) if isinstance(node, ast.Assign)) if function else iter(())


def _is_field(call: ast.Call) -> bool:
    has_type = any(keyword.arg == "type" for keyword in call.keywords)
    place = re.fullmatch(r"request\.(\w+)\.get", typed(call.func))
    return place is not None and place[1] in _PLACES and 1 <= len(call.args) <= 2 and not has_type


def _as_number(call: ast.Call, *, is_missing: bool) -> str:
    key = _quoted(call.args[0])
    default = typed(call.args[1]) if len(call.args) == 2 and not is_missing else "0" if is_missing else ""
    given = ", ".join(filter(None, [key, default, "type=int"]))
    why = f"there is no {key}, and get returned None" if is_missing else "a field is a text"
    return f"{why}. Type {typed(call.func)}({given})"


def _quoted(node: ast.expr) -> str:
    value = node.value if isinstance(node, ast.Constant) else None
    return f'"{value}"' if isinstance(value, str) and not set('"\\\n') & set(value) else typed(node)


HINTS = (
    (AttributeError, _attribute),
    (AttributeError, _of_request),
    (TypeError, _call),
    (TypeError, _compared),
)
