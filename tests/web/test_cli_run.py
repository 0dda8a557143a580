"""The ``run`` command: what it hands to Werkzeug's server, and what it refuses."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

posix_only = pytest.mark.skipif(os.name == "nt", reason="process groups")


@pytest.fixture
def own():
    return importlib.import_module("flask_nb.web")


@pytest.fixture(autouse=True)
def _restored(tmp_path, monkeypatch):
    environ = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("FLASK_", "WERKZEUG_"))]:
        del os.environ[name]
    monkeypatch.chdir(tmp_path)
    yield
    os.environ.clear()
    os.environ.update(environ)


def run(framework, monkeypatch, *args, create_app=None, **kwargs):
    """Run the command, and return its result with what the server was given."""
    module = importlib.import_module(f"{framework.__name__}.cli")
    given = []

    def record(host, port, app, **options):
        sys.stderr.flush()  # click 8.1 itself does not, before it looks what was written
        given.append((host, port, app, options, dict(os.environ)))

    monkeypatch.setattr(module, "run_simple", record)
    group = module.FlaskGroup(create_app=create_app or (lambda: framework.Flask("served")))
    return CliRunner().invoke(group, ["run", *args], **kwargs), given


def options_of(framework, monkeypatch, *args, **kwargs):
    result, given = run(framework, monkeypatch, *args, **kwargs)
    assert result.exit_code == 0, result.output
    return given[0][3]


def test_it_serves_on_loopback_without_debugger_by_default(framework, monkeypatch):
    result, [(host, port, app, options, _)] = run(framework, monkeypatch)
    assert (host, port, app.name) == ("127.0.0.1", 5000, "served")
    assert options == {
        "use_reloader": False,
        "use_debugger": False,
        "threaded": True,
        "ssl_context": None,
        "extra_files": None,
        "exclude_patterns": None,
    }
    assert "Debug mode: off" in result.output


@pytest.mark.parametrize(
    ("args", "environ", "expected"),
    [
        (["--debug"], {}, (True, True)),
        ([], {"FLASK_DEBUG": "1"}, (True, True)),
        ([], {"FLASK_RUN_DEBUG": "1"}, (True, True)),
        (["--no-debug"], {"FLASK_DEBUG": "1"}, (False, False)),
        (["--debug", "--no-reload"], {}, (False, True)),
        (["--debug", "--no-debugger"], {}, (True, False)),
        (["--reload"], {}, (True, False)),
        (["--debugger"], {}, (False, True)),
        ([], {"FLASK_RUN_RELOAD": "1"}, (True, False)),
    ],
)
def test_reloader_and_debugger_follow_debug_mode_unless_told(framework, monkeypatch, args, environ, expected):
    options = options_of(framework, monkeypatch, *args, env=environ)
    assert (options["use_reloader"], options["use_debugger"]) == expected


def test_debug_mode_reaches_the_app(framework, monkeypatch):
    _, [(_, _, app, _, _)] = run(framework, monkeypatch, "--debug")
    assert app.debug is True


@pytest.mark.parametrize(
    ("args", "environ"),
    [
        (["--host", "0.0.0.0", "--port", "80"], {}),
        (["-h", "0.0.0.0", "-p", "80"], {}),
        ([], {"FLASK_RUN_HOST": "0.0.0.0", "FLASK_RUN_PORT": "80"}),
        (["-p", "80"], {"FLASK_RUN_HOST": "0.0.0.0", "FLASK_RUN_PORT": "1"}),
    ],
)
def test_host_and_port_from_options_and_environment(framework, monkeypatch, args, environ):
    _, [(host, port, *_)] = run(framework, monkeypatch, *args, env=environ)
    assert (host, port) == ("0.0.0.0", 80)


def test_threads_may_be_left_away(framework, monkeypatch):
    assert options_of(framework, monkeypatch, "--without-threads")["threaded"] is False


def test_lists_of_paths_are_split(framework, monkeypatch):
    joined = os.pathsep.join(["a.txt", "b/c.txt"])
    options = options_of(framework, monkeypatch, "--extra-files", joined, "--exclude-patterns", joined)
    assert options["extra_files"] == options["exclude_patterns"] == ["a.txt", "b/c.txt"]


# ---- HTTPS ---------------------------------------------------------------------------------------


def test_certificate_and_key_are_handed_on_as_a_pair(framework, monkeypatch, tmp_path):
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).touch()
    options = options_of(framework, monkeypatch, "--key", "key.pem", "--cert", "cert.pem")
    assert options["ssl_context"] == (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))


def test_an_adhoc_certificate(framework, monkeypatch):
    pytest.importorskip("cryptography")
    assert options_of(framework, monkeypatch, "--cert", "ADHOC")["ssl_context"] == "adhoc"
    monkeypatch.setitem(sys.modules, "cryptography", None)
    result, _ = run(framework, monkeypatch, "--cert", "adhoc")
    assert result.exit_code == 2
    assert "cryptography" in result.stderr


@pytest.mark.parametrize("name", ["tls_of_tests:context", "tls_of_tests.context"])
def test_an_ssl_context_by_its_import_name(framework, monkeypatch, name):
    module = type(sys)("tls_of_tests")
    vars(module)["context"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    monkeypatch.setitem(sys.modules, "tls_of_tests", module)
    assert options_of(framework, monkeypatch, "--cert", name)["ssl_context"] is module.context


@pytest.mark.parametrize(
    "args",
    [
        ["--cert", "cert.pem"],
        ["--key", "key.pem"],
        ["--cert", "absent.pem"],
        ["--cert", "os:sep"],
        ["--cert", "adhoc", "--key", "key.pem"],
        ["--key", "key.pem", "--cert", "tls_of_tests:context"],
        ["--cert", "cert.pem", "--key", "absent.pem"],
    ],
)
def test_certificate_and_key_that_do_not_go_together_are_refused(framework, monkeypatch, tmp_path, args):
    pytest.importorskip("cryptography")
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).touch()
    module = type(sys)("tls_of_tests")
    vars(module)["context"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    monkeypatch.setitem(sys.modules, "tls_of_tests", module)
    result, given = run(framework, monkeypatch, *args)
    assert result.exit_code == 2
    assert not given


# ---- An app that cannot be loaded ----------------------------------------------------------------


def broken():
    raise ZeroDivisionError("while making the app")


def test_an_app_that_cannot_be_made_ends_the_command(framework, monkeypatch):
    result, given = run(framework, monkeypatch, create_app=broken)
    assert isinstance(result.exception, ZeroDivisionError)
    assert not given


def test_in_the_reloaders_child_the_error_is_raised_at_the_request(framework, monkeypatch):
    monkeypatch.setattr(f"{framework.__name__}.cli.is_running_from_reloader", lambda: True)
    result, [(_, _, app, _, _)] = run(framework, monkeypatch, "--debug", create_app=broken)
    assert "while making the app" in result.stderr
    with pytest.raises(ZeroDivisionError):
        app({}, lambda *args: None)


def test_the_reloaders_child_prints_no_banner(framework, monkeypatch):
    monkeypatch.setattr(f"{framework.__name__}.cli.is_running_from_reloader", lambda: True)
    result, _ = run(framework, monkeypatch)
    assert result.output == ""


# ---- The debugger stays on this machine ----------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", ""])
def test_debug_mode_on_an_open_address_is_refused(own, monkeypatch, host):
    result, given = run(own, monkeypatch, "--debug", "--host", host)
    assert result.exit_code == 2
    assert "--debugger" in result.stderr
    assert not given


@pytest.mark.parametrize("choice", ["--debugger", "--no-debugger"])
def test_debug_mode_on_an_open_address_asked_for_by_name(own, monkeypatch, choice):
    options = options_of(own, monkeypatch, "--debug", "--host", "0.0.0.0", choice)
    assert options["use_debugger"] is (choice == "--debugger")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.10", "localhost", "app.localhost", "::1", "[::1]", "unix:///tmp/x"]
)
def test_loopback_has_many_names(own, monkeypatch, host):
    assert options_of(own, monkeypatch, "--debug", "--host", host)["use_debugger"] is True


def pin_of(own, monkeypatch):
    _, [(*_, environ)] = run(own, monkeypatch, "--debug")
    return environ["WERKZEUG_DEBUG_PIN"]


def test_the_debuggers_pin_is_new_each_time(own, monkeypatch):
    pins = {pin_of(own, monkeypatch) for _ in range(3)}
    assert len(pins) == 3
    assert all(re.fullmatch(r"\d{3}-\d{3}-\d{3}", pin) for pin in pins)
    assert "WERKZEUG_DEBUG_PIN" not in os.environ


def test_a_pin_of_ones_own_is_kept(own, monkeypatch):
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "off")
    assert pin_of(own, monkeypatch) == "off"
    assert os.environ["WERKZEUG_DEBUG_PIN"] == "off"


# ---- For real ------------------------------------------------------------------------------------

SITE = """
from FRAMEWORK import Flask
app = Flask(__name__)
app.get("/")(lambda: f"first, debug={app.debug}")
app.get("/fails", endpoint="fails")(lambda: 1 / 0)
"""
COMMANDS = {"flask": ["-m", "flask"], "flask_nb.web": ["-m", "flask_nb"]}


@contextmanager
def serving(framework, *options, **where):
    """Run the command as a person does; yield the URL and what was printed until it was served."""
    Path(where.get("cwd", ""), "site_of_tests.py").write_text(SITE.replace("FRAMEWORK", framework))
    command = [sys.executable, "-u", *COMMANDS[framework], "-A", "site_of_tests"]
    server = subprocess.Popen(
        [*command, "run", "-p", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **where,
    )
    last = "PIN:" if "--debug" in options else "CTRL+C"
    try:
        printed = ""
        for line in server.stdout:
            printed += line
            if last in line:
                break
        yield re.findall(r"https?://127\.0\.0\.1:\d+", printed)[0], printed
    finally:
        os.killpg(server.pid, signal.SIGINT)
        server.communicate(timeout=10)


def fetch(url, **options):
    try:
        return urllib.request.urlopen(url, timeout=10, **options).read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def fetch_changed(url, file, wanted):
    """Save *file* and ask, again and again: the reloader may not have seen the old one yet."""
    deadline = time.monotonic() + 20
    answer = ""
    while wanted not in answer and time.monotonic() < deadline:
        file.touch()
        time.sleep(0.3)
        with suppress(OSError):
            answer = fetch(url)
    return answer


@pytest.fixture(scope="module", params=COMMANDS)
def in_debug_mode(request, tmp_path_factory):
    """The URL of a site that is served in debug mode, what was printed, and the site's file."""
    folder = tmp_path_factory.mktemp("site")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "WERKZEUG_"))}
    with serving(request.param, "--debug", cwd=folder, env=env) as (url, printed):
        yield url, printed, folder / "site_of_tests.py"


