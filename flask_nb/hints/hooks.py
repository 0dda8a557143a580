"""Functions that the app calls around a view, and codes of errors that are no numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from .scene import Scene, definition_of, own_nodes, typed


def _no_response(scene: Scene) -> str | None:
    """Name the ``after_request`` function that returns nothing."""
    if scene.here is not None or "'NoneType'" not in str(scene.exc) or scene.engine is None:
        return None
    for hook in _functions(scene.engine.app.after_request_funcs):
        function = definition_of(hook)
        if function is None:
            continue
        returned = (isinstance(node, ast.Return) and node.value is not None for node in own_nodes(function))
        if not any(returned):
            return f"the hook {function.name} returned None. Let it end in: return response"
    return None


def _no_error(scene: Scene) -> str | None:
    """Name the error handler that takes no error."""
    found = re.match(r"(?:[\w.<>]*\.)?(\w+)\(\) takes 0 positional arguments but 1 was given", str(scene.exc))
    if found is None or scene.here is not None or scene.engine is None:
        return None
    handlers = (
        handler
        for by_code in scene.engine.app.error_handler_spec.values()
        for by_class in by_code.values()
        for handler in by_class.values()
    )
    is_handler = any(getattr(handler, "__name__", None) == found[1] for handler in handlers)
    return f"an error handler takes the error. Type def {found[1]}(error)" if is_handler else None


def _code_as_text(scene: Scene) -> str | None:
    """Say that a status code is a number."""
    for node in scene.nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr == "errorhandler" and node.args and isinstance(node.args[0], ast.Constant):
            code = node.args[0].value
            return f"Type @{typed(node.func)}({code})" if isinstance(code, str) and code.isdecimal() else None
    return None


def _aborted(scene: Scene) -> str | None:
    """Say that ``abort`` takes a number."""
    for node in scene.nodes:
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            code, function = node.args[0].value, typed(node.func)
            if function.rpartition(".")[2] == "abort" and isinstance(code, str) and code.isdecimal():
                return f"{scene.where}Type {function}({code})"
    return None


def _functions(table: dict[Any, list[Any]]) -> Iterator[Any]:
    for functions in table.values():
        yield from functions


HINTS = (
    ((TypeError, AttributeError), _no_response),
    (TypeError, _no_error),
    ((TypeError, ValueError), _code_as_text),
    (LookupError, _aborted),
)
