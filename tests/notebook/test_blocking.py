"""Servers that block a cell, and commands that do: said before, with advice that works as typed."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from socketserver import BaseServer
from threading import Event, Thread
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from waitress.server import BaseWSGIServer

from flask_nb.notebook.blocking import advise_command

if TYPE_CHECKING:
    from .conftest import Kernel

APPS = """
from flask_nb import Flask
app = Flask("app")
app.get("/")(lambda: "home")
def other(environ, start_response):
    start_response("200 OK", [])
    return [b"home"]
"""
BLOCKING = {
    "run_simple": "from werkzeug.serving import run_simple; run_simple('127.0.0.1', {port}, app)",
    "run_simple of another app": "import werkzeug.serving as s; s.run_simple('127.0.0.1', {port}, other)",
    "wsgiref": "from wsgiref.simple_server import make_server\n"
    "server = make_server('127.0.0.1', {port}, other)\nserver.serve_forever()",
    "waitress": "import waitress; waitress.serve(app, host='127.0.0.1', port={port})",
    "waitress of another app": "from waitress import serve; serve(other, host='127.0.0.1', port={port})",
}


def ask_soon(port: int) -> str:
    end = time.monotonic() + 20
    while True:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
                connection.request("GET", "/")
                return connection.getresponse().read().decode()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def finish(kernel: Kernel, process: int, running: str) -> str:
    """Interrupt a cell until that is heard: servers swallow an interrupt while they end an answer."""
    done = Event()

    def interrupt() -> None:
        os.kill(process, signal.SIGINT)
        while not done.wait(0.5):
            os.kill(process, signal.SIGINT)

    thread = Thread(target=interrupt)
    thread.start()
    try:
        return kernel.finish(running).stdout
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("way", BLOCKING)
def test_what_blocks_is_said_and_what_does_not_works_as_typed(kernel: Kernel, port: int, way: str) -> None:
    kernel.run(APPS)
    process = int(kernel.value("__import__('os').getpid()"))
    running = kernel.start(BLOCKING[way].format(port=port))
    assert ask_soon(port) == "home"
    first = finish(kernel, process, running).splitlines()[0]
    said, advice = re.fullmatch(r"(.*)\. This does not: (.*)", first).groups()
    assert said == "this blocks the notebook until it is interrupted"
    if way == "wsgiref":
        advice = f"server.server_close(); server = make_server('127.0.0.1', {port}, other); {advice}"
    assert kernel.run(advice).error is None
    assert ask_soon(port) == "home"
    kernel.run("%serve stop")


PACKAGES = {
    "gevent": (
        "baseserver",
        """
class BaseServer:
    def __init__(self, listener, application):
        self.server_port, self.application = listener[1], application
    def serve_forever(self):
        print("served")
""",
        "BaseServer(('127.0.0.1', {port}), app).serve_forever()",
        "app.run(port={port})",
    ),
    "quart": (
        "app",
        """
class Quart:
    def asgi_app(self, scope, receive, send): ...
    def run(self):
        print("served")
