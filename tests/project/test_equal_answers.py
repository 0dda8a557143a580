"""A notebook that runs as a program answers the notebook's requests as its kernel did."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pytest

from flask_nb import engines
from flask_nb.cells import parse_http, parse_request
from flask_nb.cells.cookies import parse_cookies
from flask_nb.cells.request import RequestDefinition
from flask_nb.cells.route import RouteDefinition
from flask_nb.engines.flask import FlaskEngine
from flask_nb.exchange import InProcessTransport, Recorder, Request
from flask_nb.panel import PanelExchanger
from flask_nb.panel.panel import Panel
from flask_nb.panel.text import write_text
from flask_nb.project import load
from flask_nb.project.plan import PlannedCell
from flask_nb.project.planning import plan_cells
from flask_nb.project.program import Program
from flask_nb.project.program_cells import make_cells
from flask_nb.project.statements import Statement, Use

from .conftest import remove_folders

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))  # those of the cookbook look at other apps
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
SUMMARY = re.compile(r"[A-Z]+ \S+ → \d{3} ")


def make_flask_app(import_name: str, root_path: str, **options: Any) -> FlaskEngine:
    """Make the app that there is when no cell has made one: Flask's, too."""
    return FlaskEngine.new(import_name, root_path)


class Visitor:
    """Sends a notebook's requests to the program that it has become.

    :param program: the program, whose cells are being run.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        recorder = Recorder(lambda environ, start_response: self._app.wsgi_app(environ, start_response))
        self.client = PanelExchanger(InProcessTransport(recorder), recorder)
        self.names: dict[str, Any] = {}
        """What only the notebook binds: responses, and what statements that are left out do."""

    @property
    def _app(self) -> Any:
        return engines.adopt(getattr(self.program.module, self.program.plan.app_name))

    def visit(self, planned: PlannedCell) -> Iterator[str]:
        """Send the requests of a cell; yield what the notebook would show of each."""
        for decision in planned.decisions:
            statement = decision.statement
            for use in statement.uses.values():
                yield from self._use(statement, use)
            if not decision.is_taken and statement.node is not None and not statement.uses:
                self._run(statement)

    def _run(self, statement: Statement) -> None:
        assert statement.node is not None
        if not isinstance(statement.node, ast.Expr):
            with suppress(Exception):
                exec(compile(ast.Module([statement.node], []), "<left out>", "exec"), self._namespace())

    def _namespace(self) -> dict[str, Any]:
        self.names.update({**vars(self.program.module), **self.names})
        return self.names

    def _use(self, statement: Statement, use: Use) -> Iterator[str]:
        name, line, body = use.magic.name, use.magic.line, use.magic.body
        if isinstance(use.definition, RouteDefinition):
            requests = use.definition.tries
        elif name in METHODS:
            requests = (parse_request(name.upper(), line, body if use.magic.kind == "cell" else None),)
        elif name == "http":
            requests = parse_http(line, body)
        else:
            self._cookies(line) if name == "cookies" else None
            return
        for request in requests:
            text, response = self._send(request)
            for kept in {request.as_name, *statement.names.binds} - {None}:
                self.names[str(kept)] = response
            if not statement.names.binds:
                yield text

    def _send(self, definition: RequestDefinition) -> tuple[str, Any]:
        resolved = definition.expand(partial(_evaluate, self._namespace()), ["localhost"])
        parts = resolved.method, resolved.path, resolved.headers, resolved.body
        request = Request(*parts, dropped=resolved.dropped)
        client = self.client.without_cookies() if definition.fresh else self.client
        response = client.send(request, definition.follow)
        return write_text(Panel(response.exchange, response.display, None)), response

    def _cookies(self, line: str) -> None:
        arguments = parse_cookies(line)
        if arguments.action == "set":
            for name, value in arguments.expand(partial(_evaluate, self._namespace())):
                self.client.cookies.store("localhost", "/", [f"{name}={value}; Path=/"])
        elif arguments.action == "clear":
            self.client.cookies.clear()


def _evaluate(names: dict[str, Any], source: str) -> object:
    return eval(source, dict(names))


def stored_texts(cell: dict[str, Any]) -> list[str]:
    """What a cell of a notebook's file shows of its requests; what explains them is the kernel's own."""
    if cell["source"].startswith(("%exchange", "%explain", "%browse")):
        return []
    texts = [output.get("data", {}).get("text/plain", "") for output in cell["outputs"]]
    return [text for text in texts if SUMMARY.match(text)]


def answer_of(text: str) -> tuple[str, str]:
    """Status, type and length; and the body."""
    summary, _, rest = text.partition("\n\n")
    return summary, rest.partition("printed:\n")[0].rstrip()


def are_equal(shown: tuple[str, str], stored: tuple[str, str]) -> bool:
    """Whether two answers are the same; of failures and unknown paths the notebook shows no body.

    The steps of a traced request are the kernel's own affair.
    """
    is_told = (
        " 500 " in stored[0] or not stored[1] or stored[1].startswith(("no rule matches", "context push"))
    )
    return shown[0] == stored[0] and (is_told or shown[1] == stored[1])


@pytest.mark.parametrize("package", ["flask_nb", "flask"])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebooks_program_answers_its_requests_as_the_kernel_did(name, package, monkeypatch):
    """Cell by cell: a cell below may define something else under the same path."""
    notebook = nbformat.read(FOLDER / name, as_version=4)
    if package == "flask":
        monkeypatch.setattr(engines, "new_app", make_flask_app)
        for cell in notebook.cells:
            cell.source = re.sub(r"\bfrom flask_nb import\b", "from flask import", cell.source)
    cells = make_cells(name, notebook.cells)
    program = Program(plan_cells(FOLDER / name, cells))
    visitor, compared = Visitor(program), 0
    stored = {cell["id"]: stored_texts(cell) for cell in notebook.cells if cell.cell_type == "code"}
    for planned in program.run_cells():
        if "raises-exception" in planned.cell.tags:  # of an exercise that nobody has solved
            continue
        shown = [text for text in visitor.visit(planned) if SUMMARY.match(text)]
        expected = stored[planned.cell.key]
        pairs = list(zip(map(answer_of, shown), map(answer_of, expected), strict=True))
        assert [pair for pair in pairs if not are_equal(*pair)] == [], planned.cell.name
        compared += len(expected)
    assert compared > 0


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_load_gives_the_app_of_all_cells(name):
    program = Program(plan_cells(FOLDER / name, make_cells(name, nbformat.read(FOLDER / name, 4).cells)))
    program.run()
    rules = sorted(map(str, program.find_app().url_map.iter_rules()))
    remove_folders(program.module)
    assert sorted(map(str, load(FOLDER / name).url_map.iter_rules())) == rules
