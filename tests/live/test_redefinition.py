"""Running a cell again: what is replaced, retired, taken over and restored."""

import importlib
import sys

import pytest


def test_rerunning_a_cell_replaces_its_route(nb):
    nb.run("a", "@app.get('/x')\ndef x(): return 'one'")
    assert nb.run("a", "@app.get('/x')\ndef x(): return 'two'") == []
    assert nb.get("/x") == "two"


def test_rerunning_a_cell_retires_its_old_rule(nb):
    nb.run("a", "@app.get('/old')\ndef x(): return 'x'")
    assert nb.run("a", "@app.get('/new')\ndef y(): return 'y'") == ["withdrawn: GET /old"]
    assert (nb.get("/old"), nb.get("/new")) == (404, "y")


def test_the_same_endpoint_at_a_new_path_leaves_the_old_path(nb):
    nb.run("a", "@app.get('/old')\ndef x(): return 'x'")
    assert nb.run("a", "@app.get('/new')\ndef x(): return 'x'") == []
    assert (nb.get("/old"), nb.get("/new")) == (404, "x")


def test_without_cell_ids_nothing_is_retired(nb):
    nb.run(None, "@app.get('/old')\ndef x(): return 'x'")
    nb.run(None, "@app.get('/new')\ndef y(): return 'y'")
    assert (nb.get("/old"), nb.get("/new")) == ("x", "y")


def test_a_cell_that_fails_retires_nothing(nb):
    nb.run("a", "@app.get('/old')\ndef x(): return 'x'")
    with pytest.raises(ZeroDivisionError):
        nb.run("a", "@app.get('/new')\ndef y(): return 'y'\n1 / 0")
    assert (nb.get("/old"), nb.get("/new")) == ("x", "y")


def test_a_route_of_another_cell_is_replaced_and_named(nb):
    nb.run("a", "@app.get('/x')\ndef x(): return 'a'")
    told = nb.run("b", "# mine\n@app.get('/x')\ndef other(): return 'b'")
    assert told == ["replaces GET /x of the cell '@app.get('/x')'"]
    assert nb.get("/x") == "b"
    assert nb.rules() == {("/x", "other")}


def test_a_newer_rule_takes_the_methods_that_it_names(nb):
    nb.run("a", "@app.route('/x', methods=['GET', 'POST'])\ndef a(): return 'a'")
    nb.run("b", "@app.post('/x')\ndef b(): return 'b'")
    assert (nb.get("/x"), nb.get("/x", "POST")) == ("a", "b")
    nb.run("c", "@app.get('/x')\ndef c(): return 'c'")
    assert (nb.get("/x"), nb.get("/x", "HEAD"), nb.get("/x", "POST")) == ("c", "", "b")
    assert nb.rules() == {("/x", "b"), ("/x", "c")}


def test_within_one_run_flasks_rules_stand(nb):
    with pytest.raises(AssertionError, match=r"the endpoint 'x' has a view function already, x\(\)\. Give"):
        nb.run("a", "@app.get('/x')\ndef x(): ...\n@app.get('/y')\ndef x(): ...")
    nb.run("b", "@app.get('/z')\ndef first(): return '1'\n@app.get('/z')\ndef second(): return '2'")
    assert nb.get("/z") == "1"


def test_one_view_may_have_several_rules(nb):
    nb.run("a", "@app.get('/x')\n@app.get('/y')\ndef x(): return 'x'")
    nb.run("a", "@app.get('/y')\n@app.get('/z')\ndef x(): return 'x'")
    assert nb.rules() == {("/y", "x"), ("/z", "x")}


def test_two_methods_of_one_path_in_one_view_are_replaced_together(nb):
    nb.run("a", "@app.get('/x')\n@app.post('/x')\ndef x(): return 'x'")
    nb.run("a", "@app.get('/x')\ndef x(): return 'x'")
    assert (nb.get("/x"), nb.get("/x", "POST")) == ("x", 405)


