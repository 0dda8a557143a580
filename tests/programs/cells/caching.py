"""Flask-Caching: a cached view and a cached function."""

# %% app
from flask import Flask

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
app.config["CACHE_DEFAULT_TIMEOUT"] = 300

# %% cache
from flask_caching import Cache

cache = Cache(app)
calls = []

# %% views
from flask import render_template_string


@app.get("/")
@cache.cached(timeout=50)
def home():
    """Count how often this is really called."""
    calls.append("home")
    return str(calls.count("home"))


@cache.memoize(50)
def double(number):
    """Double a number, and count."""
    calls.append("double")
    return number * 2


@app.get("/double/<int:number>")
def show(number):
    """Show the double."""
    return f"{double(number)} {calls.count('double')}"


@app.get("/part")
def part():
    """Show a cached part of a template."""
    return render_template_string("{% cache 50, 'part' %}part{% endcache %}")


# %% request
client = app.test_client()
with app.app_context():
    cache.clear()
calls.clear()
assert [client.get("/").text for _ in range(2)] == ["1", "1"]
assert [client.get("/double/2").text for _ in range(2)] == ["4 1", "4 1"]
assert client.get("/part").text == "part"
