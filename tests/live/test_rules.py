"""Who owns what is registered, what it replaces, and what is told: one rule after the other."""

import gc
import importlib
import sys

import pytest

from flask_nb.errors import RuleError


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module that cells can import."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names = []

    def write(name, source):
        (tmp_path / f"{name}.py").write_text(source)
        importlib.invalidate_caches()
        names.append(name)

    yield write
    for name in names:
        sys.modules.pop(name, None)


# --- hooks belong to their cell ---

LOG = """
def log(f):
    def wrapper(*args):
        calls.append(f.__name__)
        return f(*args)
    return wrapper
"""


@pytest.mark.parametrize("keys", ["ab", [None, None]])
def test_two_cells_may_use_one_decorator_that_does_not_wrap(nb, keys):
    nb.run("log", "calls = []" + LOG)
    nb.run(keys[0], "@app.after_request\n@log\ndef one(r): return r")
    assert nb.run(keys[1], "@app.after_request\n@log\ndef two(r): return r") == []
    nb.get("/")
    assert nb.names["calls"] == ["two", "one"]


@pytest.mark.parametrize("keys", ["ab", [None, None]])
def test_two_guards_made_by_one_function_both_stand(nb, keys):
    source = """
        def need(header):
            def guard():
                if header not in request.headers:
                    return "no", 403
            return guard
        app.before_request(need("X-User"))
    """
    nb.run(keys[0], source)
    nb.run(keys[1], "app.before_request(need('X-Team'))")
    nb.run("route", "@app.get('/')\ndef home(): return 'home'")
    client = nb.names["app"].test_client()
    assert client.get("/", headers={"X-Team": "1"}).status_code == 403
    assert client.get("/", headers={"X-Team": "1", "X-User": "1"}).text == "home"


def test_a_hook_without_a_name_is_known_by_its_place_in_its_cell(nb):
    nb.run("a", "app.before_request(lambda: calls.append(1)); app.before_request(lambda: calls.append(2))")
    nb.run("calls", "calls = []")
    nb.run("a", "app.before_request(lambda: calls.append(3))")
    nb.get("/")
    assert nb.names["calls"] == [3]


NAMELESS = {
    "a partial": "app.before_request(__import__('functools').partial(calls.append, {0}))",
    "a bound method": "class A:\n    def f(self): calls.append({0})\napp.before_request(A().f)",
    "an instance": "class A:\n    def __call__(self): calls.append({0})\napp.before_request(A())",
    "a lambda": "app.before_request(lambda: calls.append({0}))",
    "a function of a function": (
        "def make():\n    def f(): calls.append({0})\n    return f\napp.before_request(make())"
    ),
}


@pytest.mark.parametrize("source", NAMELESS.values(), ids=NAMELESS)
def test_a_hook_without_a_name_of_its_own_is_replaced_by_its_cell_alone(nb, source):
    nb.run("calls", "calls = []")
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("a", 4)):
        assert nb.run(key, source.format(value)) == []
    nb.get("/")
    assert nb.names["calls"] == [4, 2]


KINDS = {
    "before_request before": "@app.before_request\ndef before(): {0}",
    "after_request after": "@app.after_request\ndef after(response): return response",
    "teardown_request down": "@app.teardown_request\ndef down(exc): {0}",
    "error handler 418": "@app.errorhandler(418)\ndef teapot(exc): return '{0}'",
    "context_processor names": "@app.context_processor\ndef names(): return dict(a={0})",
    "template filter shout": "@app.template_filter()\ndef shout(text): return {0}",
    "template test odd_one": "@app.template_test()\ndef odd_one(text): return {0}",
    "template global now": "@app.template_global()\ndef now(): return {0}",
    "converter word": (
        "from werkzeug.routing import BaseConverter\nclass Word(BaseConverter): pass\n"
        "app.url_map.converters['word'] = Word"
    ),
    "url_value_preprocessor pull": "@app.url_value_preprocessor\ndef pull(endpoint, values): {0}",
    "url_defaults add": "@app.url_defaults\ndef add(endpoint, values): {0}",
    "command init-db": "@app.cli.command('init-db')\ndef init(): {0}",
    "teardown_appcontext end": "@app.teardown_appcontext\ndef end(exc): {0}",
    "shell_context_processor offer": "@app.shell_context_processor\ndef offer(): return dict(a={0})",
    "GET /x": "@app.get('/x')\ndef x(): return '{0}'",
    "template page.html": "app.live.overlay.add_template('page.html', '{0}')",
    "static file site.css": "app.live.overlay.add_static('site.css', b'{0}')",
}


