"""The functions that views use."""

from __future__ import annotations

import io
import os
import sys
from datetime import datetime

import pytest
from werkzeug.exceptions import Aborter, Gone, NotFound
from werkzeug.routing import BuildError

# --- url_for ---


@pytest.fixture
def routed(framework, app):
    app.add_url_rule("/", "index")
    app.add_url_rule("/user/<name>", "user")
    app.add_url_rule("/page/<int:number>", "page", methods=["GET"])
    app.add_url_rule("/page/<int:number>/edit", "page", methods=["POST"])
    blueprint = framework.Blueprint("shop", __name__, url_prefix="/shop")
    blueprint.add_url_rule("/", "index", lambda: framework.url_for(".cart"))
    blueprint.add_url_rule("/cart", "cart", lambda: framework.url_for("index"))
    app.register_blueprint(blueprint)
    return app


@pytest.mark.parametrize(
    ("endpoint", "values", "url"),
    [
        ("index", {}, "/"),
        ("user", {"name": "Ann"}, "/user/Ann"),
        ("user", {"name": "a/b é?"}, "/user/a/b%20%C3%A9%3F"),
        ("index", {"q": "a b", "n": 1}, "/?q=a+b&n=1"),
        ("index", {"q": ["a", "b"]}, "/?q=a&q=b"),
        ("index", {"q": None}, "/"),
        ("index", {"_anchor": "a b#c"}, "/#a%20b#c"),
        ("index", {"_anchor": ""}, "/#"),
        ("index", {"_external": True}, "http://localhost/"),
        ("index", {"_scheme": "https"}, "https://localhost/"),
        ("index", {"_scheme": "https", "_external": True}, "https://localhost/"),
        ("index", {"_external": True, "_scheme": ""}, "//localhost/"),
        ("page", {"number": 1}, "/page/1"),
        ("page", {"number": 1, "_method": "POST"}, "/page/1/edit"),
        ("shop.cart", {}, "/shop/cart"),
        (".index", {}, "/"),
    ],
)
def test_urls_are_built_in_a_request(framework, routed, endpoint, values, url):
    with routed.test_request_context():
        assert framework.url_for(endpoint, **values) == url


def test_a_dot_stands_for_the_current_blueprint(routed):
    client = routed.test_client()
    assert client.get("/shop/").text == "/shop/cart"
    assert client.get("/shop/cart").text == "/"


def test_a_scheme_needs_an_external_url(framework, routed):
    with routed.test_request_context(), pytest.raises(ValueError, match="_external"):
        framework.url_for("index", _scheme="https", _external=False)


def test_outside_of_a_request_the_server_name_is_needed(framework, routed):
    with routed.app_context(), pytest.raises(RuntimeError, match="SERVER_NAME"):
        framework.url_for("index")
    routed.config.update(SERVER_NAME="example.org", APPLICATION_ROOT="/root", PREFERRED_URL_SCHEME="https")
    with routed.app_context():
        assert framework.url_for("index") == "https://example.org/root/"
        assert framework.url_for("index", _external=False) == "/root/"
        assert framework.url_for("shop.cart", _scheme="http") == "http://example.org/root/shop/cart"


def test_outside_of_an_app_nothing_is_built(framework):
    with pytest.raises(RuntimeError, match="application context"):
        framework.url_for("index")


@pytest.mark.parametrize(("endpoint", "values"), [("missing", {}), ("user", {}), ("page", {"number": "x"})])
def test_an_url_that_cannot_be_built_is_an_error(framework, routed, endpoint, values):
    with routed.test_request_context(), pytest.raises((BuildError, ValueError)):
        framework.url_for(endpoint, **values)


def test_build_errors_can_be_handled(framework, routed):
    asked = []

    def give_up(error, endpoint, values):
        raise error

    def pass_on(error, endpoint, values):
        asked.append((endpoint, values))

    def handle(error, endpoint, values):
        return f"/elsewhere/{endpoint}" if endpoint == "missing" else None

    routed.url_build_error_handlers += [give_up, pass_on, handle]
    with routed.test_request_context():
        assert framework.url_for("missing", a=1, _anchor="x", _method="GET") == "/elsewhere/missing"
        with pytest.raises(BuildError, match="unknown"):
            framework.url_for("unknown")
    assert asked[0] == (
        "missing",
        {"a": 1, "_anchor": "x", "_method": "GET", "_scheme": None, "_external": False},
    )


