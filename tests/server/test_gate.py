"""The gate: which Host, Origin and Sec-Fetch-Site may ask what."""

from __future__ import annotations

import itertools
import re
from wsgiref.validate import validator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.gate import Gate


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else b"hi"]


def call(gate, method="GET", **variables):
    """Call a gate without a server; return the status and the page."""
    seen = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": "/"}
    environ |= {name: value for name, value in variables.items() if value is not None}
    body = gate(environ, lambda status, headers, exc_info=None: seen.append(status))
    return int(seen[0][:3]), b"".join(body).decode()


OWN_HOSTS = [
    "localhost",
    "localhost:5000",
    "LocalHost:80",
    "localhost.",
    "api.localhost:5000",
    "a.b.localhost",
    "127.0.0.1",
    "127.0.0.1:8080",
    "[::1]",
    "[::1]:5000",
    "[0:0:0:0:0:0:0:1]:5000",
]
OTHER_HOSTS = [
    None,
    "",
    "evil.test",
    "localhost.evil.test",
    "evillocalhost",
    ".localhost",
    "a..localhost",
    "localhost..",
    "localhost:",
    "localhost:x",
    "localhost:0",
    "localhost:65536",
    "localhost:" + "9" * 5000,
    "localhost:80:80",
    "localhost:-1",
    "localhost:\xb2",
    "user@localhost",
    "localhost/evil.test",
    "localhost, evil.test",
    "localhost evil.test",
    "127.0.0.2",
    "127.1",
    "2130706433",
    "0.0.0.0",
    "::1",
    "[::1",
    "[::2]",
    "[::1%25eth0]",
    "[::ffff:127.0.0.1]",
    "[localhost]",
    "l\xf6calhost",
]


@pytest.fixture
def gated(serve):
    return serve(Gate(validator(hello)), threads=1)


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_a_host_of_this_machine_is_admitted(gated, ask, host):
    assert ask(gated, Host=host).status == 200


@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_every_other_or_malformed_host_is_refused(gated, ask, host):
    assert ask(gated, Host=host).status == 400


ORIGINS = {
    None: True,
    "http://localhost:5000": True,
    "https://LOCALHOST:5000": True,
    "null": False,
    "": False,
    "http://localhost": False,
    "http://localhost:8888": False,
    "http://api.localhost:5000": False,
    "http://127.0.0.1:5000": False,
    "http://evil.test": False,
    "chrome-extension://localhost:5000": False,
    "localhost:5000": False,
    "http://localhost:5000/": False,
    "http://localhost:5000, null": False,
}
FETCH_SITES = {
    None: True,
    "same-origin": True,
    "same-site": True,
    "none": True,
    "cross-site": False,
    "Cross-Site": False,
    "none, cross-site": False,
}
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"]


@pytest.mark.parametrize("method", METHODS)
def test_only_safe_methods_pass_across_sites(gated, ask, method):
    is_safe = method in {"GET", "HEAD", "OPTIONS"}
    for (origin, is_ours), (site, is_same) in itertools.product(ORIGINS.items(), FETCH_SITES.items()):
        reply = ask(gated, method=method, Host="localhost:5000", Origin=origin, Sec_Fetch_Site=site)
        expected = 200 if is_safe or (is_ours and is_same) else 403
        assert reply.status == expected, (method, origin, site)


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("http://localhost", "localhost:80", 200),
        ("http://localhost:80", "localhost", 200),
        ("https://localhost", "localhost:443", 200),
        ("https://localhost", "localhost", 200),
        ("https://localhost", "localhost:80", 403),
        ("http://[::1]:5000", "[::1]:5000", 200),
        ("http://[::1]:5000", "localhost:5000", 403),
    ],
)
def test_an_origin_without_port_has_that_of_its_scheme(gated, ask, origin, host, status):
    assert ask(gated, method="POST", Host=host, Origin=origin).status == status


def test_a_foreign_host_is_refused_before_its_origin_is_looked_at(gated, ask):
    assert ask(gated, method="POST", Host="evil.test", Origin="http://evil.test").status == 400


@pytest.mark.parametrize(
    ("entry", "admitted", "refused"),
    [
        ("example.test", "example.test:81", "api.example.test"),
        ("example.test:5000", "EXAMPLE.test.", "example.test.evil"),
        (".example.test", "api.v2.example.test:81", "notexample.test"),
        (".example.test", "example.test", "example.testing"),
        ("Bücher.test", "xn--bcher-kva.test", "bcher.test"),
        ("192.168.1.5", "192.168.1.5:5000", "192.168.1.6:5000"),
        ("fe80::0:1", "[fe80::1]:5000", "[fe80::2]:5000"),
        ("[fe80::1]:80", "[FE80::1]", "fe80::1"),
        ("0.0.0.0", "192.168.1.6:5000", "evil.test"),
        ("::", "[fe80::2]", "evil.test"),
    ],
)
def test_the_names_that_the_app_was_told_are_admitted(entry, admitted, refused):
    gate = Gate(hello, lambda: [entry])
    assert call(gate, HTTP_HOST=admitted)[0] == 200
    assert call(gate, HTTP_HOST=refused)[0] == 400
    assert call(gate, HTTP_HOST="localhost")[0] == 200


