"""Random input: whatever Flask makes of it, ours makes the same of it."""

from __future__ import annotations

import builtins
import itertools
import json
import types
import warnings
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from unittest import mock
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, NotFound
from werkzeug.test import create_environ
from werkzeug.wrappers import Response as WerkzeugResponse

from .conftest import FRAMEWORKS, load_framework

OURS, FLASK = (load_framework(name) for name in FRAMEWORKS.values())
BOTH = (OURS, FLASK)


def outcome(function: Any, *args: Any, **kwargs: Any) -> Any:
    """What a call gives, or the type of the error that it raises."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return type(error)


def told(response: Any) -> tuple[Any, ...]:
    """All that a client can tell of a response; the order of methods in Allow says nothing."""
    headers = [(name, value) for name, value in response.headers if name != "Allow"]
    return response.status, headers, sorted(response.allow), response.get_data()


# --- routing ---

WORDS = ("a", "b", "ab", "é", "x.y")
CONVERTERS = (
    "<{}>",
    "<int:{}>",
    "<int(min=2, max=50):{}>",
    "<int(signed=True):{}>",
    "<float:{}>",
    "<path:{}>",
    "<any(a, b):{}>",
    "<string(length=2):{}>",
    "<uuid:{}>",
    "p-<int:{}>",
    "<{}>.txt",
)
METHODS = ("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE")


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    names = iter("uvwxyz")
    parts = draw(st.lists(st.sampled_from(WORDS + CONVERTERS), max_size=3))
    rule = "/" + "/".join(part.format(next(names)) for part in parts)
    if draw(st.booleans()):
        rule = rule.rstrip("/") + "/"
    options: dict[str, Any] = {"rule": rule}
    if draw(st.booleans()):
        options["methods"] = draw(st.lists(st.sampled_from(METHODS), min_size=1, unique=True))
    if draw(st.integers(0, 5)) == 0:
        options["strict_slashes"] = draw(st.booleans())
    if draw(st.integers(0, 5)) == 0:
        options["merge_slashes"] = draw(st.booleans())
    if draw(st.integers(0, 5)) == 0:
        options["provide_automatic_options"] = draw(st.booleans())
    if draw(st.integers(0, 5)) == 0:
        options["defaults"] = {"extra": draw(st.integers(0, 3))}
    return options


SEGMENTS = st.sampled_from(
    [*WORDS, "", "c", "7", "07", "-7", "99", "1.5", "p-3", "ab.txt", "a b", "%2F", str(UUID(int=3))]
)
PATHS = st.builds(
    lambda parts, end: "/" + "/".join(parts) + end,
    st.lists(SEGMENTS, max_size=4),
    st.sampled_from(["", "/", "?q=1", "//"]),
)


def routed_app(framework: types.ModuleType, table: list[dict[str, Any]]) -> Any:
    app = framework.Flask("app", static_folder=None)
    app.testing = True
    for number, options in enumerate(table):

        def view(number: int = number, **values: Any) -> str:
            return f"{number} {sorted(values.items())!r} {framework.request.endpoint}"

        app.add_url_rule(endpoint=f"e{number}", view_func=view, **options)
    return app


def request(client: Any, path: str, method: str) -> tuple[Any, ...]:
    return told(client.open(path, method=method))


@given(
    table=st.lists(rules(), min_size=1, max_size=6),
    requests=st.lists(st.tuples(st.sampled_from(METHODS), PATHS), min_size=1, max_size=6),
)
@example(table=[{"rule": "/a/"}, {"rule": "/<path:u>", "methods": ["POST"]}], requests=[("PUT", "/a")])
def test_rules_match_redirect_and_refuse_alike(table, requests):
    clients = [routed_app(framework, table).test_client() for framework in BOTH]
    for method, path in requests:
        ours, flask = (outcome(request, client, path, method) for client in clients)
        assert ours == flask, (method, path)


@given(
    table=st.lists(rules(), min_size=1, max_size=4),
    values=st.dictionaries(
        st.sampled_from([*"uvw", "extra", "q"]),
        st.sampled_from(["a", "ab", "é /?", 7, -7, 1.5, UUID(int=3), None, ["a", "b"], 0]),
    ),
    options=st.fixed_dictionaries(
        {},
        optional={
            "_external": st.booleans(),
            "_scheme": st.sampled_from(["https", ""]),
            "_anchor": st.sampled_from(["", "a b", "é#"]),
            "_method": st.sampled_from(METHODS),
        },
    ),
    server_name=st.sampled_from([None, "example.org:81"]),
    in_request=st.booleans(),
)
def test_urls_are_built_alike(table, values, options, server_name, in_request):
    built = []
    for framework in BOTH:
        app = routed_app(framework, table)
        app.config["SERVER_NAME"] = server_name
        with app.test_request_context() if in_request else app.app_context():
            built.append(
                [
                    outcome(framework.url_for, f"e{number}", **values, **options)
                    for number in range(len(table) + 1)
                ]
            )
    assert built[0] == built[1]


# --- what views return ---

BODIES = st.one_of(
    st.text(max_size=5),
    st.binary(max_size=5),
    st.none(),
    st.integers(0, 3),
    st.booleans(),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.text(max_size=2), st.one_of(st.integers(), st.none()), max_size=2),
    st.just(bytearray(b"array")),
    st.sampled_from([NotFound("x"), Forbidden(), date(2026, 1, 2), Decimal(1), Markup("<b>"), {1, 2}]),
    st.sampled_from(["iterator", "generator", "own response", "werkzeug response", "wsgi"]).map(
        lambda kind: Fresh(kind)
    ),
)
STATUSES = st.one_of(
    st.sampled_from([200, 201, 204, 301, 304, 404, 599]),
    st.sampled_from(["200 OK", "299 Own words", "404", "", "words", b"201 Created"]),
    st.none(),
)
HEADERS = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(["X-A", "Content-Type", "Location", "Content-Length"]),
        st.one_of(
            st.sampled_from(["b", "text/plain", "/é", "5"]), st.lists(st.sampled_from("bc"), max_size=2)
        ),
        max_size=2,
    ),
    st.lists(st.tuples(st.sampled_from(["X-A", "X-B"]), st.sampled_from(["b", "c"])), max_size=3),
)
RETURNS = st.one_of(
    BODIES,
    st.tuples(BODIES, STATUSES),
    st.tuples(BODIES, HEADERS),
    st.tuples(BODIES, STATUSES, HEADERS),
    st.tuples(BODIES),
    st.tuples(BODIES, STATUSES, HEADERS, STATUSES),
    st.just(()),
)


class Fresh:
    """Stands for a value that can be used only once; made anew for each request."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<fresh {self.kind}>"

    def make(self, framework: types.ModuleType) -> Any:
        if self.kind == "iterator":
            return iter(["a", "b"])
        if self.kind == "generator":
            return (piece for piece in [b"a", b"b"])
        if self.kind == "own response":
            return framework.Response("own", 203, {"X-A": "own"})
        if self.kind == "werkzeug response":
            return WerkzeugResponse("w", 299, mimetype="a/b")
        return WerkzeugResponse("called", 298).__call__


