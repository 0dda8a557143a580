"""The plugin of pytest: a client for the app of a notebook."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NotebookClient = Callable[..., Any]


@pytest.fixture
def notebook_client(request: pytest.FixtureRequest) -> NotebookClient:
    """Return a function that gives a test client for the app of a notebook.

    The notebook is named from the folder of the test, or else from the root of the project, and is run
    anew at each call: ``client = notebook_client("../shop.ipynb")``. In Flask apps testing mode is on.
    """

    def client(path: str | os.PathLike[str], app_name: str | None = None) -> Any:
        # Here, not above: whoever runs pytest without notebooks is not to wait for the framework.
        from .loading import make_client

        return make_client(_find(request, path), app_name)

    return client


def _find(request: pytest.FixtureRequest, path: str | os.PathLike[str]) -> Path:
    beside = request.path.parent / path
    return beside if beside.exists() else request.config.rootpath / path
