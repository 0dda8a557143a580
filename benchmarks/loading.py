"""How long one waits before the first line of one's own: imports, commands, and ``%load_ext`` in a kernel.

Run it::

    python -m benchmarks.loading

Each round starts, in turn, a fresh process or kernel for each of the candidates. Flask is the peer. Figures
are medians of rounds in ms; what counts are the ratios. Bytecode is kept, as for installed packages.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
BIN = Path(sys.executable).parent

Measured = Mapping[str, Callable[[], float]]


def import_milliseconds(module: str) -> float:
    """Return how long a fresh interpreter takes to import a module."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    ran = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, check=True)
    return float(ran.stdout) * 1e3


def command_milliseconds(command: str) -> float:
    """Return how long a command's help takes, the start of Python included."""
    begun = time.perf_counter()
    subprocess.run([BIN / command, "--help"], env=ENVIRONMENT, capture_output=True, check=True)
    return (time.perf_counter() - begun) * 1e3


def cells_milliseconds(*cells: str) -> float:
    """Return how long a fresh kernel takes for cells that are sent one after the other, beyond ``pass``."""
    manager, client = start_new_kernel(env=ENVIRONMENT)
    try:
        idle = statistics.median(_run(client, "pass") for _ in range(5))
        return sum(_run(client, cell) for cell in cells) - idle * len(cells)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _run(client: BlockingKernelClient, cell: str) -> float:
    begun = time.perf_counter()
    reply = client.execute_interactive(cell, output_hook=lambda message: None, timeout=60)
    assert reply["content"]["status"] == "ok", reply["content"]
    return (time.perf_counter() - begun) * 1e3


def compare(title: str, measured: Measured, rounds: int) -> None:
    """Measure in turn, and print medians beside the last candidate, which is the peer."""
    for measure in measured.values():
        measure()  # so that what is cached is there for all
    times: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(rounds):
        for name, measure in measured.items():
            times[name].append(measure())
    medians = {name: statistics.median(found) for name, found in times.items()}
    *_, peer = medians
    print(f"{title:<34}      ms   of {peer}")
    for name, value in medians.items():
        print(f"  {name:<32} {value:7.1f}   {value / medians[peer]:.2f}")


def main() -> None:
    """Measure and print."""
    compare(
        "a fresh interpreter",
        {name: lambda name=name: import_milliseconds(name) for name in ("flask_nb.web", "flask")},  # type: ignore[misc]
        rounds=15,
    )
    compare(
        "the start of a command",
        {name: lambda name=name: command_milliseconds(name) for name in ("flask-nb", "flask")},  # type: ignore[misc]
        rounds=15,
    )
    load, route, get = "%load_ext flask_nb", "%%route /\n'Hello'", "%get /"
    compare(
        "cells of a fresh kernel",
        {
            "%load_ext flask_nb": lambda: cells_milliseconds(load),
            "… and at once %%route and %get": lambda: cells_milliseconds(load, route, get),
            "import flask": lambda: cells_milliseconds("import flask"),
        },
        rounds=5,
    )


if __name__ == "__main__":
    main()
