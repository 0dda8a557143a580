"""The fixture ``notebook_client``, which comes with the package."""

from __future__ import annotations

import sys

import pytest


def test_it_asks_the_app_of_a_notebook(notebook_client, make_notebook):
    client = notebook_client(make_notebook("%%route /\n'served'", "%get /"))
    assert client.get("/").text == "served"


def test_each_call_runs_the_notebook_anew(notebook_client, make_notebook):
    path = make_notebook("seen = []", "%%route /\nseen.append(1)\nstr(len(seen))")
    assert [notebook_client(path).get("/").text for _ in range(2)] == ["1", "1"]


@pytest.mark.parametrize("package", ["flask_nb", "flask"])
def test_each_call_finds_the_app_of_a_module_as_it_was(notebook_client, make_notebook, tmp_path, package):
    source = f"from {package} import Flask\napp = Flask(__name__)\napp.calls = 0"
    (tmp_path / "shop_of_test.py").write_text(source)
    hook = "@app.before_request\ndef count():\n    app.calls += 1"
    path = make_notebook("from shop_of_test import app", hook, "%%route /\nstr(app.calls)")
    try:
        assert [notebook_client(path).get("/").text for _ in range(3)] == ["1", "1", "1"]
    finally:
        sys.modules.pop("shop_of_test", None)
        sys.path.remove(str(tmp_path))


def test_errors_of_views_reach_the_test(notebook_client, make_notebook):
    client = notebook_client(make_notebook("%%route /\n1 / 0"))
    with pytest.raises(ZeroDivisionError):
        client.get("/")


def test_notebooks_are_found_from_the_tests_folder_and_from_the_root(notebook_client):
    assert notebook_client("../../notebooks/3-routing.ipynb").get("/hello").text == "Hello!"
    assert notebook_client("notebooks/3-routing.ipynb").get("/hello").text == "Hello!"


def test_apps_of_other_frameworks_have_a_client_too(notebook_client, make_notebook):
    cell = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'plain']"
    assert notebook_client(make_notebook(cell)).get("/").text == "plain"
