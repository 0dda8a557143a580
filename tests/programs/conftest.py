"""Run a script of ``apps`` on Flask and on ours, each in a process of its own, both at once."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
FRAMEWORKS = {"flask": "flask.app", "ours": "flask_nb.web.app"}
# What both write in the order of a set of strings, they then write in the same order.
ENVIRONMENT = {**os.environ, "PYTHONHASHSEED": "0"}

Start = Callable[..., subprocess.Popen[str]]


def need(*modules: str) -> None:
    """Skip the test unless all modules are installed; where requirements.txt is, none may be skipped."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: pip install -r tests/programs/requirements.txt")


def start(*arguments: str, cwd: Path = HERE) -> subprocess.Popen[str]:
    """Start this Python with the arguments."""
    command = [sys.executable, *arguments]
    pipes: dict[str, Any] = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "stdin": subprocess.DEVNULL,
    }
    return subprocess.Popen(command, cwd=cwd, env=ENVIRONMENT, text=True, **pipes)


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a process that must succeed, and return what it printed."""
    printed, complaints = process.communicate(timeout=300)
    assert process.returncode == 0, f"{process.args!r}\n{printed[-4000:]}\n{complaints[-8000:]}"
    return printed


@pytest.fixture
def observed() -> Callable[..., tuple[Any, Any]]:
    """A function that returns what a script observed on Flask and what on ours."""

    def run(script: str, *modules: str) -> tuple[Any, Any]:
        need("flask", *modules)
        processes = [start("run_app.py", framework, script) for framework in FRAMEWORKS]
        reports = [json.loads(finish(process)) for process in processes]
        assert [report.pop("module") for report in reports] == list(FRAMEWORKS.values())
        return reports[0], reports[1]

    return run
