"""Dispatch of a hello world in-process, and the replacement of one rule among 1000.

Run it::

    python benchmarks/dispatch.py

It times, in turn and in this one process, an app of ours, the same wired by hand on bare Werkzeug, and
the same on Flask where that is installed; then the replacement of one rule in an app of 1000 against
rebuilding a Werkzeug ``Map``. Figures are medians of rounds; what counts are the ratios.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.routing import Map, Rule
from werkzeug.test import create_environ
from werkzeug.wrappers import Request, Response

from flask_nb import web
from flask_nb.live.workspace import Workspace

App = Callable[..., Iterable[bytes]]


def bare_werkzeug_app() -> App:
    """A hello world as Werkzeug's tutorial has it: map, adapter, request, response."""
    url_map = Map([Rule("/", endpoint="hello", methods=["GET"])])
    views = {"hello": lambda request: Response("Hello, World!", mimetype="text/html")}

    @Request.application
    def app(request: Request) -> Response:
        endpoint, values = url_map.bind_to_environ(request.environ).match()
        return views[endpoint](request, **values)

    return app


def framework_app(framework: Any) -> App:
    """A hello world on our framework or on Flask."""
    app = framework.Flask("hello")

    @app.get("/")
    def hello() -> str:
        return "Hello, World!"

    return app  # type: ignore[no-any-return]


def call(app: App) -> None:
    """Make one request and read the response to its end."""
    body = app(dict(_ENVIRON), _start_response)
    for _ in body:
        pass
    close = getattr(body, "close", None)
    if close is not None:
        close()


_ENVIRON = create_environ("/", "http://localhost/")


def _start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
    assert status.startswith("200"), status


def microseconds(apps: dict[str, App], rounds: int = 15, number: int = 2000) -> dict[str, float]:
    """Return the median time of a request in µs for each app, measured in turn."""
    times: dict[str, list[float]] = {name: [] for name in apps}
    for app in apps.values():
        for _ in range(number):
            call(app)
    for _ in range(rounds):
        for name, app in apps.items():
            begun = time.perf_counter()
            for _ in range(number):
                call(app)
            times[name].append((time.perf_counter() - begun) / number * 1e6)
    return {name: statistics.median(measured) for name, measured in times.items()}


def replacement_milliseconds(rules: int = 1000, rounds: int = 30) -> tuple[float, float]:
    """Return the median times in ms of replacing one rule here, and of rebuilding a ``Map``."""
    app, workspace = web.Flask("many"), Workspace()
    run = workspace.begin("first cell", "first cell")
    for number in range(rules):
        app.add_url_rule(_path(number), f"view_{number}", lambda **values: "")
    workspace.finish(run, succeeded=True)
    ours = []
    for number in range(rounds):
        run = workspace.begin("second cell", "second cell", is_certain=True)
        begun = time.perf_counter()
        app.add_url_rule(_path(500 + number), f"view_{500 + number}", lambda **values: "new")
        ours.append((time.perf_counter() - begun) * 1e3)
        workspace.finish(run, succeeded=False)
    rebuilt = []
    for _ in range(3):
        known = list(app.url_map.iter_rules())
        begun = time.perf_counter()
        Map([rule.empty() for rule in known]).update()
        rebuilt.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(ours), statistics.median(rebuilt)


def _path(number: int) -> str:
    return f"/plain/{number}" if number % 2 else f"/items/{number}/<int:item>"


def main() -> None:
    """Measure and print."""
    apps = {"flask_nb.web": framework_app(web), "bare Werkzeug": bare_werkzeug_app()}
    try:
        import flask
    except ImportError:
        pass
    else:
        apps["Flask"] = framework_app(flask)
    times = microseconds(apps)
    base = times["bare Werkzeug"]
    print("hello world in-process      µs   of bare Werkzeug")
    for name, value in times.items():
        print(f"  {name:<20} {value:8.1f}   {value / base:.2f}")
    ours, rebuilt = replacement_milliseconds()
    print("one rule of 1000            ms   of rebuilding a Map")
    print(f"  {'replaced here':<20} {ours:8.2f}   {ours / rebuilt:.4f}")
    print(f"  {'Map rebuilt':<20} {rebuilt:8.2f}   1.00")


if __name__ == "__main__":
    main()
