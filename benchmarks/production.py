"""The notebook under gunicorn, beside the same app on Flask under gunicorn.

Run it on an idle machine::

    python -m benchmarks.production --starts 20

The notebook is served as it is, by `flask_nb.project:load`, and as the package that `flask-nb export`
writes. There is one worker, for what is compared is the app: one with threads, which keeps connections, and
gunicorn's default, which closes each after its answer.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.kernels import as_notebook
from benchmarks.load import Server, free_port, measure, program, show
from benchmarks.server import CELLS, FLASK_APP

PEER = "Flask"
WORKERS = {"one worker with 4 threads": ("gthread", "4"), "one worker, gunicorn's default": ("sync", "1")}


def exported() -> dict[str, str]:
    """Return the package that the notebook is exported as, on flask_nb: path → content."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "app.ipynb").write_text(as_notebook(CELLS), encoding="utf-8")
        command = [sys.executable, "-m", "flask_nb", "export", "--engine", "flask_nb", "app.ipynb", "out"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        package = (folder / "out").glob("*/*.py")
        return {str(path.relative_to(folder / "out")): path.read_text("utf-8") for path in package}


@contextmanager
def on_gunicorn(worker: tuple[str, str], app: str, files: Mapping[str, str]) -> Iterator[int]:
    """Serve an app by gunicorn; yield the port."""
    port = free_port()
    kind, threads = worker
    options = ["--workers", "1", "--worker-class", kind, "--threads", threads, "--log-level", "info"]
    with program("-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}", app, files=files) as port:
        yield port


def servers(worker: tuple[str, str]) -> dict[str, Server]:
    """Return what is compared, served by that kind of worker."""
    apps = {
        PEER: ("hello:app", {"hello.py": FLASK_APP}),
        "the notebook": ("flask_nb.project:load('app.ipynb')", {"app.ipynb": as_notebook(CELLS)}),
        "exported": ("app:create_app()", exported()),
    }
    return {name: lambda app=app: on_gunicorn(worker, *app) for name, app in apps.items()}  # type: ignore[misc]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--starts", type=int, default=3, help="how often each server is started (3)")
    parser.add_argument("--seconds", type=int, default=2, help="how long each is asked (2)")
    parser.add_argument("--connections", type=int, nargs="+", default=[16], help="how many (16)")
    arguments = parser.parse_args()
    for title, worker in WORKERS.items():
        print(f"# {title}")
        show(measure(servers(worker), arguments.starts, arguments.connections, arguments.seconds), PEER)


if __name__ == "__main__":
    main()
