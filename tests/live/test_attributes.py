"""What cells change about an app itself: methods that they wrap, objects, names of extensions."""

import gc
import weakref

import pytest

from flask_nb.web import Flask

COUNTING = """
class Counting:
    def __init__(self, wrapped):
        self.wrapped = wrapped
    def __call__(self, environ, start_response):
        environ["counted"] = environ.get("counted", 0) + 1
        return self.wrapped(environ, start_response)

app.wsgi_app = Counting(app.wsgi_app)
"""


@pytest.fixture(autouse=True)
def view(nb):
    nb.run("view", "@app.get('/')\ndef home(): return str(request.environ.get('counted', 0))")


@pytest.mark.parametrize("key", ["a", None])
def test_a_cell_that_wraps_the_app_wraps_it_once(nb, key):
    for _ in range(3):
        assert nb.run(key, COUNTING) == []
        assert nb.get("/") == "1"


def test_two_cells_may_wrap_the_app(nb):
    nb.run("a", COUNTING)
    nb.run("b", "app.wsgi_app = Counting(app.wsgi_app)")
    for _ in range(2):
        told = nb.run("a", COUNTING)
        cell = "the cell 'app.wsgi_app = Counting(app.wsgi_app)'"
        assert told == [f"{cell} has wrapped the earlier app.wsgi_app: run it again"]
        assert nb.run("b", "app.wsgi_app = Counting(app.wsgi_app)") == []
        assert nb.get("/") == "2"


def test_of_two_cells_that_set_an_object_the_last_counts(nb):
    for value in ("a", "b", "a"):
        assert nb.run(value, f"app.session_interface = '{value}'") == []
        assert nb.names["app"].session_interface == value


def test_a_cell_that_no_longer_wraps_the_app_uncovers_it(nb):
    nb.run("a", COUNTING)
    assert nb.run("a", "pass") == ["withdrawn: app.wsgi_app"]
    assert nb.get("/") == "0"


def test_a_cell_that_fails_leaves_the_app_wrapped(nb):
    nb.run("a", COUNTING)
    with pytest.raises(ZeroDivisionError):
        nb.run("a", "1 / 0")
    assert nb.get("/") == "1"


def test_a_new_app_names_the_cell_that_had_wrapped_the_old_one(nb):
    nb.run("a", COUNTING)
    told = nb.run("app", "app = Flask('nb')")
    assert told[-1] == "the cell 'class Counting:' has set up app.wsgi_app for the old app: run it again"
    assert nb.get("/") == "0"
    nb.run("a", COUNTING)
    assert nb.get("/") == "1"


def test_a_new_app_names_the_cell_that_had_set_up_an_extension(nb):
    nb.run("db", "app.extensions['sqlalchemy'] = app.extensions['migrate'] = object()")
    told = nb.run("app", "app = Flask('nb')")
    assert told[-1].endswith("has set up sqlalchemy, migrate for the old app: run it again")


def test_a_new_app_has_what_other_cells_left_on_the_old_one(nb):
    nb.run("a", "app.login_manager, app.session_interface = 'manager', 'interface'")
    for _ in range(2):
        nb.run("app", "app = Flask('nb')")
        assert (nb.names["app"].login_manager, nb.names["app"].session_interface) == ("manager", "interface")


def test_what_the_apps_own_cell_sets_on_it_is_gone_with_the_app(nb):
    nb.run("app", "app = Flask('nb')\napp.mine = 1\napp.session_interface = None")
    assert nb.run("app", "app = Flask('nb')")[1:] == []
    assert not hasattr(nb.names["app"], "mine")
    assert nb.names["app"].session_interface is not None


def test_code_of_a_cell_counts_on_where_it_left_off(nb):
    nb.run("a", "app.visits = getattr(app, 'visits', 0) + 1")
    nb.run("a", "app.visits = getattr(app, 'visits', 0) + 1")
    assert nb.names["app"].visits == 2


def test_settings_and_attributes_that_the_app_sets_itself_are_left_alone(nb):
    for _ in range(2):
        nb.run("a", "app.debug = True\napp.json = app.json_provider_class(app)\napp._x = 1")
    assert nb.names["app"].debug


def test_an_app_of_a_notebook_looks_like_one_of_its_class(nb):
    nb.run("a", COUNTING)
    app = nb.names["app"]
    assert isinstance(app, Flask)
    assert (type(app).__name__, type(app).__module__) == ("Flask", Flask.__module__)
    assert type(app).wsgi_app is Flask.wsgi_app
    assert type(Flask("other")) is Flask


def test_an_app_that_was_made_again_is_let_go_of(nb):
    nb.run("b", "app.session_interface = None")
    old = weakref.ref(nb.names["app"])
    nb.run("app", "app = Flask('nb')")
    gc.collect()
    assert old() is None