@pytest.mark.parametrize("entry", ["", None, ".", "..", "*", "not a name", "a" * 70 + "ü", "[nonsense]"])
def test_an_entry_that_names_no_host_admits_nothing(entry):
    gate = Gate(hello, lambda: [entry])
    assert call(gate, HTTP_HOST="evil.test")[0] == 400
    assert call(gate, HTTP_HOST="")[0] == 400


def test_one_name_given_as_a_string_is_one_entry():
    gate = Gate(hello, lambda: "ab")
    assert [call(gate, HTTP_HOST=host)[0] for host in ("ab", "a", "b")] == [200, 400, 400]


def test_the_names_are_asked_for_at_every_request():
    names = ["example.test"]
    gate = Gate(hello, lambda: names)
    assert call(gate, HTTP_HOST="example.test")[0] == 200
    names.clear()
    assert call(gate, HTTP_HOST="example.test")[0] == 400


def test_what_is_remembered_of_admitted_hosts_is_bounded():
    gate = Gate(hello)
    for number in range(1000):
        assert call(gate, HTTP_HOST=f"tab{number}.localhost")[0] == 200
    assert len(gate._allowed.admitted) <= 64


@given(host=st.text(st.characters(max_codepoint=255)))
def test_no_host_breaks_the_gate(host):
    status, page = call(Gate(hello), HTTP_HOST=host, method="POST", HTTP_ORIGIN=host)
    assert status in {400, 403}
    assert "<script" not in page


def test_the_page_about_a_host_quotes_it_escaped():
    status, page = call(Gate(hello), HTTP_HOST="<script>alert(1)</script>")
    assert (status, "<script" in page) == (400, False)
    assert "&lt;script&gt;" in page


def test_the_page_about_an_origin_quotes_it_escaped():
    _, page = call(Gate(hello), method="POST", HTTP_HOST="localhost", HTTP_ORIGIN="<img src=x>")
    assert "&lt;img" in page
    assert "POST" in page


def test_a_refusal_is_told_to_who_listens():
    told = []
    gate = Gate(hello, on_refusal=lambda environ, status, whom: told.append((environ["HTTP_HOST"], status)))
    call(gate, HTTP_HOST="evil.test")
    call(gate, HTTP_HOST="localhost", method="POST", HTTP_ORIGIN="null")
    assert told == [("evil.test", "400 Bad Request"), ("localhost", "403 Forbidden")]


def test_a_long_host_is_cut_on_the_page():
    assert len(call(Gate(hello), HTTP_HOST="x" * 100_000)[1]) < 2000


def test_a_refusal_of_head_has_the_length_but_no_body(gated, ask):
    reply = ask(gated, method="HEAD", Host="evil.test")
    assert (reply.status, reply.body) == (400, b"")
    assert int(reply.headers["Content-Length"]) > 100


def test_a_refusal_can_run_no_script_and_is_not_stored(gated, ask):
    headers = ask(gated, Host="evil.test").headers
    assert headers["Content-Security-Policy"] == "default-src 'none'"
    assert headers["Cache-Control"] == "no-store"
    assert re.match("text/html", headers["Content-Type"])


# --- what the app says about other origins ---


def cors(allow, methods="", status="200 OK"):
    """An app that allows what *allow* makes of an origin, and notes what it was asked."""

    def app(environ, start_response):
        app.asked.append(environ)  # type: ignore[attr-defined]
        origin = environ.get("HTTP_ORIGIN", "")
        named = [("Access-Control-Allow-Origin", allow(origin))] if allow(origin) else []
        named += [("Access-Control-Allow-Methods", methods)] if methods else []
        start_response(status, [("Content-Type", "text/plain"), *named])
        return [b"hi"]

    app.asked = []  # type: ignore[attr-defined]
    return app


