"""The notebooks of the cookbook that need other packages: they show what is stored in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import finish, need, start

pytestmark = pytest.mark.programs

ROOT = Path(__file__).resolve().parents[2]


def test_the_notebook_of_fastapi_shows_what_is_stored() -> None:
    need("fastapi", "a2wsgi")
    options = ("-q", "-m", "programs", "-p", "no:dash", "-p", "no:cacheprovider")
    notebook = "notebooks/cookbook/fastapi-exercised.ipynb"
    assert "failed" not in finish(start("-m", "pytest", *options, notebook, cwd=ROOT))
