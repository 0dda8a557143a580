"""Flask-Login: a user loader and a page for members only."""

# %% app
from flask import Flask

app = Flask(__name__)
app.secret_key = "for the test"

# %% login
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user

login_manager = LoginManager()
login_manager.init_app(app)
login_manager.login_view = "login"


class User(UserMixin):
    """A user whose id is the name."""

    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    """Return the user of that id."""
    return User(user_id)


# %% views
@app.route("/login", methods=["GET", "POST"])
def login():
    """Log in."""
    login_user(User("ann"))
    return "welcome"


@app.get("/secret")
@login_required
def secret():
    """Show who is logged in."""
    return f"only for {current_user.id}"


# %% request
visitor = app.test_client()
assert visitor.get("/secret").status_code == 302
assert visitor.post("/login").text == "welcome"
assert visitor.get("/secret").text == "only for ann"