""",
        "import asyncio; asyncio._nest_patched = True; site = Quart(); site.run(); del asyncio._nest_patched",
        "%app site, then %serve",
    ),
}
"""Packages of which nothing is known but where they block: the module, a stand-in, a cell, the advice."""


@pytest.mark.parametrize("package", PACKAGES)
def test_a_server_of_a_package_that_a_cell_imports_is_spoken_of(
    kernel: Kernel, port: int, package: str
) -> None:
    module, source, cell, advice = PACKAGES[package]
    kernel.run(f"{APPS}\nfrom pathlib import Path\nPath('{package}').mkdir()")
    kernel.run(f"Path('{package}/__init__.py').touch()\nPath('{package}/{module}.py').write_text({source!r})")
    ran = kernel.run(f"from {package}.{module} import *\n{cell.format(port=port)}")
    assert ran.stdout == (
        "this blocks the notebook until it is interrupted."
        f" This does not: {advice.format(port=port)}\nserved\n"
    )
    kernel.run("%unload_ext flask_nb")
    assert kernel.run(cell.format(port=port)).stdout == "served\n"
    kernel.run("%load_ext flask_nb")


def test_a_server_that_a_module_imports_is_watched(loaded, tmp_path, monkeypatch) -> None:
    (tmp_path / "shop_server.py").write_text("from waitress.server import BaseWSGIServer")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("waitress", "shop_server")]:
        monkeypatch.delitem(sys.modules, name)
    loaded.run_cell("import shop_server\nkind = shop_server.BaseWSGIServer").raise_error()
    assert hasattr(loaded.user_ns["kind"].run, "__wrapped__")
    loaded.run_cell("%unload_ext flask_nb").raise_error()
    assert not hasattr(loaded.user_ns["kind"].run, "__wrapped__")
    loaded.run_cell("%load_ext flask_nb").raise_error()


def test_a_server_of_another_version_does_not_keep_the_extension_from_loading(loaded, monkeypatch) -> None:
    loaded.run_cell("%unload_ext flask_nb").raise_error()
    monkeypatch.setitem(sys.modules, "quart.app", ModuleType("quart.app"))
    loaded.run_cell("%load_ext flask_nb").raise_error()
    loaded.run_cell("%%route /\n'here'").raise_error()


def test_a_server_in_a_thread_is_not_spoken_of(kernel: Kernel, port: int) -> None:
    kernel.run(f"{APPS}\nfrom wsgiref.simple_server import make_server")
    start = f"server = make_server('127.0.0.1', {port}, other)\nfrom threading import Thread\n"
    ran = kernel.run(f"{start}Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()")
    assert ask_soon(port) == "home"
    assert ran.stdout == ""
    kernel.run("server.shutdown(); server.server_close()")


def test_nothing_stays_when_the_extension_is_unloaded(loaded) -> None:
    loaded.run_cell("%unload_ext flask_nb").raise_error()
    assert BaseServer.serve_forever.__module__ == "socketserver"
    assert BaseWSGIServer.run.__module__ == "waitress.server"
    assert "system" not in vars(loaded)
    loaded.run_cell("%load_ext flask_nb").raise_error()


# --- commands ---


APP_PY = "from flask_nb import Flask\nshop = Flask(__name__)\nshop.get('/')(lambda: 'home')\n"
GUARDED = f"{APP_PY}if __name__ == '__main__':\n    shop.run()\n"


@pytest.mark.parametrize(
    ("command", "files", "lines"),
    [
        ("python app.py", {"app.py": GUARDED}, ["%app app:shop", "%serve"]),
        ("python3 -u app.py --debug", {"app.py": GUARDED}, ["%app app:shop", "%serve"]),
        ("/usr/bin/python3.11 web/app.py", {"web/app.py": GUARDED}, ["%app web.app:shop", "%serve"]),
        ("flask run", {"app.py": APP_PY}, ["%app app:shop", "%serve"]),
        ("flask --app shop run --debug", {"shop.py": APP_PY}, ["%app shop:shop", "%serve"]),
        ("flask-nb --app shop:make run", {"shop.py": APP_PY}, ["%app shop:make", "%serve"]),
        ("python -m flask run -p 5001", {"wsgi.py": APP_PY}, ["%app wsgi:shop", "%serve"]),
        ("flask run", {"app.py": "def create_app():\n    ..."}, ["%app app:create_app", "%serve"]),
        ("python app.py", {"app.py": APP_PY}, []),  # it ends by itself
        ("python app.py &", {"app.py": GUARDED}, []),
        ("python app.py", {}, []),
        ("flask run", {}, []),
        ("flask routes", {"app.py": APP_PY}, []),
        ("pip install flask run", {"app.py": APP_PY}, []),
        ("cat app.py", {"app.py": GUARDED}, []),
    ],
)
def test_a_command_that_serves_is_known(
    tmp_path: Path, command: str, files: dict[str, str], lines: list[str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert advise_command(command, tmp_path) == lines


@pytest.mark.parametrize("package", ["flask_nb", "flask"])
def test_the_advice_before_a_command_works_as_typed(own_bare_kernel: Kernel, package: str) -> None:
    own_bare_kernel.run("%load_ext flask_nb")
    source = GUARDED.replace("flask_nb", package).replace("shop.run()", "shop.run; print('ran')")
    own_bare_kernel.run(f"%%writefile shop_{package}.py\n{source}# .run(")
    said = own_bare_kernel.run(f"!python3 shop_{package}.py").stdout
    advice = [line.strip() for line in said.splitlines() if line.startswith("    %")]
    assert said.startswith(
        "this blocks the notebook until it is interrupted. To serve the app in this kernel"
    )
    assert advice == [f"%app shop_{package}:shop", "%serve"]
    ran = own_bare_kernel.run("\n".join(advice))
    assert ran.error is None, ran.traceback
    assert "home" in own_bare_kernel.run("%get /").text
