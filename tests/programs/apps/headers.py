"""Flask-Talisman, Flask-Compress and Flask-Bcrypt in one app."""

import gzip

from flask import Flask, render_template_string
from flask_bcrypt import Bcrypt
from flask_compress import Compress
from flask_talisman import Talisman
from observation import seen


def make_app():
    """Return the app: forced to TLS, compressed, with one view under a policy of its own."""
    app = Flask(__name__)
    app.config["COMPRESS_MIN_SIZE"] = 100
    talisman = Talisman(
        app,
        content_security_policy={"default-src": "'self'"},
        content_security_policy_nonce_in=["script-src"],
    )
    Compress(app)
    bcrypt = Bcrypt(app)
    secret = bcrypt.generate_password_hash("pass", 4)
    app.get("/long", endpoint="long")(lambda: "abc" * 200)
    app.get("/tagged", endpoint="tagged")(lambda: ("abc" * 200, {"ETag": '"tag"'}))
    app.get("/short", endpoint="short")(lambda: "abc")
    app.get("/nonce", endpoint="nonce")(lambda: render_template_string("{{ csp_nonce()|length > 9 }}"))
    app.get("/free", endpoint="free")(talisman(force_https=False, frame_options="DENY")(lambda: "free"))
    app.get("/check/<word>", endpoint="check")(lambda word: str(bcrypt.check_password_hash(secret, word)))
    return app


def observe():
    """Ask with and without TLS, with and without compression."""
    client = make_app().test_client()
    tls = {"base_url": "https://localhost"}
    squeezed = client.get("/long", headers={"Accept-Encoding": "gzip"}, **tls)
    steps = [
        squeezed,
        client.get("/long", **tls),
        client.get("/short", headers={"Accept-Encoding": "gzip"}, **tls),
        client.get("/long"),
        client.get("/free"),
        client.get("/nonce", **tls),
        client.get("/check/pass", **tls),
        client.get("/check/guess", **tls),
        client.get("/tagged", headers={"Accept-Encoding": "gzip"}, **tls),
    ]
    assert gzip.decompress(squeezed.data) == b"abc" * 200
    assert [step.status_code for step in steps[1:6]] == [200, 200, 302, 200, 200]
    assert (steps[6].text, steps[7].text) == ("True", "False")
    assert steps[8].headers["ETag"] == '"tag:gzip"'
    return [seen(step, r"(?<='nonce-)[^']+", body="Content-Encoding" not in step.headers) for step in steps]
