"""Starlette's and FastAPI's apps: what their cells register is replaced and withdrawn with the cells.

A router goes through its list of routes and takes the first that matches, so the older route of two has to
go. The list is exchanged for a live one while a notebook follows the app.
"""

from __future__ import annotations

import operator
from collections.abc import Collection
from typing import Any

from flask_nb.live.ledger import Ledger
from flask_nb.live.registrations import Entry, Identity
from flask_nb.live.tables import Kind, LiveList, Placed
from flask_nb.live.workspace import Run, Workspace, running

from .asgi import ASGIEngine
from .frameworks import starlette_route_rows
from .protocol import RouteRow


class StarletteEngine(ASGIEngine):
    """An app of Starlette or FastAPI as the notebook sees it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.live = LiveRoutes(self)

    def follow(self) -> None:
        """Record from now on what the cells of the notebook register on the app."""
        super().follow()
        run = running()
        if run is not None:
            self.live.follow(run.workspace)

    def close(self) -> None:
        """Be served no more; the app keeps its routes."""
        self.live.let_go()
        super().close()

    def routes(self) -> list[RouteRow]:
        """Return all routes in the order of their rules, with the cells that hold them."""
        return sorted(starlette_route_rows(self.app.routes, "", self.live.owner_of))

    def drop(self, endpoint: str) -> list[str]:
        """Withdraw all routes of that name and return them."""
        return self.live.drop(endpoint)


class LiveRoutes:
    """The live half of such an app.

    :param engine: the app's engine, which the workspace follows.
    """

    is_replaced = False

    def __init__(self, engine: StarletteEngine) -> None:
        self._engine = engine
        self._routers: list[Any] = []
        self.ledger = Ledger(False, self._note_change)

    @property
    def _router(self) -> Any:
        return getattr(self._engine.app, "router", self._engine.app)

    def follow(self, workspace: Workspace) -> None:
        """Record from now on what the cells of a notebook register."""
        self.exchange(self._router)
        workspace.follow(self._engine)

    def exchange(self, router: Any) -> None:
        """Let a router have a live list of routes, and those that are included in it."""
        if any(known is router for known in self._routers):
            return
        self._routers.append(router)
        router.routes = _Routes(self, router)
        for route in router.routes:
            self.exchange_included(route)

    def exchange_included(self, route: Any) -> None:
        """Do the same for the router that a route stands for: FastAPI looks into it with each request."""
        if (included := getattr(route, "original_router", None)) is not None:
            self.exchange(included)

    def let_go(self) -> None:
        """Have plain lists again, with all that stands in them."""
        for router in self._routers:
            router.routes = list(router.routes)
        self._routers.clear()
        for entry in self.ledger:
            self.ledger.remove(entry)

    def take_over(self, old: Any, run: Run) -> bool:
        """Take nothing over."""
        return False

    def is_idle(self, besides: Collection[Any]) -> bool:
        """Nothing else has what is registered here."""
        return True

    def owner_of(self, route: Any) -> str | None:
        """Return the name of the cell that registered a route, None if nobody knows."""
        owners = (entry.owner for entry in self.ledger if entry.value is route)
        return next((owner.name for owner in owners), None)

    def drop(self, endpoint: str) -> list[str]:
        """Withdraw all routes of that name and return what people call them."""
        gone = [
            (router.routes, route)
            for router in self._routers
            for route in router.routes
            if getattr(route, "name", None) == endpoint
        ]
        for routes, route in gone:
            routes.remove(route)
        self._note_change()
        return [label for _, route in gone for label in _labels(route)]

    def _note_change(self) -> None:
        """Let FastAPI make anew what it keeps of its routes."""
        for router in self._routers:
            getattr(router, "_mark_routes_changed", lambda: None)()
        if getattr(self._engine.app, "openapi_schema", None):
            self._engine.app.openapi_schema = None


class _Routes(LiveList):
    """The routes of a router.

    What was there before the notebook followed the app gives way like what a cell has registered.
    """

    def __init__(self, live: LiveRoutes, router: Any) -> None:
        self._live = live
        super().__init__(Placed(live.ledger, _ROUTE, operator.attrgetter("app.router.routes")), router.routes)

    def enter(self, run: Run, value: Any) -> Entry:
        """Put a route in, in the place of the older ones of its path and methods."""
        before = [(one, entry) for one, entry in self.entries() if entry is None or run.displaces(entry)]
        entry = super().enter(run, value)
        for one, known in before:
            if known is None and _replaces(value, one):
                self.remove(one)
                run.workspace.tell(run, f"replaces {_label(one)}, which was there before")
            elif one in self and _is_in_part(value, one):
                one.methods = {*one.methods} - {*value.methods}
        self._live.exchange_included(value)
        return entry

    def identity(self, run: Run, value: Any) -> Identity:
        """Return what a route is known by: its path and methods, where it has a path."""
        if getattr(value, "path", None) is None:
            return super().identity(run, value)
        return (id(self), type(value).__qualname__, value.path, frozenset(_methods(value) or ()))


def _replaces(new: Any, old: Any) -> bool:
    if type(new) is not type(old) or getattr(new, "path", None) != getattr(old, "path", ""):
        return False
    methods = _methods(old)
    return methods is None or _methods(new) is None or methods <= (_methods(new) or set())


def _is_in_part(new: Any, old: Any) -> bool:
    """Whether an older route keeps some of its methods, and loses others."""
    methods, gone = _methods(old), _methods(new)
    is_same = type(new) is type(old) and getattr(new, "path", None) == getattr(old, "path", "")
    return bool(is_same and methods and gone and methods & gone and methods - gone)


def _methods(route: Any) -> set[str] | None:
    """The methods that a route names, without what comes by itself; None for one that takes them all."""
    methods = getattr(route, "methods", None)
    return {*methods} - ({"HEAD"} if "GET" in methods else set()) if methods else None


def _labels(route: Any) -> list[str]:
    path = getattr(route, "path", "")
    return [f"{method} {path}" for method in sorted(_methods(route) or ())] or [
        path or _label_of_router(route)
    ]


def _label_of_router(route: Any) -> str:
    prefix = getattr(getattr(route, "include_context", None), "prefix", "")
    return f"router {prefix}" if hasattr(route, "original_router") else type(route).__name__


def _label(route: Any) -> str:
    return ", ".join(_labels(route))


_ROUTE = Kind("route", label=_label, replaces=_replaces)