def test_a_hook_defined_in_a_cell_is_replaced_by_its_name(nb):
    nb.run("a", "@app.after_request\ndef mark(r):\n    r.headers.add('X', '1')\n    return r")
    nb.run("b", "@app.after_request\ndef mark(r):\n    r.headers.add('X', '2')\n    return r")
    nb.run("r", "@app.get('/x')\ndef x(): return 'x'")
    response = nb.names["app"].test_client().get("/x")
    assert response.headers.getlist("X") == ["2"]


def test_hooks_keep_their_order_when_one_runs_again(nb):
    for key in "ab":
        nb.run(key, f"@app.before_request\ndef {key}(): g.setdefault('l', []).append('{key}')")
    nb.run("a", "@app.before_request\ndef a(): g.setdefault('l', []).append('A')")
    nb.run("r", "@app.get('/x')\ndef x(): return ''.join(g.l)")
    assert nb.get("/x") == "Ab"


def test_a_hook_that_is_gone_from_its_cell_is_retired(nb):
    nb.run("a", "@app.before_request\ndef a(): return 'stop'")
    assert nb.run("a", "pass") == ["withdrawn: before_request a"]
    assert nb.get("/x") == 404


def test_an_error_handler_is_replaced_by_its_code_and_retired(nb):
    nb.run("a", "@app.errorhandler(404)\ndef a(e): return 'one', 404")
    nb.run("b", "@app.errorhandler(404)\ndef b(e): return 'two'")
    assert nb.get("/x") == "two"
    nb.run("b", "pass")
    assert nb.get("/x") == 404


def test_a_filter_that_hid_a_builtin_uncovers_it_when_retired(nb):
    nb.run("r", "@app.get('/x')\ndef x(): return render_template_string(\"{{ 'a' | upper }}\")")
    nb.run("a", "@app.template_filter()\ndef upper(s): return 'mine'")
    assert nb.get("/x") == "mine"
    nb.run("a", "pass")
    assert nb.get("/x") == "A"


def test_teardown_and_shell_functions_are_replaced(nb):
    source = "@app.teardown_appcontext\ndef t(e): ...\n@app.shell_context_processor\ndef s(): return {}"
    nb.run("a", source)
    nb.run("a", source)
    app = nb.names["app"]
    assert len(app.teardown_appcontext_funcs) == len(app.shell_context_processors) == 1


def test_a_new_app_takes_over_what_other_cells_registered(nb):
    nb.run("a", "@app.get('/x')\ndef x(): return 'x'")
    nb.run("b", "@app.errorhandler(404)\ndef e(e): return 'gone'")
    nb.run("c", "app.secret_key = 'dev'")
    old = nb.names["app"]
    told = nb.run("app", "from flask_nb.web import *\napp = Flask('nb')")
    assert told == ["the new app has taken over 2 registrations of other cells"]
    assert nb.names["app"] is not old
    assert (nb.get("/x"), nb.get("/y"), nb.names["app"].secret_key) == ("x", "gone", "dev")


def test_a_new_app_takes_over_all_that_one_run_of_a_cell_registered(nb):
    nb.run("calls", "calls = []")
    nb.run("a", "@app.get('/x')\n@app.get('/y')\ndef x(): return 'x'\n")
    nb.run("b", "app.before_request(lambda: calls.append(1)); app.before_request(lambda: calls.append(2))")
    nb.run(
        "c", "app.add_url_rule('/z', 'first', lambda: 'first')\napp.add_url_rule('/z', 'second', lambda: '2')"
    )
    for _ in range(2):
        nb.run("app", "app = Flask('nb')")
        assert (nb.get("/x"), nb.get("/y"), nb.get("/z")) == ("x", "x", "first")
    assert nb.names["calls"] == [1, 2] * 6
    assert {endpoint for _, endpoint in nb.rules()} == {"x", "first", "second"}


def test_a_blueprint_made_again_takes_over_all_that_one_run_of_a_cell_recorded(nb):
    nb.run("bp", "bp = Blueprint('bp', 'nb')")
    nb.run("reg", "app.register_blueprint(bp)")
    nb.run("a", "@bp.get('/x')\n@bp.get('/y')\ndef x(): return 'x'\ncalls = []")
    nb.run("b", "bp.before_request(lambda: calls.append(1)); bp.before_request(lambda: calls.append(2))")
    for _ in range(2):
        nb.run("bp", "bp = Blueprint('bp', 'nb')")
        assert (nb.get("/x"), nb.get("/y")) == ("x", "x")
    assert nb.names["calls"] == [1, 2] * 4


