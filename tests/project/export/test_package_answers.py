"""The package of a notebook answers the notebook's requests as its program does."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_nb.errors import FlaskNbError, ProgramError
from flask_nb.project.export.package import Package
from flask_nb.project.export.sources import write_package
from flask_nb.project.plan import Plan
from flask_nb.project.planning import plan_cells, plan_notebook
from flask_nb.project.program import Program
from flask_nb.project.program_cells import make_cells

from ..conftest import remove_folders
from ..test_equal_answers import FOLDER, NOTEBOOKS, Visitor, answer_of
from ..test_generated_notebooks import APPS, BEGIN, DEFINITIONS, NAMES, NOISE
from ..test_generated_notebooks import answers as generated_answers


def run_program(plan: Plan) -> Any:
    program = Program(plan)
    program.run()
    return program


@contextmanager
def imported(package: Package, folder: Path) -> Iterator[Any]:
    """Give the module of a package that is written into a folder."""
    for name, data in package.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(package.import_name)
        yield module
        remove_folders(module)
    finally:
        sys.path.remove(str(folder))
        for key in [key for key in sys.modules if key.partition(".")[0] == package.import_name]:
            del sys.modules[key]


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
    program = run_program(plan)
    for secret in package.secrets:
        monkeypatch.setenv(secret.variable, str(program.find_app().secret_key))
    with imported(package, tmp_path) as module:
        written = as_program(plan, module, module.create_app())
        told = list(zip(answers(written), answers(program), strict=True))
        assert [(ours, theirs) for ours, theirs in told if not are_alike(ours, theirs)] == []


@pytest.mark.parametrize("engine", ["flask", "flask_nb"])
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_packages_of_any_definitions_answer_alike(engine, data, tmp_path_factory, caplog):
    caplog.set_level("CRITICAL")
    drawn = data.draw(st.lists(st.sampled_from([*DEFINITIONS, *NAMES, *NOISE]), max_size=12))
    first = data.draw(st.sampled_from([[], APPS[:1], APPS[1:]]))
    late = data.draw(st.sampled_from([[], APPS[:1]])) if first != APPS[:1] else []
    sources = [*first, *BEGIN, *drawn, "%app --debug", *late]
    sources = [cell.replace("{package}", "flask_nb") for cell in sources]
    cells = make_cells("made.ipynb", [{"cell_type": "code", "source": cell} for cell in sources])
    program = Program(plan_cells(Path(__file__).with_name("made.ipynb"), cells))
    try:
        program.run()
    except (FlaskNbError, NameError):
        return  # two cells define what cannot stand side by side
    with imported(write_package(program.plan, engine), tmp_path_factory.mktemp("target")) as module:
        app = module.create_app()
        app.debug = program.find_app().debug = False
        assert generated_answers(app) == generated_answers(program.find_app())


BLUEPRINT = "from flask_nb import Blueprint\nshop = Blueprint('shop', __name__)"
OF_BLUEPRINT = [
    "@shop.get('/b')\ndef stock():\n    return str(items)",
    "@shop.get('/c/<int:n>')\ndef price(n):\n    return add(n)",
    "@shop.after_request\ndef mark_shop(answer):\n    answer.headers['X-Total'] = 'x'\n    return answer",
    "def add_to_shop(n):\n    global total\n    total += n\n    return str(total)",
    "@shop.get('/a')\ndef more():\n    return add_to_shop(1)\n\ndef add_to_shop(n):\n    return str(n)",
]


@pytest.mark.parametrize("engine", ["flask", "flask_nb"])
@given(cells=st.lists(st.sampled_from([*OF_BLUEPRINT, *NAMES, *DEFINITIONS[:2]]), max_size=10))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_packages_with_a_blueprint_answer_alike(engine, cells, tmp_path_factory, caplog):
    caplog.set_level("CRITICAL")
    app = APPS[0].replace("{package}", "flask_nb")
    sources = [app, *BEGIN, BLUEPRINT, *cells, "app.register_blueprint(shop)"]
    made = make_cells("made.ipynb", [{"cell_type": "code", "source": cell} for cell in sources])
    program = Program(plan_cells(Path(__file__).with_name("made.ipynb"), made))
    try:
        program.run()
    except (FlaskNbError, NameError):
        return  # two cells define what cannot stand side by side
    try:
        package = write_package(program.plan, engine)
    except ProgramError:
        return  # the app and the blueprint answer one rule
    with imported(package, tmp_path_factory.mktemp("target")) as module:
        assert generated_answers(module.create_app()) == generated_answers(program.find_app())
