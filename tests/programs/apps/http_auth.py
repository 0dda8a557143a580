"""Flask-HTTPAuth: basic, digest and token authentication, and one of several."""

import hashlib
import re

from flask import Flask
from flask_httpauth import HTTPBasicAuth, HTTPDigestAuth, HTTPTokenAuth, MultiAuth
from observation import seen
from werkzeug.security import check_password_hash, generate_password_hash


def make_app():
    """Return the app: ``/basic``, ``/admin``, ``/digest``, ``/token`` and ``/either``."""
    app = Flask(__name__)
    app.secret_key = "for the test"
    basic, digest, token = HTTPBasicAuth(), HTTPDigestAuth(), HTTPTokenAuth("Bearer")
    either = MultiAuth(basic, token)
    secret = generate_password_hash("pass")
    basic.verify_password(lambda name, given: name if check_password_hash(secret, given) else None)
    basic.get_user_roles(lambda user: ["admin"] if user == "ann" else [])
    basic.error_handler(lambda status: ({"refused": status}, status))
    digest.get_password({"ann": "pass"}.get)
    token.verify_token({"right": "bob"}.get)
    views = {
        "basic": (basic.login_required, basic),
        "admin": (basic.login_required(role="admin"), basic),
        "digest": (digest.login_required, digest),
        "token": (token.login_required, token),
        "either": (either.login_required, either),
        "maybe": (basic.login_required(optional=True), basic),
    }
    for name, (required, auth) in views.items():
        app.get(f"/{name}", endpoint=name)(required(who(auth)))
    return app


def who(auth):
    """Return a view that tells who is logged in."""

    def tell():
        user = auth.current_user()
        return str(user if isinstance(user, (str, type(None))) else user["username"])

    return tell


def answer(challenge, path):
    """Return the header that answers a digest challenge."""
    said = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    first = md5(f"ann:{said['realm']}:pass")
    response = md5(f"{first}:{said['nonce']}:00000001:xyz:auth:{md5(f'GET:{path}')}")
    fields = {
        "username": "ann", "realm": said["realm"], "nonce": said["nonce"], "uri": path,
        "qop": "auth", "nc": "00000001", "cnonce": "xyz", "response": response, "opaque": said["opaque"],
    }  # fmt: skip
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())


def md5(text):
    """Return the digest of a text."""
    return hashlib.md5(text.encode()).hexdigest()


def observe():
    """Come without, with wrong and with right credentials."""
    client = make_app().test_client()
    steps = [client.get(f"/{name}") for name in ("basic", "digest", "token", "either", "maybe")]
    assert [step.status_code for step in steps] == [401, 401, 401, 401, 200]
    steps += [
        client.get("/basic", auth=("ann", "pass")),
        client.get("/basic", auth=("ann", "guess")),
        client.get("/admin", auth=("ann", "pass")),
        client.get("/admin", auth=("bob", "pass")),
        client.get("/token", headers={"Authorization": "Bearer right"}),
        client.get("/either", headers={"Authorization": "Bearer right"}),
        client.get("/either", auth=("ann", "pass")),
        client.get(
            "/digest", headers={"Authorization": answer(steps[1].headers["WWW-Authenticate"], "/digest")}
        ),
    ]
    assert [step.status_code for step in steps[5:]] == [200, 401, 200, 403, 200, 200, 200, 200]
    assert steps[-1].text == "ann"
    return [seen(step, r'(?<=nonce=")[^"]+|(?<=opaque=")[^"]+') for step in steps]
