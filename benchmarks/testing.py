"""`flask-nb test` on ten notebooks, beside plain nbval, nbmake, and the start of ten kernels.

Run it::

    python -m benchmarks.testing --rounds 5

Each notebook defines two routes and sends three requests, and has its outputs stored. nbval and `flask-nb
test` compare them; nbmake (left out where it is not installed) only runs the cells. All start a kernel for
each notebook: what that costs by itself, with an empty cell and the end of the kernel, is the last row. In
each round all take turns. Processor time is that of all processes, kernels included.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.kernels import as_notebook

NUMBER = 10
CELLS = (
    "%load_ext flask_nb",
    "%%route /\n'Hello, World!'",
    "%%route /items/<int:item>\n{'id': item, 'notebook': NUMBER}",
    "%get /",
    "%get /items/7",
    "%get /items/none --expect 404",
)
KERNELS = f"""
from jupyter_client.manager import start_new_kernel
for _ in range({NUMBER}):
    manager, client = start_new_kernel()
    client.execute_interactive("pass")
    client.stop_channels()
    manager.shutdown_kernel()
"""
PYTEST = ("-m", "pytest", "-q", "-p", "no:randomly")  # cells have an order
COMMANDS: dict[str, Sequence[str]] = {
    "flask-nb test": ("-m", "flask_nb", "test", "."),
    "pytest --nbval": (*PYTEST, "--nbval", "--nbval-current-env", "."),
    "pytest --nbmake": (*PYTEST, "--nbmake", "."),
    "kernels alone": ("-c", KERNELS),
}
PEER = "pytest --nbval"


class Cost(NamedTuple):
    """What a command took, in seconds."""

    wall: float
    processor: float


def write_notebooks(folder: Path) -> None:
    """Write the notebooks and have their outputs stored."""
    for number in range(NUMBER):
        cells = [source.replace("NUMBER", str(number)) for source in CELLS]
        (folder / f"book_{number}.ipynb").write_text(as_notebook(cells), encoding="utf-8")
    run(["-m", "flask_nb", "test", "--update", "."], folder)


def run(arguments: Sequence[str], folder: Path) -> Cost:
    """Run a command of this Python; return what it took."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, begun = _processor_seconds(), time.perf_counter()
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    cost = Cost(time.perf_counter() - begun, _processor_seconds() - before)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}")
    return cost


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Cost]:
    """Return the medians of each command."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_notebooks(folder)
        for _ in range(rounds):
            for command, arguments in commands.items():
                costs[command].append(run(arguments, folder))
    return {
        command: Cost(*(statistics.median(column) for column in zip(*found, strict=True)))
        for command, found in costs.items()
    }


def installed() -> dict[str, Sequence[str]]:
    """Return the commands there are, and say what is not installed."""
    if find_spec("nbmake") is not None:
        return COMMANDS
    print("Not installed, and left out: nbmake. Type: pip install nbmake\n")
    return {name: arguments for name, arguments in COMMANDS.items() if "nbmake" not in name}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each command is run (3)")
    arguments = parser.parse_args()
    costs = measure(installed(), arguments.rounds)
    peer = costs[PEER]
    print(f"{f'{NUMBER} notebooks':<20}   wall s   of {PEER}   processor s   of {PEER}")
    for name, cost in costs.items():
        print(
            f"  {name:<18}{cost.wall:9.2f}{cost.wall / peer.wall:11.2f}"
            f"{cost.processor:21.2f}{cost.processor / peer.processor:11.2f}"
        )


if __name__ == "__main__":
    main()
