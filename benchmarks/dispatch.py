"""One request in-process, in twelve kinds: beside Flask, and beside the same on bare Werkzeug.

Run it::

    python -m benchmarks.dispatch

Every app has a secret key, as nearly every app has. Bare Werkzeug is what its tutorial shows: a map, an
adapter, a request, a view, a response. It has neither hooks nor sessions, so two cases have no such peer.
Figures are medians of rounds in which all take turns; what counts are the ratios.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import flask
import jinja2
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from benchmarks.measuring import microseconds
from flask_nb import web

App = Callable[..., Iterable[bytes]]
DATA = {"id": 7, "name": "Ann", "tags": ["a", "b"], "price": 9.5, "active": True}
PAGE = "<h1>{{ title }}</h1><ul>{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul>"
ITEMS = ["one", "two", "<three>"]
MANY = [f"/plain/{number}" if number % 2 else f"/items/{number}/<int:item>" for number in range(2000)]


@dataclass(frozen=True)
class Case:
    """A kind of request.

    :param register: puts what it needs on an app, given the framework's module.
    :param bare: the same view for bare Werkzeug; None where it has nothing of the kind.
    :param request: what the environment is built from.
    :param rules: the rules of bare Werkzeug, the endpoint being the rule itself.
    :param status: with what it is answered.
    """

    name: str
    register: Callable[[Any, Any], None]
    bare: Callable[..., Response] | None = None
    request: dict[str, Any] = field(default_factory=dict)
    rules: tuple[str, ...] = ("/",)
    status: str = "200"

    def environ(self) -> dict[str, Any]:
        """Return the environment of the request, its body beside it."""
        builder = EnvironBuilder(**{"path": "/", **self.request})
        environ = builder.get_environ()
        environ["body"] = environ.pop("wsgi.input").read()
        return environ


def on_framework(framework: Any, case: Case) -> App:
    """Return the app of a case on Flask, or on ours."""
    app = framework.Flask("measured")
    app.secret_key = "a secret of 32 bytes for sessions"
    case.register(framework, app)
    return app  # type: ignore[no-any-return]


def on_werkzeug(case: Case) -> App | None:
    """Return the app of a case as Werkzeug's tutorial writes one."""
    if case.bare is None:
        return None
    view, url_map = case.bare, Map([Rule(rule, endpoint=rule) for rule in case.rules])

    @Request.application
    def app(request: Request) -> Response:
        adapter = url_map.bind_to_environ(request.environ)
        try:
            _endpoint, values = adapter.match()
            return view(request, adapter, **values)
        except HTTPException as exc:
            return exc  # type: ignore[return-value]

    return app


def caller(app: App, case: Case) -> Callable[[], None]:
    """Return what makes the request and reads the response to its end."""
    template = case.environ()
    body = template.pop("body")

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        assert status.startswith(case.status), status

    def call() -> None:
        answer = app({**template, "wsgi.input": BytesIO(body)}, start_response)
        for _ in answer:
            pass
        close = getattr(answer, "close", None)
        if close is not None:
            close()

    return call


def text(body: str) -> Response:
    """Return a page of bare Werkzeug."""
    return Response(body, mimetype="text/html")


# --- the twelve ---


def hello(framework: Any, app: Any) -> None:
    """Answer text."""
    app.add_url_rule("/", "view", lambda: "Hello, World!")


def hooks(framework: Any, app: Any) -> None:
    """Run a hook before, one after, and one at the end."""
    hello(framework, app)
    app.before_request(lambda: None)
    app.after_request(lambda response: response)
    app.teardown_request(lambda error: None)


def json_out(framework: Any, app: Any) -> None:
    """Answer a dictionary."""
    app.add_url_rule("/", "view", lambda: DATA)


def query(framework: Any, app: Any) -> None:
    """Read two arguments of the query."""
    args = framework.request
    app.add_url_rule("/", "view", lambda: args.args["q"] + args.args.get("page", ""))


def form_in(framework: Any, app: Any) -> None:
    """Read two fields of a form."""
    request = framework.request
    app.add_url_rule("/", "view", lambda: request.form["name"] + request.form["city"], methods=["POST"])


def template(framework: Any, app: Any) -> None:
    """Render a page with a loop."""
    app.jinja_loader = jinja2.DictLoader({"page.html": PAGE})
    render = framework.render_template
    app.add_url_rule("/", "view", lambda: render("page.html", title="Items", items=ITEMS))


