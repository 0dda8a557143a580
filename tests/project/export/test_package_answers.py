"""The package of a notebook answers the notebook's requests as its program does."""

from __future__ import annotations

import importlib
import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from flask_nb.project.export.sources import write_package
from flask_nb.project.plan import Plan
from flask_nb.project.planning import plan_notebook
from flask_nb.project.program import Program

from ..conftest import remove_folders
from ..test_equal_answers import FOLDER, NOTEBOOKS, Visitor, answer_of


def run_program(plan: Plan) -> Any:
    program = Program(plan)
    program.run()
    return program


def as_program(plan: Plan, package: Any, app: Any) -> Any:
    names = {**vars(package), plan.app_name: app}
    return SimpleNamespace(plan=plan, module=SimpleNamespace(**names))


def answers(program: Any) -> list[tuple[str, tuple[str, str]]]:
    visitor = Visitor(program)
    planned = [cell for cell in program.plan.cells if "raises-exception" not in cell.cell.tags]
    return [(cell.cell.name, answer_of(text)) for cell in planned for text in visitor.visit(cell)]


def are_alike(written: tuple[str, tuple[str, str]], ran: tuple[str, tuple[str, str]]) -> bool:
    """Whether two answers are the same; of a refusal the panel may say what it knows of the engine."""
    is_refused = re.search(r"→ 4\d\d ", ran[1][0]) is not None
    return written == ran or (is_refused and written[1][0] == ran[1][0])


@pytest.mark.parametrize("engine", ["flask", "flask_nb"])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_package_answers_as_the_program(name, engine, tmp_path, monkeypatch):
    plan = plan_notebook(FOLDER / name)
    package = write_package(plan, engine)
    for path, data in package.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    program = run_program(plan)
    for secret in package.secrets:
        monkeypatch.setenv(secret.variable, str(program.find_app().secret_key))
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module(package.import_name)
    try:
        written = as_program(plan, module, module.create_app())
        told = list(zip(answers(written), answers(program), strict=True))
        assert [(ours, theirs) for ours, theirs in told if not are_alike(ours, theirs)] == []
    finally:
        remove_folders(module)
        for key in [key for key in sys.modules if key.partition(".")[0] == package.import_name]:
            del sys.modules[key]
