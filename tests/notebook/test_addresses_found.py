"""By which address a front end reaches the server: who is asked, in which order, and what is said of it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from IPython.core.interactiveshell import InteractiveShell
from ports import free_port

from flask_nb.errors import FlaskNbError
from flask_nb.gate import Front, Gate, Probes
from flask_nb.notebook.addresses import Addresses
from flask_nb.notebook.diagnosis import diagnose
from flask_nb.notebook.extension import get_host
from flask_nb.notebook.ports import familiar_ports
from flask_nb.notebook.serving import Serving
from flask_nb.notebook.settings import FlaskNB


class Proxy(BaseHTTPRequestHandler):
    """Takes a prefix off and passes GET on, as jupyter-server-proxy does; notes what it was asked."""

    base = "/base"
    token = ""
    status = 0
    pause = 0.0
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(f"{self.path.partition('?')[0]} {self.headers.get('Authorization', '')}".strip())
        time.sleep(self.pause)
        _, _, port, rest = self.path.removeprefix(self.base).split("/", 3)
        if self.status or (self.token and self.headers["Authorization"] != f"token {self.token}"):
            self.send_error(self.status or 403)
            return
        headers = {"X-Forwarded-Prefix": f"{self.base}/proxy/{port}", "Host": self.headers["Host"]}
        try:
            answer = urlopen(Request(f"http://127.0.0.1:{port}/{rest}", headers=headers), timeout=5)
        except HTTPError as error:
            answer = error
        with answer:
            status, body = answer.status, answer.read()
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def proxy() -> Iterator[Any]:
    """A proxy whose behaviour is set on its class."""
    kind: Any = type("OneProxy", (Proxy,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    kind.port = server.server_port
    yield kind
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def write_info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write what a Jupyter server writes about itself."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))

    def write(pid: int, port: int, **other: Any) -> Path:
        info = {"pid": pid, "port": port, "hostname": "127.0.0.1", "base_url": "/base/", "secure": False}
        path = tmp_path / f"jpserver-{pid}.json"
        path.write_text(json.dumps({**info, "token": "", "sock": "", **other}))
        return path

    return write


@contextmanager
def served(environ: dict[str, str], *, is_told: bool = True, **settings: Any) -> Iterator[Serving]:
    """Serve an app that an environment of these variables belongs to.

    :param is_told: whether somebody is told of the address.
    """

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"ok"]

    probes, options = Probes(), FlaskNB(**settings)
    gate = Gate(
        app,
        probes=probes,
        front=lambda environ: serving.front(environ),
        shuts_out=lambda environ: serving.shuts_out(environ),
    )
    serving = Serving(gate, options, lambda: "app", Addresses(options, probes, environ).find)
    try:
        serving.start() if is_told else serving.address()
        yield serving
    finally:
        serving.stop()


def test_alone_it_is_loopback() -> None:
    with served({}) as serving:
        assert serving.page_url == serving.url
        assert serving.line() == f"serving app at {serving.url}"


def test_the_jupyter_server_that_has_started_the_kernel_is_asked_with_its_token(
    proxy: Any, write_info: Callable[..., Path]
) -> None:
    proxy.token = "s3cret"
    write_info(4711, 1)  # another one that happens to run
    write_info(4712, proxy.port, token="s3cret")
    with served({"JPY_PARENT_PID": "4712"}) as serving:
        shown = f"/base/proxy/{serving.port}/"
        assert serving.line() == f"serving app at {shown}, on the kernel's machine at {serving.url}"
        assert serving.front({}) == Front(shown[:-1], f"127.0.0.1:{proxy.port}", "http", 4712)
        assert proxy.seen == [f"{shown}__flask_nb_ping token s3cret"]
        assert "s3cret" not in "\n".join(diagnose(serving))


def test_a_hub_is_asked_before_that_and_with_its_own_token(
    proxy: Any, write_info: Callable[..., Path]
) -> None:
    proxy.base, proxy.token = "/user/ann", "hubs"
    write_info(4712, 1)
    environ = {
        "JUPYTERHUB_SERVICE_PREFIX": "/user/ann/",
        "JUPYTERHUB_SERVICE_URL": f"http://0.0.0.0:{proxy.port}/user/ann/",
        "JUPYTERHUB_API_TOKEN": "hubs",
        "JUPYTERHUB_PUBLIC_URL": "https://hub.example:8443/user/ann/",
        "JPY_PARENT_PID": "4712",
    }
    with served(environ) as serving:
        assert serving.page_url == f"/user/ann/proxy/{serving.port}/"
        front = serving.front({})
        assert front is not None
        assert front[1:] == ("hub.example:8443", "https", 4712)


def test_what_a_person_has_set_is_taken_whatever_it_answers(
    proxy: Any, write_info: Callable[..., Path]
) -> None:
    write_info(4712, proxy.port)
    url = f"http://localhost:{free_port()}/p/{{port}}"
    with served({"JPY_PARENT_PID": "4712"}, proxy_url=url) as serving:
        assert serving.page_url == f"{url.replace('{port}', str(serving.port))}/"
        assert proxy.seen == []
        said = "\n".join(diagnose(serving))
        assert "nothing listens there, and taken all the same" in said


def test_a_path_that_a_person_has_set_is_asked_of_the_jupyter_server(
    proxy: Any, write_info: Callable[..., Path]
) -> None:
    write_info(4712, proxy.port)
    with served({"JPY_PARENT_PID": "4712"}, proxy_url="/base/proxy/{port}") as serving:
        assert serving.page_url == f"/base/proxy/{serving.port}/"
        assert proxy.seen == [f"{serving.page_url}__flask_nb_ping"]


@pytest.mark.parametrize(
    "url",
    [
        "/proxy/5000/", "proxy/{port}/", "ftp://x/{port}/", "http:///{port}/", "https://x:port/{port}/",
        "/proxy/{port}/?a=b", "//x/{port}/",
    ],
)  # fmt: skip
def test_an_address_without_a_place_for_the_port_is_refused_with_what_to_write(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_NB_PROXY_URL", url)
    with pytest.raises(FlaskNbError, match=r"FLASK_NB_PROXY_URL.* '/proxy/\{port\}/'"):
        FlaskNB()


def test_one_with_a_port_in_its_name_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_NB_PROXY_URL", "https://name-{port}.app.example/")
    assert FlaskNB().proxy_url == "https://name-{port}.app.example/"


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (404, "pip install jupyter-server-proxy"),
        (403, "asks for a login"),
        (502, "does not reach this kernel"),
    ],
)
def test_what_is_missing_is_said(
    proxy: Any, write_info: Callable[..., Path], status: int, advice: str
) -> None:
    proxy.status = status
    write_info(4712, proxy.port)
    with served({"JPY_PARENT_PID": "4712"}) as serving:
        assert serving.page_url == serving.url
        said = "\n".join(diagnose(serving))
    assert f"→ {status}" in said
    assert advice in said
    assert "FLASK_NB_PROXY_URL=" in said


def test_an_address_that_hangs_holds_a_cell_no_longer_than_the_deadline(
    proxy: Any, write_info: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_nb.notebook.asking.DEADLINE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        write_info(4712, mute.getsockname()[1])
        with served({"JPY_PARENT_PID": "4712"}) as serving:
            assert serving.page_url == serving.url
            serving.line()  # it is not asked again each time
            assert "no answer within 0.2 s" in "\n".join(diagnose(serving))


def test_a_proxy_that_another_user_runs_is_told_from_one_that_asks_for_a_login(
    proxy: Any, write_info: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_info(4712, proxy.port)
    monkeypatch.setattr("flask_nb.gate.is_of_another_user", lambda environ: True)
    with served({"JPY_PARENT_PID": "4712"}) as serving:
        said = "\n".join(diagnose(serving))
    assert "runs as another user of this machine" in said
    assert "%serve --host 127.0.0.1" in said


def test_something_else_that_answers_is_not_this_kernel(write_info: Callable[..., Path]) -> None:
    with served({}) as other:
        write_info(4712, other.port or 0)
        with served({"JPY_PARENT_PID": "4712"}) as serving:
            assert serving.page_url == serving.url
            assert "something else answers there" in "\n".join(diagnose(serving))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is of no use"),
        ("[]", "it holds no object"),
        ('{"pid": 1}', "it is of process 1"),
        ('{"pid": 4712, "port": "x"}', "its port is str, not int"),
        ('{"pid": 4712, "base_url": "x"}', "does not begin with a slash"),
        ('{"pid": 4712, "base_url": "/", "sock": "/x"}', "a Unix socket"),
    ],
)
def test_a_file_that_is_of_no_use_is_passed_over(
    write_info: Callable[..., Path], text: str, said: str
) -> None:
    write_info(4712, 1).write_text(text)
    with served({"JPY_PARENT_PID": "4712"}) as serving:
        assert serving.page_url == serving.url
        assert said in "\n".join(diagnose(serving))


def test_without_a_file_and_with_one_of_a_server_that_is_gone_it_is_loopback(
    write_info: Callable[..., Path],
) -> None:
    write_info(4712, free_port())
    with served({"JPY_PARENT_PID": "4712"}) as serving:
        assert serving.page_url == serving.url
        assert "is it still running?" in "\n".join(diagnose(serving))
    with served({"JPY_PARENT_PID": "4713"}) as serving:
        assert "has left no jpserver-4713.json" in "\n".join(diagnose(serving))


def test_an_address_is_asked_again_when_a_person_asks_again(
    proxy: Any, write_info: Callable[..., Path]
) -> None:
    proxy.status = 404
    write_info(4712, proxy.port)
    with served({"JPY_PARENT_PID": "4712"}) as serving:
        assert serving.page_url == serving.url
        proxy.status = 0
        assert serving.page_url == serving.url
        serving.ask_again()
        assert serving.page_url != serving.url


def test_a_page_that_was_open_before_gets_its_prefix_without_that_anybody_asks(
    proxy: Any, write_info: Callable[..., Path]
) -> None:
    write_info(4712, proxy.port)
    with served({"JPY_PARENT_PID": "4712"}, is_told=False) as serving:
        assert serving.front({}) is None
        front = serving.front({"HTTP_X_FORWARDED_PREFIX": "/whatever"})
        assert front is not None
        assert front.prefix == f"/base/proxy/{serving.port}"


def test_two_apps_of_one_kernel_have_ports_of_their_own_and_outside_of_a_kernel_there_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert familiar_ports("app") == []
    monkeypatch.setattr("flask_nb.notebook.ports._connection_file", lambda: "kernel-1.json")
    assert familiar_ports("app") == familiar_ports("app") != familiar_ports("admin")
    assert all(20000 <= port < 32000 for port in familiar_ports("app"))


def test_a_port_that_is_taken_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = [taken.getsockname()[1], free_port()]
        monkeypatch.setattr("flask_nb.notebook.serving.familiar_ports", lambda label: ports)
        with served({}) as serving:
            assert serving.port == ports[1]


def test_a_restarted_kernel_has_its_port_again(own_kernel: Any) -> None:
    ports = []
    for _ in range(2):
        own_kernel.run("%load_ext flask_nb\nfrom flask_nb import Flask\napp = Flask('shop')")
        ports.append(own_kernel.run("%serve").text)
        own_kernel.restart()
    assert ports[0] == ports[1] != ""


def test_the_doctor_speaks_in_a_cell(loaded: InteractiveShell, outputs: list[dict[str, str]]) -> None:
    loaded.run_cell("from flask_nb import Flask\napp = Flask('shop')\n%serve doctor").raise_error()
    host = get_host(loaded)
    assert host is not None
    said = outputs[-1]["text/plain"]
    assert said.startswith(f"serving app at {host.serving.url}\nasked, until one led here:\n")
    assert f'href="{host.serving.url}" target="_blank"' in outputs[-1]["text/html"]


@pytest.fixture
def proxied(
    loaded: InteractiveShell, proxy: Any, write_info: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> InteractiveShell:
    """A shell with an app that browsers reach through a proxy."""
    monkeypatch.setenv("JPY_PARENT_PID", "4712")
    write_info(4712, proxy.port)
    loaded.run_cell(
        "from flask_nb import Flask\napp = Flask('shop')\n@app.get('/x')\ndef x():\n    return 'x'"
    )
    return loaded


def test_live_urls_have_the_address_that_browsers_reach(proxied: InteractiveShell) -> None:
    proxied.run_cell("url = %url_for x --live").raise_error()
    host = get_host(proxied)
    assert host is not None
    assert str(proxied.user_ns["url"]) == f"/base/proxy/{host.serving.port}/x"


def test_local_urls_have_the_address_that_cells_reach(proxied: InteractiveShell) -> None:
    proxied.run_cell("url = %url_for x q=1 --local").raise_error()
    with urlopen(proxied.user_ns["url"]) as answer:
        assert answer.read() == b"x"
    assert "text/html" not in getattr(proxied.user_ns["url"], "_repr_mimebundle_", dict)()


@pytest.mark.parametrize(
    "ask",
    [
        "from urllib.request import urlopen\nurlopen(url)",
        "raise ValueError(f\"Invalid URL '{url}': No scheme supplied. Perhaps you meant https://{url}?\")",
        "raise ValueError(url)",
        "error = OSError('no protocol')\nerror.request = Request(url)\nraise error",
    ],
    ids=["urllib", "requests", "aiohttp", "httpx"],
)
def test_a_cell_that_asks_at_the_path_for_browsers_is_told_of_local_urls(
    proxied: InteractiveShell, capsys: pytest.CaptureFixture[str], ask: str
) -> None:
    proxied.run_cell("class Request:\n    def __init__(self, url): self.url = url")
    proxied.run_cell("url = %url_for x --live").raise_error()
    proxied.run_cell(ask)
    base = proxied.user_ns["url"].removesuffix("x")
    said = capsys.readouterr().out
    assert f"{base} leads browsers to app. For a URL that code in a cell can ask, type: %url_for" in said


@pytest.mark.parametrize("ask", ["raise ValueError('/elsewhere/x')", "raise ValueError(f'{url}')"])
def test_nothing_is_said_of_another_path_or_of_a_server_that_is_stopped(
    proxied: InteractiveShell, capsys: pytest.CaptureFixture[str], ask: str
) -> None:
    proxied.run_cell("url = %url_for x --live\n%serve stop;").raise_error()
    proxied.run_cell(ask)
    assert "--local" not in capsys.readouterr().out
