"""A notebook's file → all that its project consists of."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from flask_nb.project.plan import describe_unsure
from flask_nb.project.planning import plan_notebook

from .metadata import write_metadata
from .package import EngineName, Export
from .sources import write_package
from .tests import requirements_of_tests, write_tests

LINE_LENGTH = 88
"""Of what is exported; what ruff and black give where nothing else is said."""


def export_notebook(path: Path, app_name: str | None = None, engine: EngineName = "flask") -> Export:
    """Return what a notebook is exported to; nothing of it is run, and nothing is written.

    :param app_name: the variable that holds the app; None for the app of a usual name.
    :param engine: the framework that the package imports.
    :raises ProgramError: the notebook cannot be read or exported.
    """
    plan = plan_notebook(path, app_name)
    package = write_package(plan, engine)
    tests = write_tests(plan, json.loads(path.read_bytes()), package)
    metadata = write_metadata(package, notebook=path.name, test_requirements=requirements_of_tests(tests))
    files = _formatted({**metadata, **package.files, **tests})
    notes = (*package.notes, *map(describe_unsure, plan.unsure), *plan.advice)
    return Export(path, package, files, tuple(dict.fromkeys(notes)))


def _formatted(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files with their Python as ruff formats it, where there is ruff."""
    own = str(Path(sys.executable).parent)  # that of this environment comes before any other
    ruff = shutil.which("ruff", path=own) or shutil.which("ruff")
    if ruff is None:
        return dict(files)
    return {path: _format(ruff, path, text) if path.endswith(".py") else text for path, text in files.items()}


def _format(ruff: str, path: str, text: bytes) -> bytes:
    command = [ruff, "format", "--isolated", "--line-length", str(LINE_LENGTH), "--stdin-filename", path, "-"]
    done = subprocess.run(command, input=text, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else text
