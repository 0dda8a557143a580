"""Notebooks of any definitions answer alike as a program and in a shell with the extension."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from flask_nb.project.planning import plan_cells
from flask_nb.project.program import Program
from flask_nb.project.program_cells import make_cells

PATHS = ("/a", "/b", "/c/7", "/missing")

APPS = ["from {package} import Flask, request\napp = Flask(__name__)", "app.config['SIZE'] = 3"]
DEFINITIONS = [
    "%%route /a\nstr(total)",
    "%%route /a --endpoint other\n'other'",
    "%%route /b\ndef b():\n    return {'items': items}",
    "%%route /c/<int:n>\nadd(n)",
    "%%template b.html\n{{ items | join }}",
    "%config_from SIZE=4",
    "%config_from SIZE={total}",
    "@app.get('/a')\ndef a():\n    return str(app.config.get('SIZE'))",
    "@app.get('/b')\ndef b_of_template():\n    return ', '.join(map(str, items))",
    "@app.errorhandler(404)\ndef missing(error):\n    return f'nothing, {total}', 404",
    "@app.after_request\ndef mark(answer):\n    answer.headers['X-Total'] = str(total)\n    return answer",
]
NAMES = [
    "total = 1",
    "total += 1",
    "items = [1]",
    "items.append(total)\nitems",
    "for i in range(2):\n    items.append(i)",
    "def add(n):\n    return str(n + total)",
    "def fill():\n    items.append('filled')",
    "fill()",
    "import random\nrandom.seed(total)\nitems.append(random.randrange(100))",
]
NOISE = [
    "%get /a",
    "r = %get /b\ntext = r.text",
    "print(total)",
    "items",
    "add(1)",
    "app.url_map",
    "x = 3\nx",
    "items[-1:]",
]

BEGIN = ["total = 0\nitems = []", "def add(n):\n    return str(n)", "def fill():\n    items.append('first')"]


@contextmanager
def shell_of(cells: list[str]) -> Iterator[dict[str, Any] | None]:
    """Run cells in a shell with the extension; give its variables, or None if a cell has failed."""
    InteractiveShell.clear_instance()
    main = sys.modules["__main__"]
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    with redirect_stdout(StringIO()):
        shell.extension_manager.load_extension("flask_nb")
        try:
            ran = [shell.run_cell(cell, cell_id=str(number)).success for number, cell in enumerate(cells)]
            yield shell.user_ns if all(ran) else None
        finally:
            shell.extension_manager.unload_extension("flask_nb")
            sys.modules["__main__"] = main
            atexit.unregister(shell.atexit_operations)
            InteractiveShell.clear_instance()


def answers(app: Any) -> list[tuple[int, str, str | None]]:
    client = app.test_client()
    responses = [client.get(path) for path in PATHS]
    return [(one.status_code, one.text, one.headers.get("X-Total")) for one in responses]


@pytest.mark.parametrize("package", ["flask_nb", "flask"])
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_notebook_answers_alike_in_a_shell_and_as_a_program(package, data, caplog):
    caplog.set_level("CRITICAL")
    cells = data.draw(st.lists(st.sampled_from([*DEFINITIONS, *NAMES, *NOISE]), max_size=12))
    first = [APPS[0]] if package == "flask" else data.draw(st.sampled_from([[], APPS[:1], APPS[1:]]))
    late = data.draw(st.sampled_from([[], APPS[:1]])) if package == "flask_nb" else []
    cells = [cell.replace("{package}", package) for cell in (*first, *BEGIN, *cells, "%app --debug", *late)]
    with shell_of(cells) as variables:
        if variables is None:
            return  # two cells define what cannot stand side by side
        program = Program(
            plan_cells(
                Path(__file__).with_name("made.ipynb"),
                make_cells("made.ipynb", [{"cell_type": "code", "source": cell} for cell in cells]),
            )
        )
        program.run()
        app = variables["app"]
        app.debug = program.find_app().debug = False
        assert answers(program.find_app()) == answers(app)
