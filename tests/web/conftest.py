"""Each behaviour is asked of our implementation and of Flask itself, with the same asserts."""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FRAMEWORKS = {"ours": "flask_nb.web", "flask": "flask"}
SUBMODULES = (
    "app",
    "blueprints",
    "cli",
    "config",
    "ctx",
    "debughelpers",
    "globals",
    "helpers",
    "json.provider",
    "json.tag",
    "logging",
    "sessions",
    "signals",
    "templating",
    "testing",
    "typing",
    "views",
    "wrappers",
)


def load_framework(name: str) -> types.ModuleType:
    """Import a framework whole, so that its submodules can be reached as attributes."""
    for submodule in SUBMODULES:
        importlib.import_module(f"{name}.{submodule}")
    return importlib.import_module(name)


@pytest.fixture(params=FRAMEWORKS.values(), ids=tuple(FRAMEWORKS))
def framework(request: pytest.FixtureRequest) -> types.ModuleType:
    """``flask_nb.web``, and then ``flask``."""
    return load_framework(request.param)


@pytest.fixture(autouse=True)
def no_flask_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FLASK_APP", "FLASK_DEBUG", "FLASK_RUN_FROM_CLI", "FLASK_SKIP_DOTENV", "FLASK_NB_STRICT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that stays empty: to make one for each test takes as long as many a test."""
    folder = tmp_path_factory.mktemp("empty")
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def app(framework: types.ModuleType, request: pytest.FixtureRequest) -> Any:
    """An app whose root is an empty folder, the test's own if it asks for one, testing, with a key."""
    own = "tmp_path" if "tmp_path" in request.fixturenames else "empty_folder"
    app = framework.Flask("app_under_test", root_path=str(request.getfixturevalue(own)))
    app.config.update(TESTING=True, SECRET_KEY="a key for tests")
    return app


@pytest.fixture
def client(app: Any) -> Any:
    return app.test_client()
