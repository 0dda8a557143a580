"""Flask-WTF: CSRFProtect for all views, and a form."""

# %% app
from flask import Flask

app = Flask(__name__)
app.secret_key = "for the test"

# %% protection
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired

csrf = CSRFProtect(app)


class NameForm(FlaskForm):
    """A name."""

    name = StringField("Name", validators=[DataRequired()])


# %% views
from flask import render_template_string


@app.route("/", methods=["GET", "POST"])
def home():
    """Ask for a name and greet."""
    form = NameForm()
    if form.validate_on_submit():
        return f"hello {form.name.data}"
    return render_template_string("<form method=post>{{ form.csrf_token }}{{ form.name }}</form>", form=form)


@app.post("/hook")
@csrf.exempt
def hook():
    """Answer a caller that has no token."""
    return "heard"


# %% request
visitor = app.test_client()
token = visitor.get("/").text.split('value="')[1].split('"')[0]
assert visitor.post("/", data={"name": "Ann"}).status_code == 400
assert visitor.post("/", data={"name": "Ann", "csrf_token": token}).text == "hello Ann"
assert visitor.post("/hook").text == "heard"
