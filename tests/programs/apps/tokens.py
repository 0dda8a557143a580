"""Flask-JWT-Extended: tokens in headers and cookies, refreshed, revoked and with claims."""

from flask import Flask, jsonify
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    current_user,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    unset_jwt_cookies,
)
from observation import seen


def make_app():
    """Return the app: log in, refresh, log out, and pages of several demands."""
    app = Flask(__name__)
    app.config |= {"JWT_SECRET_KEY": "x" * 40, "JWT_TOKEN_LOCATION": ["headers", "cookies"]}
    tokens = JWTManager(app)
    revoked = set()
    tokens.token_in_blocklist_loader(lambda header, payload: payload["jti"] in revoked)
    tokens.user_lookup_loader(lambda header, payload: payload["sub"].title())
    tokens.additional_claims_loader(lambda identity: {"length": len(identity)})

    @app.post("/login/<name>")
    def login(name):
        response = jsonify(access=create_access_token(name, fresh=True), refresh=create_refresh_token(name))
        set_access_cookies(response, create_access_token(name))
        return response

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh():
        return {"access": create_access_token(get_jwt_identity())}

    @app.route("/me", methods=["GET", "POST"])
    @jwt_required()
    def me():
        return f"{current_user} {get_jwt()['length']}"

    @app.get("/fresh")
    @jwt_required(fresh=True)
    def fresh():
        return "fresh"

    @app.get("/maybe")
    @jwt_required(optional=True)
    def maybe():
        return str(get_jwt_identity())

    @app.post("/logout")
    @jwt_required()
    def logout():
        revoked.add(get_jwt()["jti"])
        response = jsonify("bye")
        unset_jwt_cookies(response)
        return response

    return app


def observe():
    """Log in and use the tokens rightly and wrongly."""
    app = make_app()
    browser, caller = app.test_client(), app.test_client(use_cookies=False)
    logged_in = browser.post("/login/ann")
    access, renewal = ({"Authorization": f"Bearer {logged_in.json[kind]}"} for kind in ("access", "refresh"))
    refreshed = caller.post("/refresh", headers=renewal)
    stale = {"Authorization": f"Bearer {refreshed.json['access']}"}
    csrf = {"X-CSRF-TOKEN": browser.get_cookie("csrf_access_token").value}
    steps = [
        caller.get("/me"),
        caller.get("/me", headers=access),
        caller.get("/me", headers=renewal),
        caller.get("/me", headers={"Authorization": "Bearer a.b.c"}),
        caller.get("/fresh", headers=access),
        caller.get("/fresh", headers=stale),
        caller.get("/maybe"),
        browser.get("/me"),
        browser.post("/me"),
        browser.post("/me", headers=csrf),
        caller.post("/logout", headers=access),
        caller.get("/me", headers=access),
    ]
    assert [s.status_code for s in steps] == [401, 200, 422, 422, 200, 401, 200, 200, 401, 200, 200, 401]
    assert steps[1].text == "Ann 3"
    jwt = r"[\w-]+\.[\w-]{40,}\.[\w-]+|(?<=Content-Length: )\d{3,}"
    return [seen(step, jwt) for step in (logged_in, refreshed, *steps)]
