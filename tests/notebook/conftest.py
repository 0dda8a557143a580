"""A real kernel, and a shell within the test's own process."""

from __future__ import annotations

import atexit
import inspect
import os
import queue
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import zmq
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from traitlets.config import Config

from flask_nb import engines

Bundle = dict[str, Any]

_COLOUR = re.compile(r"\x1b\[[\d;]*m")


@dataclass
class Ran:
    """What came back from one cell.

    :param outputs: the MIME bundles, in order, of displays and results alike.
    :param error: ``ename: evalue``, or None.
    """

    outputs: list[Bundle] = field(default_factory=list)
    stdout: str = ""
    stderr: str = ""
    error: str | None = None
    traceback: str = ""
    reply: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text of all outputs."""
        return "\n".join(output.get("text/plain", "") for output in self.outputs)


class Kernel:
    """A kernel with the extension loaded.

    :ivar notebook: goes before each cell's id, so that two tests' cells are not taken for one.
    """

    notebook = ""

    def __init__(self, folder: Path, engine: str = "ours") -> None:
        self.engine = engine
        self.manager = KernelManager()
        # It connects before the kernel listens; what it then tries again late would be a socket of a test.
        self.manager.context.setsockopt(zmq.RECONNECT_IVL, 5)
        keep_history_in_memory(folder / "ipython" / "profile_default")
        settings = {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
        self.manager.start_kernel(env={**os.environ, **settings}, cwd=str(folder))
        self._connect()

    def _connect(self) -> None:
        self._wait_until_it_listens()
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels(hb=False)  # whose thread connects when it likes
        self._wait_until_all_are_connected()
        self._wait_until_it_tells()

    def _wait_until_it_listens(self) -> None:
        """Wait for the last of its ports: a channel that is refused connects later, in the midst of a test.

        Whoever starts a kernel looks for free ports and lets them go; if another takes one, the kernel ends.
        """
        while self.manager.is_alive():
            with suppress(ConnectionRefusedError):
                return socket.create_connection((self.manager.ip, self.manager.hb_port)).close()
            time.sleep(0.005)
        raise RuntimeError("the kernel ended as it began")

    def _wait_until_all_are_connected(self) -> None:
        """Wait for an answer on the last channel, which is connected when the others are."""
        channel = self.client.control_channel
        channel.send(self.client.session.msg("kernel_info_request"))
        channel.get_msg(timeout=30)

    def _wait_until_it_tells(self) -> None:
        """Wait until it answers and what it tells all clients arrives; Jupyter's own wait is longer."""
        for _ in range(30):
            self.client.kernel_info(reply=True, timeout=30)
            with suppress(queue.Empty):
                self.client.get_iopub_msg(timeout=1)
                return
        raise TimeoutError("the kernel answers, but tells nothing")

    def make_apps(self) -> None:
        """Let apps that are made by themselves be of the kind that is tested."""
        source = f"{inspect.getsource(make_apps_of)}\nmake_apps_of({self.engine!r})\ndel make_apps_of"
        assert self.run(source).error is None

    def run(self, code: str, cell_id: str | None = None, **metadata: Any) -> Ran:
        """Run a cell to its end.

        :param metadata: what the front end sends besides, such as ``deletedCells``.
        """
        return self.finish(self.start(code, cell_id, **metadata))

    def start(self, code: str, cell_id: str | None = None, **metadata: Any) -> str:
        """Send a cell and return the id of its message."""
        code = rewritten(code, self.engine)
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content["stop_on_error"] = False  # else a kernel may drop what is sent just after a cell that failed
        message = self.client.session.msg("execute_request", {**content, "allow_stdin": False})
        deleted = [f"{self.notebook}{one}" for one in metadata.pop("deletedCells", ())]
        own = {"cellId": self.notebook + cell_id} if cell_id else {}
        message["metadata"] = {**own, **metadata, "deletedCells": deleted}
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def finish(self, message_id: str) -> Ran:
        """Collect what a cell that was sent brought."""
        ran = Ran()
        told, answered = self.client.iopub_channel, self.client.shell_channel  # not through an event loop
        while True:
            message = told.get_msg(timeout=40)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            _collect(ran, message["msg_type"], message["content"])
        while (reply := answered.get_msg(timeout=40))["parent_header"]["msg_id"] != message_id:
            continue
        ran.reply = reply["content"]
        return ran

    def value(self, expression: str) -> str:
        """The ``repr`` of an expression in the kernel."""
        ran = self.run(f"print(repr({expression}))")
        assert ran.error is None, ran.error
        return ran.stdout.strip()

    def interrupt(self) -> None:
        """Interrupt what is running."""
        self.manager.interrupt_kernel()

    def restart(self) -> None:
        """Restart the kernel's process; it keeps its ports."""
        self.client.stop_channels()
        self.manager.restart_kernel(now=False)
        self._connect()

    def close(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        if (provisioner := self.manager.provisioner) and provisioner.has_process:
            process: Any = provisioner.process  # type: ignore[attr-defined]
            process.kill()  # the manager would look only each tenth of a second whether it has ended
            process.wait()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


def _collect(ran: Ran, kind: str, content: dict[str, Any]) -> None:
    if kind == "stream":
        setattr(ran, content["name"], getattr(ran, content["name"]) + content["text"])
    elif kind in ("display_data", "execute_result"):
        ran.outputs.append(content["data"])
    elif kind == "error":
        ran.error = f"{content['ename']}: {content['evalue']}"
        ran.traceback = _COLOUR.sub("", "\n".join(content["traceback"]))


@pytest.fixture(scope="module", params=["ours", "flask"])
def engine(request: pytest.FixtureRequest) -> str:
    """Whose apps the cells of a test make: our own framework's, or those of the installed Flask."""
    return str(request.param)


@pytest.fixture
def only_ours(engine: str) -> None:
    """Skip a test of what an app of the installed Flask cannot have, such as our own words."""
    if engine != "ours":
        pytest.skip("about apps of our own")


def rewritten(code: str, engine: str) -> str:
    """Return a cell that imports from Flask where it imports from us, if its apps are to be Flask's."""
    return (
        code if engine == "ours" else re.sub(r"\bfrom flask_nb(?:\.web)? import\b", "from flask import", code)
    )


def make_apps_of(engine):  # its source is a cell
    """Let the app that is made when there is none be of this kind, too."""
    if engine == "flask":
        import functools

        import flask_nb.engines as engines
        import flask_nb.engines.flask as adapter

        engines.new_app = functools.partial(engines.new_app, like=adapter.FlaskEngine(None))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, jupyter_loop: None, engine: str) -> Iterator[Kernel]:
    """A kernel with the extension loaded, shared by the tests of a module."""
    with running_kernel(tmp_path_factory.mktemp("kernel"), engine) as kernel:
        yield kernel


