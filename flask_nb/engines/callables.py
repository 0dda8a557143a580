"""What a callable is to HTTP: a WSGI app (PEP 3333), an ASGI app (its version 3), or neither."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any, Literal

from flask_nb.errors import ForeignAppError

Interface = Literal["wsgi", "asgi"]

_NAMES: dict[tuple[str, ...], Interface] = {
    ("environ", "start_response"): "wsgi",
    ("scope", "receive", "send"): "asgi",
}


def find_interface(app: Any, name: str) -> Interface:
    """Return how *app* is called.

    :param name: what people call it.
    :raises ForeignAppError: it is no app, with what to type where that is known.
    """
    if not callable(app):
        raise no_app(app, name)
    signature, is_async = _signature(app), _is_async(app)
    known = _NAMES.get(tuple(signature.parameters))
    if inspect.isclass(app) and known != "wsgi":  # its instances may be answers, as PEP 3333 shows
        raise no_app(app, name)
    is_wsgi_like = not is_async and "start_response" in signature.parameters
    if _takes(signature, 3) and (is_async or not _takes(signature, 2)) and not is_wsgi_like:
        return "asgi"
    if _takes(signature, 2) and not is_async:
        return "wsgi"
    if inspect.isfunction(app) and _takes(signature, 0):
        raise ForeignAppError(f"{name} is a function without arguments. If it makes an app: app = {name}()")
    how = "async def" if is_async else "def"
    raise ForeignAppError(
        f"{name} is called as {how} {_label(app)}{signature}. A WSGI app is a plain function of "
        f"(environ, start_response), an ASGI app an async one of (scope, receive, send)"
    )


def no_app(app: Any, name: str) -> ForeignAppError:
    """Return the error about what is no app.

    :param name: what people call it.
    """
    if inspect.isclass(app):
        return ForeignAppError(
            f"{name} is the class {app.__name__}, not an app that was made of it. "
            f"Make one: {name} = {app.__name__}(…)"
        )
    return ForeignAppError(
        f"what should be the app is of type {type(app).__name__}. "
        f"Make an app with: from flask_nb import Flask; app = Flask(__name__), or choose one with %app NAME"
    )


def has_telling_names(app: Any) -> bool:
    """Whether a function's parameters say by their names that it is an app."""
    return inspect.isfunction(app) and tuple(inspect.signature(app).parameters) in _NAMES


def _label(app: Any) -> str:
    return str(getattr(app, "__name__", None) or f"{type(app).__name__}.__call__")


def _signature(app: Any) -> inspect.Signature:
    try:
        return inspect.signature(app)
    except (TypeError, ValueError):  # made in C, with nothing said about it: as WSGI has it, the older one
        names = ("environ", "start_response")
        return inspect.Signature([inspect.Parameter(one, inspect.Parameter.POSITIONAL_ONLY) for one in names])


def _is_async(app: Any) -> bool:
    while isinstance(app, partial):
        app = app.func
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True
