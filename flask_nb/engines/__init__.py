"""What the notebook needs of an app, and which adapter gives it.

Nothing else on the notebook's side knows :mod:`flask_nb.web`; its seams for cells and for
``app.run()`` are handed through here.
"""

from __future__ import annotations

import sys
from typing import Any

from flask_nb.errors import ForeignAppError
from flask_nb.live.workspace import Run, Workspace, current_run

from .ours import OurEngine, replace_runner
from .protocol import Engine, RouteRow

__all__ = [
    "Engine",
    "OurEngine",
    "RouteRow",
    "Run",
    "Workspace",
    "adopt",
    "is_app",
    "keep",
    "new_app",
    "replace_runner",
]


def adopt(app: Any) -> Engine:
    """Return the engine for *app*.

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
    raise ForeignAppError(
        f"what should be the app is of type {type(app).__name__}. "
        f"Make an app with: from flask_nb import Flask; app = Flask(__name__), or choose one with %app NAME"
    )


def is_app(value: Any) -> bool:
    """Whether *value* is an app that :func:`adopt` takes."""
    try:
        return bool(adopt(value))
    except ForeignAppError:
        return False
    except Exception:  # the class of a lazy object is anybody's code
        return False


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
