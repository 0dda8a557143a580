"""What people paste from tutorials and issues: it works, or a line says what does, which works as typed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

APP = """
from flask_nb import Flask
app = Flask(__name__)
@app.route("/")
def home():
    return "home"
"""

FILE = "%%writefile pasted.py\n{app}if __name__ == '__main__':\n    app.run(port=PORT, debug=True)\n"

LATER = "from urllib.request import urlopen\nurlopen('http://127.0.0.1:PORT/').read()"
WHEN_IT_SERVES = """
import socket, time
for _ in range(200):  # as long as a person takes to get to the next cell
    try:
        socket.create_connection(("127.0.0.1", PORT)).close()
        break
    except OSError:
        time.sleep(0.05)
"""

GET = "%get /"

NGROK = """%%writefile pasted_ngrok.py
from threading import Timer
def run_with_ngrok(app):
    run = app.run
    def new_run(*args, **options):
        Timer(0, print, ["tunnel"]).start()
        run(*args, **options)
    app.run = new_run
"""

SERVER_THREAD = """
from threading import Thread
from werkzeug.serving import make_server
class ServerThread(Thread):
    def __init__(self, app):
        super().__init__(daemon=True)
        self.server = make_server("127.0.0.1", PORT, app)
    def run(self):
        self.server.serve_forever(poll_interval=0.01)
    def shutdown(self):
        self.server.shutdown()
server = ServerThread(app)
server.start()
"""

# Cells, in order; the last one answers with "home".
WORKS = {
    "run_with_ngrok": [
        NGROK,
        f"from pasted_ngrok import run_with_ngrok{APP}run_with_ngrok(app)\napp.run()",
        GET,
    ],
    "guarded run": [APP + "if __name__ == '__main__':\n    app.run(port=PORT, debug=True)", LATER],
    "run in a thread": [
        APP + "from threading import Thread\nThread(target=app.run, args=(None, PORT)).start()",
        LATER,
    ],
    "run in a thread, by a function": [
        APP + "import threading\ndef run():\n    app.run(port=PORT, use_reloader=False)\n"
        "threading.Thread(target=run, daemon=True).start()",
        LATER,
    ],
    "test client": [APP + "client = app.test_client()\nclient.get('/').text"],
    "test client in a block": [APP, "with app.test_client() as client:\n    print(client.get('/').data)"],
    "application context": [
        APP + "from flask_nb import current_app",
        "with app.app_context():\n    print(current_app.view_functions['home']())",
    ],
    "a written file": [FILE, "%app pasted.py", GET],
    "a written file that is run": [FILE, "%run pasted.py", LATER],
    "run_simple in a thread": [
        APP + "from threading import Thread\nfrom werkzeug.serving import run_simple\n"
        "Thread(target=run_simple, args=('127.0.0.1', PORT, app), daemon=True).start()\n"
        "import time; time.sleep(0.05)",
        LATER,
    ],
    # --- and more of the kind ---
    "a class of threads": [APP + SERVER_THREAD, LATER, "server.shutdown()", GET],
    "an executor": [
        APP + "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n"
        "pool.submit(app.run, port=PORT).result()",
        LATER,
    ],
    "the loop's executor": [
        APP + "import asyncio\n"
        "await asyncio.get_running_loop().run_in_executor(None, lambda: app.run(port=PORT))",
        LATER,
    ],
    "a timer": [APP + "from threading import Timer\nTimer(0, app.run, kwargs={'port': PORT}).start()", LATER],
    "a main function": [APP + "def main():\n    app.run('localhost', PORT)\nmain()", LATER],
    "a factory, run at once": [
        "from flask_nb import Flask\ndef create_app():\n    app = Flask(__name__)\n"
        "    app.add_url_rule('/', view_func=lambda: 'home', endpoint='home')\n    return app\n"
        "create_app().run(port=PORT)",
        LATER,
    ],
    "another name": [
        APP.replace("app ", "application ").replace("@app", "@application"),
        "%app application",
        GET,
    ],
    "another name, run": [
        APP.replace("app ", "application ").replace("@app", "@application") + "application.run(port=PORT)",
        GET,
    ],
    "captured": [APP, "%%capture\napp.run(port=PORT)", LATER],
    "a port of the environment": [
        APP + "import os\napp.run(host='127.0.0.1', port=int(os.environ.get('PASTED_PORT', PORT)))",
        LATER,
    ],
    "middleware": [
        APP + "from werkzeug.middleware.proxy_fix import ProxyFix\n"
        "app.wsgi_app = ProxyFix(app.wsgi_app)\napp.run(port=PORT)",
        LATER,
    ],
    "imported, with its configuration": [
        FILE,
        "from pasted import app\napp.config.update(TESTING=True)",
        GET,
    ],
    "a command's runner": [
        APP + "@app.cli.command('greet')\ndef greet():\n    print(home())",
        "app.test_cli_runner().invoke(args=['greet']).output",
    ],
}

UVICORN = """
import asyncio, sys, types
module = types.ModuleType("uvicorn")
async def serve(): ...
def run(app, **options):
    coroutine = serve()
    try:
        asyncio.run(coroutine)
    finally:
        coroutine.close()