@pytest.mark.parametrize("label", KINDS)
def test_every_kind_is_replaced_told_and_withdrawn(nb, label):
    source = KINDS[label]
    assert nb.run("a", source.format(1)) == []
    assert nb.run("a", source.format(2)) == []
    told = nb.run("b", source.format(3))
    assert [line for line in told if line.startswith(f"replaces {label} of the cell '")] == told != []
    assert nb.run("b", "pass") == [f"withdrawn: {label}"]
    assert nb.run("a", "pass") == []


# --- routes ---


def test_a_name_that_a_decorator_gave_does_not_replace_another_cells_view(nb):
    nb.run("log", "calls = []" + LOG)
    nb.run("a", "@app.get('/a')\n@log\ndef a(): return 'a'")
    with pytest.raises(AssertionError, match=r"'wrapper'.*functools\.wraps"):
        nb.run("b", "@app.get('/b')\n@log\ndef b(): return 'b'")
    assert (nb.get("/a"), nb.get("/b")) == ("a", 404)
    nb.run("a", "@app.get('/a2')\n@log\ndef a(): return 'a2'")
    assert (nb.get("/a"), nb.get("/a2")) == (404, "a2")


@pytest.mark.parametrize("keys", ["ab", [None, None]])
def test_a_notice_is_not_swallowed_because_two_cells_begin_alike(nb, keys):
    cell = "@app.get('/twice')\ndef {0}(): return '{0}'"
    nb.run(keys[0], cell.format("one"))
    told = nb.run(keys[1], cell.format("two"))
    assert told == ["replaces GET /twice of the cell '@app.get('/twice')'"]
    assert nb.get("/twice") == "two"


def test_cells_are_told_apart_by_the_line_that_says_what_they_are(nb):
    cell = "class Form: pass\n@app.get('/{0}')\ndef {0}(): return '{0}'"
    nb.run("a", cell.format("a"))
    nb.run("b", cell.format("b"))
    told = nb.run("c", "app.add_url_rule('/a', view_func=lambda: 'c', endpoint='c')")
    assert told == ["replaces GET /a of the cell '@app.get('/a')'"]


def test_a_rule_without_a_view_removes_nobodys_view(nb):
    nb.run("a", "@app.get('/')\ndef home(): return 'home'")
    assert nb.run("b", "app.add_url_rule('/', endpoint='start')") == []
    assert nb.get("/") == "home"
    with nb.names["app"].test_request_context():
        assert nb.names["url_for"]("start") == "/"


def test_a_rule_and_the_view_of_its_endpoint_may_stand_in_two_cells(nb):
    nb.run("a", "app.add_url_rule('/x', endpoint='x')")
    nb.run("b", "@app.endpoint('x')\ndef anything(): return 'one'")
    nb.run("a", "app.add_url_rule('/y', endpoint='x')")
    assert (nb.get("/x"), nb.get("/y")) == (404, "one")
    nb.run("b", "@app.endpoint('x')\ndef anything(): return 'two'")
    assert nb.get("/y") == "two"


