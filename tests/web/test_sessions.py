"""Sessions in signed cookies."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from uuid import UUID

import pytest
from markupsafe import Markup

from .conftest import FRAMEWORKS, load_framework


def cookie_of(response, name="session"):
    """The attributes of the session cookie that a response sets, or None."""
    for header in response.headers.getlist("Set-Cookie"):
        cookie = SimpleCookie(header)
        if name in cookie:
            return cookie[name]
    return None


@pytest.fixture
def shop(framework, app):
    """An app that reads, changes and empties the session."""

    @app.get("/read")
    def read():
        return framework.jsonify(dict(framework.session))

    @app.get("/set/<key>/<value>")
    def put(key, value):
        framework.session[key] = value
        return ""

    @app.get("/clear")
    def clear():
        framework.session.clear()
        return ""

    @app.get("/permanent")
    def permanent():
        framework.session.permanent = True
        return ""

    app.add_url_rule("/none", view_func=lambda: "", endpoint="none")
    return app


def test_what_is_stored_comes_back(shop):
    client = shop.test_client()
    client.get("/set/name/Ann")
    client.get("/set/city/Rome")
    assert client.get("/read").json == {"name": "Ann", "city": "Rome"}


def test_an_emptied_session_deletes_its_cookie(shop):
    client = shop.test_client()
    client.get("/set/a/1")
    response = client.get("/clear")
    assert cookie_of(response)["max-age"] == "0"
    assert response.headers.getlist("Vary") == ["Cookie"]
    assert client.get_cookie("session") is None


def test_a_response_varies_by_cookie_if_the_session_was_read(shop):
    client = shop.test_client()
    assert client.get("/read").headers.getlist("Vary") == ["Cookie"]
    assert cookie_of(client.get("/read")) is None
    assert "Vary" not in client.get("/none").headers


@pytest.mark.parametrize(
    "access",
    [
        lambda session: session.get("a"),
        lambda session: "a" in session,
        lambda session: len(session),
        lambda session: list(session),
        lambda session: bool(session),
        lambda session: session.permanent,
        lambda session: session == {},
        lambda session: session.setdefault("a", 1),
        lambda session: session.pop("a", None),
        lambda session: session.modified,
        lambda session: session.new,
        lambda session: session.accessed,
        lambda session: repr(session),
    ],
)
def test_every_access_makes_the_response_vary(framework, app, client, access):
    @app.get("/")
    def view():
        access(framework.session)
        return ""

    assert client.get("/").headers.getlist("Vary") == ["Cookie"]


def test_vary_is_added_to_what_the_view_says(framework, app, client):
    @app.get("/")
    def view():
        framework.session["a"] = 1
        return "", {"Vary": "Accept-Encoding, Accept-Language"}

    vary = client.get("/").vary
    assert set(vary) == {"Accept-Encoding", "Accept-Language", "Cookie"}


def test_an_unchanged_session_sets_no_cookie(shop):
    client = shop.test_client()
    client.get("/set/a/1")
    assert cookie_of(client.get("/read")) is None
    assert cookie_of(client.get("/none")) is None


def test_a_permanent_session_is_refreshed_with_each_request(shop):
    client = shop.test_client()
    response = client.get("/permanent")
    expires = datetime.strptime(cookie_of(response)["expires"], "%a, %d %b %Y %H:%M:%S GMT")
    lifetime = expires.replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(days=30, hours=23) < lifetime <= timedelta(days=31)
    refreshed = client.get("/none")
    assert cookie_of(refreshed)["expires"]
    assert refreshed.headers.getlist("Vary") == ["Cookie"]


def test_refreshing_can_be_turned_off(shop):
    shop.config["SESSION_REFRESH_EACH_REQUEST"] = False
    client = shop.test_client()
    client.get("/permanent")
    response = client.get("/none")
    assert cookie_of(response) is None
    assert "Vary" not in response.headers


def test_a_session_that_is_not_permanent_ends_with_the_browser(shop):
    assert cookie_of(shop.test_client().get("/set/a/1"))["expires"] == ""


def test_a_change_inside_a_value_is_not_noticed(framework, app, client):
    @app.get("/")
    def view():
        framework.session.setdefault("list", []).append(1)
        return str(len(framework.session["list"]))

    assert client.get("/").text == "1"
    assert client.get("/").text == "2"
    assert client.get("/").text == "2"


def test_it_is_noticed_if_modified_is_set(framework, app, client):
    @app.get("/")
    def view():
        framework.session.setdefault("list", []).append(1)
        framework.session.modified = True
        return str(len(framework.session["list"]))

    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("changes", "change"),
    [
        (False, lambda s: s.get("a")),
        (False, lambda s: s.setdefault("a", 2)),
        (False, lambda s: s.pop("missing", None)),
        (True, lambda s: s.setdefault("b", 2)),
        (True, lambda s: s.pop("a")),
        (True, lambda s: s.popitem()),
        (True, lambda s: s.clear()),
        (True, lambda s: s.update(a=1)),
        (True, lambda s: s.__setitem__("a", 1)),
        (True, lambda s: s.__delitem__("a")),
        (True, lambda s: setattr(s, "permanent", False)),
    ],
)
def test_a_session_knows_whether_it_was_changed(framework, changes, change):
    session = framework.sessions.SecureCookieSession({"a": 1})
    change(session)
    assert session.modified is changes
    assert session.accessed is False


def test_types_that_json_does_not_know_survive(framework, app, client):
    values = {
        "tuple": (1, (2, [3])),
        "bytes": b"\x00\xff",
        "markup": Markup("<b>"),
        "uuid": UUID(int=7),
        "datetime": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "looks tagged": {" t": [1]},
    }
    with client.session_transaction() as session:
        session.update(values)
    with client.session_transaction() as session:
        assert dict(session) == values
        assert type(session["markup"]) is Markup
        assert type(session["tuple"][1]) is tuple


def test_the_cookie_says_what_the_configuration_says(shop):
    shop.config.update(
        SESSION_COOKIE_NAME="own",
        SESSION_COOKIE_DOMAIN="example.org",
        SESSION_COOKIE_PATH="/only",
        SESSION_COOKIE_HTTPONLY=False,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PARTITIONED=True,
    )
    [header] = shop.test_client().get("/set/a/1").headers.getlist("Set-Cookie")
    name_and_value, *flags = header.split("; ")
    assert name_and_value.startswith("own=")
    assert set(flags) == {"Domain=example.org", "Path=/only", "Secure", "SameSite=Lax", "Partitioned"}


def test_by_itself_the_cookie_is_for_this_host_and_not_for_scripts(shop):
    [header] = shop.test_client().get("/set/a/1").headers.getlist("Set-Cookie")
    assert header.split("; ")[1:] == ["HttpOnly", "Path=/"]


def test_the_path_is_the_application_root_unless_set(shop):
    shop.config["APPLICATION_ROOT"] = "/root"
    assert cookie_of(shop.test_client().get("/set/a/1"))["path"] == "/root"


def test_a_deleted_cookie_has_the_flags_that_it_was_set_with(shop):
    shop.config.update(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="Strict", SESSION_COOKIE_PATH="/")
    client = shop.test_client()
    base = "https://localhost"
    client.get("/set/a/1", base_url=base)
    deleted = cookie_of(client.get("/clear", base_url=base))
    assert (deleted["secure"], deleted["samesite"], deleted["httponly"]) == (True, "Strict", True)


def test_an_older_key_still_reads_and_the_newest_signs(shop):
    shop.secret_key = "old"
    client = shop.test_client()
    client.get("/set/a/1")
    shop.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["older", "old"])
    assert client.get("/read").json == {"a": "1"}
    client.get("/set/b/2")
    shop.config["SECRET_KEY_FALLBACKS"] = None
    assert client.get("/read").json == {"a": "1", "b": "2"}


def test_a_key_that_was_dropped_reads_no_more(shop):
    client = shop.test_client()
    client.get("/set/a/1")
    shop.secret_key = "another"
    assert client.get("/read").json == {}


def test_a_session_older_than_the_lifetime_is_empty(framework, app, monkeypatch):

    serializer = app.session_interface.get_signing_serializer(app)
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 1_000_000_000)
    old = serializer.dumps({"a": 1})
    monkeypatch.undo()
    assert framework.sessions.SecureCookieSessionInterface().open_session(app, _request(app, old)) == {}


def _request(app, cookie):
    with app.test_request_context(headers={"Cookie": f"session={cookie}"}) as ctx:
        return ctx.request


def test_without_a_key_the_session_is_empty_and_cannot_be_written(framework, app, client):
    app.secret_key = None

    @app.get("/read")
    def read():
        return str(framework.session.get("a", "nothing"))

    @app.get("/write")
    def write():
        framework.session["a"] = 1
        return ""

    assert client.get("/read").text == "nothing"
    with pytest.raises(RuntimeError, match="secret key"):
        client.get("/write")


@pytest.mark.parametrize(
    "write",
    [
        lambda s: s.update(a=1),
        lambda s: s.clear(),
        lambda s: s.pop("a", None),
        lambda s: s.popitem(),
        lambda s: s.setdefault("a", 1),
        lambda s: s.__delitem__("a"),
        lambda s: setattr(s, "permanent", True),
    ],
)
def test_a_null_session_refuses_every_change(framework, write):
    with pytest.raises(RuntimeError, match="secret key"):
        write(framework.sessions.NullSession())


def test_the_serializer_follows_the_attributes_of_the_interface(framework, app):
    class Interface(framework.sessions.SecureCookieSessionInterface):
        salt = "another"
        digest_method = staticmethod(hashlib.sha256)
        key_derivation = "django-concat"

    app.config["SECRET_KEY_FALLBACKS"] = ("first", "second")
    serializer = Interface().get_signing_serializer(app)
    assert serializer.secret_keys == [b"first", b"second", b"a key for tests"]
    assert serializer.salt == b"another"
    assert serializer.signer_kwargs["key_derivation"] == "django-concat"
    assert Interface().get_signing_serializer(framework.Flask("no_key")) is None


def test_keys_may_be_bytes_or_anything_that_becomes_bytes(framework, app):
    interface = framework.sessions.SecureCookieSessionInterface()
    app.secret_key = b"bytes"
    token = interface.get_signing_serializer(app).dumps({"a": 1})
    app.secret_key = "bytes"
    assert interface.get_signing_serializer(app).loads(token) == {"a": 1}


def test_a_backend_of_ones_own_opens_and_saves(framework, app, client):
    store = {"a": 1}

    class Session(dict, framework.sessions.SessionMixin):
        pass

    class Interface(framework.sessions.SessionInterface):
        def open_session(self, app, request):
            return Session(store)

        def save_session(self, app, session, response):
            store.clear()
            store.update(session)
            response.headers["X-Saved"] = "yes"

    app.session_interface = Interface()

    @app.get("/")
    def view():
        framework.session["b"] = framework.session["a"] + 1
        return ""

    assert client.get("/").headers["X-Saved"] == "yes"
    assert store == {"a": 1, "b": 2}


def test_a_backend_of_ones_own_is_opened_for_a_transaction(framework, app, client):
    store = {"a": 1}

    class Session(dict, framework.sessions.SessionMixin):
        pass

    class Interface(framework.sessions.SessionInterface):
        def open_session(self, app, request):
            return Session(store)

        def save_session(self, app, session, response):
            store.update(session)

    app.session_interface = Interface()
    with client.session_transaction() as session:
        assert session == {"a": 1}
        session["b"] = 2
    assert store == {"a": 1, "b": 2}


def test_an_interface_that_is_patched_is_asked_for_every_request(framework, app, client):
    interface = framework.sessions.SecureCookieSessionInterface()
    called = []
    opened, saved = interface.open_session, interface.save_session
    interface.open_session = lambda *args: called.append("open") or opened(*args)
    interface.save_session = lambda *args: called.append("save") or saved(*args)
    app.session_interface = interface
    app.add_url_rule("/", "view", lambda: "")
    client.get("/")
    assert called == ["open", "save"]


def test_a_backend_that_opens_nothing_gives_a_null_session(framework, app, client):
    class Null(framework.sessions.NullSession):
        pass

    class Interface(framework.sessions.SessionInterface):
        null_session_class = Null

        def open_session(self, app, request):
            return None

    app.session_interface = Interface()
    app.add_url_rule(
        "/", view_func=lambda: type(framework.session._get_current_object()).__name__, endpoint="a"
    )
    assert client.get("/").text == "Null"


def test_the_base_interface_neither_opens_nor_saves(framework, app):
    interface = framework.sessions.SessionInterface()
    with pytest.raises(NotImplementedError):
        interface.open_session(app, None)
    with pytest.raises(NotImplementedError):
        interface.save_session(app, {}, None)


def test_an_interface_is_asked_for_every_part_of_the_cookie(framework, app, client):
    class Interface(framework.sessions.SecureCookieSessionInterface):
        def get_cookie_name(self, app):
            return "mine"

        def get_cookie_path(self, app):
            return "/own"

        def get_expiration_time(self, app, session):
            return datetime(2100, 1, 1, tzinfo=UTC)

        def should_set_cookie(self, app, session):
            return True

    app.session_interface = Interface()

    @app.get("/")
    def view():
        framework.session["a"] = 1
        return ""

    cookie = cookie_of(client.get("/"), "mine")
    assert cookie["path"] == "/own"
    assert cookie["expires"] == "Fri, 01 Jan 2100 00:00:00 GMT"


def test_the_session_is_open_before_the_rule_is_matched(framework, app, client):
    from werkzeug.routing import BaseConverter

    seen = []

    class Converter(BaseConverter):
        def to_python(self, value):
            seen.append(framework.session.get("a"))
            return value

    app.url_map.converters["seeing"] = Converter
    app.add_url_rule("/<seeing:x>", view_func=lambda x: x, endpoint="x")
    with client.session_transaction() as session:
        session["a"] = 1
    client.get("/x")
    assert seen == [1]


def test_after_request_hooks_still_change_the_session(framework, app, client):
    @app.after_request
    def store(response):
        framework.session["late"] = 1
        return response

    app.add_url_rule("/", view_func=lambda: "", endpoint="index")
    client.get("/")
    with client.session_transaction() as session:
        assert session["late"] == 1


@pytest.mark.parametrize("writer", FRAMEWORKS.values(), ids=FRAMEWORKS.keys())
def test_a_cookie_of_either_is_read_by_the_other(framework, writer):
    writing = load_framework(writer).Flask("writing")
    reading = framework.Flask("reading")
    writing.secret_key = reading.secret_key = "shared"
    values = {"n": 1, "t": (1, b"2", UUID(int=3)), "m": Markup("<i>"), "d": {" t": [1]}, "z": "ä" * 2000}
    cookie = writing.session_interface.get_signing_serializer(writing).dumps(values)
    opened = reading.session_interface.open_session(reading, _request(reading, cookie))
    assert dict(opened) == values


def test_both_write_the_same_cookie(monkeypatch):

    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 1_700_000_000)
    written = set()
    for name in FRAMEWORKS.values():
        app = load_framework(name).Flask("app")
        app.secret_key = "shared"
        client = app.test_client()
        with client.session_transaction() as session:
            session.update(b=(1, 2), a=b"x")
            session.permanent = True
        written.add(client.get_cookie("session").value)
    assert len(written) == 1


def test_keys_without_a_hash_work(framework, app):
    app.config["SECRET_KEY_FALLBACKS"] = [bytearray(b"old")]
    interface = framework.sessions.SecureCookieSessionInterface()
    assert interface.get_signing_serializer(app).secret_keys[-1] == b"a key for tests"
