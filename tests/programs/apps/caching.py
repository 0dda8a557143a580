"""Flask-Caching: cached views, functions and fragments."""

from flask import Flask, render_template_string, request
from flask_caching import Cache
from observation import seen

FRAGMENT = '{% cache 60, "part" %}{{ count("fragment") }}{% endcache %}'


def make_app():
    """Return the app and the cache: each view says how often it was really called."""
    app = Flask(__name__)
    app.config |= {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 60}
    cache = Cache(app)
    counted = {}

    def count(what):
        counted[what] = counted.get(what, 0) + 1
        return str(counted[what])

    @app.get("/view/<name>")
    @cache.cached(unless=lambda: "fresh" in request.args)
    def view(name):
        return name + count(name)

    @app.get("/query")
    @cache.cached(query_string=True)
    def query():
        return count("query")

    @cache.memoize()
    def double(number):
        return f"{number * 2}: {count(number)}"

    app.get("/double/<int:number>", endpoint="double")(lambda number: double(number))
    app.get("/fragment", endpoint="fragment")(lambda: render_template_string(FRAGMENT, count=count))

    @app.get("/forget")
    def forget():
        cache.delete_memoized(double, 2)
        return "forgotten"

    return app, cache


def observe():
    """Ask twice for everything, forget some, clear all."""
    app, cache = make_app()
    client = app.test_client()
    paths = (
        "/view/a", "/view/a", "/view/a?fresh", "/view/b", "/query?a=1&b=2", "/query?b=2&a=1", "/query?a=2",
        "/double/2", "/double/2", "/double/3", "/forget", "/double/2", "/double/3", "/fragment", "/fragment",
    )  # fmt: skip
    steps = [client.get(path) for path in paths]
    texts = [step.text for step in steps]
    assert texts[:4] == ["a1", "a1", "a2", "b1"]
    assert texts[4:7] == ["1", "1", "2"]
    assert texts[7:13] == ["4: 1", "4: 1", "6: 1", "forgotten", "4: 2", "6: 1"]
    assert texts[13:] == ["1", "1"]
    with app.app_context():
        cache.clear()
    steps.append(client.get("/view/b"))
    assert steps[-1].text == "b2"
    return [seen(step) for step in steps]