def made(value: Any, framework: types.ModuleType) -> Any:
    if isinstance(value, Fresh):
        return value.make(framework)
    if type(value) is tuple:
        return tuple(made(item, framework) for item in value)
    return value


@given(value=RETURNS, method=st.sampled_from(["GET", "HEAD"]))
@example(value=("", 204), method="GET")
@example(value=(Fresh("own response"), 201, {"X-A": ["1", "2"]}), method="GET")
@example(value=("body", None, {"Location": "/é"}), method="HEAD")
def test_what_a_view_returns_is_answered_alike(value, method):
    answers = []
    for framework in BOTH:
        app = framework.Flask("app", static_folder=None)
        app.testing = True
        app.add_url_rule("/", "view", lambda framework=framework: made(value, framework))
        answers.append(outcome(request, app.test_client(), "/", method))
    assert answers[0] == answers[1]


@given(
    body=st.binary(max_size=3),
    status=st.sampled_from([100, 200, 204, 304, 404, 500, 600]),
    headers=st.lists(st.sampled_from([("Location", "/é"), ("Content-Location", "a b"), ("X-A", "1")])),
    has_length=st.booleans(),
    method=st.sampled_from(["GET", "HEAD"]),
)
@example(body=b"a", status=200, headers=[("Location", "/é")], has_length=True, method="GET")
@example(body=b"a", status=200, headers=[("Content-Location", "a b")], has_length=True, method="GET")
def test_text_is_written_as_werkzeug_writes_it(body, status, headers, has_length, method):
    written = []
    for response in (OURS.Response._from_text(body), WerkzeugResponse(body, mimetype="text/html")):
        response.status_code = status
        response.headers.extend(headers)
        if not has_length:
            del response.headers["Content-Length"]
        pieces, line, sent = response.get_wsgi_response(create_environ(method=method))
        written.append((b"".join(pieces), line, sent))
    assert written[0] == written[1]


