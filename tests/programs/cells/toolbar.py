"""Flask-DebugToolbar: a bar in each page."""

# %% app
from flask import Flask

app = Flask(__name__)
app.debug = True
app.secret_key = "for the test"

# %% toolbar
from flask_debugtoolbar import DebugToolbarExtension

toolbar = DebugToolbarExtension(app)


# %% view
@app.get("/")
def home():
    """Show a page."""
    return "<html><body>hello</body></html>"


# %% request
page = app.test_client().get("/").text
assert page.count('id="flDebug"') == 1
