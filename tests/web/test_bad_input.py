"""Bad input: what a client or a careless view does wrong ends in a clear answer."""

from __future__ import annotations

import io
import json

import pytest
from werkzeug.exceptions import BadRequest


@pytest.fixture
def reading(framework, app):
    """An app that reads whatever it is sent; errors become responses."""
    app.config.update(TESTING=False)
    request = framework.request

    app.add_url_rule("/form", "form", lambda: dict(request.form), methods=["POST"])
    app.add_url_rule("/files", "files", lambda: list(request.files), methods=["POST"])
    app.add_url_rule("/json", "json", lambda: {"got": request.get_json()}, methods=["POST"])
    app.add_url_rule("/silent", "silent", lambda: {"got": request.get_json(silent=True)}, methods=["POST"])
    app.add_url_rule("/data", "data", lambda: str(len(request.get_data())), methods=["POST"])
    app.add_url_rule("/stream", "stream", lambda: str(len(request.stream.read())), methods=["POST"])
    app.add_url_rule("/unread", "unread", lambda: "not read", methods=["POST"])
    app.add_url_rule("/read", "read", lambda: dict(framework.session))
    return app


# --- too much ---


@pytest.mark.parametrize("path", ["/form", "/json", "/data", "/stream", "/files"])
def test_a_body_above_the_limit_is_too_large(reading, path):
    reading.config["MAX_CONTENT_LENGTH"] = 10
    client = reading.test_client()
    kind = {"json": "x" * 10} if path == "/json" else {"data": {"a": "x" * 10}}
    assert client.post(path, **kind).status_code == 413


def test_a_body_that_nobody_reads_does_not_matter(reading):
    reading.config["MAX_CONTENT_LENGTH"] = 10
    client = reading.test_client()
    assert client.post("/unread", data="x" * 11).text == "not read"
    assert client.post("/data", data="x" * 10).text == "10"


def test_a_body_of_unknown_length_is_cut_at_the_limit(reading):
    reading.config["MAX_CONTENT_LENGTH"] = 10
    options = {"input_stream": io.BytesIO(b"x" * 11), "environ_overrides": {"wsgi.input_terminated": True}}
    assert reading.test_client().post("/data", **options).status_code == 413


def test_a_form_field_above_its_limit_is_too_large(reading):
    reading.config["MAX_FORM_MEMORY_SIZE"] = 1000
    client = reading.test_client()
    options = {"content_type": "multipart/form-data"}
    assert client.post("/form", data={"a": "x" * 500}, **options).status_code == 200
    assert client.post("/form", data={"a": "x" * 1001}, **options).status_code == 413


def test_a_form_with_too_many_parts_is_too_large(reading):
    reading.config["MAX_FORM_PARTS"] = 3
    client = reading.test_client()
    options = {"content_type": "multipart/form-data"}
    assert client.post("/form", data=dict.fromkeys("abc", "1"), **options).status_code == 200
    assert client.post("/form", data=dict.fromkeys("abcd", "1"), **options).status_code == 413


def test_by_itself_half_a_megabyte_and_a_thousand_parts_are_the_limit(reading):
    client = reading.test_client()
    options = {"content_type": "multipart/form-data"}
    assert client.post("/form", data={"a": "x" * 500_001}, **options).status_code == 413
    parts = {f"f{number}": "" for number in range(1100)}
    assert client.post("/form", data=parts, **options).status_code == 413


def test_a_view_may_set_its_own_limits(framework, app, client):
    app.config["MAX_CONTENT_LENGTH"] = 10

    @app.before_request
    def allow_more():
        framework.request.max_content_length = 10_000
        framework.request.max_form_memory_size = 1000
        framework.request.max_form_parts = 2

    app.add_url_rule("/", "form", lambda: dict(framework.request.form), methods=["POST"])
    options = {"content_type": "multipart/form-data"}
    assert client.post("/", data={"a": "x" * 500}, **options).json == {"a": "x" * 500}
    assert client.post("/", data={"a": "x" * 1001}, **options).status_code == 413
    assert client.post("/", data={"a": "1", "b": "2", "c": "3"}, **options).status_code == 413
    assert client.post("/", data="x" * 10_001).status_code == 413


