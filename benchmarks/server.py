"""The server of the notebook under load, beside `flask run` and Flask on waitress.

Run it on an idle machine::

    python benchmarks/server.py --starts 20

Each server answers a hello world in a process of its own: ours in a Jupyter kernel, as people use it. For
each start all of them are started anew and asked in turn, over 2, 16 and 64 connections that are kept. What
counts is the ratio to `flask run` of the same start, and of all starts the worst and the median: a server
that is slow in one start of five is slow. `wrk` sends the requests where it is installed, else a loop in this
process, which takes a share of the machine itself.
"""

from __future__ import annotations

import argparse
import re
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

FLASK_APP = """
from flask import Flask
app = Flask("hello")

@app.get("/")
def hello():
    return "Hello, World!"
"""

CELLS = ("%load_ext flask_nb", '%%route /\n"Hello, World!"', "%serve")

ON_WAITRESS = """
import sys, logging
logging.getLogger("waitress").setLevel(logging.CRITICAL)
from waitress.server import create_server
from hello import app
server = create_server(app, port=0, threads=16)
print(f"http://127.0.0.1:{server.effective_port}", flush=True)
server.run()
"""

_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


# -- The servers --------------------------------------------------------------------------------------


@contextmanager
def in_kernel() -> Iterator[int]:
    """Ours, in a kernel."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", stderr=subprocess.DEVNULL)
    try:
        output: list[str] = []
        for cell in CELLS:
            client.execute_interactive(
                cell, timeout=60, output_hook=lambda message: output.append(str(message))
            )
        found = _ADDRESS.search("".join(output))
        assert found, output
        yield int(found[1])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@contextmanager
def program(*arguments: str) -> Iterator[int]:
    """A program that prints its address."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "hello.py").write_text(FLASK_APP)
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        try:
            lines = iter(process.stdout.readline, "")
            yield next(int(found[1]) for line in lines if (found := _ADDRESS.search(line)))
        finally:
            process.kill()
            process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def flask_run() -> object:
    """`flask run`, whose log goes nowhere: a line for each request on a terminal would slow it down more."""
    quiet = "import logging; logging.getLogger('werkzeug').setLevel(logging.ERROR)"
    port = free_port()
    run = f"{quiet}; print('http://127.0.0.1:{port}', flush=True); from flask.cli import main; main()"
    return program("-c", run, "--app", "hello", "run", "--port", str(port))


SERVERS: dict[str, Callable[[], object]] = {
    "flask run": flask_run,
    "Flask on waitress": lambda: program("-c", ON_WAITRESS),
    "ours in a kernel": in_kernel,
}


# -- The load -----------------------------------------------------------------------------------------


def rate(port: int, connections: int, seconds: int) -> float:
    """Return how many requests were answered in a second."""
    if shutil.which("wrk"):
        return _rate_of_wrk(port, connections, seconds)
    return _rate_of_loop(port, connections, seconds)


def _rate_of_wrk(port: int, connections: int, seconds: int) -> float:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}/"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert found, output
    assert "Non-2xx" not in output, output
    return float(found[1])


def _rate_of_loop(port: int, connections: int, seconds: int) -> float:
    request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    answered = 0
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(connections):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            selector.register(sock, selectors.EVENT_READ)
            sock.sendall(request)
        begun = time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < seconds:
            for key, _ in selector.select(1.0):
                sock = key.fileobj  # type: ignore[assignment]
                data = sock.recv(65536)
                assert data.startswith(b"HTTP/1.1 200"), data[:100]  # head and body of a hello come at once
                answered += 1
                sock.sendall(request)
    return answered / elapsed


def wait_for(port: int) -> None:
    """Wait until a server answers, and let it warm up."""
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        time.sleep(0.05)
    rate(port, 2, 1)


# -- The table ----------------------------------------------------------------------------------------


def measure(starts: int, connections: list[int], seconds: int) -> dict[str, dict[int, list[float]]]:
    """Return the rates by server and number of connections."""
    rates: dict[str, dict[int, list[float]]] = {name: {n: [] for n in connections} for name in SERVERS}
    for start in range(starts):
        for name, serve in SERVERS.items():
            with serve() as port:  # type: ignore[attr-defined]
                wait_for(port)
                for number in connections:
                    rates[name][number].append(rate(port, number, seconds))
        latest = {name: [round(rates[name][n][-1]) for n in connections] for name in SERVERS}
        print(f"start {start + 1}: {latest}", file=sys.stderr, flush=True)
    return rates


def show(rates: dict[str, dict[int, list[float]]]) -> None:
    """Print worst and median of each server, and of its ratio to `flask run` of the same start."""
    base = rates["flask run"]
    print(f"{'':18} {'connections':>11} {'worst':>7} {'median':>7}   ratio: {'worst':>5} {'median':>6}")
    for name, by_number in rates.items():
        for number, values in by_number.items():
            ratios = [value / peer for value, peer in zip(values, base[number], strict=True)]
            print(
                f"{name:18} {number:11} {min(values):7.0f} {statistics.median(values):7.0f}"
                f"          {min(ratios):5.2f} {statistics.median(ratios):6.2f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--starts", type=int, default=5, help="how often each server is started (5)")
    parser.add_argument("--seconds", type=int, default=2, help="how long each is asked (2)")
    parser.add_argument("--connections", type=int, nargs="+", default=[2, 16, 64], help="how many (2 16 64)")
    arguments = parser.parse_args()
    show(measure(arguments.starts, arguments.connections, arguments.seconds))


if __name__ == "__main__":
    main()
