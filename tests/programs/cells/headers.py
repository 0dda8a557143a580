"""Flask-Talisman, Flask-Compress and Flask-Bcrypt."""

# %% app
from flask import Flask

app = Flask(__name__)

# %% headers
from flask_bcrypt import Bcrypt
from flask_compress import Compress
from flask_talisman import Talisman

compress = Compress(app)
talisman = Talisman(app, force_https=False)
bcrypt = Bcrypt(app)


# %% view
@app.get("/")
def home():
    """Show much."""
    return "much " * 1000


# %% request
answer = app.test_client().get("/", headers={"Accept-Encoding": "gzip"})
assert answer.headers["Content-Encoding"] == "gzip"
assert "default-src" in answer.headers["Content-Security-Policy"]