module.run = run
sys.modules["uvicorn"] = module
"""

ASGI = """
async def site(scope, receive, send):
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"home"})
"""

# Cells of which the last one says something, and what that says to type; with that done, the app answers.
SAYS = {
    "nothing is served": (
        [APP, LATER],
        "nothing is served at port PORT. To serve app there, type: %serve --port PORT",
        "%serve --port PORT",
    ),
    "nothing is served, asked by a name": (
        [APP, "from urllib.request import urlopen\nurl = 'http://localhost:PORT'\ntry: urlopen(url)\n"
         "except OSError as exc: raise ConnectionError(f\"host='localhost', port=PORT\") from exc"],
        "nothing is served at port PORT. To serve app there, type: %serve --port PORT",
        "%serve --port PORT",
    ),
    "uvicorn": (
        [ASGI, UVICORN, "import uvicorn\nuvicorn.run(site, port=PORT)"],
        "a notebook has an event loop already. To serve site in it, type: %app site, then %serve",
        "%app site\n%serve",
    ),
    "uvicorn, which imports": (
        [f"%%writefile pasted_asgi.py{ASGI}", UVICORN, "import uvicorn\nuvicorn.run('pasted_asgi:site')"],
        "To serve pasted_asgi:site in it, type: %app pasted_asgi:site, then %serve",
        "%app pasted_asgi:site\n%serve",
    ),
    "asyncio.run": (
        [ASGI, "import asyncio\nasync def serve(app): ...\nserving = serve(site)\n"
         "try: asyncio.run(serving)\nfinally: serving.close()"],
        "To serve site in it, type: %app site, then %serve",
        "%app site\n%serve",
    ),
    "SocketIO.run": (
        [APP, "raise RuntimeError('Pass allow_unsafe_werkzeug=True to the run() method')"],
        "to serve app in this kernel, with polling, type: %serve. flask-nb run has WebSockets",
        "%serve",
    ),
    "app.run_server": ([APP, "app.run_server(debug=True)"], "Type: app.run()", "app.run(port=PORT)"),
}  # fmt: skip

numbers = itertools.count()


@pytest.fixture
def run(kernel: Kernel, engine: str, port: int) -> Callable[[str], str]:
    """Run a cell of a fresh notebook; return all that it showed."""
    kernel.notebook = f"pasted {next(numbers)} "
    kernel.run("%unload_ext flask_nb\nfor name in ('app', 'application', 'site'): globals().pop(name, None)")
    kernel.run("import sys\nfor name in ('pasted', 'pasted_asgi', 'uvicorn'): sys.modules.pop(name, None)")
    kernel.run("%load_ext flask_nb\nfrom importlib import invalidate_caches; invalidate_caches()")

    def run(cell: str) -> str:
        cell = cell.replace("{app}", APP).replace("PORT", str(port))
        if "async def" in cell and engine != "ours":
            pytest.skip("no app of Flask's")
        ran = kernel.run(cell, cell)
        return "\n".join(filter(None, [ran.stdout, ran.text, ran.error]))

    return run


@pytest.mark.parametrize("shape", WORKS)
def test_what_is_pasted_works(run: Callable[[str], str], shape: str) -> None:
    for cell in WORKS[shape]:
        if cell == LATER:
            run(WHEN_IT_SERVES)
        shown = run(cell)
        assert "rror" not in shown
    assert re.search(r"\bhome\b", shown)


@pytest.mark.parametrize("shape", SAYS)
def test_what_cannot_work_in_a_notebook_says_what_does(
    run: Callable[[str], str], port: int, shape: str
) -> None:
    (*before, last), says, typed = SAYS[shape]
    for cell in before:
        assert "rror" not in run(cell)
    assert says.replace("PORT", str(port)) in run(last)
    assert "rror" not in run(typed)
    assert run(GET).endswith("home")


@pytest.mark.parametrize("cell", [LATER, "raise ConnectionRefusedError", "import asyncio\nasyncio.run(None)"])
def test_without_an_app_nothing_is_said(run: Callable[[str], str], cell: str) -> None:
    assert "type" not in run(cell)


def test_a_port_of_another_machine_is_not_spoken_of(run: Callable[[str], str]) -> None:
    run(APP)
    assert "type" not in run("raise ConnectionRefusedError('http://example.org:PORT/')")