SHOP, LOCAL = "https://shop.example", "http://localhost:3000"
APPS = {
    "says nothing": lambda origin: "",
    "allows one": lambda origin: SHOP if origin == SHOP else "",
    "always names one": lambda origin: SHOP,
    "allows a local one": lambda origin: LOCAL if origin == LOCAL else "",
    "allows everybody": lambda origin: "*",
    "echoes everybody": lambda origin: origin,
    "echoes a port": lambda origin: origin if origin.endswith(":3000") else "",
    "echoes http": lambda origin: origin if origin.startswith("http:") else "",
    "echoes https": lambda origin: origin if origin.startswith("https:") else "",
}
#: Which origins may POST to which app.
PASSING = {
    "says nothing": set(),
    "allows one": {SHOP},
    "always names one": {SHOP},
    "allows a local one": {LOCAL},
    "allows everybody": {LOCAL, "http://127.0.0.1:3000", "http://[::1]:3000", "http://a.localhost"},
    "echoes everybody": {LOCAL, "http://127.0.0.1:3000", "http://[::1]:3000", "http://a.localhost"},
    "echoes a port": {LOCAL, "http://127.0.0.1:3000", "http://[::1]:3000"},
    "echoes http": {LOCAL, "http://127.0.0.1:3000", "http://[::1]:3000", "http://a.localhost"},
    "echoes https": set(),
}
FOREIGN = [
    SHOP, LOCAL, "http://127.0.0.1:3000", "http://[::1]:3000", "http://a.localhost", "http://shop.example",
    "https://shop.example:8443", "https://evil.test", "http://evil.test:3000", "null", "", "file://",
    "https://shop.example, null",
]  # fmt: skip
HOSTS = {"localhost:5000": True, "127.0.0.1:5000": True, "evil.test": False}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", APPS)
def test_the_app_decides_about_origins_unless_it_decides_nothing(kind, method):
    gate = Gate(cors(APPS[kind], methods="PUT, PATCH, DELETE"))
    for (host, is_ours), origin in itertools.product(HOSTS.items(), FOREIGN):
        passes = method in {"GET", "HEAD", "OPTIONS"} or (origin in PASSING[kind] and method != "TRACE")
        expected = 400 if not is_ours else 200 if passes else 403
        for site in (None, "cross-site", "same-site"):
            variables = {"HTTP_HOST": host, "HTTP_ORIGIN": origin, "HTTP_SEC_FETCH_SITE": site}
            assert call(gate, method, **variables)[0] == expected, (host, origin, site)


def test_a_method_that_the_app_does_not_allow_does_not_pass():
    gate = Gate(cors(APPS["allows one"], methods="PUT"))
    statuses = [call(gate, m, HTTP_HOST="localhost", HTTP_ORIGIN=SHOP)[0] for m in ("POST", "PUT", "PATCH")]
    assert statuses == [200, 200, 403]


def test_an_answer_that_is_no_success_allows_nothing():
    gate = Gate(cors(APPS["allows one"], status="401 Unauthorized"))
    assert call(gate, "POST", HTTP_HOST="localhost", HTTP_ORIGIN=SHOP)[0] == 403


def test_the_app_is_asked_as_a_browser_asks():
    app = cors(APPS["allows one"])
    variables = {"HTTP_HOST": "localhost:5000", "HTTP_ORIGIN": SHOP, "HTTP_COOKIE": "a=1", "HTTP_X_KEY": "1"}
    call(Gate(app), "POST", CONTENT_TYPE="application/json", CONTENT_LENGTH="9", **variables)
    preflight, invented, request = app.asked
    assert {
        name: preflight[name] for name in sorted(preflight) if name.startswith(("HTTP", "REQ", "PA"))
    } == {
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST",
        "HTTP_HOST": "localhost:5000",
        "HTTP_ORIGIN": SHOP,
        "PATH_INFO": "/",
        "REQUEST_METHOD": "OPTIONS",
    }
    assert preflight["wsgi.input"].read() == b""
    assert re.fullmatch(r"https://[0-9a-f]{16}\.invalid", invented["HTTP_ORIGIN"])
    assert request["REQUEST_METHOD"] == "POST"


def test_programs_and_the_apps_own_pages_are_not_asked_about():
    app = cors(APPS["allows one"])
    call(Gate(app), "POST", HTTP_HOST="localhost")
    call(Gate(app), "POST", HTTP_HOST="localhost", HTTP_ORIGIN="http://localhost")
    assert [environ["REQUEST_METHOD"] for environ in app.asked] == ["POST", "POST"]


@pytest.mark.parametrize(
    ("trusted", "origin", "status"),
    [
        ("https://shop.example", SHOP, 200),
        ("https://shop.example:443", SHOP, 200),
        ("HTTPS://Shop.example", SHOP, 200),
        ("https://shop.example", "http://shop.example", 403),
        ("https://shop.example", "https://shop.example:8443", 403),
        ("https://shop.example", "https://api.shop.example", 403),
        ("null", "null", 403),
        ("*", SHOP, 403),
        ("nonsense", "nonsense", 403),
    ],
)
def test_an_origin_that_was_named_passes_and_null_never_does(trusted, origin, status):
    gate = Gate(hello, origins=lambda: [trusted])
    assert call(gate, "PUT", HTTP_HOST="localhost", HTTP_ORIGIN=origin)[0] == status


def test_the_notebooks_own_requests_pass_whatever_they_say():
    gate = Gate(hello, is_own=lambda environ: environ.get("HTTP_X_KEY") == "secret")
    said = {"HTTP_HOST": "demo.example.org", "HTTP_ORIGIN": "null", "HTTP_SEC_FETCH_SITE": "cross-site"}
    assert call(gate, "POST", HTTP_X_KEY="secret", **said)[0] == 200
    assert call(gate, "POST", HTTP_X_KEY="guess", **said)[0] == 400