def test_defaults_are_added_to_the_values(framework, routed):
    @routed.url_defaults
    def add(endpoint, values):
        values.setdefault("name", endpoint)

    with routed.test_request_context():
        assert framework.url_for("user") == "/user/user"
        assert framework.url_for("user", name="Ann") == "/user/Ann"


# --- redirect and abort ---


def test_a_redirect_leads_elsewhere(framework, app):
    with app.app_context():
        response = framework.redirect("/there?a=1", 303)
    assert (response.status_code, response.location) == (303, "/there?a=1")
    assert type(response) is framework.Response


def test_an_app_redirects_in_its_own_way(framework):
    class App(framework.Flask):
        def redirect(self, location, code=302):
            return super().redirect(f"{location}?own", code)

    with App(__name__).app_context():
        assert framework.redirect("/a").location == "/a?own"


def test_outside_of_an_app_redirects_are_of_any_class(framework):
    class Response(framework.Response):
        pass

    assert type(framework.redirect("/a", Response=Response)) is Response
    assert framework.redirect("/a").status_code == 302


def test_abort_raises_the_error_of_a_status(framework, app):
    with pytest.raises(NotFound):
        framework.abort(404)
    with app.app_context(), pytest.raises(Gone, match="moved away"):
        framework.abort(410, "moved away")
    with pytest.raises(LookupError):
        framework.abort(999)


def test_abort_ends_with_a_response(framework, app, client):
    @app.get("/")
    def view():
        framework.abort(framework.make_response("enough", 418))

    response = client.get("/")
    assert (response.status_code, response.text) == (418, "enough")


def test_an_app_aborts_in_its_own_way(framework):
    class Teapot(NotFound):
        code = 499

    class App(framework.Flask):
        def make_aborter(self):
            aborter = super().make_aborter()
            aborter.mapping[499] = Teapot
            return aborter

    with App(__name__).app_context(), pytest.raises(Teapot):
        framework.abort(499)


def test_an_app_may_have_another_class_of_aborter(framework):
    class Own(Aborter):
        def __call__(self, code, *args, **kwargs):
            super().__call__(code + 1, *args, **kwargs)

    class App(framework.Flask):
        aborter_class = Own

    with App(__name__).app_context(), pytest.raises(NotFound):
        framework.abort(403)


# --- make_response ---


def test_make_response_makes_what_a_view_would(framework, app):
    with app.test_request_context():
        assert framework.make_response().get_data() == b""
        assert framework.make_response("a").get_data() == b"a"
        response = framework.make_response({"a": 1}, 201, {"X-A": "b"})
        assert (response.status_code, response.headers["X-A"], response.json) == (201, "b", {"a": 1})
        assert framework.make_response(("a", 202)).status_code == 202
        assert framework.make_response(response) is response


# --- flash ---


def test_messages_are_kept_until_the_next_request(framework, app, client):
    @app.get("/set")
    def put():
        framework.flash("one")
        framework.flash("two", "error")
        return ""

    app.add_url_rule("/get", view_func=lambda: framework.get_flashed_messages(), endpoint="get")
    client.get("/set")
    assert client.get("/get").json == ["one", "two"]
    assert client.get("/get").json == []


def test_messages_come_with_categories_and_can_be_filtered(framework, app):
    with app.test_request_context():
        framework.flash("one")
        framework.flash("two", "error")
        assert framework.get_flashed_messages(with_categories=True) == [("message", "one"), ("error", "two")]
        assert framework.get_flashed_messages(category_filter=["error"]) == ["two"]
        assert framework.get_flashed_messages(True, ("error", "message"))[0] == ("message", "one")


def test_messages_are_the_same_all_through_a_request(framework, app):
    with app.test_request_context():
        framework.flash("one")
        assert framework.get_flashed_messages() == ["one"]
        framework.flash("late")
        assert framework.get_flashed_messages() == ["one"]
        assert framework.session["_flashes"] == [("message", "late")]


def test_asking_for_messages_leaves_a_session_without_any_unchanged(framework, app, client):
    app.add_url_rule("/", view_func=lambda: framework.get_flashed_messages(), endpoint="index")
    response = client.get("/")
    assert "Set-Cookie" not in response.headers
    assert response.headers["Vary"] == "Cookie"


@pytest.mark.parametrize("name", ["flash", "get_flashed_messages"])
def test_messages_need_a_request(framework, app, name):
    arguments = ["text"] if name == "flash" else []
    with app.app_context(), pytest.raises(RuntimeError, match="request context"):
        getattr(framework, name)(*arguments)


