"""The app that a notebook works on: the one that a variable holds."""

from __future__ import annotations

import importlib
import inspect
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from flask_nb import engines
from flask_nb.engines import Engine
from flask_nb.errors import FlaskNbError, ForeignAppError, NoAppError
from flask_nb.exchange.failure import exception_message

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

APP_NAME = "app"
"""The variable that holds the app unless ``%app`` chooses another."""


@dataclass(frozen=True)
class _Made:
    """The app that no cell made, but the first definition, and the variable that it was bound to."""

    app: Any
    name: str


@dataclass(frozen=True)
class _Pinned:
    """An app that no variable holds, until the variable that is followed is bound anew."""

    app: Any
    instead_of: Any

    def is_instead_of(self, bound: Any) -> bool:
        """Whether it still stands for what the variable holds."""
        return self.instead_of is bound or self.instead_of is _ANYTHING


_ANYTHING = object()


class FollowedApp:
    """The app of a notebook.

    It is known by the name of a variable, so that a cell that binds the variable anew is followed.

    :param ip: the shell whose variables hold the app.
    :param listen: called with the engine of each app that is followed anew; returns what ends it.
    """

    def __init__(self, ip: InteractiveShell, listen: Callable[[Engine], Callable[[], None]]) -> None:
        self._ip = ip
        self._listen = listen
        self._stop_listening: Callable[[], None] = lambda: None
        self._lock = threading.RLock()
        self.name = APP_NAME
        self._pinned: _Pinned | None = None
        self._engine: Engine | None = None
        self._made: _Made | None = None

    def close(self) -> None:
        """Listen to no app any more."""
        self._stop_listening()

    def engine(self) -> Engine:
        """Return the engine of the app that the variable holds now.

        :raises NoAppError: there is no such variable.
        :raises ForeignAppError: it holds something that is not adopted.
        """
        app = self._target()
        if app is None:
            raise NoAppError(self.name)
        with self._lock:
            if self._engine is None or self._engine.app is not app:
                self._switch_to(engines.adopt(app))
            assert self._engine is not None
            return self._engine

    def _target(self) -> Any:
        bound = self._ip.user_ns.get(self.name)
        return self._pinned.app if self._pinned is not None and self._pinned.is_instead_of(bound) else bound

    @property
    def is_pinned(self) -> bool:
        """Whether it is an app that no variable holds."""
        return self._pinned is not None and self._pinned.is_instead_of(self._ip.user_ns.get(self.name))

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
        self._pinned = _Pinned(app, instead_of=_ANYTHING)

    def engine_for_route(self) -> Engine:
        """Return the app's engine; without an app make one and bind it to the variable."""
        try:
            return self.engine()
        except NoAppError:
            made = engines.new_app("__main__", root_path=_notebook_folder(self._ip.user_ns))
            self._ip.user_ns[self.name] = made.app
            self._made = _Made(made.app, self.name)
            return self.engine()

    def settle(self) -> None:
        """Follow the variable at the end of a cell; a variable without an app is no error here."""
        with suppress(FlaskNbError):
            self.engine()

    def make_app(self, name: str | None = None, *, fresh: bool = False) -> Engine:
        """Make an app, bind it to a variable, and follow that from now on.

        :param name: the variable; by default the one that is followed.
        :param fresh: take nothing over from apps that were made before.
        :raises ForeignAppError: the variable holds something that is no app of ours.
        """
        name = name or self.name
        if self._ip.user_ns.get(name) is not None:
            engines.adopt(self._ip.user_ns[name])
        made = engines.new_app("__main__", root_path=_notebook_folder(self._ip.user_ns), fresh=fresh)
        if self._made is not None and self._made.name == name:
            self._made = None
        self._ip.user_ns[name] = made.app
        return self.choose(name)

    def import_app(self, module: str, name: str) -> Engine:
        """Follow the app of a module, or the one that a function of the module makes.

        :raises ForeignAppError: there is no such app.
        """
        try:
            app = attrgetter(name)(importlib.import_module(module))
            app = app() if inspect.isfunction(app) else app
        except (Exception, SystemExit) as exc:  # what a module does when it is imported is its own
            reason = " ".join(exception_message(exc).split())
            raise ForeignAppError(f"there is no app at {module}:{name}: {reason}") from exc
        engines.adopt(app)
        self.follow(app)
        return self.engine()

    def choose(self, name: str) -> Engine:
        """Follow another variable from now on; nothing changes when it holds no app."""
        if self._ip.user_ns.get(name) is None:
            raise NoAppError(name)
        engines.adopt(self._ip.user_ns[name])
        self._pinned, self.name = None, name
        return self.engine()

    def follow(self, app: Any) -> None:
        """Follow the variable that holds *app*; without one keep to the object."""
        names = self._names_of(app)
        if self.name not in names:
            self.name = names[0] if names else self.name
        self._pinned = None if names else _Pinned(app, instead_of=self._ip.user_ns.get(self.name))
        self.engine()

    def _names_of(self, app: Any) -> list[str]:
        names = list(self._ip.user_ns.items())  # at once: a cell may be binding names meanwhile
        return [name for name, value in names if value is app and not name.startswith("_")]

    def _switch_to(self, engine: Engine) -> None:
        self._stop_listening()
        before, self._engine = self._engine, engine
        engine.follow()
        if before is not None and self._is_in_place_of(before):
            # The first app that a cell makes by itself is meant to have the routes defined so far.
            engine.take_over(before)
        self._stop_listening = self._listen(engine)

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

    def serving_engine(self) -> Engine | None:
        """The app for a request: the last one, while a cell has something else in the variable."""
        try:
            return self.engine()
        except FlaskNbError:
            return self._engine

    @property
    def label(self) -> str:
        """What people call the app."""
        return "the app" if self.is_pinned else self.name


def notebook_path(namespace: Mapping[str, Any]) -> str | None:
    """Return the notebook's file: VS Code names it in a variable, a Jupyter server in the environment."""
    path = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    return path if isinstance(path, str) and path.endswith(".ipynb") else None


def _notebook_folder(namespace: Mapping[str, Any]) -> str:
    """Return the notebook's folder: VS Code names the file, everybody else starts the kernel there."""
    path = namespace.get("__vsc_ipynb_file__")
    return os.path.dirname(path) if isinstance(path, str) else os.getcwd()