def test_a_rule_added_to_the_map_is_its_cells(nb):
    source = "from werkzeug.routing import Rule\napp.url_map.add(Rule('/{0}', endpoint='x'))"
    nb.run("view", "@app.endpoint('x')\ndef x(): return 'x'")
    nb.run("a", source.format("old"))
    nb.run("a", source.format("new"))
    assert (nb.get("/old"), nb.get("/new")) == (404, "x")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("@app.route('/var/<id>')\ndef var(): ...", "variable id.* no parameters.*def var\\(id\\)"),
        ("@app.route('/var/<id>')\ndef var(ident): ...", "variable id.*parameter ident"),
        ("@app.route('/var')\ndef var(id): ...", "no variables.*parameter id"),
    ],
)
def test_a_view_that_its_rule_does_not_fit_fails_in_its_cell(nb, source, message):
    with pytest.raises(RuleError, match=message):
        nb.run("a", source)
    assert nb.rules() == set()


@pytest.mark.parametrize(
    "source",
    [
        "@app.route('/var/<id>')\ndef var(**values): return values['id']",
        "@app.route('/var/<id>')\ndef var(id, page=1): return id",
        "@app.route('/var/', defaults={'id': '0'})\n@app.route('/var/<id>')\ndef var(id): return id",
        "def any(f): return lambda **k: k['id']\n@app.route('/var/<id>', endpoint='v')\n@any\ndef var(): ...",
        "@app.url_value_preprocessor\ndef pull(endpoint, values): values.pop('id')\n"
        "@app.route('/var/<id>')\ndef var(): return '1'",
    ],
)
def test_a_view_that_may_fit_is_left_alone(nb, source):
    nb.run("a", source)
    assert nb.get("/var/1") == "1"


# --- within one run nothing replaces ---

PAGES = "from flask_nb.web import Blueprint\nbp = Blueprint('pages', __name__)\n"
PAGE = "@bp.route('/')\ndef start(): return '{0}'\n"


def test_a_blueprint_of_a_module_keeps_its_rule_beside_one_without_a_view(nb, module):
    module("pages_of_test", PAGES + PAGE.format("pages"))
    source = """
        import pages_of_test
        app = Flask('x')
        app.register_blueprint(pages_of_test.bp)
        app.add_url_rule('/', endpoint='start')
    """
    assert nb.run("a", source) == []
    assert nb.get("/") == "pages"
    with nb.names["app"].test_request_context():
        assert nb.names["url_for"]("start") == nb.names["url_for"]("pages.start") == "/"


def test_a_factory_of_a_module_works_as_in_flask(nb, module):
    module("pages_of_test", PAGES + PAGE.format("pages"))
    factory = """
from flask_nb.web import Flask
import pages_of_test
def create_app():
    app = Flask('shop')
    app.register_blueprint(pages_of_test.bp)
    app.add_url_rule('/', endpoint='start')
    return app
"""
    module("shop_of_test", factory)
    for _ in range(3):
        assert nb.run("a", "from shop_of_test import create_app; app = create_app()") == []
        assert nb.get("/") == "pages"


def test_two_blueprints_with_one_rule_answer_as_in_flask(nb):
    for name in ("one", "two"):
        nb.run(name, f"{name} = Blueprint('{name}', 'x')\n@{name}.get('/')\ndef start(): return '{name}'")
    for _ in range(2):
        assert nb.run("reg", "app.register_blueprint(one); app.register_blueprint(two)") == []
        assert nb.get("/") == "one"
        with nb.names["app"].test_request_context():
            assert nb.names["url_for"]("two.start") == "/"


def test_one_blueprint_under_two_names_has_both(nb):
    nb.run("bp", "bp = Blueprint('bp', 'x')\n@bp.get('/')\ndef start(): return request.endpoint")
    nb.run("reg", "app.register_blueprint(bp); app.register_blueprint(bp, name='more', url_prefix='/more')")
    assert (nb.get("/"), nb.get("/more/")) == ("bp.start", "more.start")


def test_one_run_cannot_register_a_blueprint_twice_under_one_name(nb):
    nb.run("bp", "bp = Blueprint('bp', 'x')")
    with pytest.raises(ValueError, match="already"):
        nb.run("reg", "app.register_blueprint(bp); app.register_blueprint(bp)")


# --- modules ---

SHOP = "from flask_nb.web import Flask\napp = Flask('shop')\n@app.get('/')\ndef home(): return '{0}'\n"


