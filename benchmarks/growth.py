"""How costs grow, with the rules of the app, the bodies, the cells and the connections, beside Flask.

Run it::

    python -m benchmarks.growth

Every second rule has variables. Bodies are lists of small objects, read and written as JSON. The cells are
those of a notebook that each define a route: one of them runs again in a kernel that has run all of them, and
all are loaded as an app, as `flask-nb run` and gunicorn do it, beside the import of the same app on Flask.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import flask

from benchmarks.dispatch import Case, caller, on_framework
from benchmarks.kernels import as_notebook, kernel, run
from benchmarks.load import measure as measure_load
from benchmarks.measuring import microseconds
from benchmarks.server import SERVERS
from flask_nb import web

ROUTES = (10, 100, 1000, 5000)
ITEMS = (1, 10, 100, 1000)
CELLS = (10, 100, 1000)
CONNECTIONS = (1, 4, 16, 64, 256)
ITEM = {"id": 7, "name": "Ann", "tags": ["a", "b"], "price": 9.5}


def with_routes(number: int) -> Callable[[Any, Any], None]:
    """Return what registers that many rules, plain ones and others in turn."""

    def register(framework: Any, app: Any) -> None:
        for one in range(number // 2):
            app.add_url_rule(f"/plain/{one}", f"plain_{one}", lambda: "plain")
            app.add_url_rule(f"/items/{one}/<int:item>", f"item_{one}", lambda item: f"{item}")

    return register


def answers_items(number: int) -> Callable[[Any, Any], None]:
    """Return what registers a view that answers that many objects."""
    items = [ITEM] * number
    return lambda framework, app: app.add_url_rule("/", "view", lambda: items)


def reads_items(framework: Any, app: Any) -> None:
    """Register a view that reads JSON."""
    request = framework.request
    app.add_url_rule("/", "view", lambda: str(len(request.get_json())), methods=["POST"])


def show(title: str, columns: dict[str, Callable[[int], Case]], sizes: tuple[int, ...]) -> None:
    """Measure the cases of each size and print them: µs here, and how many times that Flask takes."""
    print(f"{title:<12}" + "".join(f"{name:>22}" for name in columns))
    for size in sizes:
        cells = []
        for make in columns.values():
            case = make(size)
            apps = {"Flask": on_framework(flask, case), "ours": on_framework(web, case)}
            times = microseconds({name: caller(app, case) for name, app in apps.items()}, rounds=21)
            cells.append(f"{times['ours']:11.1f} µs {times['Flask'] / times['ours']:6.1f}×")
        print(f"  {size:<10,}" + "".join(f"{cell:>22}" for cell in cells))


# -- Cells --------------------------------------------------------------------------------------------


def route_cell(number: int) -> str:
    """Return a cell that defines a route; every second one has a variable."""
    if number % 2:
        return f"%%route /plain/{number}\n'plain'"
    return f"%%route /items/{number}/<int:item>\nf'item {{item}}'"


def show_cells(rounds: int) -> None:
    """Print what a cell costs that runs again among so many, and the app of all of them."""
    print(f"{'cells':<12}{'one runs again, over pass':>28}{'load() of all':>18}{'of import on Flask':>20}")
    with kernel("%load_ext flask_nb") as client:
        there = 0
        for size in CELLS:
            for number in range(there, size):
                run(client, route_cell(number), f"cell {number}")
            there = size
            again, idle = rerun_milliseconds(client, size, rounds)
            loaded, imported = loading_milliseconds(size)
            print(f"  {size:<10,}{again - idle:25.2f} ms{loaded:15.1f} ms{loaded / imported:19.1f}×")


def rerun_milliseconds(client: Any, size: int, rounds: int) -> tuple[float, float]:
    """Return the ms of a route's cell and of `pass`, as medians of both in turn."""
    again, idle = [], []
    for turn in range(rounds):
        number = (size // 2 + turn) % size
        again.append(_milliseconds(lambda n=number: run(client, route_cell(n), f"cell {n}")))  # type: ignore[misc]
        idle.append(_milliseconds(lambda: run(client, "pass", "idle")))
    return statistics.median(again), statistics.median(idle)


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


# What both import is there before the time begins.
LOAD = """
import sys, time
from flask_nb.project import load
load("one.ipynb")
begun = time.perf_counter()
load("app.ipynb")
print((time.perf_counter() - begun) * 1e3)
"""
IMPORT = """
import sys, time, flask
flask.Flask("one").add_url_rule("/", "view", lambda: "")
begun = time.perf_counter()
import app
print((time.perf_counter() - begun) * 1e3)
"""


def loading_milliseconds(size: int, rounds: int = 5) -> tuple[float, float]:
    """Return the ms of loading a notebook of so many cells, and of importing the same on Flask."""
    with TemporaryDirectory() as name:
        write_app(Path(name), size)
        times = [[_printed(code, name) for code in (LOAD, IMPORT)] for _ in range(rounds)]
    loaded, imported = (statistics.median(column) for column in zip(*times, strict=True))
    return loaded, imported


def _printed(code: str, folder: str) -> float:
    return float(subprocess.check_output([sys.executable, "-B", "-c", code], cwd=folder))


def write_app(folder: Path, size: int) -> None:
    """Write the app as a notebook and as a module for Flask."""
    cells = ["%load_ext flask_nb", *map(route_cell, range(size))]
    for name, sources in (("app", cells), ("one", cells[:2])):
        (folder / f"{name}.ipynb").write_text(as_notebook(sources), encoding="utf-8")
    views = "\n\n\n".join(map(flask_view, range(size)))
    source = f"from flask import Flask\n\napp = Flask(__name__)\n\n\n{views}\n"
    (folder / "app.py").write_text(source, encoding="utf-8")


def flask_view(number: int) -> str:
    """Return what Flask needs for the same route."""
    if number % 2:
        return f'@app.get("/plain/{number}")\ndef plain_{number}():\n    return "plain"'
    rule = f"/items/{number}/<int:item>"
    return f'@app.get("{rule}")\ndef item_{number}(item):\n    return f"item {{item}}"'


# -- Connections --------------------------------------------------------------------------------------


def show_connections(starts: int) -> None:
    """Print what the server in the kernel answers over so many connections."""
    servers = {name: SERVERS[name] for name in ("flask run", "ours in a kernel")}
    loads = measure_load(servers, starts, CONNECTIONS, seconds=2)
    print(f"{'connections':<12}{'requests/s':>15}{'of flask run':>15}{'p99':>15}{'of flask run':>15}")
    for number, by_server in loads.items():
        theirs, ours = by_server.values()
        rate = statistics.median(one.rate / peer.rate for one, peer in zip(ours, theirs, strict=True))
        wait = statistics.median(one.p99 / peer.p99 for one, peer in zip(ours, theirs, strict=True))
        print(
            f"  {number:<10}{statistics.median(one.rate for one in ours):15.0f}{rate:14.1f}×"
            f"{statistics.median(one.p99 for one in ours):12.1f} ms{wait:14.2f}×"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--starts", type=int, default=3, help="how often each server is started (3)")
    parser.add_argument("--rounds", type=int, default=15, help="how often a cell runs again (15)")
    arguments = parser.parse_args()
    show(
        "rules",
        {
            "a plain rule": lambda n: Case("", with_routes(n), request={"path": f"/plain/{n // 4}"}),
            "one with a variable": lambda n: Case("", with_routes(n), request={"path": f"/items/{n // 4}/7"}),
            "none (404)": lambda n: Case("", with_routes(n), request={"path": "/none"}, status="404"),
        },
        ROUTES,
    )
    print()
    show(
        "objects",
        {
            "JSON out": lambda n: Case("", answers_items(n)),
            "JSON in": lambda n: Case("", reads_items, request={"method": "POST", "json": [ITEM] * n}),
        },
        ITEMS,
    )
    print(f"\nAn object is {len(json.dumps(ITEM))} bytes.\n")
    show_cells(arguments.rounds)
    print()
    show_connections(arguments.starts)


if __name__ == "__main__":
    main()