def test_limits_outside_of_an_app_are_werkzeugs(framework):
    from werkzeug.test import create_environ
    from werkzeug.wrappers import Request

    own, plain = framework.Request(create_environ()), Request(create_environ())
    for name in ("max_content_length", "max_form_memory_size", "max_form_parts"):
        assert getattr(own, name) == getattr(plain, name)


# --- broken JSON ---


@pytest.mark.parametrize("body", [b"", b"{", b"[1,]", b"nul", b"\xff\xfe{}", b'{"a": 1}}', b"'a'"])
def test_broken_json_is_a_bad_request(reading, body):
    client = reading.test_client()
    assert client.post("/json", data=body, content_type="application/json").status_code == 400
    assert client.post("/silent", data=body, content_type="application/json").json == {"got": None}


def test_the_reason_is_told_in_debug_mode_alone(reading):
    client = reading.test_client()
    options = {"data": b"[1,]", "content_type": "application/json"}
    assert "Failed to decode" not in client.post("/json", **options).text
    reading.debug = True
    reading.config["PROPAGATE_EXCEPTIONS"] = False
    reading.config["TRAP_BAD_REQUEST_ERRORS"] = False
    assert "Failed to decode" in client.post("/json", **options).text


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "json"])
def test_json_of_another_type_is_not_accepted(reading, content_type):
    response = reading.test_client().post("/json", data="{}", content_type=content_type)
    assert response.status_code == 415


def test_deeply_nested_json_does_not_kill_the_process(reading):
    response = reading.test_client().post("/json", data="[" * 100_000, content_type="application/json")
    assert response.status_code in {400, 500}


# --- broken forms ---


def test_a_form_without_a_boundary_is_empty(reading):
    response = reading.test_client().post("/form", data=b"x", content_type="multipart/form-data")
    assert response.json == {}


def test_a_missing_field_is_a_bad_request(framework, app, client):
    app.add_url_rule("/", "view", lambda: framework.request.args["name"])
    assert client.get("/").status_code == 400
    assert isinstance(client.get("/"), framework.Response)


def test_a_form_without_enctype_is_explained_in_debug_mode(framework, app, client):
    app.debug = True
    app.add_url_rule("/", "view", lambda: framework.request.files["upload"].filename, methods=["POST"])
    with pytest.raises(framework.debughelpers.DebugFilesKeyError, match="multipart/form-data") as caught:
        client.post("/", data={"upload": "picture.png"})
    assert "'picture.png'" in str(caught.value)
    with pytest.raises(BadRequest):
        client.post("/", data={"other": "x"})
    assert client.post("/", data={"upload": (io.BytesIO(b""), "a.png")}).text == "a.png"


def test_without_debug_mode_it_is_a_bad_request(framework, app, client):
    app.add_url_rule("/", "view", lambda: framework.request.files["upload"].filename, methods=["POST"])
    assert client.post("/", data={"upload": "picture.png"}).status_code == 400


# --- forged sessions ---


def signed(app, value, **changes):
    serializer = app.session_interface.get_signing_serializer(app)
    for name, change in changes.items():
        setattr(serializer, name, change)
    return serializer.dumps(value)


@pytest.mark.parametrize(
    "forge",
    [
        lambda cookie: "",
        lambda cookie: "nonsense",
        lambda cookie: "a.b.c",
        lambda cookie: "..",
        lambda cookie: cookie[:-1],
        lambda cookie: cookie + "x",
        lambda cookie: "x" + cookie,
        lambda cookie: cookie.replace(".", ""),
        lambda cookie: "." + cookie,
        lambda cookie: cookie.rpartition(".")[0] + "." + "A" * 27,
        lambda cookie: "é" + cookie,
        lambda cookie: cookie * 100,
        lambda cookie: '"' + cookie,
    ],
)
def test_a_forged_session_is_an_empty_one(framework, reading, forge):
    client = reading.test_client(use_cookies=False)
    genuine = signed(reading, {"user": "admin"})
    assert client.get("/read", headers={"Cookie": f"session={genuine}"}).json == {"user": "admin"}
    response = client.get("/read", headers={"Cookie": f"session={forge(genuine)}"})
    assert (response.status_code, response.json) == (200, {})