def test_a_module_that_is_reloaded_in_any_cell_answers_anew(nb, module):
    module("shop_of_test", SHOP.format("one"))
    nb.names["importlib"] = importlib
    nb.run("a", "from shop_of_test import app")
    module("shop_of_test", SHOP.format("two"))
    for _ in range(3):
        assert nb.run("b", "app = importlib.reload(__import__('shop_of_test')).app") == []
        assert nb.get("/") == "two"


def test_what_a_reloaded_module_no_longer_defines_goes(nb, module):
    extra = "from shared_of_test import app\n@app.get('/{0}')\ndef {0}(): return '{0}'\n"
    module("shared_of_test", "app = None")
    sys.modules.pop("shared_of_test", None)
    nb.names["importlib"] = importlib
    nb.run("app2", "import shared_of_test; shared_of_test.app = app")
    module("extra_of_test", extra.format("old"))
    nb.run("a", "import extra_of_test")
    module("extra_of_test", extra.format("new"))
    assert nb.run("b", "importlib.reload(extra_of_test)") == ["withdrawn: GET /old"]
    assert (nb.get("/old"), nb.get("/new")) == (404, "new")


def test_a_notice_calls_a_module_a_module(nb, module):
    module("extra_of_test", "def setup(app): app.add_url_rule('/x', 'x', lambda: 'x')\n")
    module("more_of_test", "import extra_of_test, shared_of_test\nextra_of_test.setup(shared_of_test.app)\n")
    module("shared_of_test", "app = None")
    nb.run("s", "import shared_of_test; shared_of_test.app = app")
    nb.run("a", "import more_of_test")
    assert nb.run("b", "@app.get('/x')\ndef y(): return 'y'") == [
        "replaces GET /x of the module 'more_of_test'"
    ]


def test_a_function_of_a_module_registers_for_the_cell_that_calls_it(nb, module):
    module("extra_of_test", "def setup(app, path): app.add_url_rule(path, 'x', lambda: 'x')\n")
    nb.run("a", "import extra_of_test; extra_of_test.setup(app, '/old')")
    nb.run("a", "extra_of_test.setup(app, '/new')")
    assert (nb.get("/old"), nb.get("/new")) == (404, "x")


# --- extensions that look before they register ---


def test_the_code_of_a_cell_does_not_see_what_only_its_earlier_run_registered(nb):
    source = """
        assert 'x' not in app.view_functions and 'x' not in app.extensions and 'bp' not in app.blueprints
        assert 'X' not in app.config and app.view_functions.get('x') is None and 'x' not in {**app.extensions}
        app.extensions['x'] = app.config['X'] = object()
        app.register_blueprint(Blueprint('bp', 'bp'))
        @app.get('/x')
        def x(): return 'x'
        assert 'x' in app.view_functions and 'x' in app.extensions and 'bp' in app.blueprints
    """
    for _ in range(3):
        nb.run("a", source)
    assert nb.run("b", "assert {'x'} <= set(app.view_functions) and 'x' in app.extensions") == []


def test_requests_see_what_the_cell_at_work_does_not(nb):
    nb.run(
        "a", "app.extensions['x'] = 1\n@app.get('/x')\ndef x(): return str(current_app.extensions.get('x'))"
    )
    nb.names["get"] = lambda: nb.get("/x")
    nb.run("a", "seen = 'x' in app.extensions, get()")
    assert nb.names["seen"] == (False, "1")


def test_a_cell_that_fails_leaves_what_it_would_have_made_anew(nb):
    nb.run("a", "app.extensions['x'] = 'first'; app.config['X'] = 1\n@app.get('/x')\ndef x(): return 'x'")
    with pytest.raises(ZeroDivisionError):
        nb.run("a", "assert 'x' not in app.extensions\n1 / 0")
    assert (nb.names["app"].extensions["x"], nb.names["app"].config["X"], nb.get("/x")) == ("first", 1, "x")


