"""The test client, the environment builder and the command runner."""

from __future__ import annotations

import click
import pytest
from werkzeug.test import EnvironBuilder


@pytest.fixture
def echo(framework, app):
    """An app that tells about its request."""

    @app.route("/echo", methods=["GET", "POST"])
    def echo():
        request = framework.request
        return {
            "url": request.url,
            "root": request.script_root,
            "method": request.method,
            "body": request.get_data(as_text=True),
            "address": request.remote_addr,
            "agent": request.user_agent.string,
            "cookies": dict(request.cookies),
        }

    @app.get("/count")
    def count():
        framework.session["n"] = framework.session.get("n", 0) + 1
        framework.g.n = framework.session["n"]
        return ""

    return app


# --- the environment ---


@pytest.mark.parametrize(
    ("args", "kwargs", "url"),
    [
        ((), {}, "http://localhost/"),
        (("/a?b=1",), {}, "http://localhost/a?b=1"),
        (("/a",), {"query_string": {"b": 1}}, "http://localhost/a?b=1"),
        (("https://example.org:81/a?b=1",), {}, "https://example.org:81/a?b=1"),
        (("//example.org/a",), {}, "http://example.org/a"),
        (("/a",), {"subdomain": "sub"}, "http://sub.localhost/a"),
        (("/a",), {"url_scheme": "https"}, "https://localhost/a"),
        (("/a",), {"base_url": "https://example.org/root"}, "https://example.org/root/a"),
        (("/a", "https://example.org/root"), {}, "https://example.org/root/a"),
    ],
)
def test_a_path_becomes_an_environment(framework, app, args, kwargs, url):
    with app.test_request_context(*args, **kwargs):
        assert framework.request.url == url


def test_the_configuration_completes_the_environment(framework, app):
    app.config.update(SERVER_NAME="example.org:81", APPLICATION_ROOT="/root", PREFERRED_URL_SCHEME="https")
    builder = framework.testing.EnvironBuilder(app, "/a?b=1", subdomain="sub")
    environ = builder.get_environ()
    assert builder.base_url == "https://sub.example.org:81/root/"
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/root", "/a", "b=1")
    assert builder.app is app
    builder.close()


@pytest.mark.parametrize("more", [{"subdomain": "a"}, {"url_scheme": "https"}])
def test_a_base_url_leaves_nothing_to_say(framework, app, more):
    with pytest.raises(AssertionError, match="base_url"):
        framework.testing.EnvironBuilder(app, base_url="http://example.org", **more)


def test_a_query_in_two_places_is_an_error(framework, app):
    with pytest.raises(ValueError, match="Query string"):
        framework.testing.EnvironBuilder(app, "/?a=1", query_string="b=2")


def test_json_of_a_request_is_written_by_the_app(framework, echo, client):
    echo.json.default = lambda value: "by the app"
    assert client.post("/echo", json={"b": object(), "a": 1}).json["body"] == '{"a": 1, "b": "by the app"}'
    with echo.test_request_context(json=[object()]):
        assert framework.request.get_json() == ["by the app"]


# --- the client ---


def test_every_request_has_an_address_and_an_agent(echo, client):
    response = client.get("/echo").json
    assert response["address"] == "127.0.0.1"
    assert response["agent"].startswith("Werkzeug/")
    client.environ_base["REMOTE_ADDR"] = "10.0.0.1"
    assert client.get("/echo").json["address"] == "10.0.0.1"
    assert client.get("/echo", environ_base={"REMOTE_ADDR": "10.0.0.2"}).json["address"] == "10.0.0.2"
    assert client.get("/echo", headers={"User-Agent": "own"}).json["agent"] == "own"


def test_a_request_can_be_a_builder(framework, echo, client):
    builder = framework.testing.EnvironBuilder(echo, "/echo", method="POST", data="body")
    response = client.open(builder).json
    assert (response["method"], response["body"], response["address"]) == ("POST", "body", "127.0.0.1")
    assert builder.environ_base is None
    builder.close()


def test_a_request_can_be_an_environment_or_a_request(echo, client):
    builder = EnvironBuilder("/echo", method="POST")
    assert client.open(builder.get_environ()).json["method"] == "POST"
    assert client.open(builder.get_request()).json["address"] == "127.0.0.1"
    builder.close()


def test_a_request_can_be_built_without_being_sent(client):
    request = client._request_from_builder_args((), {"path": "/echo", "headers": {"X-A": "1"}})
    assert (request.url, request.headers["X-A"]) == ("http://localhost/echo", "1")
    assert request.remote_addr == "127.0.0.1"


def test_cookies_are_kept_unless_not_wanted(framework, app):
    app.add_url_rule("/", "index", lambda: ("", {"Set-Cookie": "a=1"}))
    client, careless = app.test_client(), app.test_client(use_cookies=False)
    client.get("/")
    careless.get("/")
    assert client.get_cookie("a").value == "1"
    with pytest.raises(TypeError, match="use_cookies=True"), careless.session_transaction():
        pass


def test_redirects_are_followed_if_wanted(framework, app, client):
    app.add_url_rule("/", "index", lambda: framework.redirect("/to"))
    app.add_url_rule("/to", "to", lambda: "here")
    assert client.get("/").status_code == 302
    response = client.get("/", follow_redirects=True)
    assert response.text == "here"
    assert [step.status_code for step in response.history] == [302]


def test_a_response_reads_json_by_the_app(framework, app, client):
    app.add_url_rule("/", "index", lambda: {})
    assert client.get("/").json_module is app.json
    assert isinstance(client.get("/"), framework.Response)


