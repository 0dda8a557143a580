"""Flask-Session: sessions that are kept on the server."""

# %% app
from cachelib import SimpleCache
from flask import Flask, session

app = Flask(__name__)
app.config["SESSION_TYPE"] = "cachelib"
app.config["SESSION_CACHELIB"] = SimpleCache()

# %% sessions
from flask_session import Session

sessions = Session(app)


# %% view
@app.get("/count")
def count():
    """Count the visits."""
    session["n"] = session.get("n", 0) + 1
    return str(session["n"])


# %% request
visitor = app.test_client()
assert [visitor.get("/count").text for _ in range(2)] == ["1", "2"]
assert len(visitor.get_cookie("session").value) < 60