@posix_only
def test_a_changed_file_restarts_the_server(in_debug_mode):
    url, _, site = in_debug_mode
    assert fetch(url) == "first, debug=True"
    site.write_text(site.read_text().replace("first", "second"))
    assert fetch_changed(url, site, "second") == "second, debug=True"


@posix_only
def test_the_debuggers_console_asks_for_the_pin_that_was_printed(in_debug_mode):
    url, printed, _ = in_debug_mode
    pin = re.findall(r"PIN: (\S+)", printed)[0]
    page = fetch(f"{url}/fails")
    secret = re.findall(r'SECRET = "(\w+)"', page)[0]
    ask = f"{url}/?__debugger__=yes&cmd=pinauth&s={secret}&pin="
    assert json.loads(fetch(f"{ask}000-000-000"))["auth"] is False
    assert json.loads(fetch(f"{ask}{pin}"))["auth"] is True


@posix_only
def test_without_debug_mode_there_is_no_debugger(framework):
    with serving(framework.__name__) as (url, printed):
        assert "SECRET" not in fetch(f"{url}/fails")
        assert fetch(url) == "first, debug=False"
        assert "PIN" not in printed


@posix_only
def test_a_certificate_made_now_serves_tls(framework):
    pytest.importorskip("cryptography")
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with serving(framework.__name__, "--cert", "adhoc") as (url, _):
        assert url.startswith("https://")
        assert fetch(url, context=trusting) == "first, debug=False"
