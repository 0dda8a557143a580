"""Programs as people have them, packages of blueprints and factories: any cell again, in any order."""

import importlib
import itertools
import sys

import pytest

PACKAGE = {
    "shop/__init__.py": "",
    "shop/pages.py": """
from flask_nb.web import Blueprint

pages = Blueprint("pages", __name__)

@pages.app_errorhandler(404)
def missing(exc):
    return "missing"

@pages.app_context_processor
def names():
    return {"shop": "the shop"}

from . import views
""",
    "shop/views.py": """
from flask_nb.web import g, render_template_string
from .pages import pages

@pages.before_app_request
def count():
    g.setdefault("seen", []).append("count")

@pages.get("/")
def home():
    return render_template_string("{{ shop }}") + str(g.seen)

@pages.get("/about")
@pages.get("/imprint")
def about():
    return "about"
""",
    "shop/api.py": """
from flask_nb.web import Blueprint

api = Blueprint("api", __name__, url_prefix="/api")
items = ["cup"]

@api.get("/items")
def show():
    return items
""",
    "shop/factory.py": """
from flask_nb.web import Flask
from .api import api
from .pages import pages

def create_app(debug=False):
    app = Flask("shop")
    app.debug = debug
    app.register_blueprint(pages)
    app.register_blueprint(api)

    @app.after_request
    def mark(response):
        response.headers.add("Shop", "open")
        return response

    @app.get("/health")
    def health():
        return "well"

    return app
""",
}

PROGRAMS = {
    "a package of blueprints": {
        "import": "from shop.pages import pages\nfrom shop.api import api",
        "pages": "app.register_blueprint(pages)",
        "api": "app.register_blueprint(api)",
        "more": "@api.post('/items')\ndef add(): return 'added'",
        "hook": "@app.after_request\ndef mark(r):\n    r.headers.add('Shop', 'open')\n    return r",
        "health": "@app.get('/health')\ndef health(): return 'well'",
    },
    "an application factory": {
        "import": "from shop.factory import create_app",
        "app": "app = create_app()",
        "more": "@app.post('/api/items')\ndef add(): return 'added'",
    },
    "a factory in a cell": {
        "import": "from shop.pages import pages\nfrom shop.api import api",
        "factory": """
def create_app():
    app = Flask("shop")
    app.register_blueprint(pages)
    app.register_blueprint(api)
    @app.after_request
    def mark(response):
        response.headers.add("Shop", "open")
        return response
    app.add_url_rule("/health", view_func=lambda: "well", endpoint="health")
    return app
""",
        "app": "app = create_app()",
        "more": "@app.post('/api/items')\ndef add(): return 'added'",
    },
}


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    """The package, where cells can import it."""
    (tmp_path / "shop").mkdir()
    for name, source in PACKAGE.items():
        (tmp_path / name).write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    importlib.invalidate_caches()
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def answers(nb):
    """What the program answers, with the headers of its own."""
    client = nb.names["app"].test_client()
    asked = [client.get(path) for path in ("/", "/about", "/imprint", "/api/items", "/health", "/none")]
    asked.append(client.post("/api/items"))
    return [(one.text.strip(), one.headers.getlist("Shop")) for one in asked]


ANSWERS = ["the shop['count']", "about", "about", '["cup"]', "well", "missing", "added"]


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("name", PROGRAMS)
def test_any_cell_of_a_program_may_run_again_in_any_order(nb, name, ids, is_thorough):
    cells = PROGRAMS[name]
    step = (7 if is_thorough else 13) if len(cells) > 4 else 1
    for key in cells:
        nb.run(key if ids else None, cells[key])
    for order in itertools.islice(itertools.permutations(cells), 0, None, step):
        for key in order:
            told = nb.run(key if ids else None, cells[key])
            assert not ids or all(line.startswith("the new app has taken over") for line in told), (key, told)
            assert answers(nb) == [(text, ["open"]) for text in ANSWERS], (order, key)
