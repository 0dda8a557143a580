"""Flask-CORS: for resources of an app, for one view, for a blueprint."""

from flask import Blueprint, Flask, jsonify
from flask_cors import CORS, cross_origin
from observation import seen


def make_app():
    """Return the app: ``/api/*`` is open to one origin, ``/open`` to all, ``/part/*`` to a pattern."""
    app = Flask(__name__)
    CORS(
        app, resources={"/api/*": {"origins": "https://a.example", "max_age": 60}}, supports_credentials=True
    )
    app.route("/api/items", methods=["GET", "PUT"])(items)
    app.get("/open")(cross_origin(expose_headers=["X-Total"])(openly))
    app.get("/closed")(closed)
    part = Blueprint("part", __name__, url_prefix="/part")
    CORS(part, origins=[r"https://.*\.b\.example"])
    part.get("/item")(closed)
    app.register_blueprint(part)
    return app


def items():
    """Answer with JSON."""
    return jsonify([1, 2])


def openly():
    """Answer everybody, with a header that may be read."""
    return "open", {"X-Total": "3"}


def closed():
    """Answer without any CORS header of its own."""
    return "closed"


def observe():
    """Ask from an origin that is allowed and one that is not, with and without a preflight."""
    browser = make_app().test_client()
    preflight = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "X-One",
    }
    steps = [
        browser.get("/api/items", headers={"Origin": "https://a.example"}),
        browser.get("/api/items", headers={"Origin": "https://evil.example"}),
        browser.options("/api/items", headers=preflight),
        browser.options("/api/items", headers={**preflight, "Origin": "https://evil.example"}),
        browser.get("/open", headers={"Origin": "https://c.example"}),
        browser.options("/open", headers=preflight),
        browser.get("/closed", headers={"Origin": "https://a.example"}),
        browser.get("/part/item", headers={"Origin": "https://x.b.example"}),
        browser.get("/api/missing", headers={"Origin": "https://a.example"}),
    ]
    origins = [step.headers.get("Access-Control-Allow-Origin") for step in steps]
    assert origins[:4] == ["https://a.example", None, "https://a.example", None]
    assert origins[4:8] == ["https://c.example", "https://a.example", None, "https://x.b.example"]
    return [seen(step) for step in steps]
