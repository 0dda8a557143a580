"""``flask-nb export``: what it tells, its exit status, and what it refuses."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flask_nb.project.export.command import export_command

Notebook = Callable[..., Path]


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """Make ``shop.ipynb`` of cells in a folder of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)

    def make(*sources: str, **metadata: object) -> Path:
        cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in sources]
        content = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
        Path("shop.ipynb").write_text(json.dumps(content))
        return Path("shop.ipynb")

    return make


def export(*arguments: str) -> Result:
    return CliRunner().invoke(export_command, ["shop.ipynb", "out", *arguments])


def test_the_files_are_told_and_what_to_type_next(notebook: Notebook) -> None:
    notebook("%%route /\n'home'", "%get /")
    result = export()
    assert result.exit_code == 0
    assert result.output.startswith("out/\n")
    assert "    shop/__init__.py\n" in result.output
    assert "    cd out\n" in result.output
    assert {path.name for path in Path("out").iterdir()} >= {
        "pyproject.toml",
        "README.md",
        "Dockerfile",
        "tests",
    }


def test_a_second_export_shows_what_it_would_change_and_writes_nothing(notebook: Notebook) -> None:
    notebook("%%route /\n'home'")
    export()
    before = Path("out/shop/__init__.py").read_text()
    notebook("%%route /\n'at home'")
    result = export()
    assert result.exit_code == 1
    assert '    -        return "home"\n    +        return "at home"\n' in result.output
    assert result.output.endswith("out exists, and nothing was written. To write this, add --force\n")
    assert Path("out/shop/__init__.py").read_text() == before


def test_with_force_it_writes_what_it_shows(notebook: Notebook) -> None:
    notebook("%%route /\n'home'")
    export()
    notebook("%%route /\n'at home'")
    result = export("--force")
    assert result.exit_code == 0
    assert 'return "at home"' in result.output
    assert 'return "at home"' in Path("out/shop/__init__.py").read_text()


def test_nothing_to_change_is_said(notebook: Notebook) -> None:
    notebook("%%route /\n'home'")
    export()
    result = export()
    assert (result.exit_code, result.output) == (
        0,
        "out is as shop.ipynb would be exported: nothing is changed\n",
    )


def test_a_secret_is_named_and_written_nowhere(notebook: Notebook) -> None:
    notebook("from flask_nb import Flask\napp = Flask(__name__)\napp.secret_key = 'tell nobody'")
    result = export()
    assert "SECRET_KEY is read from the environment instead of the cell" in result.output
    assert Path("out/.env.example").read_text() == "SECRET_KEY=\n"
    files = [path for path in Path("out").rglob("*") if path.is_file()]
    assert [path for path in files if b"tell nobody" in path.read_bytes()] == []


def test_the_app_of_another_variable_can_be_named(notebook: Notebook) -> None:
    notebook(
        "from flask_nb import Flask\nshop = Flask(__name__)\n@shop.get('/')\ndef home():\n    return 'shop'"
    )
    result = CliRunner().invoke(export_command, ["shop.ipynb:shop", "out"])
    assert result.exit_code == 0
    assert "@shop.get" in Path("out/shop/__init__.py").read_text()


def test_no_code_of_the_notebook_is_run(notebook: Notebook) -> None:
    notebook("from pathlib import Path\nPath('ran').touch()", "%%route /\nPath('ran').name")
    assert export().exit_code == 0
    assert not Path("ran").exists()


