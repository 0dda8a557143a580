"""An app of the field's own framework, to which the tests apply cells."""

from __future__ import annotations

from types import ModuleType
from typing import Any, cast

import flask
import pytest
from flask.testing import FlaskClient

from flask_nb.cells import apply_route, parse_route
from flask_nb.cells.apply import AppliedRoute


class FlaskTarget:
    """The smallest thing that cells can be applied to; keeps what it was asked to register."""

    def __init__(self) -> None:
        self.app = flask.Flask(__name__)
        self.added: list[dict[str, Any]] = []
        self.has_async = True

    def converters(self) -> dict[str, type]:
        return self.app.url_map.converters

    def framework(self) -> ModuleType:
        return flask

    def supports_async(self) -> bool:
        return self.has_async

    def as_view(self, cls: Any, endpoint: str) -> Any:
        return cls.as_view(endpoint)

    def add_route(self, rule: str, endpoint: str, view: Any, *, derived: bool, **options: Any) -> None:
        given = {name: value for name, value in options.items() if value is not None}
        self.added.append({"rule": rule, "endpoint": endpoint, "derived": derived, **given})
        self.app.add_url_rule(rule, endpoint, view, **given)


class Notebook:
    """A namespace with a target: ``run`` is a ``%%route`` cell, ``client`` asks the app."""

    def __init__(self) -> None:
        self.target = FlaskTarget()
        self.namespace: dict[str, Any] = {"__name__": "__main__"}

    def run(self, line: str, body: str, **options: Any) -> AppliedRoute:
        return apply_route(parse_route(line, body), cast("Any", self.target), self.namespace, **options)

    @property
    def client(self) -> FlaskClient:
        return self.target.app.test_client()


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()
