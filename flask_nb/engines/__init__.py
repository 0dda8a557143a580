"""What the notebook needs of an app, and which adapter gives it.

Nothing else on the notebook's side knows :mod:`flask_nb.web`; its seams for cells and for
``app.run()`` are handed through here.
"""

from __future__ import annotations

import sys
from typing import Any

from flask_nb.errors import ForeignAppError
from flask_nb.live.workspace import Run, Workspace, current_run

from .adoption import adopt_foreign
from .callables import has_telling_names
from .foreign import ForeignEngine
from .frameworks import find_framework
from .ours import OurEngine, replace_runner
from .protocol import Engine, RouteRow

__all__ = [
    "Engine",
    "ForeignEngine",
    "OurEngine",
    "RouteRow",
    "Run",
    "Workspace",
    "adopt",
    "check_definable",
    "check_urls",
    "is_app",
    "is_flask_app",
    "keep",
    "kind_of",
    "new_app",
    "release",
    "replace_runner",
    "tells_routes",
]


def adopt(app: Any, label: str = "app", *, is_chosen: bool = False) -> Engine:
    """Return the engine for *app*.

    :param label: what people call it, such as the variable that holds it.
    :param is_chosen: whether somebody has said that it is the app; else only apps of Flask's kind, of FastAPI
        and of Quart are.
    :raises ForeignAppError: it is no app, or one of a kind that is not adopted.
    """
    if OurEngine.adopts(app):
        return OurEngine(app)
    if _is_flask(app):
        raise ForeignAppError(
            "this app was made by the installed Flask, which is not adopted yet. Import Flask from flask_nb, "
            "or restart the kernel and type, before anything imports Flask: "
            "import flask_nb; flask_nb.as_flask()"
        )
    return adopt_foreign(app, label, is_chosen=is_chosen)


def is_app(value: Any) -> bool:
    """Whether *value* is an app, as far as its class or the names of its parameters tell."""
    try:
        if OurEngine.adopts(value) or find_framework(value) is not None:
            return True
    except Exception:  # the class of a lazy object is anybody's code
        return False
    return has_telling_names(value)


def is_flask_app(value: Any) -> bool:
    """Whether *value* is an app with Flask's interface, ``run()`` among it."""
    try:
        return OurEngine.adopts(value)
    except Exception:  # as above
        return False


def release(engine: Engine) -> None:
    """End what an app was given to run, since it is served no more; its requests end first."""
    if isinstance(engine, ForeignEngine):
        engine.close()


def check_definable(engine: Engine) -> None:
    """Refuse to define by magics what only Flask apps take.

    :raises UnsupportedByAppError: it is an app of another kind.
    """
    if isinstance(engine, ForeignEngine):
        engine.refuse_definitions()


def check_urls(engine: Engine) -> None:
    """Refuse to build URLs where an app has none by name.

    :raises UnsupportedByAppError: it has none.
    """
    if isinstance(engine, ForeignEngine) and engine.framework_of_app.url_for is None:
        engine.refuse_urls()


def kind_of(engine: Engine) -> str:
    """Return what people call apps of this kind."""
    return engine.kind if isinstance(engine, ForeignEngine) else type(engine.app).__name__


def tells_routes(engine: Engine) -> bool:
    """Whether the app tells which routes it has."""
    return not isinstance(engine, ForeignEngine) or engine.has_routes


def new_app(import_name: str, root_path: str | None = None, *, fresh: bool = False) -> Engine:
    """Make an app of our own and return its engine.

    :param fresh: take nothing over from an app that an earlier run of the same cell made.
    """
    make = OurEngine.fresh if fresh else OurEngine.new
    return make(import_name, root_path)


def keep(app: Any) -> None:
    """Let an app that the running cell has made stay in the place of another, even if the cell fails."""
    run = current_run.get()
    if run is not None:
        run.workspace.accept(app)


def _is_flask(app: Any) -> bool:
    """Whether *app* is the real Flask's, without importing it."""
    flask = getattr(sys.modules.get("flask"), "Flask", None)
    return isinstance(flask, type) and isinstance(app, flask)