def test_a_deleted_cell_that_is_there_again_brings_all_of_it_back(nb):
    nb.run("calls", "calls = []")
    nb.run("a", "@app.get('/x')\n@app.get('/y')\ndef x(): return 'x'\n")
    nb.run("b", "app.before_request(lambda: calls.append(1)); app.before_request(lambda: calls.append(2))")
    nb.workspace.delete(["a", "b"])
    assert nb.get("/x") == 404
    run = nb.workspace.begin("c", "c", is_certain=True)
    assert nb.workspace.bring_back(run, ["a", "b"])[:2] == [
        "back: GET /y (its cell is in the notebook again)",
        "back: GET /x (its cell is in the notebook again)",
    ]
    nb.workspace.finish(run, succeeded=True)
    assert (nb.get("/x"), nb.get("/y")) == ("x", "x")
    assert nb.names["calls"] == [1, 2, 1, 2]


def test_a_route_of_the_apps_own_cell_is_not_taken_over(nb):
    nb.run("app", "app = Flask('nb')\n@app.get('/own')\ndef own(): return 'own'")
    nb.run("app", "app = Flask('nb')")
    assert nb.get("/own") == 404


def test_an_app_of_another_cell_starts_empty(nb):
    nb.run("a", "@app.get('/x')\ndef x(): return 'x'")
    nb.run("other", "app = Flask('second')")
    assert nb.rules() == set()


def test_a_blueprint_may_grow_after_it_was_registered(nb):
    nb.run("bp", "bp = Blueprint('bp', 'nb', url_prefix='/bp')")
    nb.run("reg", "app.register_blueprint(bp)")
    nb.run("a", "@bp.get('/x')\ndef x(): return g.seen")
    nb.run("h", "@bp.before_request\ndef h(): g.seen = 'one'")
    assert nb.get("/bp/x") == "one"
    nb.run("h", "@bp.before_request\ndef h(): g.seen = 'two'")
    assert nb.get("/bp/x") == "two"
    nb.run("a", "pass")
    assert nb.get("/bp/x") == 404


def test_registering_a_blueprint_again_moves_it(nb):
    nb.run("bp", "bp = Blueprint('bp', 'nb')\n@bp.get('/x')\ndef x(): return 'x'")
    nb.run("reg", "app.register_blueprint(bp, url_prefix='/v1')")
    nb.run("reg", "app.register_blueprint(bp, url_prefix='/v2')")
    assert nb.rules() == {("/v2/x", "bp.x")}


def test_registering_a_blueprint_again_keeps_what_it_recorded_since(nb):
    nb.run("bp", "bp = Blueprint('bp', 'nb')")
    nb.run("reg", "app.register_blueprint(bp)")
    nb.run("a", "@bp.get('/x')\ndef x(): return 'x'")
    for prefix in ("", "/v1", "/v2"):
        assert nb.run("reg", f"app.register_blueprint(bp, url_prefix={prefix!r})") == []
        assert nb.rules() == {(f"{prefix}/x", "bp.x")}
        assert nb.get(f"{prefix}/x") == "x"


def test_a_blueprint_made_again_keeps_its_place_and_the_routes_of_other_cells(nb):
    nb.run("bp", "bp = Blueprint('bp', 'nb', url_prefix='/bp')")
    nb.run("reg", "app.register_blueprint(bp)")
    nb.run("a", "@bp.get('/x')\ndef x(): return 'x'")
    nb.run("bp", "bp = Blueprint('bp', 'nb', url_prefix='/new')")
    assert nb.rules() == {("/new/x", "bp.x")}
    assert nb.get("/new/x") == "x"


def test_a_blueprint_that_is_no_longer_registered_goes_with_its_routes(nb):
    nb.run("bp", "bp = Blueprint('bp', 'nb')\n@bp.get('/x')\ndef x(): return 'x'")
    nb.run("reg", "app.register_blueprint(bp)")
    nb.run("reg", "pass")
    assert nb.rules() == set()
    assert nb.names["app"].blueprints == {}