# --- sessions ---

KEYS = st.sampled_from(["a", "b"])
VALUES = st.one_of(
    st.integers(0, 2),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.tuples(st.integers(0, 2)),
    st.just(UUID(int=1)),
    st.just(datetime(2026, 1, 2, tzinfo=UTC)),
)
OPERATIONS = st.one_of(
    st.tuples(st.just("set"), KEYS, VALUES),
    st.tuples(st.just("get"), KEYS),
    st.tuples(st.just("in"), KEYS),
    st.tuples(st.just("pop"), KEYS),
    st.tuples(st.just("setdefault"), KEYS, VALUES),
    st.tuples(st.sampled_from(["clear", "len", "bool", "popitem", "flash", "flashed", "modified", "list"])),
    st.tuples(st.just("permanent"), st.booleans()),
    st.tuples(st.just("update"), st.dictionaries(KEYS, VALUES, max_size=2)),
)


def operate(framework: types.ModuleType, name: str, *arguments: Any) -> Any:
    session = framework.session
    if name == "set":
        session[arguments[0]] = arguments[1]
        return None
    if name == "in":
        return arguments[0] in session
    if name == "pop":
        return session.pop(arguments[0], None)
    if name == "popitem":
        return session.popitem()
    if name == "permanent":
        session.permanent = arguments[0]
        return None
    if name == "modified":
        session.modified = True
        return None
    if name == "flash":
        return framework.flash("message")
    if name == "flashed":
        return framework.get_flashed_messages()
    if name in {"len", "bool", "list"}:
        return getattr(builtins, name)(session)
    return getattr(session, name)(*arguments)


@given(
    visits=st.lists(st.lists(OPERATIONS, max_size=3), min_size=1, max_size=4),
    config=st.fixed_dictionaries(
        {},
        optional={
            "SESSION_REFRESH_EACH_REQUEST": st.booleans(),
            "SESSION_COOKIE_SAMESITE": st.sampled_from([None, "Lax"]),
            "SESSION_COOKIE_PARTITIONED": st.booleans(),
            "SESSION_COOKIE_SECURE": st.booleans(),
            "SECRET_KEY": st.sampled_from([None, b"bytes"]),
        },
    ),
)
def test_sessions_are_kept_alike(visits, config):
    answers = []
    for framework in BOTH:
        app = framework.Flask("app", static_folder=None)
        app.config.update({"TESTING": True, "SECRET_KEY": "key", **config})
        remaining = iter(visits)

        @app.get("/")
        def view(framework=framework, remaining=remaining):
            return repr([outcome(operate, framework, *operation) for operation in next(remaining)])

        client = app.test_client()
        with (
            mock.patch("itsdangerous.timed.time.time", return_value=1_700_000_000),
            frozen(framework),
        ):
            answers.append([told(client.get("/", base_url="https://localhost")) for _ in visits])
    assert answers[0] == answers[1]


def frozen(framework: types.ModuleType) -> Any:
    """Stop the clock that the expiration of a session is read from."""

    def get_expiration_time(self: Any, app: Any, session: Any) -> datetime | None:
        return datetime(2030, 1, 1, tzinfo=UTC) if session.permanent else None

    return mock.patch.object(framework.sessions.SessionInterface, "get_expiration_time", get_expiration_time)


# --- tagged JSON ---

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False),
    st.text(max_size=4),
    st.binary(max_size=4),
    st.uuids(),
    st.text(max_size=3).map(Markup),
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(
        lambda d: d.replace(microsecond=0, tzinfo=UTC)
    ),
)
TAGGED = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from(["a", " t", " di", " b", " x", "t__", " t__"]), inner, max_size=2),
    ),
    max_leaves=8,
)


@given(TAGGED)
def test_tagged_values_are_written_alike_and_come_back(value):
    ours, flask = (framework.json.tag.TaggedJSONSerializer() for framework in BOTH)
    text = ours.dumps(value)
    assert text == flask.dumps(value)
    assert ours.loads(text) == value


