"""The apps that a notebook serves, each with a server, cookies and a list of requests of its own.

Most notebooks have one app and one server, which follows the variable. An app that ``%app`` turns to, that
``--app`` names or whose ``run()`` is called is another, and those before go on. What counts as *the same* is
what counts as the same when a cell runs again: the variable, or the port. Between two cells, and between two
runs of a cell, the newer one replaces; within one run of one cell nothing does, so that a loop over apps
serves them all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flask_nb.errors import PortInUseError, ServerError
from flask_nb.exchange import CookieJar, Ring

from .following import FollowedApp
from .serving import PORT_ADVICE, Serving
from .traffic import tally

if TYPE_CHECKING:
    from flask_nb.engines import Engine, Run

SERVED = "flask_nb.served"
"""The key of an environ under which the host finds whose request it is."""

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ServedApp:
    """One app, the server that answers for it, and what it has been asked.

    :param followed: which app it is.
    :param make_gate: puts the gate before the app. What goes through it says in its environ, under
        :data:`SERVED`, whose it is.
    :param make_serving: makes the server of a WSGI app, given what people call that.
    """

    def __init__(
        self,
        followed: FollowedApp,
        make_gate: Callable[[ServedApp], WSGIApp],
        make_serving: Callable[[WSGIApp, Callable[[], str]], Serving],
    ) -> None:
        self.followed = followed
        self.ring = Ring(lambda: followed.label)
        self.cookies = CookieJar()
        self.serving = make_serving(self, lambda: followed.label)
        self._gate = make_gate(self)
        self.was_run = False
        """Whether ``app.run()`` has asked for this server."""
        self.has_own_port = False
        """Whether it named the port."""
        self.ran: Any = None
        """The app whose ``run()`` has asked for it in the cell that is running."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.followed.label}>"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        environ[SERVED] = self
        return self._gate(environ, start_response)

    def hosts(self) -> list[str]:
        """Return what the app is called, and the host that was bound."""
        engine = self.followed.serving_engine()
        return [*self.serving.hosts(), *(engine.hosts() if engine is not None else [])]

    @property
    def is_unused(self) -> bool:
        """Whether it has neither an app nor a server yet."""
        return not (self.was_run or self.followed.app is not None or self.serving.url is not None)

    def is_taken_by_another(self, app: Any) -> bool:
        """Whether another app of the cell that is running has asked for this server."""
        return self.ran is not None and self.ran is not app

    def status(self) -> str:
        """Return a line on the server, one on each request that is running, and one on all there were."""
        return "\n  ".join(filter(None, [self.serving.status(), tally(self.ring)]))

    def close(self) -> None:
        """Stop the server, listen to the app no more, and let go of what is kept."""
        self.serving.close()
        self.followed.close()
        self.ring.clear()