def test_a_client_class_gets_the_arguments(framework, app):
    class Client(framework.testing.FlaskClient):
        def __init__(self, *args, **kwargs):
            self.token = kwargs.pop("token")
            super().__init__(*args, **kwargs)

    app.test_client_class = Client
    client = app.test_client(token="t")
    assert (client.token, client.application) == ("t", app)


# --- contexts that stay ---


def test_in_a_with_block_the_last_request_stays(framework, echo, client):
    with client:
        client.get("/echo?a=1")
        assert framework.request.args["a"] == "1"
        client.get("/count")
        assert framework.request.path == "/count"
        assert (framework.session["n"], framework.g.n) == (1, 1)
        assert framework.current_app == echo
    assert not framework.has_request_context()
    assert not framework.has_app_context()


def test_outside_of_a_with_block_nothing_stays(framework, echo, client):
    client.get("/echo")
    assert not framework.has_request_context()


def test_after_redirects_the_last_request_stays(framework, echo, client):
    echo.add_url_rule("/", "index", lambda: framework.redirect("/count"))
    with client:
        client.get("/", follow_redirects=True)
        assert (framework.request.path, framework.session["n"], framework.g.n) == ("/count", 1, 1)


def test_a_failed_request_stays_too(framework, app, client):
    app.testing = False
    app.add_url_rule("/", "index", lambda: 1 / 0)
    with client:
        assert client.get("/").status_code == 500
        assert framework.request.path == "/"
        assert client.get("/missing").status_code == 404
        assert framework.request.path == "/missing"


def test_an_error_that_leaves_the_client_leaves_nothing_active(framework, app, client):
    app.add_url_rule("/", "index", lambda: 1 / 0)
    with client, pytest.raises(ZeroDivisionError):
        client.get("/")
    assert not framework.has_request_context()


def test_what_stays_is_torn_down_once_more(framework, echo, client):
    paths = []
    echo.teardown_request(lambda error: paths.append(framework.request.path))
    with client:
        client.get("/echo")
        client.get("/count")
        assert paths == ["/echo", "/echo", "/count"]
    assert paths == ["/echo", "/echo", "/count", "/count"]


def test_a_client_cannot_be_nested(client):
    with client, pytest.raises(RuntimeError, match="nest"), client:
        pass


def test_two_clients_can_be_nested(framework, echo):
    with echo.test_client() as outer, echo.test_client() as inner:
        outer.get("/echo?a=outer")
        inner.get("/echo?a=inner")
        assert framework.request.args["a"] == "inner"


def test_a_with_block_keeps_a_streamed_response_readable(framework, app, client):
    app.add_url_rule("/", "index", lambda: framework.stream_with_context(iter(["a", "b"])))
    with client:
        response = client.get("/")
        assert response.text == "ab"
        assert framework.request.path == "/"


# --- session transactions ---


def test_a_session_can_be_set_and_read(framework, echo, client):
    with client.session_transaction() as session:
        session["n"] = 5
        assert not framework.has_request_context()
    client.get("/count")
    with client.session_transaction() as session:
        assert session["n"] == 6


def test_a_session_can_be_emptied(echo, client):
    client.get("/count")
    with client.session_transaction() as session:
        session.clear()
    assert client.get_cookie("session") is None


def test_a_session_transaction_does_not_touch_the_current_request(framework, echo, client):
    with client:
        client.get("/count")
        with client.session_transaction() as session:
            session["n"] = 50
        assert (framework.request.path, framework.session["n"]) == ("/count", 1)
        client.get("/count")
        assert framework.session["n"] == 51


def test_a_session_transaction_describes_its_request(framework, app, client):
    app.config.update(SERVER_NAME="example.org", SESSION_COOKIE_DOMAIN="example.org")
    with client.session_transaction("/", subdomain="sub", method="POST") as session:
        session["a"] = 1
    assert client.get_cookie("session", domain="example.org") is not None


def test_without_a_key_there_is_no_transaction(framework):
    with pytest.raises(RuntimeError, match="session"):
        framework.Flask(__name__).test_client().session_transaction().__enter__()


def test_an_error_in_a_transaction_saves_nothing(client):
    with pytest.raises(ZeroDivisionError), client.session_transaction() as session:
        session["a"] = 1 / 0
    assert client.get_cookie("session") is None


# --- commands ---


@pytest.fixture
def commands(framework, app):
    @app.cli.command("who")
    @click.argument("name", default="nobody")
    def who(name):
        click.echo(f"{framework.current_app.name} {name}")

    return app


def test_commands_of_the_app_are_run(commands):
    runner = commands.test_cli_runner()
    result = runner.invoke(args=["who", "Ann"])
    assert (result.exit_code, result.output) == (0, "app_under_test Ann\n")
    assert runner.invoke(args="who").output == "app_under_test nobody\n"
    assert runner.invoke(args=["missing"]).exit_code == 2


def test_a_command_can_be_given(commands):
    command = commands.cli.commands["who"]
    assert commands.test_cli_runner().invoke(command, ["x"]).output == "app_under_test x\n"


def test_an_object_can_be_given(framework, commands):
    other = framework.Flask("other")
    info = framework.cli.ScriptInfo(create_app=lambda: other)
    assert commands.test_cli_runner().invoke(args=["who"], obj=info).output == "other nobody\n"


def test_a_runner_class_gets_the_arguments(framework, app):
    class Runner(framework.testing.FlaskCliRunner):
        pass

    app.test_cli_runner_class = Runner
    runner = app.test_cli_runner(env={"A": "1"})
    assert isinstance(runner, Runner)
    assert (runner.app, runner.env) == (app, {"A": "1"})
