"""Behind a proxy: which requests count as come through it, and what is made right in the answers to them."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import pytest

from flask_nb.gate import PROXIED, Front, Gate, is_of_another_user
from flask_nb.gate.peers import find_peer, is_held_by, tells_users
from flask_nb.gate.probes import PING, Probes
from flask_nb.server import BackgroundServer

FRONT = Front("/user/ann/proxy/5000", "hub.example:8000", "https")
THROUGH = {"HTTP_X_FORWARDED_PREFIX": FRONT.prefix, "HTTP_HOST": "localhost"}


def answering(headers=(), seen=None):
    def app(environ, start_response):
        if seen is not None:
            seen.update(environ)
        start_response("200 OK", list(headers))
        return [b"hi"]

    return app


def call(gate, method="GET", **variables):
    heads = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": "/a/b", "REMOTE_ADDR": "127.0.0.1", **variables}
    body = gate(environ, lambda status, headers, exc_info=None: heads.append((int(status[:3]), headers)))
    status, headers = heads[0]
    return status, headers, b"".join(body).decode()


def gated(headers=(), seen=None, front=FRONT, **options):
    return Gate(answering(headers, seen), front=lambda environ: front, **options)


def test_what_comes_through_the_proxy_knows_the_prefix_and_the_scheme():
    seen = {}
    call(gated(seen=seen), **THROUGH)
    assert seen[PROXIED] is FRONT
    assert seen["wsgi.url_scheme"] == "https"


@pytest.mark.parametrize(
    "variables",
    [
        {"HTTP_X_FORWARDED_PREFIX": "/user/bob/proxy/5000"},
        {"HTTP_X_FORWARDED_PREFIX": "/user/ann/proxy/5000/more"},
        {"HTTP_X_FORWARDED_PREFIX": ""},
        {"REMOTE_ADDR": "192.0.2.1"},
        {"REMOTE_ADDR": "no address"},
    ],
)
def test_another_prefix_or_one_from_elsewhere_does_not_count(variables):
    seen = {}
    _, headers, _ = call(gated([("Location", "/x")], seen), **{**THROUGH, **variables})
    assert PROXIED not in seen
    assert headers == [("Location", "/x")]


def test_without_an_address_that_was_found_no_prefix_counts():
    seen = {}
    call(gated(seen=seen, front=None), **THROUGH)
    assert PROXIED not in seen


@pytest.mark.parametrize(
    ("uri", "target", "told"),
    [
        ("/a/b", "/x?y=1#z", "../x?y=1#z"),
        ("/a/b", "/", "../"),
        ("/", "/", "./"),
        ("/a", "/x:y", "./x:y"),
        ("/a/b/", "/user/ann/proxy/5000/x", "../../x"),
        ("/a/b", "/user/ann/proxy/5000", "../"),
        ("/a/b", "/user/ann/proxy/5000?x=1", "../?x=1"),
        ("/a/b", "/user/ann/proxy/50001/x", "../user/ann/proxy/50001/x"),
        ("/a%2Fb/c?d=/e/f", "/x", "../x"),
        ("/a", "x", "x"),
        ("/a", "//other.example/x", "//other.example/x"),
        ("/a", "https://other.example/", "https://other.example/"),
    ],
)
def test_redirects_lead_within_the_prefix_whether_the_proxy_adds_it_or_not(uri, target, told):
    _, headers, _ = call(gated([("Location", target)]), **THROUGH, REQUEST_URI=uri)
    assert headers == [("Location", told)]


@pytest.mark.parametrize(
    ("cookie", "told"),
    [
        ("a=1; Path=/", "a=1; Path=/user/ann/proxy/5000/"),
        ("a=1; HttpOnly; path=/shop; Secure", "a=1; HttpOnly; path=/user/ann/proxy/5000/shop; Secure"),
        ("a=1; Path=/user/ann/proxy/5000/x", "a=1; Path=/user/ann/proxy/5000/x"),
        ("a=1", "a=1"),
        ("__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/"),
    ],
)
def test_cookies_stay_within_the_prefix(cookie, told):
    _, headers, _ = call(gated([("Set-Cookie", cookie)]), **THROUGH)
    assert headers == [("Set-Cookie", told)]


def test_the_host_that_was_found_is_admitted_and_no_other():
    assert call(gated(), HTTP_HOST="hub.example:8000")[0] == 200
    assert call(gated(), HTTP_HOST="evil.example")[0] == 400
    assert call(gated(front=None), HTTP_HOST="hub.example:8000")[0] == 400


def test_the_host_that_a_proxy_forwards_is_not_believed():
    asked = {"HTTP_HOST": "evil.example", "HTTP_X_FORWARDED_HOST": "localhost"}
    assert call(gated(), **asked)[0] == 400
    origin = {"HTTP_ORIGIN": "https://evil.example", "HTTP_X_FORWARDED_HOST": "evil.example"}
    assert call(gated(), "POST", **THROUGH, **origin)[0] == 403


def test_pages_of_the_address_that_was_found_may_send_anything():
    assert call(gated(), "POST", HTTP_ORIGIN="https://hub.example:8000", **THROUGH)[0] == 200
    assert call(gated(), "POST", HTTP_ORIGIN="https://hub.example:8001", **THROUGH)[0] == 403


@pytest.mark.parametrize(("proto", "scheme"), [("https,http", "https"), ("javascript", "http"), ("", "http")])
def test_the_scheme_is_what_the_first_proxy_says_where_the_address_does_not_tell(proto, scheme):
    seen = {}
    call(gated(seen=seen, front=FRONT._replace(scheme="")), **THROUGH, HTTP_X_FORWARDED_PROTO=proto)
    assert seen["wsgi.url_scheme"] == scheme


# --- the ping ---


def test_a_ping_is_answered_before_the_app_whatever_the_host():
    seen = {}
    status, _, text = call(gated(seen=seen, probes=Probes()), PATH_INFO=PING, HTTP_HOST="evil.example")
    assert (status, text, seen) == (200, "flask_nb\n", {})


def test_a_probe_is_known_by_its_nonce_and_says_which_prefix_came_off():
    probes = Probes()
    with probes.expecting() as probe, probes.expecting() as other:
        asked = {"QUERY_STRING": probe.nonce, "HTTP_X_FORWARDED_PREFIX": "/base/proxy/5000"}
        call(gated(probes=probes), PATH_INFO=PING, **asked)
    assert (probe.has_arrived, probe.prefix) == (True, "/base/proxy/5000")
    assert not other.has_arrived


# --- whose connection it is ---

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")
as_root = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root can be another user as well"
)

CLIENT_PROGRAM = """
import encodings.idna, os, sys, urllib.error, urllib.request  # before it can read nothing any more
user, url, headers = int(sys.argv[1]), sys.argv[2], dict(h.split("=", 1) for h in sys.argv[3:])
if user:
    os.setgroups([]); os.setgid(user); os.setuid(user)