JSON = st.recursive(
    st.one_of(st.none(), st.integers(0, 9), st.text(max_size=2)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["a", " t", " di", " b", " m", " u", " d", ""]), inner, max_size=2),
    ),
    max_leaves=6,
)


@given(JSON)
def test_any_json_is_read_alike(value):
    text = json.dumps(value)
    ours, flask = (outcome(framework.json.tag.TaggedJSONSerializer().loads, text) for framework in BOTH)
    assert ours == flask


# --- configuration ---


@given(
    st.dictionaries(
        st.lists(st.sampled_from(["A", "B", "b", "_", "1"]), min_size=1, max_size=5).map("".join),
        st.sampled_from(["1", "true", "text", '{"A": 1}', "[1]", "", '"quoted"']),
        max_size=5,
    )
)
@example({"A": "1", "A__B__B": "1"})  # into what is no dictionary
def test_the_environment_is_read_alike(variables):
    environment = {f"FLASK_{name}": value for name, value in variables.items()}
    configs = []
    for framework in BOTH:
        config = framework.Config("/")
        with mock.patch.dict("os.environ", environment):
            configs.append((outcome(config.from_prefixed_env), dict(config)))
    assert configs[0] == configs[1]


# --- error handlers ---


class Base(Exception):
    pass


class Derived(Base):
    pass


class Own(NotFound):
    pass


class Coded(HTTPException):
    code = 418


ERRORS: tuple[type[Exception], ...] = (Base, Derived, NotFound, Own, Forbidden, BadRequest, Coded, KeyError)
HANDLED: tuple[Any, ...] = (*ERRORS, HTTPException, Exception, LookupError, 404, 403, 418, 500)
SCOPES = (None, "outer", "outer.inner")


@given(
    handlers=st.lists(st.tuples(st.sampled_from(SCOPES), st.sampled_from(HANDLED)), max_size=6),
    scope=st.sampled_from(SCOPES),
    error=st.sampled_from(ERRORS),
)
def test_the_same_error_handler_is_chosen(handlers, scope, error):
    answers = []
    for framework in BOTH:
        app = framework.Flask("app", static_folder=None)
        app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
        app.logger.disabled = True
        outer = framework.Blueprint("outer", __name__)
        inner = framework.Blueprint("inner", __name__)
        scopes = dict(zip(SCOPES, (app, outer, inner), strict=True))
        for number, (where, key) in enumerate(handlers):
            scopes[where].register_error_handler(
                key, lambda exc, n=number: (f"{n} {type(exc).__name__}", 299)
            )

        def view() -> Any:
            raise error("raised")

        scopes[scope].add_url_rule("/", "view", view)
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        answers.append(told(app.test_client().get("/")))
    assert answers[0] == answers[1]


# --- hooks ---

HOOKS = ("before_request", "after_request", "teardown_request", "url_value_preprocessor", "context_processor")


@given(
    hooks=st.lists(st.tuples(st.sampled_from(SCOPES), st.sampled_from(HOOKS), st.integers(0, 9)), max_size=8),
    scope=st.sampled_from(SCOPES),
    path=st.sampled_from(["/", "/missing"]),
)
def test_hooks_run_in_the_same_order(hooks, scope, path):
    logs = []
    for framework in BOTH:
        log: list[str] = []
        app = framework.Flask("app", static_folder=None)
        outer = framework.Blueprint("outer", __name__)
        inner = framework.Blueprint("inner", __name__)
        scopes = dict(zip(SCOPES, (app, outer, inner), strict=True))
        counter = itertools.count()
        for where, kind, chance in hooks:
            name = f"{kind} {where} {next(counter)}"
            getattr(scopes[where], kind)(hook(log, kind, name, answers=chance == 0))
        scopes[scope].add_url_rule("/", "view", lambda f=framework: f.render_template_string("{{ x }}"))
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        with warnings.catch_warnings():
            log.append(app.test_client().get(path).text)
        logs.append(log)
    assert logs[0] == logs[1]


def hook(log: list[str], kind: str, name: str, *, answers: bool) -> Any:
    def run(*arguments: Any) -> Any:
        log.append(name)
        if kind == "after_request":
            return arguments[0]
        if kind == "context_processor":
            return {"x": name}
        return name if answers and kind == "before_request" else None

    return run
