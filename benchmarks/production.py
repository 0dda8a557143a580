"""The notebook under gunicorn, beside the same app on Flask under gunicorn.

Run it on an idle machine::

    python -m benchmarks.production --starts 20

The notebook is served as it is, by `flask_nb.project:load`, and as the package that `flask-nb export`
writes. A hello world is asked for, and a page: a template with ten links. There is one worker, for what is
compared is the app: one with threads, which keeps connections, and gunicorn's default, which closes each
after its answer. The bare function says no more than hello, and so how much of a request is gunicorn's.
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

TEMPLATE = """<ul>
{% for item in items %}<li><a href="{{ url_for("show", number=item.id) }}">{{ item.name }}</a></li>
{% endfor %}</ul>"""
CELLS = (
    "%load_ext flask_nb",
    "items = [{'id': number, 'name': f'tea {number}'} for number in range(10)]",
    '%%route /\n"Hello, World!"',
    f"%%template page.html\n{TEMPLATE}",
    "%%route /items/<int:number>\ndef show(number):\n    return items[number]",
    "from flask_nb import render_template",
    '%%route /page\nrender_template("page.html", items=items)',
)
FLASK_APP = """
from flask import Flask, render_template
app = Flask("hello", root_path=".")
items = [{"id": number, "name": f"tea {number}"} for number in range(10)]

@app.get("/")
def hello():
    return "Hello, World!"

@app.get("/items/<int:number>")
def show(number):
    return items[number]

@app.get("/page")
def page():
    return render_template("page.html", items=items)
"""
BARE = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "13")])
    return [b"Hello, World!"]
"""
PATHS = {"a hello world": "/", "a page with ten links": "/page"}
PEER = "Flask"
WORKERS = {"one worker with 4 threads": ("gthread", "4"), "one worker, gunicorn's default": ("sync", "1")}


def exported() -> dict[str, str]:
    """Return the package that the notebook is exported as, on flask_nb: path → content."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "app.ipynb").write_text(as_notebook(CELLS), encoding="utf-8")
        command = [sys.executable, "-m", "flask_nb", "export", "--engine", "flask_nb", "app.ipynb", "out"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        files = [path for path in (folder / "out" / "app").rglob("*") if path.suffix in (".py", ".html")]
        return {str(path.relative_to(folder / "out")): path.read_text("utf-8") for path in files}


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
        PEER: ("hello:app", {"hello.py": FLASK_APP, "templates/page.html": TEMPLATE}),
        "the notebook": ("flask_nb.project:load('app.ipynb')", {"app.ipynb": as_notebook(CELLS)}),
        "exported": ("app:create_app()", exported()),
        "a bare function": ("bare:app", {"bare.py": BARE}),
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
        for what, path in PATHS.items():
            print(f"# {what}, {title}")
            compared = servers(worker)
            loads = measure(compared, arguments.starts, arguments.connections, arguments.seconds, path)
            show(loads, PEER)


if __name__ == "__main__":
    main()
