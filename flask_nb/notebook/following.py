"""The app that a notebook works on: the one that a variable holds."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flask_nb import engines, exchange
from flask_nb.errors import FlaskNbError, ForeignAppError, NoAppError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from flask_nb.engines import Engine, Run

APP_NAME = "app"
"""The variable that holds the app unless ``%app`` chooses another."""


class _Made:
    """The app that no cell made, but the first definition, and the variable that it was bound to."""

    __slots__ = ("app", "name")

    def __init__(self, app: Any, name: str) -> None:
        self.app = app
        self.name = name


class _Pinned:
    """An app that no variable holds, until the variable that is followed is bound anew."""

    __slots__ = ("app", "instead_of")

    def __init__(self, app: Any, instead_of: Any) -> None:
        self.app = app
        self.instead_of = instead_of

    def is_instead_of(self, bound: Any) -> bool:
        """Whether it still stands for what the variable holds."""
        return self.instead_of is bound or self.instead_of is _ANYTHING


_ANYTHING = object()


class _Served:
    """The app that serves, and what it was known by when a cell last ended well."""

    __slots__ = ("engine", "name", "pinned", "value")

    def __init__(self, engine: Engine, name: str, value: Any, pinned: _Pinned | None) -> None:
        self.engine = engine
        self.name = name
        self.value = value
        self.pinned = pinned


class FollowedApp:
    """The app of a notebook.

    It is known by the name of a variable, so that a cell that binds the variable anew is followed. Two apps
    may be meant by it while such a cell runs: the new one, which the cell's own requests reach, and the last
    whole one, which serves all others until the cell has ended well. When it fails, the variable holds that
    one again.

    :param ip: the shell whose variables hold the app.
    :param listen: called with the engine of each app that is followed anew; returns what ends it.
    """

    def __init__(self, ip: InteractiveShell, listen: Callable[[Engine], Callable[[], None]]) -> None:
        self._ip = ip
        self._listen = listen
        self._listening: dict[Engine, Callable[[], None]] = {}
        self._lock = threading.RLock()
        self.name = APP_NAME
        self._is_chosen = False  # by %app: then it may be whatever answers HTTP
        self._title = ""  # what was typed for an app that no variable holds
        self._pinned: _Pinned | None = None
        self._engine: Engine | None = None
        self._served: _Served | None = None
        self._made: _Made | None = None
        self._imported: Any = None  # what %app has brought in and bound the variable to

    def close(self) -> None:
        """Listen to no app any more."""
        self._listen_to()

    def engine(self) -> Engine:
        """Return the engine of the app that the variable holds now.

        :raises NoAppError: there is no such variable.
        :raises ForeignAppError: it holds something that is not adopted.
        """
        app = self._target()
        if app is None:
            raise NoAppError(self.name, lambda: known_apps(self._ip.user_ns))
        with self._lock:
            if self._engine is None or self._engine.app is not app:
                served = self._served.engine if self._served is not None else None
                is_served = served is not None and served.app is app
                self._switch_to(served if served is not None and is_served else self._adopt(app))
            assert self._engine is not None
            return self._engine

    def _adopt(self, app: Any) -> Engine:
        return engines.adopt(app, self.label, is_chosen=self._is_chosen)

    def _is_adoptable(self, app: Any) -> bool:
        try:
            return bool(self._adopt(app))
        except Exception:  # the class of a lazy object is anybody's code
            return False

    def _target(self) -> Any:
        bound = self._ip.user_ns.get(self.name)
        return self._pinned.app if self._pinned is not None and self._pinned.is_instead_of(bound) else bound

    @property
    def is_pinned(self) -> bool:
        """Whether it is an app that no variable holds."""
        return self._pinned is not None and self._pinned.is_instead_of(self._ip.user_ns.get(self.name))

    @property
    def has_app(self) -> bool:
        """Whether it is an app now."""
        return self._target() is not None

    @property
    def app(self) -> Any:
        """The app that was followed last, None if there has not been one."""
        return None if self._engine is None else self._engine.app

    def follows(self, name: str) -> bool:
        """Whether it is whatever this variable holds."""
        return self.name == name and not self.is_pinned

    def holds(self, app: Any) -> bool:
        """Whether it is this very app now."""
        return self._target() is app

    def is_bound(self, app: Any) -> bool:
        """Whether a variable holds this app."""
        return bool(self._names_of(app))

    def keep(self, app: Any) -> None:
        """Keep to an app, whatever any variable is bound to."""
        if self._pinned is None or self._pinned.app is not app:
            self._title = ""
        self._pinned = _Pinned(app, instead_of=_ANYTHING)

    def engine_for_route(self) -> Engine:
        """Return the app's engine; without an app make one and bind it to the variable.

        :raises UnsupportedByAppError: it is of a kind that magics do not define.
        """
        try:
            engine = self.engine()
            engines.check_definable(engine)
            return engine
        except NoAppError:
            made = engines.new_app("__main__", root_path=notebook_folder(self._ip.user_ns))
            self._ip.user_ns[self.name] = made.app
            self._made = _Made(made.app, self.name)
            return self.engine()

    def settle(self, run: Run, succeeded: bool) -> list[str]:
        """Serve at the end of a cell what its variable holds, or after a failure what was served before.

        :return: the name of the variable, if it holds again what it held before.
        """
        names = [] if succeeded or run.outer is not None else self._go_back(run)
        if succeeded and run.outer is None:
            self._stop_if_deleted(run)
        with suppress(FlaskNbError):  # a variable without an app is no error here
            self.engine()
            if run.outer is None:  # else the cell that runs this one is not whole yet
                self._serve()
        return names

    def _serve(self) -> None:
        """Serve from now on the app that is followed."""
        if self._engine is not None:
            self._served = _Served(self._engine, self.name, self._ip.user_ns.get(self.name), self._pinned)
            self._listen_to(self._engine)

    def _stop_if_deleted(self, run: Run) -> None:
        """Serve an app no more whose variable is gone, and say so."""
        served = self._served
        if (
            served is None
            or served.pinned is not None
            or served.name != self.name
            or self._target() is not None
        ):
            return
        self._served = self._engine = None
        self._listen_to()
        run.workspace.tell(run, f"{served.name} is not served any more: its variable was deleted")

    def _go_back(self, run: Run) -> list[str]:
        """Let the variable hold the app that serves, instead of what a cell that failed has bound it to."""
        served, app = self._served, self._target()
        if served is None or app is served.engine.app or not self._is_adoptable(app):
            return []
        if not run.workspace.is_whole(served.engine.app):
            return []
        self.name, self._pinned = served.name, served.pinned
        self._ip.user_ns[self.name] = served.value
        return [self.name]

    def _publish(self) -> Engine:
        """Serve what the cell has named, at once and even if it fails later."""
        engine = self.engine()
        engines.keep(engine.app)
        self._serve()
        return engine

    def make_app(self, name: str, *, fresh: bool = False, like: Engine | None = None) -> Engine:
        """Make an app, bind it to a variable, and follow that from now on.

        :param name: the variable.
        :param fresh: take nothing over from apps that were made before.
        :param like: the engine of an app of the same kind; by default the app is of our own.
        :raises ForeignAppError: the variable holds something that is no app of ours.
        """
        if self._ip.user_ns.get(name) is not None:
            engines.adopt(self._ip.user_ns[name])
        folder = notebook_folder(self._ip.user_ns)
        made = engines.new_app("__main__", folder, fresh=fresh, like=like)
        if self._made is not None and self._made.name == name:
            self._made = None
        self._ip.user_ns[name] = made.app
        return self.choose(name)

    def import_app(self, module: str, name: str | None) -> Engine:
        """Follow the app of a module or file, and bind the variable to it where that holds nothing else.

        :param name: a name in the module, or a call of a factory; None for the one that is there.
        :raises ForeignAppError: there is no such app.
        """
        where = module if name is None else f"{module}:{name}"
        try:
            app = engines.find_app(module, name, engines.is_app if name else engines.is_known_app)
            engines.adopt(app, where, is_chosen=True)
        except ForeignAppError:
            raise
        except (Exception, SystemExit) as exc:  # what a module does when it is imported is its own
            failure = exchange.Failure.from_exception(exc)
            lines = [f"{' '.join(failure.message.split())}", *map("  ".join, failure.places())]
            raise ForeignAppError(f"there is no app at {where}: " + "\n  ".join(lines)) from exc
        self._is_chosen = True
        bound = self._ip.user_ns.get(self.name)
        if bound is None or bound is self._imported:
            self._ip.user_ns[self.name] = self._imported = app
        self.follow(app)
        self._title = where
        return self.engine()

    def choose(self, name: str) -> Engine:
        """Follow another variable from now on; nothing changes when it holds no app."""
        if self._ip.user_ns.get(name) is None:
            raise NoAppError(name, lambda: known_apps(self._ip.user_ns))
        engines.adopt(self._ip.user_ns[name], name, is_chosen=True)
        self._pinned, self.name, self._is_chosen = None, name, True
        return self._publish()

    def follow(self, app: Any) -> None:
        """Follow the variable that holds *app*; without one keep to the object."""
        self._title = ""
        names = self._names_of(app)
        if self.name not in names:
            self.name = names[0] if names else self.name
        self._pinned = None if names else _Pinned(app, instead_of=self._ip.user_ns.get(self.name))
        self._publish()

    def _names_of(self, app: Any) -> list[str]:
        names = list(self._ip.user_ns.items())  # at once: a cell may be binding names meanwhile
        return [name for name, value in names if value is app and not name.startswith("_")]

    def _switch_to(self, engine: Engine) -> None:
        before, self._engine = self._engine, engine
        engine.follow()
        if before is not None and self._is_in_place_of(before):
            # The first app that a cell makes by itself is meant to have the routes defined so far.
            engine.take_over(before)
        self._listen_to(engine, *([self._served.engine] if self._served is not None else []))

    def _listen_to(self, *apps: Engine) -> None:
        for engine in [engine for engine in self._listening if engine not in apps]:
            self._listening.pop(engine)()
            engines.release(engine)
        for engine in apps:
            if engine not in self._listening:
                self._listening[engine] = self._listen(engine)

    def _is_in_place_of(self, before: Engine) -> bool:
        """Whether the variable has been bound anew that held the app that no cell made."""
        made = self._made
        return (
            made is not None
            and made.app is before.app
            and made.name == self.name
            and self._pinned is None
            and self._ip.user_ns.get(made.name) is not made.app
        )

    def serving_engine(self, *, is_own: bool = False) -> Engine | None:
        """The app for a request: the last one, while a cell has something else in the variable.

        :param is_own: whether the notebook asks, and so the cell that is running.
        """
        served = self._served
        if served is not None and not is_own:
            return served.engine
        try:
            return self.engine()
        except FlaskNbError:
            return self._engine

    @property
    def label(self) -> str:
        """What people call the app."""
        return (self._title or "the app") if self.is_pinned else self.name


def known_apps(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the apps that variables hold, each once, by the names of the variables in order."""
    found: dict[str, Any] = {}
    for name, value in sorted(namespace.items()):
        is_new = not name.startswith("_") and all(value is not app for app in found.values())
        if is_new and engines.is_known_app(value):
            found[name] = value
    return found


def notebook_path(namespace: Mapping[str, Any]) -> str | None:
    """Return the notebook's file: VS Code names it in a variable, a Jupyter server in the environment."""
    path = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    return path if isinstance(path, str) and path.endswith(".ipynb") else None


def notebook_folder(namespace: Mapping[str, Any]) -> str:
    """Return the notebook's folder: VS Code names the file, everybody else starts the kernel there."""
    path = namespace.get("__vsc_ipynb_file__")
    return os.path.dirname(path) if isinstance(path, str) else os.getcwd()
