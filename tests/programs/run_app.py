"""Run one script of ``apps`` on Flask or on ours and print what it observed, as JSON.

::

    python tests/programs/run_app.py flask login
    python tests/programs/run_app.py ours login

A script has one function ``observe()``. It makes an app, uses it, asserts that the extension or program
did its work, and returns what the two frameworks must agree on.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from contextlib import redirect_stdout
from typing import Any


def choose(framework: str) -> str:
    """Make ``import flask`` mean the framework; return the name of the module that ``Flask`` comes from."""
    if framework == "ours":
        import flask_nb

        flask_nb.as_flask()
    return importlib.import_module("flask").Flask.__module__


def observe(script: str) -> dict[str, Any]:
    """Return what the script observed and which warnings came up meanwhile; its prints go to stderr."""
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(sys.stderr):
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        observed = importlib.import_module(f"apps.{script}").observe()
    said = {f"{warning.category.__name__}: {warning.message}" for warning in caught}
    return {"observed": observed, "warnings": sorted(said)}


def main() -> None:
    """Print the report of one script on one framework."""
    framework, script = sys.argv[1:]
    report = {"module": choose(framework), **observe(script)}
    print(json.dumps(report, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
