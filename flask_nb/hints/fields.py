"""What a request was to bring, and did not: fields, files, cookies, headers, JSON, keys of the session."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.exceptions import BadRequest, BadRequestKeyError, HTTPException, UnsupportedMediaType

from .scene import Scene, nearest, quoted, typed

_PLACES = ("form", "args", "files", "cookies", "headers", "values")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _missing_field(scene: Scene) -> str | None:
    """Say what came in the place of ``request.form["username"]``, and in which other place it came."""
    request = scene.request
    if request is None or not scene.frames:
        return None
    container: Any = scene.frames[-1][0].f_locals.get("self")
    # What the request has read by now: to ask for the form would read the body.
    place = next(
        (name for name in _PLACES if container is not None and vars(request).get(name) is container), None
    )
    if place is None:
        return None
    key = _header(scene.exc.args[0]) if place == "headers" else str(scene.exc.args[0])
    if place == "form" and request.is_json:
        return None  # said already: the body is another
    said = f"{scene.where}request.{place} has no {key!r}"
    other = _elsewhere(request, place, key)
    if other == "form" and place == "files":
        return f'{said}, and request.form has it: the form\'s tag lacks enctype="multipart/form-data"'
    if other is not None:
        return f"{said}, and request.{other} has it"
    names = [] if place in ("headers", "values") else list(container)
    return (
        f"{said}. {_came(key, names)}" + ("" if names else f" {_without(f'request.{place}', key)}").rstrip()
    )


def _header(key: object) -> str:
    return str(key).removeprefix("HTTP_").replace("_", "-").title()


def _came(key: str, names: Iterable[str]) -> str:
    names = list(names)
    near = nearest(key, names)
    meant = f". Did you mean {near!r}?" if near and len(names) > 1 else ""
    return f"It came with {quoted(names)}{meant}" if names else "It came empty."


def _without(container: str, key: str) -> str:
    return f"To do without it, type {container}.get({key!r})"


def _elsewhere(request: Any, place: str, key: str) -> str | None:
    """The other part of the request that has the field."""
    is_form = request.mimetype in _FORMS
    sent = request.get_json(silent=True) if request.is_json else None
    parts: dict[str, Any] = {
        "args": request.args,
        "form": request.form if is_form else (),
        "files": request.files if is_form else (),
        "json": sent if isinstance(sent, dict) else (),
    }
    if place not in parts:
        return None
    return next((name for name, part in parts.items() if name != place and key in part), None)


def _unread_json(scene: Scene) -> str | None:
    """Say why ``request.json`` was refused."""
    request = scene.request
    if request is None or not scene.passed("on_json_loading_failed"):
        return None
    reason = scene.local("e", "on_json_loading_failed")
    if reason is not None:
        line, column = getattr(reason, "lineno", None), getattr(reason, "colno", None)
        at = f": line {line} column {column}" if line else ""
        words = getattr(reason, "msg", "") if line else "it is nested too deeply"
        return f"{scene.where}the body is not valid JSON: {words}{at}"
    if request.mimetype in _FORMS:
        return None  # said already: the body is another
    taken = f"{scene.where}request.json takes a body of the type application/json"
    if not request.content_length:
        return f"{taken}, and this request has no body. Send one, such as %post {request.path} name=value"
    kind = request.mimetype or "without a type"
    return f"{taken}, and this one is {kind}. Send it with Content-Type:application/json"


def _missing_key(scene: Scene) -> str | None:
    """Say what came in the place of a key of the JSON, or how to do without one of the session."""
    if scene.request is None or not scene.exc.args:
        return None
    key = scene.exc.args[0]
    asked = (node for node in scene.nodes if isinstance(node, ast.Subscript))
    found = (node.value for node in asked if isinstance(node.slice, ast.Constant) and node.slice.value == key)
    return next(filter(None, (_of_container(scene, node, str(key)) for node in found)), None)


def _of_container(scene: Scene, node: ast.expr, key: str) -> str | None:
    container = scene.value_of(node)
    if container is not None and container is getattr(scene.framework, "session", None):
        return f"the session has no {key!r}. {_without(typed(node), key)}"
    if not scene.request.is_json:
        return None
    sent = scene.request.get_json(silent=True)
    is_sent = container is sent or typed(node) in ("request.json", "request.get_json()")
    if not isinstance(sent, Mapping) or not is_sent:
        return None
    names = list(map(str, sent))
    return f"the JSON that was sent has no {key!r}. {_came(key, names)}" + (
        "" if names else f" {_without(typed(node), key)}"
    )


def _csrf(scene: Scene) -> str | None:
    """Say where a form gets its token."""
    exc = scene.exc
    if type(exc).__name__ != "CSRFError" or not type(exc).__module__.startswith("flask_wtf"):
        return None
    return (
        f"{getattr(exc, 'description', '')} For a browser, put {{{{ form.hidden_tag() }}}} into the form's"
        f" template. To try it here, set app.config['WTF_CSRF_ENABLED'] = False meanwhile"
    )


def _static(scene: Scene) -> str | None:
    """Name the static file that was meant."""
    request = scene.request
    if request is None or scene.engine is None or getattr(scene.exc, "code", None) != 404:
        return None
    if str(request.endpoint).rpartition(".")[2] != "static":
        return None
    name = str((request.view_args or {}).get("filename"))
    near = nearest(name, scene.engine.static_names())
    return f"there is no static file {name!r}" + (f". Did you mean {near!r}?" if near else "")


HINTS = (
    (BadRequestKeyError, _missing_field),
    (KeyError, _missing_field),
    (KeyError, _missing_key),
    ((BadRequest, UnsupportedMediaType), _unread_json),
    (BadRequest, _csrf),
    (HTTPException, _static),
)
