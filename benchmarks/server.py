"""The server of the notebook under load, beside `flask run`, waitress, and what others serve from a kernel.

Run it on an idle machine::

    python -m benchmarks.server --starts 20

Each server answers a hello world in a process of its own; ours, FastHTML's, Gradio's and Dash's in a Jupyter
kernel, as people use them. For each start all of them are started anew and asked in turn. What counts is the
ratio to `flask run` of the same start, and of all starts the worst and the median: a server that is slow in
one start of five is slow.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from importlib.util import find_spec

from benchmarks.load import Server, free_port, in_kernel, measure, program, show

FLASK_APP = """
from flask import Flask
app = Flask("hello")

@app.get("/")
def hello():
    return "Hello, World!"
"""

CELLS = ("%load_ext flask_nb", '%%route /\n"Hello, World!"', "%serve")

ON_WAITRESS = """
import logging
logging.getLogger("waitress").setLevel(logging.CRITICAL)
from waitress.server import create_server
from hello import app
server = create_server(app, port=0, threads=16)
print(f"http://127.0.0.1:{server.effective_port}", flush=True)
server.run()
"""

FASTHTML = """
from fasthtml.common import FastHTML
from fasthtml.jupyter import JupyUvi
from starlette.responses import PlainTextResponse
app = FastHTML()

@app.get("/")
def hello():
    return PlainTextResponse("Hello, World!")

server = JupyUvi(app, port={port}, log_level="error")
print("http://127.0.0.1:{port}")
"""

# Gradio has a page of its own at /, and Dash as well: a view of the app that they are built on says hello.
GRADIO = """
import os
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import gradio
from fastapi.responses import PlainTextResponse
from starlette.routing import Route
with gradio.Blocks() as blocks:
    gradio.Markdown("Hello")
app, *_ = blocks.launch(
    server_port={port}, prevent_thread_lock=True, inline=False, quiet=True, ssr_mode=False
)
app.router.routes.insert(0, Route("/", lambda request: PlainTextResponse("Hello, World!")))
print("http://127.0.0.1:{port}")
"""

DASH = """
import logging
logging.getLogger("werkzeug").setLevel(logging.ERROR)
from dash import Dash, html
app = Dash("hello", url_base_pathname="/dash/")
app.layout = html.P("Hello")

@app.server.get("/")
def hello():
    return "Hello, World!"

app.run(port={port}, jupyter_mode="_none")
print("http://127.0.0.1:{port}")
"""


def flask_run() -> AbstractContextManager[int]:
    """`flask run`, whose log goes nowhere: a line for each request on a terminal would slow it down more."""
    quiet = "import logging; logging.getLogger('werkzeug').setLevel(logging.ERROR)"
    port = free_port()
    run = f"{quiet}; print('http://127.0.0.1:{port}', flush=True); from flask.cli import main; main()"
    arguments = ("-c", run, "--app", "hello", "run", "--port", str(port))
    return program(*arguments, files={"hello.py": FLASK_APP})


def in_a_kernel(source: str) -> AbstractContextManager[int]:
    """Return the server of a peer, started by a cell that is given a port."""
    return in_kernel(source.replace("{port}", str(free_port())))


SERVERS: dict[str, Server] = {
    "flask run": flask_run,
    "ours in a kernel": partial(in_kernel, *CELLS),
    "Flask on waitress": lambda: program("-c", ON_WAITRESS, files={"hello.py": FLASK_APP}),
}
PEERS: dict[str, tuple[str, str, Callable[[], AbstractContextManager[int]]]] = {
    "FastHTML in a kernel": ("fasthtml", "python-fasthtml", partial(in_a_kernel, FASTHTML)),
    "Gradio in a kernel": ("gradio", "gradio", partial(in_a_kernel, GRADIO)),
    "Dash in a kernel": ("dash", "dash", partial(in_a_kernel, DASH)),
}


def installed() -> dict[str, Server]:
    """Return the servers there are, and say which are not installed."""
    missing = [package for module, package, _ in PEERS.values() if find_spec(module) is None]
    if missing:
        print(f"Not installed, and left out: {', '.join(missing)}. Type: pip install {' '.join(missing)}\n")
    there = {name: serve for name, (module, _, serve) in PEERS.items() if find_spec(module) is not None}
    return {**SERVERS, **there}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--starts", type=int, default=3, help="how often each server is started (3)")
    parser.add_argument("--seconds", type=int, default=2, help="how long each is asked (2)")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64], help="how many (1 16 64)")
    arguments = parser.parse_args()
    show(measure(installed(), arguments.starts, arguments.connections, arguments.seconds), "flask run")


if __name__ == "__main__":
    main()
