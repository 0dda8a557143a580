"""What the notebook needs of an app, and which adapter gives it.

Nothing else on the notebook's side knows :mod:`flask_nb.web`; its seams for cells and for
``app.run()`` are handed through here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import werkzeug.serving

from flask_nb.lazy import offer
from flask_nb.live.app import Live
from flask_nb.live.workspace import Run, Workspace, current_run, is_strict

from . import ours
from .flask_shaped import FlaskShapedEngine
from .ours import OurEngine

if TYPE_CHECKING:
    from .explanations import RequestExplanation, UrlExplanation
    from .finding import app_of, configured_app, find_app
    from .foreign import ForeignEngine
    from .near import nearest
    from .protocol import Engine, RouteRow
    from .rows import row_of
else:
    __getattr__, _ = offer(
        __name__,
        {
            "explanations": "RequestExplanation UrlExplanation",
            "finding": "app_of configured_app find_app",
            "near": "nearest",
            "protocol": "Engine RouteRow",
            "rows": "row_of",
        },
    )

__all__ = [
    "Engine",
    "OurEngine",
    "RequestExplanation",
    "RouteRow",
    "Run",
    "UrlExplanation",
    "Workspace",
    "adopt",
    "app_of",
    "cell_of_other_app",
    "check_definable",
    "check_urls",
    "configured_app",
    "find_app",
    "follow_all",
    "follow_remade",
    "give_back",
    "has_cells",
    "is_app",
    "is_flask_app",
    "is_foreign",
    "is_known_app",
    "is_strict",
    "keep",
    "kind_of",
    "nearest",
    "new_app",
    "note_older",
    "registered",
    "release",
    "replace_runner",
    "restart",
    "row_of",
    "settle",
    "starting",
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
    if isinstance(app, _flask_class("Flask")):
        engine: Engine = _flask_adapter().FlaskEngine(app)
        return engine
    from .adoption import adopt_foreign

    return adopt_foreign(app, label, is_chosen=is_chosen)


def is_app(value: Any) -> bool:
    """Whether *value* is an app, as far as its class or the names of its parameters tell."""
    from .callables import has_telling_names

    return is_known_app(value) or has_telling_names(value)


def is_known_app(value: Any) -> bool:
    """Whether *value* is an app of a framework that is known, Flask among them."""
    from .frameworks import find_framework

    try:
        return is_flask_app(value) or find_framework(value) is not None
    except Exception:  # the class of a lazy object is anybody's code
        return False


def is_flask_app(value: Any) -> bool:
    """Whether *value* is an app with Flask's interface, ``run()`` among it."""
    try:
        return OurEngine.adopts(value) or isinstance(value, _flask_class("Flask"))
    except Exception:  # as above
        return False


def is_foreign(engine: Engine) -> bool:
    """Whether it is the engine of an app that is not of Flask's kind."""
    return not isinstance(engine, FlaskShapedEngine)


def _foreign(engine: Engine) -> ForeignEngine | None:
    return cast("ForeignEngine", engine) if is_foreign(engine) else None


def release(engine: Engine) -> None:
    """End what an app was given to run, since it is served no more; its requests end first."""
    if foreign := _foreign(engine):
        foreign.close()


def restart(engine: Engine) -> None:
    """Begin anew what an app runs besides its requests, such as the lifespan of an ASGI app."""
    if foreign := _foreign(engine):
        foreign.restart()


def starting(engine: Engine | None) -> str:
    """Return what people call an app whose startup is running, for which its requests wait; else nothing."""
    foreign = None if engine is None else _foreign(engine)
    return foreign.label if foreign is not None and foreign.is_starting else ""


def check_definable(engine: Engine) -> None:
    """Refuse to define by magics what only Flask apps take.

    :raises UnsupportedByAppError: it is an app of another kind.
    """
    if foreign := _foreign(engine):
        foreign.refuse_definitions()


def check_urls(engine: Engine) -> None:
    """Refuse to build URLs where an app has none by name.

    :raises UnsupportedByAppError: it has none.
    """
    foreign = _foreign(engine)
    if foreign is not None and foreign.framework_of_app.url_for is None:
        foreign.refuse_urls()


def kind_of(engine: Engine) -> str:
    """Return what people call apps of this kind."""
    foreign = _foreign(engine)
    return type(engine.app).__name__ if foreign is None else foreign.kind


def tells_routes(engine: Engine) -> bool:
    """Whether the app tells which routes it has."""
    foreign = _foreign(engine)
    return foreign is None or foreign.has_routes


def new_app(
    import_name: str, root_path: str | None = None, *, fresh: bool = False, like: Engine | None = None
) -> Engine:
    """Make an app and return its engine.

    :param fresh: take nothing over from an app that an earlier run of the same cell made.
    :param like: the engine of an app of the same kind; by default the app is of our own.
    """
    kind: Any = type(like) if isinstance(like, FlaskShapedEngine) else OurEngine
    engine: Engine = (kind.fresh if fresh else kind.new)(import_name, root_path)
    return engine