class ServedApps:
    """All apps that a notebook serves, and the current one: that of ``%get`` and the other magics.

    :param make: makes another, which follows the variable ``app`` until told otherwise.
    """

    def __init__(self, make: Callable[[], ServedApp]) -> None:
        self._make = make
        self._lock = threading.RLock()  # apps may be run in threads
        self.current = make()
        self._all = [self.current]

    def __iter__(self) -> Iterator[ServedApp]:
        """Yield them, the current one first."""
        return iter([self.current, *(served for served in self._all if served is not self.current)])

    def begin_cell(self, info: Any = None) -> None:
        """Note that another cell begins: its ``app.run()`` replaces what earlier ones asked for."""
        for served in self:
            served.ran = None

    def settle(self, run: Run, succeeded: bool) -> list[str]:
        """Follow the variables at the end of a cell; return those that hold again what they held before."""
        return [name for served in self for name in served.followed.settle(run, succeeded)]

    def stop(self, meant: Iterable[ServedApp]) -> str:
        """Stop servers; return a line about it."""
        running = [served for served in meant if served.serving.url is not None] or [self.current]
        lines = {served.followed.label: served.serving.stop() for served in running}
        if len(set(lines.values())) > 1:  # one was open to others: it says how it is opened again
            return "\n".join(f"{label}: {line}" for label, line in lines.items())
        line = next(iter(lines.values()))
        return line if len(running) < 2 else f"{len(running)} servers {line}"

    def status(self, meant: Iterable[ServedApp]) -> str:
        """Return lines on the current server and on each other that runs, and on their requests."""
        shown = [one for one in meant if one is self.current or one.serving.url is not None]
        return "\n".join(served.status() for served in shown)

    def close(self) -> None:
        """Stop all servers, and listen to no app any more; a second time does nothing."""
        for served in self:
            served.close()

    def at_port(self, port: int | None) -> ServedApp | None:
        """Return what is served on a port, None for none."""
        return next((served for served in self if port and served.serving.port == port), None)

    def naming_holder(self, error: PortInUseError) -> PortInUseError:
        """Return the error of a port that is taken, which names the app if it is one of these."""
        holder = self.at_port(error.port)
        return (
            error if holder is None else PortInUseError(error.host, error.port, holder=holder.followed.label)
        )

    # --- which one is meant ---

    def choose(self, name: str | None, follow: Callable[[FollowedApp], Engine]) -> Engine:
        """Make another app the current one.

        :param name: the variable that holds it, or is going to; None for another place.
        :param follow: lets what it is given follow the app.
        :raises FlaskNbError: of ``follow``; then nothing changes.
        """
        served = self.that_follows(name) or self._for_another(name)
        engine = follow(served.followed)
        self._turn_to(served)
        return engine

    def that_follows(self, name: str | None) -> ServedApp | None:
        """Return what follows a variable, None for none."""
        return next((one for one in self if name is not None and one.followed.follows(name)), None)

    def _for_another(self, name: str | None) -> ServedApp:
        """What another app is served by: each variable has its own, an app from elsewhere the current one."""
        is_free = not self.current.was_run if name is None else self.current.is_unused
        return self.current if is_free else self._make()

    @contextmanager
    def turned_to(self, name: str | None) -> Iterator[None]:
        """Have another app as the current one in a block.

        :param name: the variable that holds it; None for the current one.
        :raises FlaskNbError: it holds no app.
        """
        before = self.current
        if name is not None and not before.followed.follows(name):
            served = self.that_follows(name) or self._make()
            served.followed.choose(name)
            self._turn_to(served)
        try:
            yield
        finally:
            self.current = before

    @contextmanager
    def turned_back_to(self, served: ServedApp | None) -> Iterator[None]:
        """Have as the current app in a block what was that once; None for the current one."""
        before, self.current = self.current, served or self.current
        try:
            yield
        finally:
            self.current = before

    def run(self, app: Any, port: int | None, serve: Callable[[Serving], str]) -> str:
        """Serve *app* as ``app.run()`` asks, and make it the current one; return a line about it.

        :param port: the port that was named.
        :param serve: starts a server and returns the line.
        :raises PortInUseError: another app of the same cell has the port.
        """
        with self._lock:
            self._keep_from(app)
            served = self.at_port(port) or self._that_serves(app, port) or self._vacant()
            if served.is_taken_by_another(app) or self._is_at_home(served, app):
                raise self._in_use(served)
            before = served.followed.label if served.was_run else ""
            served.followed.follow(app)
            line = serve(served.serving)
            served.ran, served.was_run, served.has_own_port = app, True, bool(port)
            self._turn_to(served)
            label = served.followed.label
        is_replaced = before not in ("", label)
        return f"{served.serving.line()} (in the place of {before})" if is_replaced else line

    def _is_at_home(self, served: ServedApp, app: Any) -> bool:
        """Whether a server is another app's that is alive, and that ``app.run()`` is not meant to replace."""
        other = served.followed.app
        if other is None or other is app or not served.followed.is_bound(other) or served.serving.url is None:
            return False
        is_elsewhere = any(one.followed.holds(app) for one in self if one is not served)
        return is_elsewhere or not served.was_run

    @staticmethod
    def _in_use(served: ServedApp) -> ServerError:
        host, port = "".join(served.serving.hosts()), served.serving.port or 0
        return PortInUseError(host, port, holder=served.followed.label).advising(PORT_ADVICE)

    def _keep_from(self, app: Any) -> None:
        """Let servers keep what they serve whose variable a loop has bound to the next app."""
        for served in self:
            if served.is_taken_by_another(app) and served.followed.holds(app):
                served.followed.keep(served.ran)

    def _that_serves(self, app: Any, port: int | None) -> ServedApp | None:
        """Return the server that this app has, or that the same call has had when it ran before."""
        for served in self:
            if served.followed.holds(app):
                return served
        if port or self.current.followed.is_bound(app):
            return None
        again = (one for one in self if one.followed.is_pinned and one.ran is None and not one.has_own_port)
        return next(again, None)

    def _vacant(self) -> ServedApp:
        is_free = self.current.serving.url is None and not self.current.was_run
        return self.current if is_free else self._make()

    def _turn_to(self, served: ServedApp) -> None:
        before = self.current
        if served is not before and before.followed.is_pinned:
            before.followed.keep(before.followed.engine().app)
        if served not in self._all:
            self._all.append(served)
        self.current = served
