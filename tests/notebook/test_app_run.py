"""``app.run()`` in a real kernel, asked over real sockets."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest
from ports import free_port

if TYPE_CHECKING:
    from .conftest import Kernel

APPS = """
from flask_nb import Flask
def make(name, **options):
    app = Flask(name, **options)
    app.get("/who")(lambda: name)
    return app
"""


def ask(port: int, path: str = "/who", host: str = "127.0.0.1", **headers: str) -> str:
    with closing(HTTPConnection(host, port, timeout=20)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().read().decode()


def ask_soon(port: int) -> str:
    """Ask a server that is just being started by another process or thread."""
    end = time.monotonic() + 20
    while True:
        try:
            return ask(port)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def is_open(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def ports() -> list[int]:
    return [free_port() for _ in range(3)]


@pytest.fixture
def run(kernel: Kernel) -> Iterator[Callable[[str], str]]:
    """Run a cell and return what it printed."""

    def run(code: str) -> str:
        ran = kernel.run(code)
        assert ran.error is None, ran.traceback
        return ran.stdout + ran.text

    run(f"%reload_ext flask_nb\n{APPS}")
    yield run
    run("%serve stop")


def test_a_named_port_is_served_though_a_request_has_started_a_server(run, ports):
    run("app = make('app')\nr = %get /who")
    assert f"http://127.0.0.1:{ports[0]}/" in run(f"app.run(port={ports[0]})")
    assert ask(ports[0]) == "app"


def test_two_apps_are_both_served(run, ports):
    run(f"users = make('users')\nusers.run(port={ports[0]})")
    run(f"shop = make('shop')\nshop.run(port={ports[1]})")
    assert [ask(ports[0]), ask(ports[1])] == ["users", "shop"]
    assert "shop" in run("%get /who")
    status = run("%serve status")
    assert [f"serving {name} at" in status for name in ("users", "shop")] == [True, True]


def test_a_loop_serves_all_its_apps_however_often_it_runs(run, ports):
    loop = f"for name, port in zip('abc', {ports}):\n    app = make(name)\n    app.run(port=port)"
    for _ in range(2):
        run(loop)
        assert [ask(port) for port in ports] == ["a", "b", "c"]


def test_apps_that_no_variable_holds_are_all_served(run, ports):
    for name, port in zip("abc", ports, strict=True):
        run(f"make({name!r}).run(port={port})")
    assert [ask(port) for port in ports] == ["a", "b", "c"]


def test_an_app_that_no_variable_holds_stays_when_a_variable_is_bound(run, ports):
    for name, port in zip("ab", ports, strict=False):
        run(f"make({name!r}).run(port={port})")
    run("app = make('app')")
    assert ask(ports[0]) == "a"


def test_apps_run_in_threads_are_all_served(run, ports):
    run(
        f"from threading import Thread\n"
        f"for name, port in zip('abc', {ports}):\n"
        f"    Thread(target=make(name).run, kwargs=dict(port=port), daemon=True).start()"
    )
    assert [ask_soon(port) for port in ports] == ["a", "b", "c"]


def test_a_cell_that_runs_again_is_served_by_the_same_server(run, ports):
    cell = "users = make({!r})\nusers.run(port={})"
    run(cell.format("old", ports[0]))
    run(f"shop = make('shop')\nshop.run(port={ports[1]})")
    assert "in the place of" not in run(cell.format("new", ports[0]))
    assert [ask(ports[0]), ask(ports[1])] == ["new", "shop"]


def test_an_app_that_is_made_again_is_followed_where_it_was_run(run, ports):
    run(f"users = make('old')\nusers.run(port={ports[0]})")
    run(f"shop = make('shop')\nshop.run(port={ports[1]})")
    run("users = make('new')")
    assert ask(ports[0]) == "new"


def test_another_port_moves_the_app(run, ports):
    run(f"app = make('app')\napp.run(port={ports[0]})")
    run(f"app.run(port={ports[1]})")
    assert (is_open(ports[0]), ask(ports[1])) == (False, "app")


def test_a_port_changes_hands_between_cells_and_that_is_said(run, ports):
    run(f"users = make('users')\nusers.run(port={ports[0]})")
    said = run(f"shop = make('shop')\nshop.run(port={ports[0]})")
    assert said.endswith("(in the place of users)\n")
    assert ask(ports[0]) == "shop"


def test_two_apps_of_one_cell_cannot_have_one_port(kernel, run, ports):
    ran = kernel.run(f"a, b = make('a'), make('b')\na.run(port={ports[0]})\nb.run(port={ports[0]})")
    assert ran.error == (
        f"PortInUseError: port {ports[0]} on 127.0.0.1 is in use by a. "
        f"Choose another: app.run(port=N), or leave the port out to get a free one"
    )
    assert ask(ports[0]) == "a"
    run("b.run()")


def test_choosing_an_app_leaves_the_servers_of_others_alone(run, ports):
    run(f"users = make('users')\nusers.run(port={ports[0]})")
    run("shop = make('shop')")
    run("%app shop")
    assert "shop" in run("%get /who")
    assert ask(ports[0]) == "users"
    run("%app users")
    assert "users" in run("%get /who")


def test_stopping_stops_all(run, ports):
    run(f"users = make('users')\nusers.run(port={ports[0]})")
    run(f"shop = make('shop')\nshop.run(port={ports[1]})")
    assert "2 servers stopped" in run("%serve stop")
    assert not any(map(is_open, ports))


CHILD = """
from multiprocessing import get_context
app = make('app')
child = get_context("fork").Process(target=app.run, kwargs=dict(port={port}), daemon=True)
child.start()
"""


def test_a_forked_child_serves(run, ports):
    run(CHILD.format(port=ports[0]))
    assert ask_soon(ports[0]) == "app"
    assert run("print(child.is_alive())") == "True\n"
    run("child.terminate(); child.join(10)")
    assert not is_open(ports[0])
    assert "not serving" in run("%serve status")


def test_a_forked_child_serves_beside_its_parent(run, ports):
    run(f"app = make('parent')\napp.run(port={ports[1]})")
    run(CHILD.format(port=ports[0]))
    assert ask_soon(ports[0]) == "app"
    run("child.terminate(); child.join(10)")
    assert "app" in run("%get /who")


def test_a_forked_child_has_the_gate_before_it(run, ports):
    run(CHILD.format(port=ports[0]))
    ask_soon(ports[0])
    assert "400 Bad Request" in ask(ports[0], Host="evil.test")
    run("child.terminate(); child.join(10)")


def test_what_is_ignored_is_said(run, ports):
    run("app = make('app')")
    said = run(f"app.run(port={ports[0]}, ssl_context='adhoc', use_reloader=True, threaded=False)")
    assert [re.sub(":.*", "", line) for line in said.splitlines()[1:]] == [
        "  ssl_context is ignored",
        "  use_reloader is ignored",
        "  threaded is ignored",
    ]


@pytest.mark.parametrize(
    "options", ["", "debug=True", "debug=True, use_reloader=False, threaded=True", "ssl_context=None"]
)
def test_what_is_done_or_missed_by_nobody_is_not_said(run, ports, options):
    run("app = make('app')")
    said = run(f"app.run(port={ports[0]}, {options})")
    assert said == f"serving app at http://127.0.0.1:{ports[0]}/\n"


def test_an_open_address_is_said(run, ports):
    run("app = make('app')")
    assert "(bound to 0.0.0.0: whoever" in run(f"app.run('0.0.0.0', {ports[0]})")


@pytest.mark.parametrize("again", ["%serve doctor", "%serve", "%serve restart", "%get /who\n%serve status"])
def test_an_open_address_that_was_stopped_does_not_come_back_by_itself(run, ports, again):
    run("app = make('app')")
    run(f"app.run('0.0.0.0', {ports[0]})")
    assert "To open it to others again, type: %serve --host 0.0.0.0" in run("%serve stop")
    said = run(again)
    assert f"serving app at http://127.0.0.1:{ports[0]}/" in said
    assert "0.0.0.0" not in said
    run("%serve stop")
    assert "(bound to 0.0.0.0: whoever" in run("%serve --host 0.0.0.0")


@pytest.mark.parametrize("call", ["app.run(port={})", "%serve --port {}"])
def test_reloading_the_extension_leaves_an_app_at_the_port_that_was_named(run, ports, call):
    run("app = make('app')")
    run(call.format(ports[0]))
    run("%reload_ext flask_nb")
    assert run("%serve").startswith(f"serving app at http://127.0.0.1:{ports[0]}/")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("app.run(prot=5000)", "ServerError: app.run() has no argument 'prot'. Did you mean port?"),
        ("app.run(port=70000)", "ServerError: 70000 is no port. Choose one from 1 to 65535: app.run(port="),
        ("app.run(host='192.0.2.1')", "UnknownHostError: '192.0.2.1' is no address of this machine. Leave"),
    ],
)
def test_errors_speak_of_what_was_typed(kernel, run, call, error):
    run("app = make('app')")
    assert kernel.run(call).error.startswith(error)


def test_a_server_name_is_a_host_and_is_not_bound(run, ports):
    run(f"app = make('app')\napp.config['SERVER_NAME'] = 'demo.example.org:{ports[0]}'")
    said = run("app.run()")
    assert said.startswith(f"serving app at http://127.0.0.1:{ports[0]}/\n")
    assert "SERVER_NAME demo.example.org is a Host" in said
    assert ask(ports[0], Host="demo.example.org") == "app"


@pytest.mark.parametrize("way", ["", " --in-process"])
@pytest.mark.parametrize("call", ["exit()", "quit()", "exit(True)"])
def test_a_view_that_calls_exit_fails_and_ends_nothing(kernel, run, call, way):
    run(f"%%route /leave\n{call}")
    answer = kernel.run(f"%get /leave{way}")
    assert answer.text.startswith("GET /leave → 500 ")
    assert "SystemExit" in answer.text
    assert answer.reply["payload"] == []
    assert run("print('alive')") == "alive\n"
