"""A kernel that all mistakes share; each is made in an app of its own."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.notebook.conftest import Kernel


def _notebook_fixtures() -> ModuleType:
    path = Path(__file__).parents[1] / "notebook" / "conftest.py"
    spec = importlib.util.spec_from_file_location("notebook_fixtures", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=["ours", "flask"])
def kernel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, jupyter_loop: None
) -> Iterator[Kernel]:
    """A kernel whose cells make apps of our own framework, and one whose cells make those of Flask."""
    folder = tmp_path_factory.mktemp("kernel")
    with _notebook_fixtures().running_kernel(folder, request.param) as kernel:
        yield kernel