# --- files ---


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.txt").write_text("0123456789")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.html").write_text("<b>")
    os.utime(tmp_path / "a.txt", (1_700_000_000, 1_700_000_000))
    return tmp_path


@pytest.fixture
def sent(framework, app, files):
    """Send a file by ``send_file`` and give the finished response."""

    def send(*args, environ=None, **kwargs):
        with app.test_request_context(**(environ or {})):
            response = framework.send_file(*args, **kwargs)
            response.direct_passthrough = False
            response.get_data()
            response.close()
            return response

    return send


def test_a_file_is_found_relative_to_the_app(sent):
    response = sent("a.txt")
    assert response.get_data() == b"0123456789"
    assert response.mimetype == "text/plain"
    assert response.last_modified.timestamp() == 1_700_000_000
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.get_etag()[0]


def test_a_file_can_be_downloaded_under_another_name(sent, files):
    response = sent(files / "a.txt", as_attachment=True, download_name="ä.csv", mimetype="text/own")
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert response.headers["Content-Type"] == "text/own; charset=utf-8"


def test_an_open_file_needs_a_name_or_a_type(sent):
    with pytest.raises(TypeError, match="mimetype"):
        sent(io.BytesIO(b"x"))
    assert sent(io.BytesIO(b"x"), download_name="x.png").mimetype == "image/png"
    assert sent(io.BytesIO(b"x"), mimetype="a/b").mimetype == "a/b"
    with pytest.raises(ValueError, match="binary"):
        sent(io.StringIO("x"), mimetype="a/b")


def test_an_unchanged_file_is_not_sent_again(sent):
    response = sent("a.txt")
    for header in (
        {"If-None-Match": response.headers["ETag"]},
        {"If-Modified-Since": response.headers["Last-Modified"]},
    ):
        assert sent("a.txt", environ={"headers": header}).status_code == 304
    header = {"If-None-Match": response.headers["ETag"]}
    assert sent("a.txt", conditional=False, environ={"headers": header}).status_code == 200


def test_a_part_of_a_file_can_be_asked_for(sent):
    response = sent("a.txt", environ={"headers": {"Range": "bytes=2-4"}})
    assert (response.status_code, response.get_data()) == (206, b"234")
    assert response.headers["Content-Range"] == "bytes 2-4/10"


def test_what_is_known_of_a_file_can_be_given(sent):
    response = sent("a.txt", etag="own", last_modified=datetime(2020, 1, 1), max_age=60)
    assert response.get_etag() == ("own", False)
    assert response.last_modified.year == 2020
    assert response.cache_control.max_age == 60
    assert sent("a.txt", etag=False).get_etag() == (None, None)


def test_the_age_is_the_apps_unless_given(app, sent, files):
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 120
    assert sent("a.txt").cache_control.max_age == 120
    assert sent("a.txt", max_age=lambda path: len(path)).cache_control.max_age == len(str(files / "a.txt"))
    app.get_send_file_max_age = lambda filename: 7
    assert sent("a.txt").cache_control.max_age == 7


def test_a_server_may_be_told_to_send_the_file(app, sent, files):
    app.config["USE_X_SENDFILE"] = True
    assert sent("a.txt").headers["X-Sendfile"] == str(files / "a.txt")


@pytest.mark.parametrize("path", ["missing.txt", "folder"])
def test_send_file_trusts_its_path(sent, path):
    with pytest.raises(OSError, match=path):
        sent(path)


def test_a_file_of_a_folder_is_sent(framework, app, files):
    with app.test_request_context():
        response = framework.send_from_directory("folder", "b.html", max_age=5)
        assert response.mimetype == "text/html"
        assert response.cache_control.max_age == 5
        response.close()


@pytest.mark.parametrize(
    "path", ["../a.txt", "/etc/passwd", "missing", ".", "", "a/../../a.txt", "..", "\x00"]
)
def test_nothing_outside_of_the_folder_is_sent(framework, app, files, path):
    with app.test_request_context(), pytest.raises((NotFound, ValueError)) as caught:
        framework.send_from_directory("folder", path)
    if "\x00" not in path:
        assert caught.type is NotFound


def test_files_need_a_request(framework, app, files):
    with app.app_context(), pytest.raises(RuntimeError, match="request context"):
        framework.send_file("a.txt")