BAD = {
    "two apps": (
        ["from flask_nb import Flask\none = Flask('one')", "two = Flask('two')"],
        "shop.ipynb has 2 apps: one, two. Say which one: shop.ipynb:one",
    ),
    "cells that need each other": (
        ["one = two + 1", "two = one + 1", "%%route /\nstr(one)"],
        "That cell needs 'one' of this one: move what both need into a cell above them",
    ),
    "a template that Windows cannot have": (
        ["%%template con.html\n<p>", "%%route /\n'home'"],
        "or none that every system can have",
    ),
    "no app": (
        ["x = 1"],
        "shop.ipynb has no app. Begin a cell with %%route /, or type app = Flask(__name__)",
    ),
    "empty": ([], "shop.ipynb holds no code. Write a cell, such as: %%route /"),
    "a syntax error": (["%%route /\n'home'", "def home(:"], "the cell 'def home(:'"),
    "a magic below code": (["x = 1\n%%route /\n'home'"], "is below code, but a cell magic begins its cell"),
    "a template outside": (
        ["%%template ../../x\n<p>", "%%route /\n'home'"],
        "is not a path below the folder",
    ),
    "one endpoint for two rules": (
        ["%%route /a/<x>\nx", "%%route /a/<int:x>\nx"],
        "--endpoint",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_exported_is_said_in_a_line_and_nothing_is_written(
    notebook: Notebook, kind: str
) -> None:
    sources, message = BAD[kind]
    notebook(*sources)
    result = export()
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    assert not Path("out").exists()


FILES = {
    "not JSON": (b"{", "shop.ipynb is no notebook, or was not saved wholly"),
    "not a notebook": (b"{}", "it is JSON without 'nbformat'"),
    "format 3": (b'{"nbformat": 3}', "is a notebook of format 3, and only format 4 is run"),
    "format 2": (b'{"nbformat": 2, "worksheets": []}', "is a notebook of format 2, and only format 4 is run"),
    "a list": (b"[]", "it is JSON without 'nbformat'"),
    "nested without end": (b"[" * 100_000, "it is nested too deeply"),
    "cells that are none": (b'{"nbformat": 4, "cells": [null]}', "it has no list of cells"),
    "a source that is a number": (
        b'{"nbformat": 4, "metadata": 1, "cells": [{"cell_type": "code", "source": 3}]}',
        "it has no list of cells",
    ),
    "not UTF-8": (b'{"nbformat": 4, "x": "\xff"}', "byte 22 is not UTF-8"),
    "another language": (
        b'{"nbformat": 4, "metadata": {"language_info": {"name": "R"}}, "cells": []}',
        "is a notebook of the language 'R'",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_no_notebook_is_said(notebook: Notebook, kind: str) -> None:
    notebook()
    content, message = FILES[kind]
    Path("shop.ipynb").write_bytes(content)
    result = export()
    assert (result.exit_code, "Traceback" in result.output) == (2, False)
    assert message in result.output
    assert not Path("out").exists()


def test_a_notebook_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = export()
    assert (result.exit_code, "Traceback" in result.output) == (2, False)
    assert "shop.ipynb cannot be read: No such file" in result.output
    assert not Path("out").exists()


def test_the_folder_of_instances_is_there_and_kept_out_of_git(notebook: Notebook) -> None:
    notebook("%%route /\n'home'")
    export()
    (Path("out") / "instance" / "shop.sqlite").write_bytes(b"data")
    subprocess.run(["git", "init", "-q", "out"], check=True)
    told = subprocess.run(
        ["git", "-C", "out", "status", "--porcelain", "-uall"], capture_output=True, text=True, check=True
    )
    assert "instance/.gitkeep" in told.stdout
    assert "sqlite" not in told.stdout


def test_outputs_of_50_MB_are_no_hindrance(notebook: Notebook) -> None:
    path = notebook("%%route /\n'home'")
    content = json.loads(path.read_text())
    content["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 50_000_000}]
    path.write_text(json.dumps(content))
    assert export().exit_code == 0


def test_the_notebooks_own_folder_is_refused(notebook: Notebook) -> None:
    notebook("%%route /\n'home'")
    result = CliRunner().invoke(export_command, ["shop.ipynb", "."])
    assert result.exit_code == 2
    assert (
        "is the folder of the notebook, or above it. Name a folder of its own, such as shop-project"
        in result.output
    )


def test_what_is_left_out_and_may_be_missed_is_told(notebook: Notebook) -> None:
    notebook(
        "%%writefile schema.sql\ncreate table t (x)",
        "from flask_nb import Flask\napp = Flask(__name__)\ndef fill():\n    open_shop()",
        "with app.app_context():\n    fill()",
    )
    output = export().output
    assert "left out: fill() in the cell 'with app.app_context():', line 1" in output
    assert "%%writefile" not in output  # its file is exported


def test_async_views_need_the_extra_of_their_framework(notebook: Notebook) -> None:
    notebook(
        "from flask_nb import Flask\napp = Flask(__name__)\n@app.get('/')\nasync def home():\n    return ''"
    )
    export()
    assert 'dependencies = ["flask[async]>=3.1"]' in Path("out/pyproject.toml").read_text()