def replace_runner(runner: Callable[..., Any]) -> Callable[[], None]:
    """Let ``app.run()`` call *runner* with the app, the host, the port and options; return what undoes it.

    An app of the installed Flask may be run in the cell that makes it, when nobody has followed it yet: what
    Flask itself calls then is replaced for the whole process.
    """
    undo_ours = ours.replace_runner(runner)
    run_simple = werkzeug.serving.run_simple
    asked: Callable[..., Any] | None = runner

    @wraps(run_simple)
    def run_in_background(hostname: Any, port: Any, application: Any, *args: Any, **options: Any) -> Any:
        if asked is None:  # whoever has imported this meanwhile still calls it
            return run_simple(hostname, port, application, *args, **options)
        caller = sys._getframe(1)
        place = caller.f_globals.get("__name__"), caller.f_code.co_name
        if place == (f"{__name__}.flask", "run"):
            return asked(application, hostname, port, **options)
        if place != ("flask.app", "run"):
            return run_simple(hostname, port, application, *args, **options)
        # What Flask adds by itself was not asked for.
        added = {"threaded": True, "use_reloader": application.debug, "use_debugger": application.debug}
        own = {name: value for name, value in options.items() if value != added.get(name)}
        is_default = (hostname, port) == ("127.0.0.1", 5000)
        return asked(application, *((None, None) if is_default else (hostname, port)), **own)

    werkzeug.serving.run_simple = run_in_background

    def undo() -> None:
        nonlocal asked
        asked = None
        undo_ours()
        if werkzeug.serving.run_simple is run_in_background:
            werkzeug.serving.run_simple = run_simple

    return undo


def keep(app: Any) -> None:
    """Let an app that the running cell has made stay in the place of another, even if the cell fails."""
    run = current_run.get()
    if run is not None:
        run.workspace.accept(app)


def cell_of_other_app(app: Any, method: str, path: str) -> str | None:
    """Return what people call the cell of the latest app besides this one that has a rule for a path."""
    run = current_run.get()
    for holder, cell in [] if run is None else run.workspace.made_by_cells():
        if holder is not app and is_flask_app(holder):
            with suppress(Exception):  # a converter is anybody's code
                if holder.url_map.bind("").test(path, method):
                    return str(cell)
    return None


# --- the installed Flask --------------------------------------------------------------------------


def follow_all(values: Iterable[Any]) -> None:
    """Follow the apps and blueprints of the installed Flask among *values*."""
    for value in _of_flask(values):
        _flask_adapter().follow(value)
    follow_remade()


def follow_remade() -> None:
    """Follow the blueprints of the installed Flask that a reloaded module has made anew."""
    if f"{__name__}.flask" in sys.modules:  # else nothing of Flask's is followed
        _flask_adapter().follow_remade()


def registered(app: Any) -> object:
    """Return a value that differs when what cells have registered on an app does, or the app itself."""
    ledger = getattr(getattr(app, "live", None), "ledger", ())
    return (id(app), tuple((entry.number, entry.body, entry.rank) for entry in ledger))


def has_cells(value: Any) -> bool:
    """Whether cells have registered something on a value, which is an app or a blueprint then."""
    with suppress(Exception):  # whatever a variable holds, and has to say of its attributes
        live = vars(value).get("live")
        return isinstance(live, Live) and any(entry.owner.kind == "cell" for entry in live.ledger)
    return False


def note_older(workspace: Workspace, values: Iterable[Any]) -> None:
    """Note the apps and blueprints of the installed Flask that there are before a cell begins."""
    workspace.older = _of_flask(values)


def give_back(workspace: Workspace) -> None:
    """Let the apps and blueprints of the installed Flask be what they were made."""
    for holder in _of_flask(workspace.everything()):
        _flask_adapter().give_back(holder)


def settle(app: Any) -> None:
    """Let an app of Flask's kind keep nothing for cells, since its own have run, if nobody is at work."""
    live = getattr(app, "live", None) if is_flask_app(app) else None
    if live is not None and live.is_followed() and current_run.get() is None:
        from flask_nb.live import adoption

        adoption.settle(app)


def _of_flask(values: Iterable[Any]) -> list[Any]:
    kinds = _flask_class("Flask"), _flask_class("Blueprint")
    return [value for value in values if isinstance(value, kinds)] if kinds != (_Nothing, _Nothing) else []


def _flask_class(name: str) -> type:
    """Return a class of the installed Flask; one that nothing is of where Flask is not imported.

    Not everything in ``sys.modules`` under that name is Flask: it may be ours, half imported, or somebody's
    ``flask.py``.
    """
    found = getattr(sys.modules.get("flask"), name, None)
    return found if isinstance(found, type) and found.__module__.startswith("flask.") else _Nothing


class _Nothing:
    """What nothing is an instance of."""


def _flask_adapter() -> Any:
    from . import flask

    return flask
