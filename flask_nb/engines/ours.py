"""The adapter for apps of our own: :class:`flask_nb.web.Flask`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any, cast

from flask_nb import web
from flask_nb.live.workspace import current_run
from flask_nb.web import serving
from flask_nb.web.globals import _cv_app, _cv_request
from flask_nb.web.signals import _exception_answered

from .flask_shaped import FlaskShapedEngine

Runner = Callable[..., Any]


class OurEngine(FlaskShapedEngine):
    """An app of :mod:`flask_nb.web` as the notebook sees it."""

    answered = _exception_answered

    @staticmethod
    def adopts(app: Any) -> bool:
        """Whether *app* is of this kind."""
        return isinstance(app, web.Flask)

    @classmethod
    def new(cls, import_name: str, root_path: str | None = None) -> OurEngine:
        """Make an app and return its engine."""
        return cls(web.Flask(import_name, root_path=root_path))

    @classmethod
    def fresh(cls, import_name: str, root_path: str | None = None) -> OurEngine:
        """Make an app that takes nothing over from one that the same cell made before."""
        run = current_run.get()
        make = partial(cls.new, import_name, root_path)
        return make() if run is None else cast(OurEngine, run.workspace.afresh(make))

    def framework(self) -> ModuleType:
        """Return the package of the app's own class."""
        return web

    def follow(self) -> None:
        """Record from now on what the cells of the notebook register on the app."""
        self.app.live.is_open()

    def _session(self) -> Any:
        """The session of the current request; one that nobody has opened is read, and stays unopened."""
        context = _cv_request.get(None)
        if context is None or context._session is not None:
            return context and context._session
        return self.app.session_interface.open_session(self.app, context.request)

    @contextmanager
    def _outside_of_requests(self) -> Iterator[None]:
        """Have a context in which URLs are built; none is pushed, so no hook runs."""
        context = self.app.app_context()
        context.url_adapter = self.app.create_url_adapter(None) or self._local_urls()
        tokens = _cv_app.set(context), _cv_request.set(None)  # type: ignore[arg-type]
        try:
            yield
        finally:
            _cv_request.reset(tokens[1])
            _cv_app.reset(tokens[0])


# --- the seams of web ---


def replace_runner(runner: Runner) -> Callable[[], None]:
    """Let ``app.run()`` call *runner* with the app, the host, the port and options; return what undoes it."""
    before = serving.runner
    serving.runner = runner

    def undo() -> None:
        if serving.runner is runner:
            serving.runner = before

    return undo