def test_a_session_signed_for_another_purpose_is_empty(framework, reading):
    from itsdangerous import URLSafeTimedSerializer

    foreign = URLSafeTimedSerializer(reading.secret_key, salt="other").dumps({"user": "admin"})
    response = reading.test_client(use_cookies=False).get("/read", headers={"Cookie": f"session={foreign}"})
    assert response.json == {}


@pytest.mark.parametrize(
    "header", ["session", "=;=;", ";;;", "session=a; session=b", "\xff=\xfe", "a" * 10_000]
)
def test_malformed_cookies_do_no_harm(reading, header):
    response = reading.test_client(use_cookies=False).get("/read", headers={"Cookie": header})
    assert (response.status_code, response.json) == (200, {})


def test_a_value_that_cannot_be_stored_is_an_error(framework, app, client):
    @app.get("/")
    def view():
        framework.session["a"] = object()
        return ""

    with pytest.raises(TypeError, match="not JSON serializable"):
        client.get("/")


def test_a_cookie_that_browsers_would_drop_is_warned_of(framework, app, client):
    @app.get("/")
    def view():
        framework.session["a"] = "".join(map(chr, range(0x100, 0x1500)))
        return ""

    with pytest.warns(UserWarning, match="too large"):
        client.get("/")
    app.config["MAX_COOKIE_SIZE"] = 0
    client.get("/")


# --- hosts ---


@pytest.mark.parametrize(
    ("trusted", "host", "status"),
    [
        (None, "anything.example", 200),
        (["example.org"], "example.org", 200),
        (["example.org"], "example.org:81", 200),
        (["example.org"], "sub.example.org", 400),
        ([".example.org"], "sub.example.org", 200),
        ([".example.org"], "example.org", 200),
        (["example.org"], "evil.example", 400),
        (["example.org"], "example.org.evil.example", 400),
        ([], "example.org", 200),
    ],
)
def test_only_trusted_hosts_are_answered(app, client, trusted, host, status):
    app.config["TRUSTED_HOSTS"] = trusted
    app.add_url_rule("/", "index", lambda: "answered")
    assert client.get("/", base_url=f"http://{host}").status_code == status
    assert client.get("/missing", base_url=f"http://{host}").status_code == (404 if status == 200 else 400)


@pytest.mark.parametrize(
    "host", ["a b", "a/b", "a@b", "<script>", "a:b:c", "[::1", "localhost:", "a\\b", "é.example", "x" * 300]
)
@pytest.mark.parametrize("trusted", [None, ["localhost"]])
def test_malformed_hosts_are_answered_alike(framework, app, host, trusted):
    app.config["TRUSTED_HOSTS"] = trusted
    app.add_url_rule("/", "index", lambda: framework.request.host)
    app.add_url_rule("/url", "url", lambda: framework.url_for("index", _external=True))
    assert answers_of(app, host) == oracle_answers(host, trusted)


@pytest.mark.parametrize(
    "port", ["0", "01", "9999", "10000", "64999", "65000", "65535", "65536", "99999", "100000"]
)
def test_ports_in_hosts_are_answered_alike(framework, app, port):
    app.add_url_rule("/", "index", lambda: framework.request.host)
    app.add_url_rule("/url", "url", lambda: framework.url_for("index", _external=True))
    assert answers_of(app, f"localhost:{port}") == oracle_answers(f"localhost:{port}", None)


def answers_of(app, host):
    def ask(path):
        try:
            answer = app.test_client().get(path, environ_overrides={"HTTP_HOST": host})
        except ValueError as exc:  # the oldest Werkzeug's client raises at what is no port
            return str(exc)
        return answer.status_code, answer.text

    return [ask(path) for path in ("/", "/url", "/missing")]


def oracle_answers(host, trusted):
    import flask

    app = flask.Flask("app_under_test")
    app.config.update(TESTING=True, TRUSTED_HOSTS=trusted)
    app.add_url_rule("/", "index", lambda: flask.request.host)
    app.add_url_rule("/url", "url", lambda: flask.url_for("index", _external=True))
    return answers_of(app, host)


