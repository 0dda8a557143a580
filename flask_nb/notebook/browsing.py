"""``%browse``: views of pages that are used in the notebook, and what cells mean to them."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from IPython.display import display

from flask_nb import cells, engines
from flask_nb.cells import BrowseArguments
from flask_nb.exchange import InProcessTransport, SocketTransport
from flask_nb.panel import PanelExchanger, PanelResponse
from flask_nb.panel.used_page import policy, still_html
from flask_nb.panel.webrtc import NO_WEBRTC

from .browse_view import BrowseView
from .changes import Changes, python_of
from .evaluation import evaluate
from .live_pages import STAYS
from .served import ServedApp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from IPython.core.interactiveshell import InteractiveShell

    from .host import Host

_PAUSE = 0.25
"""Seconds after a cell in which the next one may begin: they are one change."""

_NO_WIDGETS = "To use the page here: %pip install anywidget, then restart the kernel"
_NO_SIDECAR = (
    "To have it beside the notebook, right-click the page and choose Create New View for Output, "
    "or %pip install sidecar"
)


class Browsing:
    """The views of a notebook.

    :param ip: the shell.
    :param host: what is asked.
    :param changes: tells which cells have to do with the app.
    """

    def __init__(self, ip: InteractiveShell, host: Host, changes: Changes) -> None:
        self._ip = ip
        self._host = host
        self._changes = changes
        self._open: list[_Opened] = []
        self._timer: threading.Timer | None = None
        self._outbox = Outbox()
        ip.events.register("pre_run_cell", self.begin_cell)
        ip.events.register("post_run_cell", self.end_cell)  # behind those who settle the cell

    def close(self) -> None:
        """Let go of all views, and hear of cells no more."""
        self._ip.events.unregister("pre_run_cell", self.begin_cell)
        self._ip.events.unregister("post_run_cell", self.end_cell)
        self._stop_waiting()
        for opened in self._open:
            opened.view.close()
            opened.widget.close()
        self._open.clear()
        self._outbox.close()

    def browse(self, line: str, cell: str | None, scope: Mapping[str, Any]) -> Any:
        """Show a page that can be used, and below it the still picture that a saved notebook shows."""
        arguments = cells.parse_browse(line)
        with self._host.apps.turned_to(arguments.app):
            served = self._host.apps.current
            first = self._host.send(arguments.request, partial(evaluate, {**self._ip.user_ns, **scope}))
        if not hasattr(self._ip, "kernel"):
            return first
        if not is_installed("anywidget"):
            print(_NO_WIDGETS)
            return first
        self._show(self._opened(served, first, arguments), arguments)
        return Still(first)

    def _opened(self, served: ServedApp, first: PanelResponse, arguments: BrowseArguments) -> _Opened:
        from .browse_widget import BrowseWidget  # here, so that only whoever browses waits for it

        if not arguments.is_new:
            self._move_from(served)
        request = first.exchange.request
        view = BrowseView(
            self._client(served),
            request.host,
            lambda: self._host.settings.timeout,
            served.serving.address if self._has_server(served) else None,
            lambda path: f"{(served.serving.page_url or '').rstrip('/')}{path}" if served.serving.url else "",
            first,
        )
        widget = BrowseWidget(self._settings(first, arguments), view.hear)
        view.connect(lambda message, buffers: self._outbox.put(widget.send, message, buffers))
        opened = _Opened(served, view, widget, arguments.is_live, self._state(served))
        self._open.append(opened)
        return opened

    def _settings(self, first: PanelResponse, arguments: BrowseArguments) -> dict[str, Any]:
        request = first.exchange.request
        return {
            "policy": policy(dict.fromkeys([*self._host.settings.browse_hosts, *arguments.allowed])),
            "guard": NO_WEBRTC,
            "origin": f"http://{request.host}",
            "path": request.path,
            "height": arguments.height,
            "zoom": arguments.zoom,
            "width": arguments.width,
            "waits": _comms_wait(),
        }

    def _show(self, opened: _Opened, arguments: BrowseArguments) -> None:
        bundle = opened.widget.bundle(f"%browse {opened.widget.settings['path']}")
        if not arguments.is_docked:
            display(bundle, raw=True)  # type: ignore[no-untyped-call]
        elif not is_installed("sidecar"):
            print(_NO_SIDECAR)
            display(bundle, raw=True)  # type: ignore[no-untyped-call]
        else:
            from sidecar import Sidecar

            with Sidecar(title=opened.widget.settings["path"], anchor="split-right"):
                display(bundle, raw=True)  # type: ignore[no-untyped-call]

    def _move_from(self, served: ServedApp) -> None:
        """Let the earlier views of an app say that there is a later one."""
        for opened in [one for one in self._open if one.served is served]:
            opened.view.move()
            self._open.remove(opened)

    def _has_server(self, served: ServedApp) -> bool:
        return served.serving.is_possible and not self._host.settings.in_process

    def _client(self, served: ServedApp) -> PanelExchanger:
        over_socket = SocketTransport(lambda: served.serving.address(), abandon=served.serving.cancel)
        transport = over_socket if self._has_server(served) else InProcessTransport(served)
        client = PanelExchanger(transport, self._host.recorder, served.cookies)
        client.is_in_background = True
        return client

    # --- cells that change an app ---

    def begin_cell(self, info: Any = None) -> None:
        """Wait with what the last cell has brought about: this one may change more."""
        self._stop_waiting()

    def end_cell(self, result: Any = None) -> None:
        """Let the views load their pages again if the cell has changed their app; or say that it failed."""
        error = getattr(result, "error_in_exec", None) or getattr(result, "error_before_exec", None)
        is_used = bool(self._open) and self._changes.uses(python_of(result))
        for opened in self._open:
            state = self._state(opened.served)
            is_concerned = is_used or state != opened.state
            opened.state = state
            if error is None:
                opened.is_stale = opened.is_stale or is_concerned
            elif is_concerned and opened.is_live:
                opened.view.push("failed", f"{type(error).__name__} in a cell: {STAYS}")
        if any(opened.is_stale for opened in self._open):
            self._wait()

    def _state(self, served: ServedApp) -> object:
        """Return what differs when a cell has changed what is registered."""
        engine = served.followed.serving_engine()
        return engines.registered(engine.app) if engine is not None else None

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = threading.Timer(_PAUSE, self._reload)
        self._timer.daemon = True
        try:
            self._timer.start()
        except RuntimeError:  # a browser's Python has no threads
            self._timer = None
            self._reload()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _reload(self) -> None:
        for opened in list(self._open):
            if opened.is_stale and opened.is_live:
                opened.view.push("changed")
            opened.is_stale = False


class Outbox:
    """Sends what has been put into it, in one thread that lasts.

    The kernel gives each thread that sends a socket of its own, which dies with the thread, and what was sent
    last is then lost (ipykernel's ``IOPubThread``).
    """

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def put(self, send: Callable[..., object], *arguments: object) -> None:
        """Have something sent."""
        if self._thread is None:
            thread = threading.Thread(target=self._send_all, name="flask_nb-browse", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # a browser's Python has no threads
                send(*arguments)
                return
            self._thread = thread
        self._waiting.put(partial(send, *arguments))

    def close(self) -> None:
        """Send what is left, and end the thread."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(1)
        self._thread = None

    def _send_all(self) -> None:
        while (send := self._waiting.get()) is not None:
            with suppress(Exception):  # a view that was closed meanwhile
                send()


class _Opened:
    """A view that is open."""

    def __init__(
        self, served: ServedApp, view: BrowseView, widget: Any, is_live: bool, state: object
    ) -> None:
        self.served = served
        self.view = view
        self.widget = widget
        self.is_live = is_live
        self.state = state
        self.is_stale = False


class Still:
    """The still picture below a view: what is there where no widget is."""

    def __init__(self, response: PanelResponse) -> None:
        self.response = response

    def __repr__(self) -> str:
        return repr(self.response)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        bundle, metadata = self.response._repr_mimebundle_(include, exclude)
        if "text/html" in bundle:
            bundle["text/html"] = still_html(bundle["text/html"])
        return bundle, metadata


def is_installed(name: str) -> bool:
    """Whether a package can be imported."""
    return importlib.util.find_spec(name) is not None


def _comms_wait() -> bool:
    """Whether messages of a view wait for the running cell."""
    return int(version("ipykernel").partition(".")[0]) < 7
