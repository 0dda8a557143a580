"""Flask-HTTPAuth: a password for a page."""

# %% app
from flask import Flask

app = Flask(__name__)

# %% auth
from flask_httpauth import HTTPBasicAuth

auth = HTTPBasicAuth()


@auth.verify_password
def verify(name, password):
    """Check the password."""
    return name if password == "sesame" else None


# %% view
@app.get("/")
@auth.login_required
def home():
    """Greet."""
    return f"hello {auth.current_user()}"


# %% request
client = app.test_client()
assert client.get("/").status_code == 401
assert client.get("/", auth=("ann", "sesame")).text == "hello ann"
