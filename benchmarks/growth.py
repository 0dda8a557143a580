"""How the cost of a request grows, with the rules of the app and with the bodies, beside Flask.

Run it::

    python -m benchmarks.growth

Every second rule has variables. Bodies are lists of small objects, read and written as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import flask

from benchmarks.dispatch import Case, caller, on_framework
from benchmarks.measuring import microseconds
from flask_nb import web

ROUTES = (10, 100, 1000, 5000)
ITEMS = (1, 10, 100, 1000)
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


def main() -> None:
    """Measure and print."""
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
    print(f"\nAn object is {len(json.dumps(ITEM))} bytes.")


if __name__ == "__main__":
    main()
