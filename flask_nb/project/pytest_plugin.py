"""The plugin of pytest: a client for the app of a notebook, and nbval for notebooks that load flask_nb.

Every pytest of an environment loads it, so it imports what it needs when that is needed.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NotebookClient = Callable[..., Any]

_LOADS_US = re.compile(r"^[ \t]*%(?:re)?load_ext[ \t]+flask_nb\b", re.MULTILINE)
_is_ours = pytest.StashKey[bool]()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let nbval compare the outputs of our notebooks as text, and leave those of others to it."""
    nbval = sys.modules.get("nbval.plugin")
    if nbval is not None and isinstance(item, nbval.IPyNbCell) and _loads_us(item.parent):
        from .nbval_cells import adopt

        adopt(item)


def _loads_us(file: Any) -> bool:
    if _is_ours not in file.stash:
        file.stash[_is_ours] = any(
            cell.cell_type == "code" and _LOADS_US.search(cell.source) for cell in file.nb.cells
        )
    return bool(file.stash[_is_ours])


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
