"""Flask-Limiter: a limit for all, one for a view, none for another."""

# %% app
from flask import Flask

app = Flask(__name__)

# %% limiter
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(
    get_remote_address, app=app, default_limits=["200 per day", "3 per hour"], storage_uri="memory://"
)


# %% views
@app.get("/slow")
@limiter.limit("1 per day")
def slow():
    """Answer once a day."""
    return "slow"


@app.get("/fast")
def fast():
    """Answer as often as all views do."""
    return "fast"


@app.get("/ping")
@limiter.exempt
def ping():
    """Answer always."""
    return "pong"


# %% request
client = app.test_client()
limiter.reset()
assert [client.get("/slow").status_code for _ in range(2)] == [200, 429]
assert [client.get("/fast").status_code for _ in range(4)] == [200, 200, 200, 429]
assert [client.get("/ping").status_code for _ in range(5)] == [200] * 5