def url_for(framework: Any, app: Any) -> None:
    """Build a URL with a variable."""
    app.add_url_rule("/", "view", lambda: framework.url_for("item", number=7))
    app.add_url_rule("/items/<int:number>", "item", lambda number: "")


def json_in(framework: Any, app: Any) -> None:
    """Read a JSON body."""
    request = framework.request
    app.add_url_rule("/", "view", lambda: request.get_json()["name"], methods=["POST"])


def converters(framework: Any, app: Any) -> None:
    """Match a number and a text in the path."""
    app.add_url_rule("/users/<int:user>/posts/<slug>", "view", lambda user, slug: f"{user} {slug}")


def many_routes(framework: Any, app: Any) -> None:
    """Match one of 2000 rules."""
    for number, rule in enumerate(MANY):
        app.add_url_rule(rule, f"view_{number}", lambda item=0: f"{item}")


def session_write(framework: Any, app: Any) -> None:
    """Count in the session."""

    def view() -> str:
        framework.session["n"] = framework.session.get("n", 0) + 1
        return "counted"

    app.add_url_rule("/", "view", view)


_PAGES = jinja2.Environment(autoescape=True, loader=jinja2.DictLoader({"page.html": PAGE}))

CASES = [
    Case("hello", hello, lambda request, urls: text("Hello, World!")),
    Case("hooks", hooks),
    Case(
        "JSON out",
        json_out,
        lambda request, urls: Response(
            json.dumps(DATA, separators=(",", ":"), sort_keys=True) + "\n", mimetype="application/json"
        ),
    ),
    Case(
        "query arguments",
        query,
        lambda request, urls: text(request.args["q"] + request.args.get("page", "")),
        {"query_string": "q=red+shoes&page=2"},
    ),
    Case(
        "form in",
        form_in,
        lambda request, urls: text(request.form["name"] + request.form["city"]),
        {"method": "POST", "data": {"name": "Ann", "city": "Graz"}},
    ),
    Case(
        "template",
        template,
        lambda request, urls: text(_PAGES.get_template("page.html").render(title="Items", items=ITEMS)),
    ),
    Case(
        "url_for",
        url_for,
        lambda request, urls: text(urls.build("/items/<int:number>", {"number": 7})),
        rules=("/", "/items/<int:number>"),
    ),
    Case(
        "JSON in",
        json_in,
        lambda request, urls: text(request.get_json()["name"]),
        {"method": "POST", "json": {"name": "Ann", "age": 31, "tags": ["a", "b"]}},
    ),
    Case(
        "converters",
        converters,
        lambda request, urls, user, slug: text(f"{user} {slug}"),
        {"path": "/users/7/posts/first-steps"},
        rules=("/users/<int:user>/posts/<slug>",),
    ),
    Case(
        "2000 routes",
        many_routes,
        lambda request, urls, item: text(f"{item}"),
        {"path": "/items/1000/7"},
        rules=tuple(MANY),
    ),
    Case("session write", session_write),
    Case("404", hello, lambda request, urls: text(""), {"path": "/no/such/page"}, status="404"),
]


def measure(case: Case) -> dict[str, float]:
    """Return the µs of a request of that kind for each app that has it."""
    apps = {
        "Flask": on_framework(flask, case),
        "Werkzeug": on_werkzeug(case),
        "ours": on_framework(web, case),
    }
    return microseconds({name: caller(app, case) for name, app in apps.items() if app is not None})


def main() -> None:
    """Measure and print."""
    print(
        f"{'µs of a request':<18}{'Flask':>8}{'Werkzeug':>10}{'ours':>8}{'of Flask':>12}{'of Werkzeug':>13}"
    )
    of_flask, of_werkzeug = [], []
    for case in CASES:
        times = measure(case)
        of_flask.append(times["Flask"] / times["ours"])
        row = f"  {case.name:<16}{times['Flask']:8.1f}"
        bare = times.get("Werkzeug")
        if bare is None:
            print(f"{row}{'–':>10}{times['ours']:8.1f}{of_flask[-1]:11.1f}×{'–':>13}")
        else:
            of_werkzeug.append(bare / times["ours"])
            print(f"{row}{bare:10.1f}{times['ours']:8.1f}{of_flask[-1]:11.1f}×{of_werkzeug[-1]:12.1f}×")
    means = [math.exp(sum(map(math.log, ratios)) / len(ratios)) for ratios in (of_flask, of_werkzeug)]
    print(f"  {'geometric mean':<42}{means[0]:11.2f}×{means[1]:12.2f}×")


if __name__ == "__main__":
    main()
