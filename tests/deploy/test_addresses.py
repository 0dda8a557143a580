"""The address of a served app in a real Jupyter server and in a real hub, and who is shown the app there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .jupyter_servers import ROOT, Cells, Hub, Server, fetch, jupyter_hub, jupyter_server

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(180)]

APP = """
%load_ext flask_nb
from flask_nb import Flask, redirect, request, session, url_for
app = Flask("shop")
app.secret_key = "dev"

@app.get("/")
def index():
    session["visits"] = session.get("visits", 0) + 1
    sheet, far = url_for("static", filename="a.css"), url_for("far", _external=True)
    return f"<!doctype html><link href='{sheet}'><p>{far}</p>"

@app.route("/a/b", methods=["GET", "POST"])
def far():
    return redirect("/") if request.args.get("plain") else redirect(url_for("index"))
"""

PROXY = ROOT / "tests/deploy/proxy/node_modules/.bin/configurable-http-proxy"


def address_in(text: str) -> str:
    found = re.search(r" at (/\S*proxy/\d+/)", text)
    assert found is not None, text
    return found[1]


class Kernel:
    """A kernel of a server, with an app."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.identity, self.cells = server.start_kernel()

    def serve(self) -> str:
        """Serve the app; return its address."""
        self.cells.run(APP)
        return address_in(self.cells.run("%serve"))

    def restart(self) -> None:
        self.cells.close()
        self.server.restart_kernel(self.identity)
        self.cells = Cells(self.server.connection_file(self.identity))

    def close(self) -> None:
        self.cells.close()
        self.server.stop_kernel(self.identity)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, jupyter_loop: None) -> Iterator[Server]:
    with jupyter_server(tmp_path_factory.mktemp("jupyter"), "/base/") as server:
        yield server


@pytest.fixture(scope="module")
def kernel(server: Server) -> Iterator[Kernel]:
    kernel = Kernel(server)
    yield kernel
    kernel.close()


@pytest.fixture(scope="module")
def address(kernel: Kernel) -> str:
    """The address of the app: a path."""
    return kernel.serve()


@pytest.fixture
def url(server: Server, address: str) -> str:
    return server.origin + address


# --- a Jupyter server with jupyter-server-proxy ---


def test_it_is_found(kernel: Kernel, address: str) -> None:
    assert address.startswith("/base/proxy/")
    assert "arrived here, /base/proxy/" in kernel.cells.run("%serve doctor")


def test_the_port_stays_when_the_kernel_is_restarted(server: Server, address: str) -> None:
    kernel = Kernel(server)
    before = kernel.serve()
    kernel.restart()
    after = kernel.serve()
    kernel.close()
    assert before == after != address


def test_urls_have_the_prefix(server: Server, url: str, address: str) -> None:
    status, headers, text = fetch(url, server.headers)
    assert status == 200
    assert f"href='{address}static/a.css'" in text
    assert f">{url}a/b<" in text
    assert re.search(rf"session=\S+; HttpOnly; Path={address}", str(headers))


@pytest.mark.parametrize("query", ["", "?plain=1"])
def test_redirects_lead_to_the_app(server: Server, url: str, query: str) -> None:
    status, headers, _ = fetch(f"{url}a/b{query}", server.headers)
    assert (status, headers["Location"]) == (302, "../")


def test_pages_of_jupyters_own_address_may_send_and_others_may_not(server: Server, url: str) -> None:
    posted = f"{url}a/b"
    assert fetch(posted, {**server.headers, "Origin": server.origin}, b"x=1")[0] == 302
    elsewhere = {"Origin": "http://evil.test", "X-Forwarded-Host": "evil.test"}
    assert fetch(posted, {**server.headers, **elsewhere}, b"x=1")[0] == 403


def test_a_page_listens_through_the_proxy(server: Server, url: str, address: str, kernel: Kernel) -> None:
    _, _, page = fetch(url, {**server.headers, "Sec-Fetch-Dest": "document"})
    assert f'src="{address}__flask_nb_live.js' in page
    headers = {**server.headers, "Accept": "text/event-stream"}
    with server.listening(f"{url}__flask_nb_live", headers) as lines:
        first = next(line for line in lines if line.startswith("data:"))
        kernel.cells.run("@app.get('/new')\ndef new():\n    return 'new'")
        assert next(line for line in lines if line.startswith("data:") and '"busy": false' in line) != first


