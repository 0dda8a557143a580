"""Notebooks as tests: their cells run in order, in a kernel that is given a second chance."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import nbval.kernel
import pytest
from nbval.plugin import IPyNbCell

PROGRAMS = ("fastapi-exercised.ipynb",)
"""Notebooks that need what tests/programs/requirements.txt names, as the tests with that marker do."""

OF_PROCESSES = frozenset({"cookbook", "export", "mistakes", "notebook", "notebooks", "project", "tests"})
"""Folders whose tests start processes or kernels: one of them takes as long as fifty others."""


def pytest_configure() -> None:
    # The kernels, commands and servers that tests start are not to compile the package anew each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    nbval.kernel.start_new_kernel = partial(start_patiently, nbval.kernel.start_new_kernel)


def start_patiently(start: Callable[..., Any], **options: Any) -> Any:
    """Start a kernel for nbval, up to three times.

    Whoever starts a kernel looks for free ports, lets them go and names them to the kernel. Meanwhile another
    worker's tests, which open thousands of connections, may get one of them; the kernel then dies at once.

    A pytest that a cell runs loads no plugins: they take it longer than its tests.
    """
    options["env"] = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    for _ in range(2):
        try:
            return start(**options)
        except RuntimeError:
            continue
    return start(**options)


@pytest.hookimpl(tryfirst=True)  # before the cells are chosen by their markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the cells of each notebook together and in order: pytest-randomly draws them like tests."""
    for item in items:
        if item.path.name in PROGRAMS:
            item.add_marker("programs")
    first: dict[Path, int] = {}
    for position, item in enumerate(items):
        first.setdefault(item.path, position)
    places = {
        item: (first[item.path], item.cell_num) if isinstance(item, IPyNbCell) else (position, 0)
        for position, item in enumerate(items)
    }
    items.sort(key=places.__getitem__)
    if hasattr(config, "workerinput"):
        begin_with_what_takes_long(items)


def begin_with_what_takes_long(items: list[pytest.Item]) -> None:
    """Order the files as workers take them: none is to have a long one left when the others are done."""
    weights = Counter[Path]()
    for item in items:
        weights[item.path] += 50 if item.path.parent.name in OF_PROCESSES else 1
    items.sort(key=lambda item: -weights[item.path])
