"""Flask-WTF: a form with its token, and protection of views that have no form."""

import re

from flask import Flask, render_template_string
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import CSRFError, generate_csrf
from flask_wtf.file import FileAllowed, FileField
from observation import seen
from wtforms import StringField
from wtforms.validators import DataRequired, Length

PAGE = """<form method=post>{{ form.hidden_tag() }}{{ form.name }}</form>
{% for field, errors in form.errors.items() %}{{ field }}: {{ errors|join }}{% endfor %}"""


class Order(FlaskForm):
    """A name and a picture."""

    name = StringField(validators=[DataRequired(), Length(max=8)])
    picture = FileField(validators=[FileAllowed(["png"])])


def make_app():
    """Return the app: ``/order`` has a form, ``/api`` has none, ``/token`` gives a token away."""
    app = Flask(__name__)
    app.secret_key = "for the test"
    csrf = CSRFProtect(app)

    @app.route("/order", methods=["GET", "POST"])
    def order():
        form = Order()
        if form.validate_on_submit():
            return f"thank you, {form.name.data} {form.picture.data and form.picture.data.filename}"
        return render_template_string(PAGE, form=form)

    app.post("/api", endpoint="api")(lambda: "changed")
    app.post("/hook")(csrf.exempt(hook))
    app.get("/token", endpoint="token")(lambda: generate_csrf())
    app.errorhandler(CSRFError)(lambda error: (f"refused: {error.description}", 400))
    return app


def hook():
    """Answer a caller that has no token."""
    return "heard"


def observe():
    """Send the form with and without its token, and two requests without a form."""
    import io

    visitor = make_app().test_client()
    page = visitor.get("/order")
    [token] = re.findall(r'name="csrf_token" type="hidden" value="([^"]+)"', page.text)
    steps = [
        page,
        visitor.post("/order", data={"name": "Ann"}),
        visitor.post("/order", data={"name": "Ann", "csrf_token": token}),
        visitor.post("/order", data={"name": "Annabella", "csrf_token": token}),
        visitor.post(
            "/order", data={"name": "A", "csrf_token": token, "picture": (io.BytesIO(b"x"), "a.txt")}
        ),
        visitor.post(
            "/order", data={"name": "A", "csrf_token": token, "picture": (io.BytesIO(b"x"), "a.png")}
        ),
        visitor.post("/api"),
        visitor.post("/api", headers={"X-CSRFToken": token}),
        visitor.post("/api", headers={"X-CSRFToken": token[:-1]}),
        visitor.post("/hook"),
    ]
    assert [step.status_code for step in steps] == [200, 400, 200, 200, 200, 200, 400, 200, 400, 200]
    assert steps[1].text == "refused: The CSRF token is missing."
    assert steps[2].text == "thank you, Ann None"
    assert steps[5].text == "thank you, A a.png"
    # how long a token is depends on the time it carries
    return [seen(step, r'(?<=value=")[\w.-]{60,}', r"(?<=Content-Length: )\d+") for step in steps]
