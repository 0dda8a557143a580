"""What ``app.run()`` was told, in a notebook: where to serve, and what a notebook does otherwise."""

from __future__ import annotations

import inspect
import ipaddress
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from flask_nb import engines
from flask_nb.errors import ServerError
from flask_nb.exchange.masks import drop_foreign_cookies
from flask_nb.gate import Gate, is_loopback

from .serving import Serving

if TYPE_CHECKING:
    from .settings import FlaskNB

_RELOADER = "a cell that runs again is live at once"
_IGNORED: dict[str, str] = {
    "ssl_context": "the kernel's server speaks http; flask-nb run --cert adhoc serves https",
    "use_reloader": _RELOADER,
    "reloader_type": _RELOADER,
    "reloader_interval": _RELOADER,
    "extra_files": _RELOADER,
    "exclude_patterns": _RELOADER,
    "use_debugger": "a notebook has %debug for that",
    "threaded": "the kernel's server has threads of its own",
    "processes": "the kernel's server has threads, and no other processes",
}
"""The options of ``run_simple`` that have no effect here, and why; any other is named without a reason."""

_DEFAULTS: dict[str, tuple[object, ...]] = {
    "threaded": (True, None),
    "processes": (1, None),
    "use_evalex": (True, False, None),
}
"""What asks for nothing that would be missed; of the other options what is false does."""


@dataclass(frozen=True)
class AppRun:
    """One call of ``app.run()``.

    :param app: whose it is.
    :param host: the address, None where it was left out.
    :param port: the port, None where it was left out.
    :param server_name: the app's setting of that name, empty for none.
    :param options: the options of ``run_simple``, as they were given.
    """

    app: Any
    host: str | None
    port: int | None
    server_name: str
    options: Mapping[str, Any]

    @classmethod
    def of(cls, app: Any, host: str | None, port: int | None, options: Mapping[str, Any]) -> AppRun:
        """Return what a call says.

        :raises ServerError: it says something that no server understands.
        """
        for name in options:
            if name not in _known_options():
                close = get_close_matches(name, ["host", "port", "debug", *_known_options()], 1)
                hint = f"Did you mean {close[0]}?" if close else "Leave it out"
                raise ServerError(f"app.run() has no argument {name!r}", hint)
        if port is not None and not 0 <= port <= 65535:
            raise ServerError(f"{port} is no port", "Choose one from 1 to 65535: app.run(port=5000)")
        return cls(app, host, port, app.config.get("SERVER_NAME") or "", options)

    def serve(self, serving: Serving) -> str:
        """Start a server, or move it; return a line about it.

        :raises ServerError: what was named cannot be had.
        """
        return serving.run(self.host, self.port, *self._named())

    def _named(self) -> tuple[str | None, int | None]:
        """Return the address and the port of SERVER_NAME; a name is no address.

        What a name resolves to may not be this machine, or may be open to others, and to ask takes seconds
        where there is no network.
        """
        name, port = _split(self.server_name)
        return name.strip("[]") if _is_address(name) else None, port

    def remarks(self) -> Iterator[str]:
        """Yield a line on each thing that a notebook does otherwise than it was told."""
        name, _ = _split(self.server_name)
        if self.host is None and name and not _is_address(name) and not is_loopback(name):
            yield f"  SERVER_NAME {name} is a Host that it answers to, not the address that is bound"
        for option, value in self.options.items():
            if value not in _DEFAULTS.get(option, ()) and (value or option in _DEFAULTS):
                reason = _IGNORED.get(option)
                yield f"  {option} is ignored: {reason}" if reason else f"  {option} is ignored in a notebook"

    def serve_in_child(self, settings: FlaskNB) -> None:
        """Serve in this process, a forked child of the kernel, until it is ended.

        Nobody is waiting for what happens here but who reads the output: prints and tracebacks stay there.
        """
        engine = engines.adopt(self.app)

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if cookies := drop_foreign_cookies(environ.pop("HTTP_COOKIE", "")):
                environ["HTTP_COOKIE"] = cookies
            return engine.wsgi_app(environ, start_response)

        gate = Gate(
            answer,
            lambda: [*serving.hosts(), *settings.trusted_hosts, *engine.hosts()],
            origins=lambda: settings.trusted_origins,
            shuts_out=lambda environ: serving.shuts_out(environ),
        )
        serving = Serving(gate, settings, lambda: engine.name)
        print(self.serve(serving), *self.remarks(), sep="\n", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
        serving.stop()


@cache
def _known_options() -> tuple[str, ...]:
    from werkzeug.serving import run_simple

    places = {"hostname", "port", "application"}
    return tuple(name for name in inspect.signature(run_simple).parameters if name not in places)


def _split(server_name: str) -> tuple[str, int | None]:
    name, colon, port = server_name.rpartition(":")
    return (name, int(port)) if colon and port.isdecimal() else (server_name, None)


def _is_address(name: str) -> bool:
    with suppress(ValueError):
        return bool(ipaddress.ip_address(name.strip("[]")))
    return name == "localhost"
