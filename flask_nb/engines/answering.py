"""Who answers a request in an app of Flask's shape, once its router has spoken, and who stands before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from werkzeug.exceptions import default_exceptions
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import Rule

from .explanations import Function

_MOST_LAYERS = 20
_INNER = ("app", "wsgi_app", "application", "_app", "wsgi")
"""Under which names middleware keeps what it wraps."""


def answers_of(app: Any, rule: Rule | None, method: str, status: int, path: str) -> tuple[str, ...]:
    """Return sentences on who answers.

    :param rule: the rule whose view is called, None if none is.
    """
    if rule is not None:
        return tuple(_view_answers(app, rule, method, path))
    handler = _error_handler(app, status)
    return () if handler is None else (f"{name_of(handler)}, a handler of errors, answers instead",)


def _view_answers(app: Any, rule: Rule, method: str, path: str) -> Iterator[str]:
    endpoint = str(rule.endpoint)
    if method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
        yield "the app answers OPTIONS itself, and calls no view"
        return
    blueprint = endpoint.rpartition(".")[0]
    of = f" of the blueprint {blueprint!r}" if blueprint in app.blueprints else ""
    holder = app.blueprints.get(blueprint, app)
    if endpoint.rpartition(".")[2] == "static" and holder.static_folder is not None:
        yield f"answered from {_static_file(app, holder, rule, path, of)}"
        return
    view = app.view_functions.get(rule.endpoint)
    if view is None:
        yield f"there is no view function for the endpoint {endpoint!r}, which is a KeyError"
    else:
        yield f"answered by the view {name_of(view)}{of}"


def _static_file(app: Any, holder: Any, rule: Rule, path: str, of: str) -> str:
    """Say where the file is that a path below a static folder names, and whether there is one."""
    name = path.removeprefix(rule.rule.partition("<")[0])
    live = getattr(app, "live", None)  # an app that nobody follows has none
    if holder is app and live is not None and name in live.overlay.static:
        return f"the static file {name} of a cell"
    folder = Path(holder.static_folder)
    shown = folder.relative_to(app.root_path) if folder.is_relative_to(app.root_path) else folder.name
    has_file = (folder / name).resolve().is_relative_to(folder.resolve()) and (folder / name).is_file()
    there = f"which has the file {name}" if has_file else f"which has no file {name}: 404"
    return f"the static folder {shown}{of}, {there}"


def _error_handler(app: Any, status: int) -> Callable[..., Any] | None:
    error = default_exceptions.get(status)
    if error is None:
        return None
    found: Callable[..., Any] | None = app._find_error_handler(error(), [])
    return found


def functions_before(app: Any, rule: Rule | None) -> tuple[Function, ...]:
    """Return what is called before whoever answers, in order; any of it may answer instead."""
    endpoint = str(rule.endpoint) if rule is not None else ""
    parts = endpoint.split(".")[:-1]
    names = [None, *(".".join(parts[: index + 1]) for index in range(len(parts)))]
    tables = (
        ("url_value_preprocessor", app.url_value_preprocessors),
        ("before_request", app.before_request_funcs),
    )
    return tuple(
        _described(function, role)
        for role, table in tables
        for name in names
        for function in table.get(name, ())
    )


def _described(function: Callable[..., Any], role: str) -> Function:
    code = getattr(function, "__code__", None)
    if code is None:
        return Function(name_of(function), role)
    return Function(name_of(function), role, code.co_filename, code.co_firstlineno)


def name_of(function: Any) -> str:
    """Return what people call a function, or the class of what is called like one."""
    return str(getattr(function, "__name__", None) or type(function).__name__)


# --- middleware ---


def layers_of(app: Any) -> Iterator[Any]:
    """Yield what was put around ``app.wsgi_app``, the outermost first, as far as it shows what it wraps."""
    layer = app.wsgi_app
    for _ in range(_MOST_LAYERS):
        if layer is app or getattr(layer, "__self__", None) is app:
            return
        yield layer
        layer = _inner(layer)
        if layer is None:
            return


def _inner(layer: Any) -> Any:
    held = getattr(layer, "__dict__", {})
    found = next((held[name] for name in _INNER if callable(held.get(name))), None)
    if found is not None:
        return found
    cells = getattr(layer, "__closure__", None) or ()
    values = (cell.cell_contents for cell in cells if _is_filled(cell))
    return next((value for value in values if callable(value) and name_of(value) == "wsgi_app"), None)


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def mounted_at(layer: Any, path: str) -> tuple[str, Any] | None:
    """Return the prefix at which a dispatcher has mounted what answers a path, and that; None for none."""
    if not isinstance(layer, DispatcherMiddleware):
        return None
    prefix = path
    while "/" in prefix:
        if prefix in layer.mounts:
            return prefix, layer.mounts[prefix]
        prefix = prefix.rpartition("/")[0]
    return (prefix, layer.mounts[prefix]) if prefix in layer.mounts else None
