"""Flask-DebugToolbar: the bar in a page, its panels, an intercepted redirect."""

from flask import Flask, redirect, render_template_string, session
from flask_debugtoolbar import DebugToolbarExtension
from observation import seen

PANELS = (
    "Versions",
    "HeaderDebugPanel",
    "RequestVarsDebugPanel",
    "TemplateDebugPanel",
    "ConfigVarsDebugPanel",
)


def make_app():
    """Return an app in debug mode with a page, a JSON answer and a redirect."""
    app = Flask(__name__)
    app.debug = True
    app.secret_key = "for the test"
    app.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = True
    DebugToolbarExtension(app)

    @app.get("/page/<name>")
    def page(name):
        session["name"] = name
        return render_template_string("<html><body>hello {{ name }}</body></html>", name=name)

    app.get("/json", endpoint="json")(lambda: {"n": 1})
    app.get("/away", endpoint="away")(lambda: redirect("/json"))
    return app


def observe():
    """Look at the pages, at the bar's own files and whether it knows the view."""
    client = make_app().test_client()
    page, data, away = (client.get(path) for path in ("/page/ann", "/json", "/away"))
    style = client.get("/_debug_toolbar/static/css/toolbar.css")
    assert page.status_code == away.status_code == style.status_code == 200
    assert "hello ann" in page.text
    assert "flDebugToolbar" in page.text
    assert "flDebug" not in data.text
    assert "Redirect" in away.text
    panels = [panel for panel in PANELS if panel in page.text]
    length = r"(?<=Content-Length: )\d+"
    pages = [
        seen(page, length, body=False),
        seen(data),
        seen(away, length, body=False),
        seen(style, body=False),
    ]
    # The panel of versions lists what is installed, Flask twice where it is but the name means ours.
    return pages, panels, "apps.toolbar.page" in page.text
