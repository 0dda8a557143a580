"""The tests of an exported package: what a notebook's requests and their stored answers become."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from flask_nb.project.export.package import EnvironmentSecret, Package
from flask_nb.project.export.sources import write_package
from flask_nb.project.export.tests import requirements_of_tests, write_tests
from flask_nb.project.plan import Plan
from flask_nb.project.planning import plan_cells, plan_notebook
from flask_nb.project.program_cells import make_cells

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))

HELLO = '%%route /hello/<name>\nf"Hello {name}!"'
SHOP = """\
%%route POST /items
items[len(items) + 1] = request.get_json()
{"id": len(items)}, 201
"""
ITEM = "%%route /items/<int:number>\nitems[number]"
GET_HELLO = ("%get /hello/Ann", "GET /hello/Ann → 200 OK · text/html · 10 B\n\nHello Ann!")

Cell = str | tuple[str, ...]


def make(*cells: Cell) -> tuple[Plan, dict[str, Any]]:
    """A notebook of cells, each a source or a source and what it shows."""
    made = []
    for number, cell in enumerate(cells, start=1):
        source, *shown = (cell,) if isinstance(cell, str) else cell
        outputs = [new_output("display_data", {"text/plain": dedent(text)}) for text in shown]
        made.append(new_code_cell(source, outputs=outputs, execution_count=number, id=f"cell-{number}"))
    notebook = json.loads(json.dumps(new_notebook(cells=made)))
    return plan_cells(Path("shop.ipynb"), make_cells("shop.ipynb", notebook["cells"])), notebook


def written(*cells: Cell, **options: Any) -> str:
    plan, notebook = make(*cells)
    package = Package("shop", "shop", "flask", {}, **options)
    return write_tests(plan, notebook, package).get("tests/test_shop.py", b"").decode()


def conftest_of(*cells: Cell, files: dict[str, bytes] | None = None, **options: Any) -> str:
    plan, notebook = make(*cells)
    package = Package("shop", "shop", "flask", files or {}, **options)
    return write_tests(plan, notebook, package)["tests/conftest.py"].decode()


def function(text: str) -> str:
    return dedent(text).strip() + "\n"


# --- answers ---


def test_a_request_becomes_a_function_that_asserts_its_stored_answer() -> None:
    assert function("""
        def test_get_hello_ann(client: FlaskClient) -> None:
            response = client.get("/hello/Ann")
            assert response.status_code == 200
            assert response.mimetype == "text/html"
            assert response.text == "Hello Ann!"
    """) in written(HELLO, GET_HELLO)


def test_json_that_is_sent_and_answered_is_written_as_python() -> None:
    shown = 'POST /items → 201 Created · application/json · 9 B\n\n{\n  "id": 1\n}'
    text = written("items = {}", SHOP, ("%post /items name=tea", shown))
    assert 'client.post("/items", json={"name": "tea"})' in text
    assert 'assert response.json == {"id": 1}' in text


@pytest.mark.parametrize("size", ["4 B", "12 kB"])
def test_a_body_whose_size_does_not_fit_is_not_asserted(size: str) -> None:
    """What the panel has masked or cut is not what the client of a test gets."""
    text = written(HELLO, ("%get /hello/Ann", f"GET /hello/Ann → 200 OK · text/html · {size}\n\nHello Ann!"))
    assert "status_code == 200" in text
    assert "Hello Ann!" not in text


def test_redirects_are_followed_where_the_notebook_followed_them() -> None:
    shown = """\
        GET /rooms → 308 Permanent Redirect · to http://localhost/rooms/
        GET /rooms/ → 200 OK · text/html · 3 B

        All"""
    text = written('%%route /rooms/\n"All"', ("%get /rooms", shown))
    assert 'client.get("/rooms", follow_redirects=True)' in text


def test_of_cells_that_did_not_run_from_top_to_bottom_no_body_is_asserted() -> None:
    plan, notebook = make(HELLO, GET_HELLO)
    notebook["cells"][0]["execution_count"] = 9
    text = write_tests(plan, notebook, Package("shop", "shop", "flask", {}))["tests/test_shop.py"].decode()
    assert "status_code == 200" in text
    assert "response.text" not in text


def test_requests_with_the_same_name_are_numbered() -> None:
    text = written(HELLO, GET_HELLO, GET_HELLO)
    assert "def test_get_hello_ann(" in text
    assert "def test_get_hello_ann_2(" in text


def test_tries_of_a_route_are_tested() -> None:
    assert 'client.get("/hello/Ann")' in written(
        (HELLO.replace("<name>", "<name> --try /hello/Ann"), GET_HELLO[1])
    )


# --- values of responses ---


def test_a_response_that_a_later_cell_uses_joins_their_cells() -> None:
    text = written(
        "items = {}",
        SHOP,
        ITEM,
        "made = %post /items name=tea",
        'again = %get /items/{made.json["id"]}\nassert again.json["name"] == "tea"',
    )
    assert function('''
        def test_post_items(client: FlaskClient) -> None:
            made = client.post("/items", json={"name": "tea"})

            again = client.get(f"/items/{made.get_json()['id']}")
            assert again.get_json()["name"] == "tea"
    ''') in text  # fmt: skip


def test_of_an_expression_of_the_notebook_the_path_that_is_shown_is_taken() -> None:
    text = written(HELLO, "who = 'Ann'\nprint(who)\n", ("%get /hello/{who}", GET_HELLO[1]))
    assert 'client.get("/hello/Ann")' in text


def test_a_request_with_values_that_nothing_shows_is_left_out_and_counted() -> None:
    text = written(HELLO, GET_HELLO, "who = input()\nr = %get /hello/{who}\nassert r.text")
    assert "- it has values that only the notebook's run has: 1" in text
    assert "assert r.text" not in text


# --- what cells below change ---


@pytest.mark.parametrize(
    "below",
    [
        HELLO.replace("Hello", "Goodbye"),
        '@app.before_request\ndef closed():\n    return "closed"',
        '@app.after_request\ndef empty(response):\n    response.data = b""\n    return response',
    ],
)
def test_an_answer_that_a_cell_below_may_change_is_left_out_and_counted(below: str) -> None:
    text = written(HELLO, GET_HELLO, below, '%%route /bye\n"Bye"', "%get /bye --expect 200")
    assert "/hello/Ann" not in text
    assert "- the cells below may change the answer: 1" in text


@pytest.mark.parametrize(
    "below",
    [
        '%%route /bye\n"Bye"',
        "@app.errorhandler(404)\ndef none(error):\n    return 'none', 404",
        '@app.after_request\ndef name(response):\n    response.headers["X-A"] = "a"\n    return response',
    ],
)
def test_what_has_nothing_to_do_with_an_answer_leaves_it(below: str) -> None:
    assert "Hello Ann!" in written(HELLO, GET_HELLO, below)


def test_behind_a_request_that_is_left_out_those_that_share_its_state_are() -> None:
    text = written(
        "items = {}",
        SHOP,
        ITEM,
        HELLO,
        "%post /items name={input()}",
        "%get /items/1 --expect 200",
        GET_HELLO,
    )
    assert "/items" not in text
    assert "/hello/Ann" in text


# --- what a notebook says of answers ---


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        ("200", "assert response.status_code == 200"),
        ("2xx", "assert response.status_code // 100 == 2"),
        ("200,404", "assert response.status_code in (200, 404)"),
        ('"tea"', 'assert "tea" in response.text'),
        ('not "tea"', 'assert "tea" not in response.text'),
        ("$.id:int", 'assert isinstance(response.get_json()["id"], int)'),
        ("$.items[0].name='tea'", 'assert response.get_json()["items"][0]["name"] == "tea"'),
        ("$.is_new=true", 'assert response.get_json()["is_new"] is True'),
        ("$.error", 'assert "error" in response.get_json()'),
        ("not $.error", 'assert "error" not in response.get_json()'),
        ("$[*].id:int", 'assert all(isinstance(each["id"], int) for each in response.get_json())'),
        ("X-A:b", 'assert "b" in response.headers.getlist("X-A")'),
        ("Location:/items/*", 'assert response.headers["Location"].startswith("/items/")'),
        ("h1", 'assert find_texts(response, "h1")'),
        ('li "tea"', 'assert any("tea" in text for text in find_texts(response, "li"))'),
    ],
)
def test_an_expectation_becomes_an_assertion(expected: str, line: str) -> None:
    assert line in written(HELLO, f"%%check\nGET /hello/Ann -> {expected}")


def test_what_a_check_keeps_is_used_in_the_lines_below() -> None:
    text = written(
        "items = {}",
        SHOP,
        ITEM,
        "%%check\nPOST /items name=tea -> 201 $.id as made\nGET /items/{made} -> 200",
    )
    assert 'made = response.get_json()["id"]' in text
    assert 'client.get(f"/items/{made}")' in text


def test_expect_becomes_an_assertion() -> None:
    assert "assert response.status_code in (200, 404)" in written(HELLO, "%get /hello/Ann --expect 200,404")


def test_selectors_need_beautifulsoup4() -> None:
    plan, notebook = make(HELLO, "%%check\nGET /hello/Ann -> h1")
    files = write_tests(plan, notebook, Package("shop", "shop", "flask", {}))
    assert requirements_of_tests(files) == ["pytest>=8", "beautifulsoup4"]


def test_a_command_that_a_cell_invokes_is_invoked_where_the_cell_stands() -> None:
    invoke = "made = app.test_cli_runner().invoke(args=['init-db'])\nmade.exit_code"
    text = written(HELLO, "%get /hello/Ann", invoke, "%get /hello/Bo")
    assert (
        'def test_invoke_init_db(runner: FlaskCliRunner) -> None:\n    runner.invoke(args=["init-db"])\n'
        in text
    )
    assert (
        text.index("test_get_hello_ann") < text.index("test_invoke_init_db") < text.index("test_get_hello_bo")
    )


def test_a_command_that_nobody_can_tell_makes_what_follows_unsure() -> None:
    text = written(HELLO, "name = input()\napp.test_cli_runner().invoke(args=[name])", "%get /hello/Ann")
    assert "it stands within other statements, or in %%request_context: 1" in text


# --- secrets, cookies, databases ---


def test_a_request_with_a_secret_is_left_out() -> None:
    text = written(HELLO, GET_HELLO, "%get /hello/Bob Authorization:'Bearer s3cr3t-t0k3n-value'")
    assert "s3cr3t" not in text
    assert "- it has secrets: 1" in text


def test_cookies_are_set() -> None:
    assert 'client.set_cookie("size", "large")' in written(HELLO, "%cookies set size=large", GET_HELLO)


def test_a_fresh_request_has_a_client_of_its_own() -> None:
    text = written(HELLO, ("%get /hello/Ann --fresh", GET_HELLO[1]))
    assert 'app.test_client().get("/hello/Ann")' in text
    assert "(app: Flask)" in text


def test_a_database_lies_in_a_temporary_folder() -> None:
    text = conftest_of(HELLO, files={"shop/db.py": b'sqlite3.connect(current_app.config["DATABASE"])'})
    assert '"DATABASE": str(folder / "test.sqlite")' in text


def test_a_command_that_cannot_make_the_database_fails_the_tests() -> None:
    source = b'app.config["DATABASE"]\n\n@app.cli.command("init-db")\ndef init_db(): ...'
    text = conftest_of(HELLO, files={"shop/db.py": source})
    assert 'invoke(args=["init-db"], catch_exceptions=False)' in text


def test_without_a_request_that_is_left_the_app_is_made_and_the_reasons_are_told() -> None:
    text = written(HELLO, "name = input()", "%get /hello/{name}")
    assert "def test_the_app_is_made(app: Flask) -> None:" in text
    assert "from flask import Flask\n" in text
    assert "Requests that are left out, by reason:" in text


def test_other_secrets_are_set_before_the_package_is_imported() -> None:
    text = conftest_of(HELLO, secrets=(EnvironmentSecret("API_KEY", "the cell"),))
    assert text.index('setdefault("API_KEY", "test")') < text.index("import create_app")


@pytest.mark.parametrize(("factory", "is_set"), [("make_app", True), ("create_app", False)])
def test_a_secret_of_a_factory_with_settings_of_its_own_is_set(factory: str, is_set: bool) -> None:
    files = {"shop/__init__.py": f"def {factory}(test_config=None):\n    pass".encode()}
    text = conftest_of(HELLO, files=files, secrets=(EnvironmentSecret("SECRET_KEY", "the cell"),))
    assert ('setdefault("SECRET_KEY", "test")' in text) is is_set


def test_a_failing_view_answers_in_the_tests_too() -> None:
    shown = "GET /fail → 500 Internal Server Error · text/html · 265 B\n\nview fail, line 1:   1 / 0"
    assert '"PROPAGATE_EXCEPTIONS": False' in conftest_of("%%route /fail\n1 / 0", ("%get /fail", shown))


# --- run ---


def export(path: Path, folder: Path, engine: Any = "flask") -> Path:
    plan = plan_notebook(path)
    package = write_package(plan, engine)
    files = {**package.files, **write_tests(plan, json.loads(path.read_text("utf-8")), package)}
    for name, content in files.items():
        file = folder / f"of-{path.stem}" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder / f"of-{path.stem}"


def run_tests(*folders: Path) -> tuple[int, str]:
    """Run the tests of exported packages in a process of their own, in any order; other plugins take long."""
    paths = os.pathsep.join([*map(str, folders), *sys.path])
    tests = [str(folder / "tests") for folder in folders]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "-p",
        "pytest_randomly",
        *tests,
    ]
    result = subprocess.run(
        [*command, f"--rootdir={folders[0].parent}"],
        cwd=folders[0].parent,
        env={**os.environ, "PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


@pytest.mark.parametrize("engine", ["flask", "flask_nb"])
def test_the_tests_of_all_tutorials_pass(engine: str, tmp_path: Path) -> None:
    status, output = run_tests(*(export(path, tmp_path, engine) for path in NOTEBOOKS))
    assert status == 0, output


def test_a_view_that_is_broken_fails_the_tests(tmp_path: Path) -> None:
    folder = export(NOTEBOOKS[-1], tmp_path)
    package = next(folder.glob("*/__init__.py"))
    package.write_text(package.read_text("utf-8").replace("Hello {name}!", "Helo {name}!"), "utf-8")
    status, output = run_tests(folder)
    assert status == 1
    assert "test_get_hello_ann" in output
