"""Flask-Limiter: limits of an app, a view and a blueprint."""

from flask import Blueprint, Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from observation import seen


def make_app():
    """Return the app: three a day for all, one for ``/once``, none of it for ``/free``."""
    app = Flask(__name__)
    app.config["RATELIMIT_HEADERS_ENABLED"] = True
    limiter = Limiter(get_remote_address, app=app, default_limits=["3/day"], storage_uri="memory://")
    app.get("/page", endpoint="page")(lambda: "page")

    @app.get("/once")
    @limiter.limit("1 per day", error_message="once is enough")
    def once():
        return "once"

    @app.get("/free")
    @limiter.exempt
    def free():
        return "free"

    part = Blueprint("part", __name__, url_prefix="/part")
    part.get("/item", endpoint="item")(lambda: "item")
    limiter.limit("2/day")(part)
    app.register_blueprint(part)
    app.errorhandler(429)(lambda error: (f"slow down: {error.description}", 429))
    return app


def observe():
    """Ask until each limit is hit."""
    app = make_app()
    client = app.test_client()
    paths = ["/page"] * 4 + ["/once"] * 2 + ["/free"] * 5 + ["/part/item"] * 3
    steps = [client.get(path) for path in paths]
    refused = [number for number, step in enumerate(steps) if step.status_code == 429]
    assert refused == [3, 5, 13]
    assert steps[5].text == "slow down: once is enough"
    assert client.get("/page", environ_base={"REMOTE_ADDR": "10.0.0.1"}).status_code == 200
    clock = r"(?<=Retry-After: )\d+|(?<=Reset: )\d+"
    return [seen(step, clock) for step in steps]
