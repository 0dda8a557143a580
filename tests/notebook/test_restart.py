"""A port is free again when the kernel is restarted, and when the extension is unloaded."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel


def serve(kernel: Kernel, port: int) -> None:
    kernel.run("%load_ext flask_nb")
    kernel.run("%%route /\n'home'", "home")
    ran = kernel.run(f"%serve --port {port}")
    assert ran.error is None, ran.error
    assert urlopen(f"http://127.0.0.1:{port}/").read() == b"home"


def test_a_restart_frees_the_port(own_kernel: Kernel, port: int) -> None:
    serve(own_kernel, port)
    own_kernel.restart()
    serve(own_kernel, port)


def test_unloading_closes_the_server_and_loading_starts_anew(kernel: Kernel, port: int) -> None:
    serve(kernel, port)
    kernel.run("%unload_ext flask_nb")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert "not found" in kernel.run("%get /").stderr
    serve(kernel, port)


def test_reloading_is_the_same_as_loading(kernel: Kernel, port: int) -> None:
    serve(kernel, port)
    assert kernel.run("%reload_ext flask_nb").error is None
    serve(kernel, port)


def test_a_port_that_is_taken_is_named_and_the_old_server_stays(kernel: Kernel, port: int) -> None:
    serve(kernel, port)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        ran = kernel.run(f"%serve --port {taken}")
    assert ran.error is not None
    assert ran.error.startswith("PortInUseError: ")
    assert str(taken) in ran.error
    assert urlopen(f"http://127.0.0.1:{port}/").read() == b"home"


def test_a_hanging_view_does_not_keep_the_kernel_from_ending(own_kernel: Kernel, port: int) -> None:
    serve(own_kernel, port)
    own_kernel.run("%%route /hang\nimport time\ntime.sleep(600)", "hang")
    own_kernel.run("%get /hang --timeout 0.1")
    process = own_kernel.manager.provisioner.process
    own_kernel.client.shutdown()
    assert process.wait(timeout=20) == 0
