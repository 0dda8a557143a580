"""Flask-Session: sessions kept on the server, by its own session interface."""

import tempfile

from cachelib import FileSystemCache
from flask import Flask, flash, get_flashed_messages, session
from flask_session import Session
from observation import seen


def make_app(folder):
    """Return the app: a counter, flashed messages, a list that changes within, forgetting."""
    app = Flask(__name__)
    app.config |= {
        "SESSION_TYPE": "cachelib",
        "SESSION_CACHELIB": FileSystemCache(folder),
        "SESSION_PERMANENT": False,
    }
    Session(app)

    @app.get("/count")
    def count():
        session["n"] = session.get("n", 0) + 1
        session.setdefault("list", []).append(session["n"])
        return {"n": session["n"], "list": session["list"]}

    @app.get("/flash/<text>")
    def flashed(text):
        flash(text, "info")
        return "kept"

    app.get("/flashed", endpoint="flashed_ones")(lambda: get_flashed_messages(with_categories=True))

    @app.get("/renew")
    def renew():
        app.session_interface.regenerate(session)
        return "another id"

    @app.get("/forget")
    def forget():
        session.clear()
        return "forgotten"

    return app


def observe():
    """Let two clients count, one get a new session id and forget."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(folder)
        one, other = app.test_client(), app.test_client()
        paths = (
            "/count",
            "/count",
            "/flash/a",
            "/flash/b",
            "/flashed",
            "/flashed",
            "/renew",
            "/count",
            "/forget",
        )
        steps = [one.get(path) for path in paths]
        steps += [other.get("/count"), one.get("/count")]
        assert steps[1].json == {"n": 2, "list": [1, 2]}
        assert steps[4].json == [["info", "a"], ["info", "b"]]
        assert [steps[number].json["n"] for number in (7, 9, 10)] == [3, 1, 1]
        with one.session_transaction() as kept:
            kept["n"] = 40
        steps.append(one.get("/count"))
        assert steps[-1].json["n"] == 41
    return [seen(step) for step in steps], type(app.session_interface).__name__
