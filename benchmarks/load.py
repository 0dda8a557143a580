"""Servers that are started for a benchmark, and the load they are put under."""

from __future__ import annotations

import re
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kernels import kernel, run

_ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|0\.0\.0\.0|localhost):(\d+)")
_MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}

START_SECONDS = 60
"""How long a server may take to start."""

Server = Callable[[], AbstractContextManager[int]]


@dataclass(frozen=True)
class Load:
    """How a server has borne a load.

    :param rate: requests answered in a second.
    :param p99: milliseconds in which 99 of 100 were answered.
    """

    rate: float
    p99: float


# -- The servers --------------------------------------------------------------------------------------


@contextmanager
def in_kernel(*cells: str) -> Iterator[int]:
    """Run cells in a kernel, one of which shows an address; yield its port."""
    output: list[str] = []
    with kernel() as client:
        for cell in cells:
            run(client, cell, cell, lambda message: output.append(str(message["content"])))
        found = _ADDRESS.search("".join(output))
        assert found, output
        yield int(found[1])


@contextmanager
def program(*arguments: str, files: Mapping[str, str]) -> Iterator[int]:
    """Run Python with these arguments in a folder that has these files; yield the port that it prints."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_text(content, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        try:
            said = []
            for line in iter(process.stdout.readline, ""):
                said.append(line)
                if found := _ADDRESS.search(line):
                    break
            else:
                raise RuntimeError(f"{' '.join(arguments)} printed no address:\n{''.join(said)}")
            yield int(found[1])
        finally:
            process.terminate()
            process.communicate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# -- The load -----------------------------------------------------------------------------------------


def ask(port: int, connections: int, seconds: int, path: str = "/") -> Load:
    """Ask as fast as the server answers, over connections that are kept where it keeps them.

    `wrk` asks where it is installed, else a loop in this process, which takes a share of the machine itself.
    """
    if shutil.which("wrk"):
        return _ask_by_wrk(f"http://127.0.0.1:{port}{path}", connections, seconds)
    return _ask_by_loop(port, path, connections, seconds)


def _ask_by_wrk(url: str, connections: int, seconds: int) -> Load:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate, p99 = (
        re.search(pattern, output) for pattern in (r"Requests/sec:\s+([\d.]+)", r"99%\s+([\d.]+)(us|ms|s|m)")
    )
    assert rate, output
    assert p99, output
    assert "Non-2xx" not in output, output
    return Load(float(rate[1]), float(p99[1]) * _MILLISECONDS[p99[2]])


def _ask_by_loop(port: int, path: str, connections: int, seconds: int) -> Load:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    times: list[float] = []
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        sent: dict[socket.socket, float] = {}
        for _ in range(connections):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            selector.register(sock, selectors.EVENT_READ)
            sock.sendall(request)
            sent[sock] = time.perf_counter()
        begun = time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < seconds:
            for key, _ in selector.select(1.0):
                sock = key.fileobj  # type: ignore[assignment]
                data = sock.recv(65536)
                assert data.startswith(b"HTTP/1.1 200"), data[:100]  # head and body of a hello come at once
                times.append(time.perf_counter() - sent[sock])
                sock.sendall(request)
                sent[sock] = time.perf_counter()
    return Load(len(times) / elapsed, statistics.quantiles(times, n=100)[98] * 1e3)


def wait_for(port: int) -> None:
    """Wait until a server answers, and let it warm up."""
    for _ in range(20 * START_SECONDS):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        time.sleep(0.05)
    ask(port, 2, 1)


Loads = dict[int, dict[str, list[Load]]]
"""By number of connections and name of the server: a load for each start."""


def measure(
    servers: Mapping[str, Server], starts: int, connections: Sequence[int], seconds: int, path: str = "/"
) -> Loads:
    """Start all servers anew for each start, one after the other, and ask each over these connections."""
    loads: Loads = {number: {name: [] for name in servers} for number in connections}
    for start in range(starts):
        for name, serve in servers.items():
            with serve() as port:
                wait_for(port)
                for number in connections:
                    loads[number][name].append(ask(port, number, seconds, path))
        latest = {name: [round(loads[n][name][-1].rate) for n in connections] for name in servers}
        print(f"start {start + 1}: {latest}", file=sys.stderr, flush=True)
    return loads


def show(loads: Loads, peer: str) -> None:
    """Print a table for each number of connections; ratios are to the peer in the same start."""
    for number, by_server in loads.items():
        heading = f"{number} connection{'s' * (number > 1)}"
        print(f"{heading:<24}requests/s  ratio: worst  median    p99 ms  ratio: median  worst")
        for name, found in by_server.items():
            pairs = list(zip(found, by_server[peer], strict=True))
            rates = [one.rate / other.rate for one, other in pairs]
            waits = [one.p99 / other.p99 for one, other in pairs]
            print(
                f"  {name:<22}{statistics.median(one.rate for one in found):10.0f}"
                f"{min(rates):14.2f}{statistics.median(rates):8.2f}"
                f"{statistics.median(one.p99 for one in found):10.1f}"
                f"{statistics.median(waits):15.2f}{max(waits):7.2f}"
            )
        print()
