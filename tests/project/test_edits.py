"""Whatever of a served notebook is run again, it answers like the saved version that is run from the top."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_nb.errors import FlaskNbError
from flask_nb.project.loading import load
from flask_nb.project.serving import ServedNotebook

from .test_generated_notebooks import APPS, BEGIN, DEFINITIONS, NAMES, NOISE, answers

CELLS = st.sampled_from(
    [
        *DEFINITIONS,
        *NAMES,
        *NOISE,
        "%%route /b\n'another b'",
        "%%route /c/<n>\nn * 2",
        "%%template b.html\nother {{ items }}",
        "def add(n):\n    return str(n - total)",
        "@app.get('/b')\ndef a():\n    return 'b'",
        "@app.after_request\ndef mark(answer):\n    answer.headers['X-Total'] = 'another'\n    return answer",
    ]
)


def write(path: Path, cells: list[tuple[str, str]]) -> None:
    written = [{"cell_type": "code", "id": key, "source": source} for key, source in cells]
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": written}))


def edit(data: st.DataObject, cells: list[tuple[str, str]], key: str) -> list[tuple[str, str]]:
    """Change, take out, move or add a cell."""
    cells = list(cells)
    at = data.draw(st.integers(min(1, len(cells) - 1), len(cells) - 1))
    how = data.draw(st.sampled_from(["change", "change", "take out", "move", "add", "add below"]))
    if how == "change" or len(cells) == 1:
        cells[at] = (cells[at][0], data.draw(CELLS))
    elif how in ("take out", "move"):
        cell = cells.pop(at)
        cells += [cell] if how == "move" else []
    else:
        cells.insert(len(cells) if how == "add below" else at, (key, data.draw(CELLS)))
    return cells


def answers_of(make: Any) -> Any:
    try:
        app = make()
        app.debug = False
        return answers(app)
    except (FlaskNbError, NameError, ValueError, AssertionError) as exc:
        return type(exc)


@pytest.mark.parametrize("package", ["flask_nb", "flask"])
@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_edited_notebook_answers_like_one_that_is_run_from_the_top(package, data, caplog, tmp_path):
    caplog.set_level("CRITICAL")
    path = tmp_path / "made.ipynb"
    sources = [APPS[0].format(package=package), *BEGIN, *data.draw(st.lists(CELLS, max_size=6))]
    cells = [(f"first-{number}", source) for number, source in enumerate(sources)]
    write(path, cells)
    served = ServedNotebook(path)
    before = answers_of(lambda: served.start() and served._engine.app)
    for number in range(4):
        cells = edit(data, cells, f"new-{number}")
        write(path, cells)
        fresh = answers_of(lambda: load(path))
        served.look()
        if not isinstance(fresh, type):
            before = fresh
            assert answers(served._engine.app) == fresh
        elif not isinstance(before, type):
            assert answers(served._engine.app) == before
