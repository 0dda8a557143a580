"""What ``app.run()`` serves with: a seam, so that a notebook can put its own server there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import Flask


def run_development_server(app: Flask, host: str, port: int, **options: Any) -> None:
    """Serve *app* with Werkzeug's development server until it is stopped."""
    from werkzeug.serving import run_simple

    run_simple(host, port, app, **options)


#: What ``app.run()`` calls with the app, host, port and the options of ``run_simple``.
runner: Callable[..., None] = run_development_server