@pytest.fixture
def own_kernel(tmp_path: Path, jupyter_loop: None, request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """A kernel with the extension loaded, for a test that restarts or ends it; it may name the engine."""
    with running_kernel(tmp_path, getattr(request, "param", "ours")) as kernel:
        yield kernel


@pytest.fixture
def own_bare_kernel(tmp_path: Path, jupyter_loop: None) -> Iterator[Kernel]:
    """A kernel that has not loaded the extension, for a test that loads it or ends the kernel."""
    with started_kernel(tmp_path) as kernel:
        yield kernel


@contextmanager
def running_kernel(folder: Path, engine: str = "ours") -> Iterator[Kernel]:
    """Start a kernel, load the extension, and end the kernel."""
    with started_kernel(folder, engine) as kernel:
        loaded = kernel.run("%load_ext flask_nb")
        assert loaded.error is None, loaded.traceback
        kernel.make_apps()
        yield kernel


@contextmanager
def started_kernel(folder: Path, engine: str = "ours") -> Iterator[Kernel]:
    """Start a kernel and end it."""
    kernel = Kernel(folder, engine)
    try:
        yield kernel
    finally:
        kernel.close()


def keep_history_in_memory(profile: Path) -> None:
    """Let a kernel's history be no file, to which each cell would be written."""
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text("c.HistoryManager.hist_file = ':memory:'\n")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell of IPython without the extension, in this process.

    Afterwards nothing keeps it, neither what was the main module before the next one's nor Python's exit.
    """
    InteractiveShell.clear_instance()
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    settings = {"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}}
    shell = InteractiveShell.instance(config=Config(settings))
    yield shell
    atexit.unregister(shell.atexit_operations)  # it would collect garbage, once for each
    InteractiveShell.clear_instance()


@pytest.fixture
def outputs(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> list[Bundle]:
    """What the shell displays, by itself or on a call of ``display``."""
    shown: list[Bundle] = []
    monkeypatch.setattr(shell.displayhook, "write_format_data", lambda data, *rest: shown.append(data))
    monkeypatch.setattr(shell.displayhook, "write_output_prompt", lambda: None)
    monkeypatch.setattr(shell.display_pub, "publish", lambda data, *rest, **options: shown.append(data))
    return shown


@pytest.fixture
def loaded(
    shell: InteractiveShell, engine: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InteractiveShell]:
    """A shell with the extension, in this process."""
    run_cell = shell.run_cell
    monkeypatch.setattr(
        shell, "run_cell", lambda code, *args, **options: run_cell(rewritten(code, engine), *args, **options)
    )
    monkeypatch.setattr(engines, "new_app", engines.new_app)  # so that it is what it was afterwards
    make_apps_of(engine)
    shell.extension_manager.load_extension("flask_nb")
    try:
        yield shell
    finally:
        shell.extension_manager.unload_extension("flask_nb")
