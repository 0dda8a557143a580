"""Flask-Login: a page for members only, with and without a remembered login."""

from flask import Flask, redirect, request, url_for
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user
from observation import seen


class Member(UserMixin):
    """A user whose id is the name."""

    def __init__(self, name):
        self.id = name


def make_app():
    """Return the app: ``/login``, ``/logout`` and ``/secret``."""
    app = Flask(__name__)
    app.secret_key = "for the test"
    logins = LoginManager(app)
    logins.login_view = "login"
    logins.user_loader(lambda name: Member(name) if name in ("ann", "bob") else None)

    @app.route("/login", methods=["GET", "POST"])
    def login():
        if request.method == "GET":
            return "please log in"
        login_user(Member(request.form["name"]), remember="remember" in request.form)
        return redirect(request.args.get("next") or url_for("secret"))

    @app.get("/secret")
    @login_required
    def secret():
        return f"only for {current_user.id}"

    @app.get("/logout")
    def logout():
        logout_user()
        return "gone"

    app.context_processor(lambda: {"who": current_user})
    return app


def observe():
    """Log in, out, in with a cookie that outlives the session, and as somebody unknown."""
    app = make_app()
    visitor = app.test_client()
    steps = [
        visitor.get("/secret"),
        visitor.post("/login?next=/secret", data={"name": "ann"}),
        visitor.get("/secret"),
        visitor.get("/logout"),
        visitor.get("/secret"),
        visitor.post("/login", data={"name": "bob", "remember": "1"}),
    ]
    assert [step.status_code for step in steps] == [302, 302, 200, 200, 302, 302]
    assert steps[2].text == "only for ann"
    visitor.delete_cookie("session")
    steps.append(visitor.get("/secret"))
    assert steps[-1].text == "only for bob"
    stranger = app.test_client()
    steps.append(stranger.post("/login", data={"name": "eve"}, follow_redirects=True))
    assert steps[-1].text == "please log in"
    return [seen(step) for step in steps]
