"""Servers that a cell starts in the kernel's main thread, or in a shell: they block the notebook.

That may be meant, so nothing is refused. One line says so before it happens, and what does not block.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from flask_nb import engines
from flask_nb.lazy import pattern

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_ENTRIES = {
    "socketserver": [("BaseServer", "serve_forever")],  # of Werkzeug, wsgiref and http.server alike
    "waitress.server": [("BaseWSGIServer", "run"), ("MultiSocketServer", "run")],
    "gevent.baseserver": [("BaseServer", "serve_forever")],
    "uvicorn.server": [("Server", "run")],
    "uvicorn.supervisors.basereload": [("BaseReload", "run")],
    "quart.app": [("Quart", "run")],
}
"""Where servers begin to block: by module, classes and methods."""

_NEEDS_LOOP = ("uvicorn.server", "quart.app")
"""The modules whose servers fail at once where an event loop runs, unless that was made to run others."""

_BLOCKS = "this blocks the notebook until it is interrupted"


def announce_blocking(ip: InteractiveShell) -> Callable[[], None]:
    """Say from now on what blocks, before it does; return what ends that.

    :param ip: the shell whose variables advice may name.
    """
    announcing = _Announcing(ip)
    announcing.begin()
    return announcing.end


class _Announcing(MetaPathFinder):
    """Stands before what begins to block, in the kernel's main thread.

    It is a finder of modules too, since nobody is to wait for servers that nobody uses: when one is imported,
    by a cell or by a module, it is found as ever, and what blocks in it is watched from then on.
    """

    def __init__(self, ip: InteractiveShell) -> None:
        self._ip = ip
        self._kernel = os.getpid()
        self._originals: list[tuple[Any, str, Any]] = []
        self._run_command: Callable[[str], Any] = ip.system

    def begin(self) -> None:
        for module in filter(None, map(sys.modules.get, _ENTRIES)):
            self._watch(module)
        sys.meta_path.insert(0, self)
        self._ip.system = self._system  # type: ignore[method-assign]

    def end(self) -> None:
        sys.meta_path.remove(self)
        for owner, name, original in self._originals:
            setattr(owner, name, original)
        del self._ip.system

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of servers as it is found, None of any other."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in _ENTRIES else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self._watch(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]  # a loader for this module alone
        return spec

    def _watch(self, module: ModuleType) -> None:
        with suppress(Exception):  # it is of another version, or only half imported yet
            for owner, name in _ENTRIES[module.__name__]:
                self._stand_before(getattr(module, owner), name)

    def _stand_before(self, kind: Any, name: str) -> None:
        original = vars(kind)[name]
        self._originals.append((kind, name, original))

        @wraps(original)
        def serve(server: Any, *args: Any, **options: Any) -> Any:
            return self._serve(original, server, *args, **options)

        setattr(kind, name, serve)

    def _serve(self, original: Callable[..., Any], server: Any, *args: Any, **options: Any) -> Any:
        fails = original.__module__.startswith(_NEEDS_LOOP) and not hasattr(asyncio, "_nest_patched")
        if not self._is_cell() or fails:
            return original(server, *args, **options)
        print(". ".join(filter(None, (_BLOCKS, advise_server(server, self._ip.user_ns)))), flush=True)
        try:
            return original(server, *args, **options)
        finally:
            # waitress ends with its program, and so leaves the port taken. Here the program goes on.
            if original.__module__.startswith("waitress."):
                server.close()

    def _system(self, command: str) -> Any:
        lines = advise_command(command, Path())
        if lines:
            print(f"{_BLOCKS}. To serve the app in this kernel, type:", *lines, sep="\n    ", flush=True)
        return self._run_command(command)

    def _is_cell(self) -> bool:
        return os.getpid() == self._kernel and threading.current_thread() is threading.main_thread()


def advise_server(server: Any, variables: Mapping[str, Any]) -> str:
    """Return what does not block in the place of a server; empty where the variables name nothing."""
    app = _app_of(server)
    app_name, server_name = _name_of(app, variables), _name_of(server, variables)
    if isinstance(app, str):  # uvicorn, which reloads it
        return f"This does not: %app {app}, then %serve"
    if app_name and (app is server or hasattr(server, "config")):
        return f"This does not: %app {app_name}, then %serve"
    port = getattr(server, "server_port", None) or getattr(server, "effective_port", 0)
    if app_name and engines.is_flask_app(app):
        return f"This does not: {app_name}.run(port={port})"
    method = "serve_forever" if hasattr(server, "serve_forever") else "run"
    thread = "This does not: from threading import Thread; Thread(target="
    if server_name:
        return f"{thread}{server_name}.{method}, daemon=True).start()"
    if app_name:
        simple = f"run_simple, args=('127.0.0.1', {port}, {app_name}), daemon=True).start()"
        return f"{thread.replace('from t', 'from werkzeug.serving import run_simple; from t')}{simple}"
    return ""


def _app_of(server: Any) -> Any:
    """Return the app of a server, which may be the app itself; None where there is none."""
    if hasattr(server, "asgi_app"):  # of Quart, which serves itself
        return server
    app = getattr(getattr(server, "config", None), "app", None)  # of uvicorn
    app = app or getattr(server, "app", None) or getattr(server, "application", None)
    app = app or getattr(server, "get_app", lambda: None)()
    if inspect.isfunction(app) and app.__module__.startswith("waitress."):  # it clears headers of proxies
        return inspect.getclosurevars(app).nonlocals.get("app")
    return app


def _name_of(value: Any, variables: Mapping[str, Any]) -> str | None:
    names = (name for name, each in list(variables.items()) if each is value and not name.startswith("_"))
    return next(names, None) if value is not None else None


_FILE = pattern(r"\s*(?:\S*/)?python[\d.]*\s+(?:-[uBIEs]+\s+)*(?P<file>[\w./-]+\.py)\b")
_COMMAND = pattern(
    r"\s*(?:(?:\S*/)?python[\d.]*\s+-m\s+)?(?:\S*/)?flask(?:[-_]nb)?\s(?P<options>(?:.*\s)?)run\b"
)
_STARTS = pattern(r"\.run\(|\brun_simple\(|\bserve_forever\(|\bserve\(")
_MADE = pattern(r"^(\w+)(?::\s*[\w.]+)?\s*=\s*(?:\w+\.)?Flask\(|^def ((?:create|make)_app)\(", re.MULTILINE)


def advise_command(command: str, folder: Path) -> list[str]:
    """Return the lines that serve, in this kernel, the app that a shell command serves until it is ended.

    :return: nothing for any other command, and where it is not clear which app is meant.
    """
    if command.rstrip().endswith("&"):
        return []
    target = _target_of(command, folder)
    if target is None:
        return []
    file, name = target
    if not (folder / file).is_file():
        return []
    text = (folder / file).read_text(errors="replace")
    made = _MADE.search(text)
    name = name or (made[1] or made[2] if made else "")
    module = ".".join(file.with_suffix("").parts)
    if not name or not re.fullmatch(r"[\w.]+", module):
        return []
    return [f"%app {module}:{name}", "%serve"]


def _target_of(command: str, folder: Path) -> tuple[Path, str] | None:
    """Return the file that a command serves and the name of the app, empty where it names none."""
    if found := _FILE.match(command):
        file = Path(found["file"])
        is_server = (folder / file).is_file() and _STARTS.search((folder / file).read_text(errors="replace"))
        return (file, "") if is_server else None
    found = _COMMAND.match(command)
    if found is None:
        return None
    named = re.search(r"(?:--app[ =]|-A ?)(\S+)", found["options"])
    module, _, name = (named[1] if named else os.environ.get("FLASK_APP", "")).partition(":")
    files = [f"{module.removesuffix('.py').replace('.', '/')}.py"] if module else ["wsgi.py", "app.py"]
    return next(((Path(file), name) for file in files if (folder / file).is_file()), None)