try:
    print(urllib.request.urlopen(urllib.request.Request(url, headers=headers)).status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


def ask_as(user, url, *headers):
    command = [sys.executable, "-c", CLIENT_PROGRAM, str(user), url, *headers]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def server():
    servers = []

    def serve(app, host="127.0.0.1"):
        server = BackgroundServer(app, host=host)
        server.start()
        servers.append(server)
        return server

    yield serve
    for each in servers:
        each.stop()


@linux_only
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0"])
@pytest.mark.parametrize("is_asked", [True, False], ids=["the system", "the table"])
def test_the_other_end_of_a_connection_is_this_user_and_this_process(server, host, is_asked, monkeypatch):
    found = []
    if not is_asked:
        monkeypatch.setattr("flask_nb.gate.peers._ask_system", nobody)

    def app(environ, start_response):
        found.append((find_peer(environ).user, is_of_another_user(environ)))
        found.append((is_held_by(environ, os.getpid()), is_held_by(environ, os.getppid())))
        return answering()(environ, start_response)

    import urllib.request

    with urllib.request.urlopen(server(app, host).url) as answer:
        answer.read()
    assert found == [(os.getuid(), False), (True, False)]


@as_root
def test_another_user_is_refused_and_told_why_and_the_own_user_and_root_are_not(server):
    told = []
    gate = gated(shuts_out=is_of_another_user, on_refusal=lambda environ, status, whom: told.append(whom))
    url = server(gate).url
    assert ask_as(0, url) == "200\n"
    refusal = ask_as(54321, url)
    assert refusal.startswith("403")
    assert "belongs to another user of this machine" in refusal
    assert told == ["another user of this machine"]


@as_root
def test_a_host_that_another_process_passes_on_is_not_admitted(server):
    front = FRONT._replace(process=os.getpid())
    url = server(gated(front=front)).url
    headers = (f"X-Forwarded-Prefix={FRONT.prefix}", "Host=hub.unknown.example")
    assert ask_as(0, url, *headers).startswith("400")


@linux_only
def test_the_process_behind_the_prefix_may_call_itself_what_it_likes(server):
    import urllib.request

    url = server(gated(front=FRONT._replace(process=os.getpid()))).url
    headers = {"X-Forwarded-Prefix": FRONT.prefix, "Host": "hub.unknown.example"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        assert answer.status == 200


def nobody(theirs, ours):
    raise OSError("there is nobody to ask")


def row(number, local, remote, user, inode):
    queues = "00000000:00000000 00:00000000 00000000"
    return f"   {number}: {local} {remote} 01 {queues}  {user}        0 {inode} 1 x\n"


OURS, THEIRS = "0100007F:1388", "0100007F:D431"
ENVIRON = {
    "REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "54321", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "5000",
}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "is_other"),
    [
        ([(OURS, THEIRS, 0, 7), (THEIRS, OURS, 4711, 8)], True),
        ([(OURS, THEIRS, 0, 7), (THEIRS, OURS, 0, 8)], False),
        ([(OURS, THEIRS, 0, 7), (THEIRS, OURS, 0, 0)], True),
        ([(OURS, THEIRS, 0, 7)], True),
        ([], False),
    ],
    ids=["another user", "root", "gone, and so nobody's", "gone from the table", "a table that is none"],
)
def test_what_the_table_says(monkeypatch, tmp_path, rows, is_other):
    table = tmp_path / "tcp"
    table.write_text("header\n" + "".join(itertools.starmap(row, ((n, *r) for n, r in enumerate(rows)))))
    monkeypatch.setattr("flask_nb.gate.peers._ask_system", nobody)
    monkeypatch.setattr("flask_nb.gate.peers._TABLES", dict.fromkeys([2, 10], str(table)))
    monkeypatch.setattr("sys.byteorder", "little")
    monkeypatch.setattr("os.getuid", lambda: 1000, raising=False)
    assert is_of_another_user(dict(ENVIRON)) is is_other


def test_where_there_is_no_table_everybody_is_ones_own(monkeypatch, tmp_path):
    monkeypatch.setattr("flask_nb.gate.peers._ask_system", nobody)
    monkeypatch.setattr("flask_nb.gate.peers._TABLES", dict.fromkeys([2, 10], str(tmp_path / "none")))
    assert not tells_users()
    assert not is_of_another_user(dict(ENVIRON))


def test_a_connection_is_looked_up_once(monkeypatch):
    looked = []
    monkeypatch.setattr("flask_nb.gate.peers.find_peer", looked.append)
    environ = {**ENVIRON, "flask_nb.client": {}}
    for _ in range(3):
        is_of_another_user(dict(environ))
    assert len(looked) == (1 if hasattr(os, "getuid") else 0)
