"""Another program that has the terminal until it ends."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def run_in_foreground(command: Sequence[str], folder: Path | None = None) -> int:
    """Run a program whose kernels are to be as any others; return its status.

    :param folder: where it is run; default: here.
    """
    # Set by flask-nb itself; in the kernels app.run() is to serve.
    environ = {name: value for name, value in os.environ.items() if name != "FLASK_RUN_FROM_CLI"}
    with _deaf_to_ctrl_c():
        return subprocess.Popen(command, cwd=folder, env=environ).wait()


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Leave Ctrl-C to the program that is run meanwhile."""
    # A terminal sends it to that one as well; JupyterLab asks whether it is meant. A handler that does
    # nothing, not SIG_IGN: that one it would inherit.
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