def test_handlers_and_hooks_see_a_refused_host(framework, app, client):
    seen = []
    app.config["TRUSTED_HOSTS"] = ["example.org"]
    app.before_request(lambda: seen.append("before"))
    app.register_error_handler(400, lambda error: ("refused", 400))
    assert client.get("/", base_url="http://evil.example").text == "refused"
    assert seen == ["before"]


# --- paths ---


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "sub/../../secret.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "..\\secret.txt",
        ".",
        "",
        "missing",
        "sub",
        "sub/",
        "a.css/x",
    ],
)
def test_static_paths_lead_nowhere_else(framework, tmp_path, path):
    (tmp_path / "static" / "sub").mkdir(parents=True)
    (tmp_path / "static" / "a.css").write_text("a {}")
    (tmp_path / "secret.txt").write_text("secret")
    app = framework.Flask("a", root_path=str(tmp_path))
    with app.test_client().get(f"/static/{path}", follow_redirects=True) as response:
        assert response.status_code == 404


@pytest.mark.parametrize("path", ["/%00", "/%ff%fe", "/%F0%9F%98%80", "/%zz", "/" + "a" * 10_000])
def test_odd_paths_are_values_like_others(framework, app, client, path):
    app.add_url_rule("/<path:p>", "view", lambda p: json.dumps(p))
    response = client.get(path)
    assert response.status_code == 200
    assert set(response.headers.keys()) == {"Content-Type", "Content-Length"}


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb"])
def test_headers_cannot_be_broken_out_of(framework, app, client, value):
    app.add_url_rule("/header", "header", lambda: ("", {"X-A": value}))
    with pytest.raises(ValueError, match="newline"):
        client.get("/header")


# --- wrong views ---


class Strange:
    pass


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "bool"),
        (5, "int"),
        (1.5, "float"),
        (Strange(), "Strange"),
        ({1, 2}, "set"),
        ((), "tuple"),
        (("a",), "tuple"),
        (("a", 200, {}, 1), "tuple"),
        ((None, 200), "None"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Strange) else repr(value),
)
def test_a_wrong_value_is_named_with_the_endpoint(app, client, value, words):
    app.add_url_rule("/", "some_endpoint", lambda: value)
    with pytest.raises(TypeError, match=words) as caught:
        client.get("/")
    assert value is not None or "'some_endpoint'" in str(caught.value)


@pytest.mark.parametrize("value", [(("a", 200), 200), ("a", "b", "c"), (("a", {"X": "y"}), {"X": "z"})])
def test_tuples_within_tuples_are_no_responses(app, client, value):
    app.add_url_rule("/", "view", lambda: value)
    with pytest.raises((TypeError, ValueError)):
        client.get("/")


def test_a_recursive_value_is_an_error(framework, app, client):
    loop = []
    loop.append(loop)
    app.add_url_rule("/", "view", lambda: loop)
    with pytest.raises((ValueError, RecursionError)):
        client.get("/")


def test_a_wrong_value_of_a_hook_or_handler_is_an_error_too(app, client):
    app.before_request(lambda: 5)
    app.add_url_rule("/", "view", lambda: "")
    with pytest.raises(TypeError, match="int"):
        client.get("/")


def test_a_hook_after_the_request_must_return_the_response(app, client):
    app.after_request(lambda response: None)
    app.add_url_rule("/", "view", lambda: "")
    with pytest.raises(TypeError, match="NoneType"):
        client.get("/")


def test_a_view_that_takes_other_arguments_is_an_error(app, client):
    app.add_url_rule("/<a>", "view", lambda b: "")
    with pytest.raises(TypeError, match="'a'"):
        client.get("/x")


def test_an_endpoint_without_a_view_is_an_error(app, client):
    app.add_url_rule("/", "nobody")
    with pytest.raises(KeyError, match="nobody"):
        client.get("/")


@pytest.mark.parametrize("status", ["", "abc", "200", "299 OWN", b"201 BYTES", 599, 200.0, "  "])
def test_odd_statuses_are_taken_as_flask_takes_them(app, status):
    from flask import Flask

    def outcome(app):
        app.testing = True
        app.add_url_rule("/", "view", lambda: ("", status))
        try:
            return app.test_client().get("/").status
        except (TypeError, ValueError, AttributeError) as error:
            return type(error)

    assert outcome(app) == outcome(Flask("oracle"))