# --- streams ---


def test_a_stream_sees_the_request(framework, app, client):
    @app.get("/")
    def view():
        def pieces():
            yield "hello "
            yield framework.request.args["name"]
            framework.session.get("a")

        return framework.Response(framework.stream_with_context(pieces()))

    assert client.get("/?name=Ann").text == "hello Ann"


def test_a_stream_sees_what_the_view_kept_in_g(framework, app, client):
    @app.get("/")
    def view():
        framework.g.name = "Ann"
        return framework.stream_with_context(framework.g.name for _ in range(2))

    assert client.get("/").text == "AnnAnn"


def test_a_generator_function_can_be_decorated(framework, app):
    @framework.stream_with_context
    def pieces(end):
        """Say where."""
        yield framework.request.path
        yield end

    assert (pieces.__name__, pieces.__doc__) == ("pieces", "Say where.")
    with app.test_request_context("/here"):
        assert list(pieces("!")) == ["/here", "!"]


def test_a_stream_needs_a_request(framework, app):
    with pytest.raises(RuntimeError, match="stream_with_context"):
        framework.stream_with_context(iter("ab"))

    @framework.stream_with_context
    def pieces():
        yield "a"

    with app.app_context(), pytest.raises(RuntimeError, match="stream_with_context"):
        pieces()


def test_what_is_streamed_is_closed_with_the_response(framework, app, client):
    closed = []

    class Pieces:
        def __iter__(self):
            return self

        def __next__(self):
            return "x"

        def close(self):
            closed.append(framework.request.path)

    app.add_url_rule("/", view_func=lambda: framework.stream_with_context(Pieces()), endpoint="index")
    response = client.get("/")
    assert next(response.iter_encoded()) == b"x"
    response.close()
    assert set(closed) == {"/"}


def test_the_request_ends_before_and_after_its_stream(framework, app, client):
    events = []
    app.teardown_request(lambda error: events.append("torn down"))

    @app.get("/")
    def view():
        def pieces():
            events.append("begins")
            yield "x"
            events.append("ends")

        return framework.stream_with_context(pieces())

    assert client.get("/").text == "x"
    assert events == ["torn down", "begins", "ends", "torn down"]


def test_an_error_in_a_stream_reaches_the_teardown(framework, app, client):
    seen = []
    app.teardown_request(seen.append)

    @app.get("/")
    def view():
        def pieces():
            yield "x"
            raise ValueError

        return framework.stream_with_context(pieces())

    with pytest.raises(ValueError):  # noqa: PT011
        client.get("/").get_data()
    assert [type(error) for error in seen] == [type(None), ValueError]


def test_a_stream_in_an_async_view_sees_the_request(framework, app, client):
    @app.get("/")
    async def view():
        @framework.stream_with_context
        def pieces():
            yield framework.request.path

        return framework.Response(pieces())

    assert client.get("/").text == "/"


# --- where things are ---


def test_the_root_path_of_a_module_is_its_folder(framework, tmp_path, monkeypatch):
    import json

    get_root_path = framework.helpers.get_root_path
    assert get_root_path("json") == get_root_path("json.decoder") == os.path.dirname(json.__file__)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "found_not_imported.py").write_text("raise RuntimeError('imported')")
    assert get_root_path("found_not_imported") == str(tmp_path)
    assert "found_not_imported" not in sys.modules


def test_the_root_path_of_an_unknown_module_is_the_working_directory(framework, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert framework.helpers.get_root_path("no_such_module_at_all") == str(tmp_path)


def test_a_module_without_a_file_has_no_root_path(framework):
    with pytest.raises(RuntimeError, match="'sys'"):
        framework.helpers.get_root_path("sys")


@pytest.mark.parametrize(("value", "loads"), [("1", False), ("yes", False), ("0", True), ("False", True)])
def test_dotenv_files_are_loaded_unless_skipped(framework, monkeypatch, value, loads):
    monkeypatch.setenv("FLASK_SKIP_DOTENV", value)
    assert framework.helpers.get_load_dotenv(not loads) is loads


@pytest.mark.parametrize("value", [None, ""])
def test_the_default_counts_where_nothing_is_said(framework, monkeypatch, value):
    if value is not None:
        monkeypatch.setenv("FLASK_SKIP_DOTENV", value)
    assert framework.helpers.get_load_dotenv() is True
    assert framework.helpers.get_load_dotenv(False) is False
