"""Flask-CORS: for the whole app."""

# %% app
from flask import Flask

app = Flask(__name__)

# %% cors
from flask_cors import CORS, cross_origin

cors = CORS(app, resources={r"/api/*": {"origins": "*"}})


# %% views
@app.get("/api/items")
def items():
    """List."""
    return [1, 2]


@app.get("/page")
@cross_origin(origins="http://example.org")
def page():
    """Show a page."""
    return "page"


# %% request
for path in "/api/items", "/page":
    answer = app.test_client().get(path, headers={"Origin": "http://example.org"})
    assert answer.headers.getlist("Access-Control-Allow-Origin") == ["http://example.org"]
