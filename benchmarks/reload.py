"""From a saved change to its answer: ``flask-nb run app.ipynb --debug`` beside ``flask run --debug``.

Run it::

    python -m benchmarks.reload

Both serve the same app, one from a notebook and one from the equivalent Python file, and follow their file.
Each round saves a change, in turn, and asks until the new version answers. Figures are medians of rounds in
seconds; what counts is the ratio.
"""

from __future__ import annotations

import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.kernels import as_notebook

ROUNDS = 15
BIN = Path(sys.executable).parent
PATIENCE = 60
"""Seconds after which a server is given up."""

FILE = """\
from flask import Flask, jsonify

app = Flask(__name__)
items = [{{"id": 1, "name": "green tea"}}]


@app.route("/items")
def list_items():
    return jsonify(items)


@app.route("/")
def index():
    return "version {version}"
"""


class Candidate:
    """One server in debug mode, and the file that it follows.

    :param command: what starts it, but for the port.
    :param file: what it serves.
    """

    def __init__(self, command: list[str], file: Path) -> None:
        self.command = command
        self.file = file
        self.port = 0
        self.version = 0

    def save(self) -> None:
        """Store the next version as an editor does: at once, under the name."""
        self.version += 1
        source = FILE.format(version=self.version)
        text = source if self.file.suffix == ".py" else as_notebook(re.split(r"\n{2,}", source.strip()))
        beside = self.file.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.file)

    @contextmanager
    def running(self, folder: Path) -> Iterator[None]:
        """Serve the first version from a free port."""
        self.save()
        log = folder / f"{self.file.stem}.{id(self)}.log"
        with open(log, "w") as file:
            environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
            environment.pop("PYTHONDONTWRITEBYTECODE", None)
            process = subprocess.Popen(
                [*self.command, "--debug", "--port", "0"],
                cwd=folder,
                env=environment,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        try:
            self.port = find_port(log)
            self.wait()
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()

    def seconds(self) -> float:
        """Save a change and return how long it took until it was answered."""
        self.save()
        begun = time.perf_counter()
        self.wait()
        return time.perf_counter() - begun

    def wait(self) -> None:
        """Ask until the version that was saved last answers."""
        wanted, end = f"version {self.version}", time.monotonic() + PATIENCE
        while fetch(self.port) != wanted:
            if time.monotonic() > end:
                raise TimeoutError(f"{' '.join(self.command)} did not serve {wanted!r}")
            time.sleep(0.002)


def find_port(log: Path) -> int:
    """Return the port that a server says it listens on."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    raise TimeoutError(log.read_text())


def fetch(port: int) -> str:
    """Return what the app answers; nothing while it restarts."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    except (OSError, HTTPException):
        return ""
    finally:
        connection.close()


def candidates(folder: Path) -> dict[str, Candidate]:
    """Return what is compared; the last one is the peer."""
    ours, flask = str(BIN / "flask-nb"), str(BIN / "flask")
    return {
        "flask-nb run app.ipynb": Candidate([ours, "run", "app.ipynb"], folder / "app.ipynb"),
        "flask --app app.py run": Candidate([flask, "--app", "app.py", "run"], folder / "app.py"),
    }


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        compared = candidates(Path(name))
        for candidate in compared.values():
            stack.enter_context(candidate.running(Path(name)))
        times: dict[str, list[float]] = {name: [] for name in compared}
        for number in range(ROUNDS + 1):
            for name, candidate in compared.items():
                # A file that is saved as its server starts is missed by some; some look each second.
                time.sleep(0.3 + 0.618 * number % 1)
                seconds = candidate.seconds()
                if number:  # the first round is for what is imported once
                    times[name].append(seconds)
    medians = {name: statistics.median(found) for name, found in times.items()}
    ours, peer = medians.values()
    print("saved → served, --debug         s")
    for name, value in medians.items():
        print(f"  {name:<24} {value:7.3f}")
    print(f"{peer / ours:.0f} times sooner")


if __name__ == "__main__":
    main()