def test_settings_of_a_cell_go_with_it_and_uncover_what_lay_below(nb):
    nb.run("a", "app.config['X'] = 'a'; app.config['Y'] = 'a'")
    nb.run("b", "app.config['X'] = 'b'")
    assert nb.names["app"].config["X"] == "b"
    assert nb.run("b", "pass") == ["withdrawn: setting X"]
    assert nb.names["app"].config["X"] == "a"


# --- deleted cells ---


def test_what_a_deleted_cell_defined_is_withdrawn_and_told(nb):
    nb.run("a", "@app.get('/gone')\ndef gone(): return 'x'\n@app.before_request\ndef hook(): g.x = 1")
    nb.run("s", "app.config['X'] = 1; app.live.set('cfg', {'Z': 1})")
    assert nb.workspace.delete(["a", "s", "unknown"]) == [
        "withdrawn: GET /gone (its cell was deleted)",
        "withdrawn: before_request hook (its cell was deleted)",
        "withdrawn: setting X (its cell was deleted)",
        "withdrawn: setting Z (its cell was deleted)",
    ]
    assert nb.get("/gone") == 404
    assert not {"X", "Z"} & set(nb.names["app"].config)


def test_a_cell_that_comes_back_stands_where_it_stood(nb):
    for key in "ab":
        nb.run(key, f"@app.before_request\ndef {key}(): g.setdefault('l', []).append('{key}')")
    nb.workspace.delete(["a"])
    nb.run("a", "@app.before_request\ndef a(): g.setdefault('l', []).append('a')")
    nb.run("r", "@app.get('/x')\ndef x(): return ''.join(g.l)")
    assert nb.get("/x") == "ab"


# --- names that go and come back, with and without the collector ---


@pytest.fixture(params=["collected", "not collected"])
def collector(request):
    gc.disable()
    yield gc.collect if request.param == "collected" else lambda: None
    gc.enable()


def test_an_app_whose_name_was_deleted_is_taken_over_by_the_next(nb, collector):
    nb.run("a", "@app.get('/x')\ndef x(): return 'x'")
    nb.run("d", "del app")
    collector()
    told = nb.run("app", "app = Flask('nb')")
    assert told == ["the new app has taken over 1 registration of other cells"]
    assert nb.get("/x") == "x"


def test_a_blueprint_whose_name_was_deleted_is_taken_over_by_the_next(nb, collector):
    nb.run("bp", "bp = Blueprint('bp', 'x', url_prefix='/bp')")
    nb.run("a", "@bp.get('/x')\ndef x(): return 'x'")
    nb.run("reg", "app.register_blueprint(bp)")
    nb.run("d", "del bp")
    collector()
    nb.run("bp", "bp = Blueprint('bp', 'x', url_prefix='/new')")
    collector()
    assert (nb.get("/bp/x"), nb.get("/new/x")) == (404, "x")


def test_two_apps_do_not_mix(nb, collector):
    nb.run("two", "other = Flask('two')")
    nb.run("a", "@app.get('/x')\ndef x(): return 'one'\n@other.get('/x')\ndef y(): return 'two'")
    collector()
    nb.run("two", "other = Flask('two')")
    assert nb.get("/x") == "one"
    assert nb.names["other"].test_client().get("/x").text == "two"


def test_nothing_is_held_after_the_workspace_is_gone(nb):
    import weakref

    nb.run("a", "@app.get('/x')\ndef x(): return 'x'")
    app, workspace = weakref.ref(nb.names["app"]), weakref.ref(nb.workspace)
    nb.names.clear()
    nb.workspace = None
    gc.collect()
    assert (app(), workspace()) == (None, None)


def test_an_app_of_another_apps_class_is_an_app_of_its_own(nb):
    nb.run("two", "other = type(app)('other')\nother.note = 'other'")
    nb.run("wrap", "app.wsgi_app = (lambda inner: lambda *args: inner(*args))(app.wsgi_app)")
    nb.run("a", "@other.get('/x')\ndef x(): return 'other'")
    assert nb.get("/x") == 404
    assert nb.names["other"].test_client().get("/x").text == "other"
    assert type(nb.names["other"]).__mro__[1:] == type(nb.names["app"]).__mro__[1:]
