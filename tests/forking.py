"""Kernels that begin as copies of a process which has already imported what they need.

A kernel's start takes a second of processor time, nearly all of it imports, and the suite starts hundreds.
Here one process imports and stays as it is; a kernel is a fork of it, with the environment, folder, streams
and session of its own that a new process has. A test of what a kernel imports sets :data:`OWN_IMPORTS`.
"""

from __future__ import annotations

import gc
import inspect
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

OWN_IMPORTS = "FLASK_NB_TEST_OWN_IMPORTS"
"""The variable that a kernel's environment has if it is to import all by itself."""

MODULE = ["-m", "ipykernel_launcher"]
"""What the command of a Python kernel runs."""

SETTINGS = (
    "--HistoryManager.hist_file=:memory:",
    "--InteractiveShell.colors=nocolor",
    "--IPythonKernel._execute_sleep=0",
)
"""What makes cells cheap.

A history on disk takes a third of what a short one costs; the colours of a traceback, for which lexers are
made anew each time, up to nine tenths of what one costs that fails. And a kernel sleeps before each reply.
"""

IMPORTED = (
    "ipykernel.kernelapp",
    "ipykernel.connect",
    "ipykernel.debugger",
    "psutil",
    "IPython.core.completer",
    "jedi",
    "sqlite3",
    "stack_data",
    "pygments.lexers.python",
    "pygments.formatters.terminal256",
    "waitress",
    "jinja2",
    "click",
    "itsdangerous",
    "flask_nb.notebook.asking",
    "flask_nb.notebook.extension",
    "flask_nb.notebook.workbench",
    "flask_nb.notebook.definitions",
    "flask_nb.notebook.hints",
    "flask_nb.notebook.serve_hints",
    "flask_nb.cells.apply",
    "flask_nb.cells.items",
    "flask_nb.cells.plain_text",
    "flask_nb.cells.routes",
    "flask_nb.cells.serve",
    "flask_nb.engines.frameworks",
    "flask_nb.exchange.failure",
    "flask_nb.gate.front",
    "flask_nb.hints.families",
    "flask_nb.hints.remarks",
    "flask_nb.panel.assets",
    "flask_nb.panel.inlining",
    "flask_nb.panel.tables",
    "flask_nb.panel.tree",
    "flask_nb.server.background",
    "flask_nb.server.parsing",
    "flask_nb.web.environment",
    "flask_nb.web.logging",
)
"""What a kernel has at hand, which it would import for itself sooner or later.

Not Flask: the extension looks for it among the modules that are imported.
"""


class ForkServer:
    """A process whose copies become kernels, started when the first is asked for.

    :ivar start_process: what starts the processes that are no kernels.
    :ivar path: where the process of another server listens, which then is asked.
    """

    def __init__(self, start_process: Any = subprocess.Popen, path: str = "") -> None:
        self.start_process = start_process
        self.path = path
        self.pythons = pythons(os.environ)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str], **options: Any) -> Any:
        """Start a kernel or another process, with what :class:`subprocess.Popen` takes."""
        if not self.can_fork(command, options):
            return self.start_process(command, **options)
        streams = [options.get(name) for name in ("stdout", "stderr")]
        folder = str(options["cwd"] or os.getcwd())
        request = {"arguments": command[-2:], "env": options["env"], "cwd": folder}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.address(options["env"]))
            descriptors = [number_of(stream, usual) for usual, stream in enumerate(streams, 1)]
            socket.send_fds(connection, [json.dumps(request).encode()], descriptors)
            connection.shutdown(socket.SHUT_WR)
            return Forked(int(connection.recv(20)))

    def can_fork(self, command: Sequence[str], options: dict[str, Any]) -> bool:
        """Tell whether this is a kernel to which a copy of the process here comes to the same."""
        return (
            sys.platform == "linux"
            and command[0] == sys.executable
            and [*command[-4:-2]] == MODULE
            and OWN_IMPORTS not in options["env"]
            and pythons(options["env"]) == self.pythons
            and subprocess.PIPE not in (options.get("stdout"), options.get("stderr"))
        )

    def address(self, env: Mapping[str, str]) -> str:
        """Start the process unless it runs, in an environment; return where it listens."""
        if not self.path:
            self.folder = tempfile.TemporaryDirectory(prefix="flask-nb-forks-")
            path = f"{self.folder.name}/socket"
            command = [sys.executable, __file__, path]
            pipe = subprocess.PIPE
            quiet = {**env, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # of what a debugger would miss
            # In its own folder, so that nobody takes it for a kernel of the one where it is started.
            where = self.folder.name
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=where, env=quiet)
            assert self.process.stdout
            assert self.process.stdout.readline() == b"ready\n"
            self.path = path
        return self.path

    def close(self) -> None:
        """End the process, and the kernels that are left."""
        if self.process is not None:
            self.process.communicate()
            self.folder.cleanup()
            self.process, self.path = None, ""


class Forked:
    """What has been forked, with as much of :class:`subprocess.Popen` as Jupyter's client uses."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = io.BytesIO(), None, None
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return 0 if it has ended, however it did."""
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until it ends, or until the time is over."""
        if self.returncode is None and select.select([self._handle], [], [], timeout)[0]:
            os.close(self._handle)
            self.returncode = 0
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def number_of(stream: int | IO[Any] | None, usual: int) -> int:
    """Return the descriptor that a process is to write to."""
    if stream is None:
        return usual
    return stream if isinstance(stream, int) else stream.fileno()


def pythons(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what of an environment the interpreter read at its start."""
    others = ("PYTHONDONTWRITEBYTECODE",)  # taken away as the suite begins
    return {name: environ[name] for name in environ if name.startswith("PYTHON") and name not in others}


def serve(path: str) -> dict[str, Any] | None:
    """Fork for each request until the standard input ends; return, in a copy, the request."""
    kernels: set[int] = set()
    signal.signal(signal.SIGCHLD, lambda *_: reap(kernels))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        os.write(1, b"ready\n")
        sources: list[Any] = [listener, 0]
        while select.select(sources, [], [])[0] == [listener]:
            with listener.accept()[0] as connection:
                request, streams = received(connection)
                pid = os.fork()
                if pid == 0:
                    become(request, streams)
                    connection.send(str(os.getpid()).encode())
                    return request
            kernels.add(pid)
            for descriptor in streams:
                os.close(descriptor)
    for pid in kernels:
        os.killpg(pid, signal.SIGKILL)
    return None


def reap(kernels: set[int]) -> None:
    """Let go of the kernels that have ended."""
    with suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            kernels.discard(pid)


def received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return a request and the descriptors that came with it."""
    data, descriptors, _, _ = socket.recv_fds(connection, 65536, 2)
    while more := connection.recv(65536):
        data += more
    return json.loads(data), descriptors


def become(request: dict[str, Any], streams: list[int]) -> None:
    """Give a copy what a new process has of its own."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, descriptor in enumerate(streams, 1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["ipykernel_launcher", *request["arguments"], *SETTINGS]


def main(path: str) -> None:
    """Serve; in each copy, run its kernel to the end of the process."""
    sys.path.remove(str(Path(__file__).parent))
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # whose end a kernel is to notice; it is read on import
    for name in IMPORTED:
        import_module(name)
    inspect.getmodule(main.__code__)  # else the first traceback in a copy asks where a thousand modules lie
    gc.collect()
    gc.freeze()  # else the first collection in a copy touches, and so copies, all that is shared
    if serve(path):
        import_module("ipykernel.kernelapp").launch_new_instance()


if __name__ == "__main__":
    main(sys.argv[1])
