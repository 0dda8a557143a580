"""What ``app.run()`` serves with: a seam, so that a notebook can put its own server there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import Flask


def run_development_server(app: Flask, host: str | None, port: int | None, **options: Any) -> None:
    """Serve *app* with Werkzeug's development server until it is stopped.

    Without a host or a port, those of ``SERVER_NAME`` count, else 127.0.0.1 and 5000. The debugger asks
    for a PIN made for this process. On an address that other machines reach it stays off, with a line that
    says so, unless ``use_debugger=True`` asked for it.
    """
    import click
    from werkzeug.serving import run_simple

    from .cli import debugger_pin, is_loopback, show_server_banner

    named_host, _, named_port = (app.config["SERVER_NAME"] or "").partition(":")
    host = host or named_host or "127.0.0.1"
    port = int(named_port or 5000) if port is None else port
    show_server_banner(app.debug, app.name)
    options = {"use_reloader": app.debug, "threaded": True, **options}
    if options.get("use_debugger") is None:
        options["use_debugger"] = app.debug and is_loopback(host)
        if app.debug and not options["use_debugger"]:
            click.echo(
                f" * The debugger is off: anyone who can reach {host} could run code with it."
                " Serve on 127.0.0.1, or ask for it with use_debugger=True.",
                err=True,
            )
    with debugger_pin():
        run_simple(host, port, app, **options)


#: What ``app.run()`` calls with the app, the host and the port (None where they were left out), and the
#: options of ``run_simple`` as they were given.
runner: Callable[..., None] = run_development_server
