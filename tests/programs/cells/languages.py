"""Flask-Babel: a language chosen by the request."""

# %% app
from flask import Flask, request

app = Flask(__name__)

# %% languages
from flask_babel import Babel, format_decimal


def get_locale():
    """Choose the language."""
    return request.accept_languages.best_match(["de", "en"])


babel = Babel(app, locale_selector=get_locale)


# %% view
@app.get("/")
def home():
    """Show a number."""
    return format_decimal(1234.5)


# %% request
assert app.test_client().get("/", headers={"Accept-Language": "de"}).text == "1.234,5"
