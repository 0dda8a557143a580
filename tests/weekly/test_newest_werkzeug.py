"""The framework's tests with the newest Werkzeug there is, pre-releases included.

Short ways of the framework lean on what Werkzeug does inside. What a release will change is to be known
before it is there, but must not hold up a change of ours: so this runs once a week, by ``pytest -m weekly``,
and not with the rest.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.weekly, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def newest(tmp_path: Path) -> Path:
    """A Python with the package, what its tests need, and the newest Werkzeug."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    python = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    for wanted in (["-e", f"{ROOT}[test]"], ["--pre", "--upgrade", "werkzeug"]):
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


def test_the_frameworks_tests_pass_with_the_newest_werkzeug(newest):
    asked = [newest, "-c", "from importlib.metadata import version; print(version('werkzeug'))"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    tests = [newest, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "tests/web", "tests/live"]
    ran = subprocess.run(tests, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ran.returncode == 0, f"with Werkzeug {version}:\n{ran.stdout[-8000:]}{ran.stderr[-2000:]}"
