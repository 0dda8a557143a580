"""Which adapter an app of another kind than Flask's gets."""

from __future__ import annotations

from typing import Any

from flask_nb.errors import ForeignAppError

from .callables import Interface, find_interface, has_telling_names, no_app
from .foreign import ForeignEngine
from .frameworks import Framework, find_framework


def adopt_foreign(app: Any, label: str, *, is_chosen: bool) -> ForeignEngine:
    """Return the engine of an app.

    :param label: what people call it.
    :param is_chosen: whether somebody has said that it is the app.
    :raises ForeignAppError: it is none, or nobody has said so and it does not speak for itself.
    """
    framework = find_framework(app)
    if not is_chosen and _is_of(app, "flask.app", "Flask"):
        raise ForeignAppError(
            f"{label} is made of another Flask than the one that is imported now. To serve it and send it "
            f"requests, type %app {label}; to define it by cells, run the cell that makes it again"
        )
    if _is_of(app, "dash.dash", "Dash"):
        raise ForeignAppError(
            f"{label} is a Dash app, which is served by a Flask app of its own. "
            f"Type: server = {label}.server, then %app server"
        )
    if not is_chosen and not (framework is not None and framework.is_adopted):
        raise _unasked(app, label, framework)
    interface = (framework.interface if framework else None) or find_interface(app, label)
    return _make(app, label, interface, framework)


def _make(app: Any, label: str, interface: Interface, framework: Framework | None) -> ForeignEngine:
    if interface == "wsgi":
        from .wsgi import ANY_WSGI, WSGIEngine

        return WSGIEngine(app, label, framework or ANY_WSGI)
    from .asgi import ANY_ASGI, ASGIEngine

    if framework is not None and framework.name in ("Starlette", "FastAPI"):
        from .starlette import StarletteEngine

        return StarletteEngine(app, label, framework)
    return ASGIEngine(app, label, framework or ANY_ASGI)


def _unasked(app: Any, label: str, framework: Framework | None) -> ForeignAppError:
    if framework is not None or has_telling_names(app):
        kind = f"a {framework.name} app" if framework is not None else "an app of its own kind"
        return ForeignAppError(f"{label} holds {kind}. To serve it and send it requests, type %app {label}")
    return no_app(app, label)


def _is_of(app: Any, module: str, name: str) -> bool:
    return any((cls.__module__, cls.__name__) == (module, name) for cls in type(app).__mro__)
