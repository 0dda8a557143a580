"""The replacement of one rule of an app, as a cell that runs again does it, beside rebuilding a ``Map``.

Run it::

    python -m benchmarks.redefinition

Werkzeug's ``Map`` has no way to take a rule out, so what replaces one there is a new map. Apps have from 10
to 10 000 rules, every second one with variables; what counts is that the cost here does not grow with them.
The first request after the replacement is measured as well: what is compiled late would show there.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.routing import Map, Rule
from werkzeug.test import create_environ

from flask_nb import web
from flask_nb.live.workspace import Workspace

SIZES = (10, 100, 1000, 10_000)


def _path(number: int) -> str:
    return f"/plain/{number}" if number % 2 else f"/items/{number}/<int:item>"


def app_of_cells(rules: int) -> tuple[Any, Workspace]:
    """Return an app to which a cell has added that many rules."""
    app, workspace = web.Flask("many"), Workspace()
    run = workspace.begin("first cell", "first cell")
    for number in range(rules):
        app.add_url_rule(_path(number), f"view_{number}", lambda **values: "")
    workspace.finish(run, succeeded=True)
    return app, workspace


def replacing_milliseconds(rules: int, rounds: int = 30) -> tuple[float, float]:
    """Return the ms of replacing one rule, and of the first request to it, as medians."""
    app, workspace = app_of_cells(rules)
    replaced, asked = [], []
    for turn in range(rounds):
        number = (rules // 2 + turn) % rules
        run = workspace.begin("second cell", "second cell", is_certain=True)
        replaced.append(_milliseconds(lambda n=number: app.add_url_rule(_path(n), f"view_{n}", _new)))  # type: ignore[misc]
        environ = create_environ(_path(number).replace("<int:item>", "7"))
        asked.append(_milliseconds(lambda: app(environ, lambda status, headers, exc_info=None: None)))  # noqa: B023
        workspace.finish(run, succeeded=False)
    return statistics.median(replaced), statistics.median(asked)


def _new(**values: Any) -> str:
    return "new"


def rebuilding_milliseconds(rules: int) -> float:
    """Return the ms of making a map of rules that are there already."""
    known: Iterable[Rule] = [Rule(_path(number), endpoint=f"view_{number}") for number in range(rules)]
    return _milliseconds(lambda: Map([rule.empty() for rule in known]).update())


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) * 1e3


def main() -> None:
    """Measure and print."""
    print(f"{'one rule replaced':<20}{'ms here':>10}{'next request':>14}{'Map rebuilt':>14}{'times':>10}")
    for rules in SIZES:
        replaced, asked = replacing_milliseconds(rules)
        rebuilt = rebuilding_milliseconds(rules)
        print(f"  of {rules:<15,}{replaced:10.2f}{asked:14.3f}{rebuilt:14.1f}{rebuilt / replaced:9.0f}×")


if __name__ == "__main__":
    main()
