"""Middleware around the app, and an attribute of the app's own."""

# %% app
from flask import Flask, current_app

app = Flask(__name__)


# %% middleware
class Counting:
    """Counts how often it stands around the app."""

    def __init__(self, wrapped):
        self.wrapped = wrapped

    def __call__(self, environ, start_response):
        environ["counted"] = environ.get("counted", 0) + 1
        return self.wrapped(environ, start_response)


app.wsgi_app = Counting(app.wsgi_app)
app.greeting = "hello"

# %% view
from flask import request


@app.get("/")
def home():
    """Greet."""
    return f"{current_app.greeting} {request.environ['counted']}"


# %% request
assert app.test_client().get("/").text == "hello 1"
