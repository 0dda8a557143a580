"""Jupyter servers and hubs that are started for a test, and kernels in them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_client.blocking.client import BlockingKernelClient

ROOT = Path(__file__).resolve().parent.parent.parent


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


OPENER = urllib.request.build_opener(NoRedirects, urllib.request.ProxyHandler({}))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(
    url: str, headers: Mapping[str, str] | None = None, data: bytes | None = None, method: str | None = None
) -> tuple[int, Any, str]:
    """Return status, headers and text of an answer; redirects are not followed."""
    request = urllib.request.Request(url, data, dict(headers or {}), method=method)
    try:
        with OPENER.open(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode(errors="replace")


@contextmanager
def program(command: list[str], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the time of a block; its output goes into a file."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **options)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            if fetch(url)[0] == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer:\n{log.read_text()[-3000:]}")


class Cells:
    """A client of a kernel whose connection file can be read."""

    def __init__(self, connection_file: Path) -> None:
        self._client = BlockingKernelClient(connection_file=str(connection_file))
        self._client.load_connection_file()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, code: str) -> str:
        """Run a cell; return what it has printed and shown as text, and how it failed."""
        said: list[str] = []

        def note(message: dict[str, Any]) -> None:
            content = message["content"]
            said.append(content.get("text") or content.get("data", {}).get("text/plain", ""))
            said.append(": ".join(filter(None, [content.get("ename"), content.get("evalue")])))

        self._client.execute_interactive(code, timeout=60, output_hook=note)
        return "\n".join(filter(None, said))

    def close(self) -> None:
        self._client.stop_channels()


class Server:
    """A Jupyter server.

    :param url: its base address, with a slash at its end.
    :param headers: what whoever asks it has to send.
    :param runtime: the folder with the connection files of its kernels.
    """

    def __init__(self, url: str, headers: Mapping[str, str], runtime: Path) -> None:
        self.url = url
        self.headers = dict(headers)
        self._runtime = runtime

    @property
    def origin(self) -> str:
        """Its address without a path."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def connection_file(self, identity: str) -> Path:
        return self._runtime / f"kernel-{identity}.json"

    @contextmanager
    def listening(self, url: str, headers: Mapping[str, str]) -> Iterator[Iterator[str]]:
        """Give the lines of an event stream."""
        request = urllib.request.Request(url, None, dict(headers))
        with OPENER.open(request, timeout=20) as answer:
            yield (line.decode().rstrip("\n") for line in answer)

    def start_kernel(self) -> tuple[str, Cells]:
        status, _, text = fetch(
            f"{self.url}api/kernels", {**self.headers, "Content-Type": "application/json"}, b"{}"
        )
        assert status == 201, text
        identity = json.loads(text)["id"]
        return identity, Cells(self.connection_file(identity))

    def restart_kernel(self, identity: str) -> None:
        status, _, text = fetch(f"{self.url}api/kernels/{identity}/restart", self.headers, b"")
        assert status == 200, text

    def stop_kernel(self, identity: str) -> None:
        fetch(f"{self.url}api/kernels/{identity}", self.headers, method="DELETE")


@contextmanager
def jupyter_server(folder: Path, base_url: str = "/", *, has_proxy: bool = True) -> Iterator[Server]:
    """Start a Jupyter server, with jupyter-server-proxy or without."""
    port, runtime, token = free_port(), folder / "runtime", "a-token-of-the-test"
    command = [
        sys.executable, "-m", "jupyter_server", "--no-browser", f"--port={port}", "--ip=127.0.0.1",
        f"--ServerApp.base_url={base_url}", f"--IdentityProvider.token={token}", "--allow-root",
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.jpserver_extensions={{'jupyter_server_proxy': {has_proxy}}}",
    ]  # fmt: skip
    environ = {
        **os.environ,
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONPATH": str(ROOT),
    }
    environ.pop("JPY_PARENT_PID", None)
    log = folder / "server.txt"
    url = f"http://127.0.0.1:{port}{base_url}"
    with program(command, log, cwd=folder, env=environ) as process:
        wait_for(f"{url}login", process, log)
        yield Server(url, {"Authorization": f"token {token}"}, runtime)


HUB_CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.services = [dict(name="test", api_token={token!r})]
c.JupyterHub.load_roles = [
    dict(name="test", services=["test"], scopes=["admin:users", "admin:servers", "tokens"])
]
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.environment = {{"PYTHONPATH": {root!r}}}
"""


class Hub:
    """A JupyterHub.

    :param url: its address, with a slash at its end.
    :param token: may do everything.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._headers = {"Authorization": f"token {token}"}

    def start_server(self, user: str, home: Path) -> Server:
        """Start a user's server, and return it as that user sees it."""
        users = f"{self.url}hub/api/users/{user}"
        assert fetch(users, self._headers, b"")[0] == 201
        status, _, text = fetch(f"{users}/tokens", self._headers, b"{}")
        assert status == 201, text
        assert fetch(f"{users}/server", self._headers, b"")[0] in (201, 202)
        deadline = time.monotonic() + 60
        while not json.loads(fetch(users, self._headers)[2])["servers"].get("", {}).get("ready"):
            assert time.monotonic() < deadline, f"the server of {user} does not start"
            time.sleep(0.2)
        headers = {"Authorization": f"token {json.loads(text)['token']}"}
        return Server(f"{self.url}user/{user}/", headers, home / ".local/share/jupyter/runtime")

    def stop_server(self, user: str) -> None:
        fetch(f"{self.url}hub/api/users/{user}/server", self._headers, method="DELETE")


@contextmanager
def jupyter_hub(folder: Path, proxy: str) -> Iterator[Hub]:
    """Start a JupyterHub behind configurable-http-proxy.

    :param proxy: the command of the proxy.
    """
    port, token, config = free_port(), "a-token-of-the-test-itself", folder / "jupyterhub_config.py"
    text = HUB_CONFIG.format(
        port=port, hub_port=free_port(), api_port=free_port(), proxy=proxy, token=token,
        python=sys.executable, root=str(ROOT),
    )  # fmt: skip
    config.write_text(text)
    log = folder / "hub.txt"
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "JPY_"))}
    command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
    with program(command, log, cwd=folder, env=environ) as process:
        url = f"http://127.0.0.1:{port}/"
        wait_for(f"{url}hub/api", process, log)
        yield Hub(url, token)
