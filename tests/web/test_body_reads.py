"""How a view reads the body is told to whoever put a set into the environ for it."""

from __future__ import annotations

import pytest

from flask_nb import web
from flask_nb.web.wrappers import BODY_READS


@pytest.fixture
def app():
    app = web.Flask(__name__)

    @app.post("/<kind>")
    def read(kind):
        values = {
            "form": lambda: web.request.form.get("a"),
            "files": lambda: web.request.files.get("a"),
            "json": lambda: web.request.get_json(silent=True),
            "data": lambda: web.request.get_data(),
        }
        return str(values[kind]())

    return app


@pytest.mark.parametrize(
    ("kind", "reads"), [("form", {"form"}), ("files", {"form"}), ("json", {"json"}), ("data", set())]
)
def test_what_a_view_reads_is_told(app, kind, reads):
    told = set()
    app.test_client().post(f"/{kind}", json={"a": 1}, environ_overrides={BODY_READS: told})
    assert told == reads


def test_nothing_is_told_to_nobody(app):
    response = app.test_client().post("/form", json={"a": 1})
    assert response.text == "None"
    assert BODY_READS not in response.request.environ