def test_without_the_proxy_it_is_loopback_and_the_doctor_says_what_to_install(
    tmp_path: Path, jupyter_loop: None
) -> None:
    with jupyter_server(tmp_path, has_proxy=False) as server:
        kernel = Kernel(server)
        kernel.cells.run(APP)
        assert re.search(r"serving app at http://127\.0\.0\.1:\d+/$", kernel.cells.run("%serve"))
        said = kernel.cells.run("%serve doctor")
        kernel.close()
    assert "→ 404" in said
    assert "pip install jupyter-server-proxy" in said
    assert "a-token" not in said


# --- a hub, and two users of one machine ---

USERS = ("fnb-ann", "fnb-bob")


@pytest.fixture(scope="module")
def homes() -> Iterator[list[Path]]:
    """The homes of two users of this machine."""
    if os.name != "posix" or os.getuid() != 0 or shutil.which("useradd") is None:
        pytest.skip("only root can make users of this machine")
    for user in USERS:
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", user], check=True)
    yield [Path(f"~{user}").expanduser() for user in USERS]
    for user in USERS:
        subprocess.run(["userdel", "--remove", user], check=True, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, homes: list[Path], jupyter_loop: None) -> Iterator[Hub]:
    assert PROXY.exists(), "type: npm install --prefix tests/deploy/proxy"
    with jupyter_hub(tmp_path_factory.mktemp("hub"), str(PROXY)) as hub:
        yield hub


@pytest.fixture(scope="module")
def servers(hub: Hub, homes: list[Path]) -> Iterator[list[Server]]:
    """The servers of both users."""
    with ExitStack() as stack:
        for user in USERS:
            stack.callback(hub.stop_server, user)
        yield [hub.start_server(user, home) for user, home in zip(USERS, homes, strict=True)]


@pytest.fixture(scope="module")
def anns(servers: list[Server]) -> Iterator[tuple[Kernel, str]]:
    """Ann's kernel, and the address of her app."""
    kernel = Kernel(servers[0])
    yield kernel, servers[0].origin + kernel.serve()
    kernel.close()


def test_a_user_of_the_hub_sees_her_page_at_the_address_that_she_is_told(
    servers: list[Server], anns: tuple[Kernel, str]
) -> None:
    kernel, url = anns
    assert "/user/fnb-ann/proxy/" in url
    status, _, text = fetch(url, servers[0].headers)
    assert (status, f">{url}a/b<" in text) == (200, True)
    assert "a hub: /user/fnb-ann/" in kernel.cells.run("%serve doctor")


def test_whatever_the_hub_is_called_its_name_is_admitted(
    servers: list[Server], anns: tuple[Kernel, str]
) -> None:
    status, _, text = fetch(anns[1], {**servers[0].headers, "Host": "hub.example.org"})
    assert (status, ">http://hub.example.org/user/fnb-ann/proxy/" in text) == (200, True)


def test_another_user_gets_the_hubs_refusal_at_her_address(
    servers: list[Server], anns: tuple[Kernel, str]
) -> None:
    status, _, text = fetch(anns[1], servers[1].headers)
    assert status == 403
    assert "Jupyter Server" in text


def test_another_user_gets_the_gates_refusal_through_his_own_proxy(
    servers: list[Server], anns: tuple[Kernel, str]
) -> None:
    kernel, url = anns
    status, _, text = fetch(url.replace("fnb-ann", "fnb-bob"), servers[1].headers)
    assert status == 403
    assert "belongs to another user of this machine" in text
    assert "refused, from another user of this machine" in kernel.cells.run("%serve log")


def test_another_user_is_answered_where_the_owner_says_so(servers: list[Server]) -> None:
    kernel = Kernel(servers[0])
    url = servers[0].origin + kernel.serve()
    assert "open to all users of this machine" in kernel.cells.run("%serve --host 127.0.0.1\n%serve status")
    status = fetch(url.replace("fnb-ann", "fnb-bob"), servers[1].headers)[0]
    kernel.close()
    assert status == 200
