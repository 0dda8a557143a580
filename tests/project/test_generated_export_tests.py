"""Tests that are written of any notebook pass on the app of all its cells, whatever order they stand in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flask_nb.errors import FlaskNbError
from flask_nb.project.export.package import Package
from flask_nb.project.export.tests import write_tests
from flask_nb.project.planning import plan_cells
from flask_nb.project.program import Program
from flask_nb.project.program_cells import make_cells

from .test_equal_answers import SUMMARY, Visitor

DEFINITIONS = [
    "%%route /a\nf'{total}'",
    "%%route /a\n'other'",
    "%%route /b\ndef b():\n    return {'items': items}",
    "%%route POST /b\nitems.append(total)\n{'count': len(items)}, 201",
    "%%route /c/<int:n>\nif n > len(items):\n    abort(404)\nadd(n)",
    "%%route /c/last\n'last'",
    "%%route /visits\nsession['visits'] = session.get('visits', 0) + 1\nf\"visit {session['visits']}\"",
    "%%route /size\nstr(current_app.config.get('SIZE'))",
    "%config_from SIZE=4",
    "@app.get('/a')\ndef a():\n    return str(app.config.get('SIZE'))",
    "@app.errorhandler(404)\ndef missing(error):\n    return f'nothing, {total}', 404",
    "@app.after_request\ndef mark(answer):\n    answer.headers['X-Total'] = str(total)\n    return answer",
    "@app.before_request\ndef closed():\n    if total > 1 and request.path == '/b':\n        abort(503)",
    "total += 1",
    "items = [1]",
    "items.append(total)",
    "def add(n):\n    return str(n + total)",
]
REQUESTS = [
    "%get /a",
    "%get /b",
    "%post /b",
    "%get /c/1",
    "%get /c/{1 + 1}",
    "%get /c/last",
    "%get /visits",
    "%get /size",
    "%get /missing",
    "r = %get /b",
    "made = %post /b\n%get /c/{made.json['count']}",
    "%cookies clear",
    "%delete /b",
]
BEGIN = [
    "app = Flask(__name__)\napp.secret_key = 'generated'",
    "total = 0\nitems = []",
    "def add(n):\n    return str(n)",
]


def as_cells(sources: list[str]) -> list[dict[str, Any]]:
    return [
        {"cell_type": "code", "id": str(number), "source": source, "execution_count": number, "metadata": {}}
        for number, source in enumerate(sources, start=1)
    ]


def run_notebook(path: Path, cells: list[dict[str, Any]]) -> None:
    """Give the cells the outputs that their requests have when they run one after another."""
    program = Program(plan_cells(path, make_cells(path.name, cells)))
    visitor = Visitor(program)
    for planned in program.run_cells():
        texts = [text for text in visitor.visit(planned) if SUMMARY.match(text)]
        cell = next(cell for cell in cells if cell["id"] == planned.cell.key)
        cell["outputs"] = [{"output_type": "display_data", "data": {"text/plain": text}} for text in texts]


def run_tests(text: str, app: Any) -> None:
    """Run the functions of a module in order."""
    module: dict[str, Any] = {}
    exec(compile(text, "test_made.py", "exec"), module)
    client = app.test_client()
    functions = [value for name, value in module.items() if name.startswith("test_")]
    for function in functions:
        fixtures = {"client": client, "app": app}
        function(*(fixtures[name] for name in function.__annotations__ if name != "return"))


definitions = st.lists(st.sampled_from(DEFINITIONS), max_size=7)
requests = st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=8)


@settings(suppress_health_check=list(HealthCheck))
@given(parts=st.tuples(definitions, requests, definitions, requests))
def test_they_pass(parts: tuple[list[str], ...]) -> None:
    path, sources = Path("made.ipynb"), [source for part in parts for source in part]
    cells = as_cells(["from flask_nb import Flask, abort, current_app, request, session", *BEGIN, *sources])
    try:
        run_notebook(path, cells)
    except (FlaskNbError, KeyError, TypeError):
        assume(False)
    plan = plan_cells(path, make_cells(path.name, cells))
    program = Program(plan)
    program.run()
    app = program.find_app()
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    files = write_tests(plan, {"cells": cells}, Package("made", "made", "flask_nb", {}))
    run_tests(files.get("tests/test_made.py", b"").decode(), app)