@pytest.mark.parametrize("app", ["app = Flask('nb')\n", ""])
def test_a_cell_that_makes_and_registers_a_blueprint_runs_again_in_silence(nb, app):
    source = (
        app
        + """
bp = Blueprint('bp', 'nb', url_prefix='/bp')
@bp.get('/x')
def x(): return 'x'
app.register_blueprint(bp)
"""
    )
    for _ in range(3):
        assert nb.run("a", source) == []
    assert nb.get("/bp/x") == "x"
    assert nb.run("a", source.replace("/x'", "/y'")) == ["withdrawn: GET /x"]


def test_a_new_app_takes_over_blueprints_with_their_routes(nb):
    nb.run("bp", "bp = Blueprint('bp', 'nb')")
    nb.run("reg", "app.register_blueprint(bp, url_prefix='/bp')")
    nb.run("a", "@bp.get('/x')\ndef x(): return 'x'")
    nb.run("app", "from flask_nb.web import *\napp = Flask('nb')")
    assert nb.get("/bp/x") == "x"
    nb.run("a", "@bp.get('/x')\ndef x(): return 'again'")
    assert nb.get("/bp/x") == "again"


def test_setup_is_never_finished_in_a_notebook(nb):
    nb.run("a", "@app.get('/x')\ndef x(): return 'x'")
    assert nb.get("/x") == "x"
    nb.run("b", "@app.get('/y')\ndef y(): return 'y'")
    assert nb.get("/y") == "y"


def test_flasks_rules_stand_where_they_are_asked_for(nb, monkeypatch):
    monkeypatch.setenv("FLASK_NB_STRICT", "1")
    nb.run("a", "@app.get('/x')\ndef x(): return 'x'")
    with pytest.raises(AssertionError, match="has a view function already"):
        nb.run("a", "@app.get('/x')\ndef x(): return 'x'")


def test_an_extension_is_withdrawn_before_its_cell_runs_again(nb):
    source = "assert 'db' not in app.extensions\napp.extensions['db'] = object()"
    nb.run("a", source)
    nb.run("a", source)
    assert "db" in nb.names["app"].extensions


def test_an_extension_is_restored_when_its_cell_fails(nb):
    nb.run("a", "app.extensions['db'] = 'first'")
    with pytest.raises(ZeroDivisionError):
        nb.run("a", "1 / 0")
    assert nb.names["app"].extensions["db"] == "first"


def test_what_an_imported_module_registers_is_not_retired_with_the_cell(nb, tmp_path, monkeypatch):
    (tmp_path / "views_of_test.py").write_text("import __app\n@__app.app.get('/m')\ndef m(): return 'm'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = type(sys)("__app")
    vars(module)["app"] = nb.names["app"]
    monkeypatch.setitem(sys.modules, "__app", module)
    nb.run("a", "import views_of_test")
    nb.run("a", "pass")
    assert nb.get("/m") == "m"
    nb.names["importlib"] = importlib
    nb.run("b", "importlib.reload(__import__('views_of_test'))")
    assert nb.get("/m") == "m"


def test_a_request_finishes_with_the_view_of_the_rule_that_it_matched(nb):
    nb.run("a", "@app.get('/x/<a>')\ndef x(a): return a")
    ctx = nb.names["app"].test_request_context("/x/1")
    with ctx:
        nb.run("a", "@app.get('/x/<b>')\ndef x(b): return b")
        assert nb.names["app"].dispatch_request() == "1"
    assert nb.get("/x/2") == "2"


def test_a_served_request_builds_urls_from_the_table_that_it_was_matched_in(nb):
    nb.run("a", "@app.get('/old')\ndef a(): return 'a'")
    nb.names["change"] = lambda: nb.run("a", "@app.get('/new')\ndef a(): return 'a'")
    nb.run("b", "@app.get('/plain')\ndef plain():\n    change()\n    return url_for('a')")
    nb.run("c", "@app.get('/by/<x>')\ndef by(x): return url_for('a')")
    assert nb.get("/plain") == "/old"
    assert nb.get("/by/1") == "/new"
