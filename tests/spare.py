"""A Python that has imported the libraries, for what tests run in a process of its own.

Of the 0.15 s that a short program takes, two thirds go into the import of Werkzeug, Jinja2 and Click. Here
one process imports them and stays as it is; a program runs in a fork of it. Nothing of Flask and nothing of
``flask_nb`` is imported before, so that a test may look at what a program imports of those.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

LIBRARIES = ("click", "itsdangerous", "jinja2", "werkzeug.debug", "werkzeug.serving", "werkzeug.test")
"""What is at hand."""

STREAMS = {"input": os.O_RDONLY, "stdout": os.O_WRONLY, "stderr": os.O_WRONLY}
"""The files that are a program's descriptors 0, 1 and 2."""

COMMAND = "import runpy, sys\nsys.argv[0] = 'flask-nb'\nrunpy.run_module('flask_nb', run_name='__main__')\n"
"""Runs ``flask-nb`` with the arguments."""


class SparePython:
    """Runs programs, one at a time; its process starts with the first."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def run(
        self,
        code: str,
        *arguments: str,
        stdin: str = "",
        cwd: Path | None = None,
        env: Mapping[str, str] = os.environ,
        are_warnings_errors: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run what ``python -c`` would, and return what came of it."""
        if sys.platform != "linux":
            options = ["-W", "error"] if are_warnings_errors else []
            command = [sys.executable, *options, "-c", code, *arguments]
            return subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=cwd, env=env)
        with TemporaryDirectory(prefix="flask-nb-spare-") as folder:
            files = {name: Path(folder, name) for name in STREAMS}
            for name, file in files.items():
                file.write_text(stdin if name == "input" else "", "utf-8")
            status = self.ask(
                {
                    "code": code,
                    "arguments": arguments,
                    "folder": folder,
                    "cwd": str(cwd or os.getcwd()),
                    "env": dict(env),
                    "are_warnings_errors": are_warnings_errors,
                }
            )
            shown = [files[name].read_text("utf-8") for name in ("stdout", "stderr")]
        return subprocess.CompletedProcess(["python", "-c", code, *arguments], status, *shown)

    def ask(self, request: dict[str, Any]) -> int:
        """Have a program run, and return its exit status."""
        if self.process is None:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen([sys.executable, __file__], stdin=pipe, stdout=pipe)
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.communicate()
            self.process = None


SPARE = SparePython()
"""That of this process of the suite."""


def serve() -> str | None:
    """Fork for each request, and tell how the fork ended; return, in a fork, the code that it is to run."""
    while line := sys.stdin.buffer.readline():
        pid = os.fork()
        if pid == 0:
            return become(json.loads(line))
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return None


def become(request: dict[str, Any]) -> str:
    """Give a fork what a new process has of its own; return the code."""
    for number, (name, mode) in enumerate(STREAMS.items()):
        os.dup2(os.open(f"{request['folder']}/{name}", mode), number)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["-c", *request["arguments"]]
    sys.path[0] = ""
    if request["are_warnings_errors"]:
        warnings.simplefilter("error")
    return str(request["code"])


def main() -> None:
    """Serve; in each fork, run its code to the end of the process."""
    for name in LIBRARIES:
        import_module(name)
    gc.freeze()  # else the first collection in a fork touches, and so copies, all that is shared
    code = serve()
    if code is not None:
        program = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(code, "<string>", "exec"), vars(program))


if __name__ == "__main__":
    main()
