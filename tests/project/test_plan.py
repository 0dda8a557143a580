"""What of a notebook is run as a program: cells → what is taken, what is left out, and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.errors import ProgramError
from flask_nb.notebook.magics import CELL_MAGICS, LINE_MAGICS
from flask_nb.project import rules
from flask_nb.project.cell_python import parse_cell
from flask_nb.project.definitions import KINDS
from flask_nb.project.plan import Plan
from flask_nb.project.planning import plan_cells, plan_notebook
from flask_nb.project.program_cells import make_cells

Source = str | tuple[str, str]

APP = "from flask_nb import Flask\napp = Flask(__name__)"
VIEW = '@app.get("/")\ndef index():\n    return {}'


def plan(*sources: Source, app_name: str | None = None) -> Plan:
    """Plan cells; a pair is a source and a tag."""
    cells = [
        {"cell_type": "code", "source": one, "metadata": {}}
        if isinstance(one, str)
        else {"cell_type": "code", "source": one[0], "metadata": {"tags": [one[1]]}}
        for one in sources
    ]
    return plan_cells(Path("shop.ipynb"), make_cells("shop.ipynb", cells), app_name)


def left_out(*sources: Source) -> list[str]:
    """The first lines of the statements that are left out."""
    decisions = [decision for cell in plan(*sources).cells for decision in cell.decisions]
    return [decision.statement.excerpt for decision in decisions if not decision.is_taken]


@pytest.mark.parametrize(
    "cell",
    [
        "%%route /hello/<name>\nf'Hello {name}!'",
        "# greets\n%%route /hello\n'Hello'",
        "%%template hello.html\n<h1>{{ name }}</h1>",
        "%%static site.css\nbody {}",
        "%config_from SEATS=12",
        "%%config_from --format toml\nSEATS = 12",
        "%app --secret-key dev",
        "%app shop",
        "%routes --drop hello",
        '@app.get("/x")\ndef x():\n    return "x"',
        "@app.before_request\ndef look(): pass",
        "app.register_blueprint(shop)",
        'app.config["SEATS"] = 12',
        "app.add_url_rule('/y', view_func=y)",
        "@app.cli.command('init-db')\ndef init_db(): pass",
        "CORS(app)",
        "admin = Admin(app)",
        "del app.extensions['x']",
        "os.environ['A'] = '1'",
        "logging.basicConfig(level=10)",
        "from logging import basicConfig as configure\nconfigure(level=10)",
        "from os import environ\nenviron['A'] = '1'",
        "warnings.filterwarnings('ignore')",
        "import sys as s\ns.path.append('lib')",
        "from __future__ import annotations",
        "from shop import *",
        "shop = Blueprint('shop', __name__)\n@shop.get('/x')\ndef x(): pass",
        "from shop.pages import pages\n@pages.get('/x')\ndef x(): pass",
        "login = LoginManager(app)\n@login.user_loader\ndef load(key): pass",
        "login = LoginManager()\nlogin.init_app(app)\n@login.user_loader\ndef load(key): pass",
        "api = Api(app)\nclass Tea(Resource): pass\napi.add_resource(Tea, '/tea')",
        "%%time\n%config_from A=1",
        "if DEBUG:\n    %config_from A=1",
    ],
)
def test_what_defines_registers_or_sets_the_process_is_taken(cell):
    assert left_out(APP, VIEW, cell) == []


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("%get /", "it sends a request"),
        ("r = %post /items a=1", "it sends a request"),
        ("%%post /items\n{}", "it sends a request"),
        ("%%http\nGET /", "it sends a request"),
        ("%%request_context /\nrequest.path", "it runs code as in a request"),
        ("%routes", "it shows the routes"),
        ("%%route --help\n", "it shows its help"),
        ("%app", "it shows the app"),
        ("%url_for index", "it shows a URL"),
        ("%serve", "it is about the kernel's server"),
        ("%load_ext flask_nb", "it is for the notebook alone"),
        ("app?", "it is for the notebook alone"),
        ("!pip list", "it is a command of the shell"),
        ("%%sql\nselect 1", "%%sql is known to IPython alone"),
        ("app.config['A']", "its value is only shown"),
        ("app.url_map", "its value is only shown"),
        ("app.run()", "it serves the app"),
        ("print(app.config)", "it only shows something"),
        ("from pprint import pprint as show\nshow(app.config)", "it only shows something"),
        ("import matplotlib.pyplot as plt\nplt.plot([1])", "it draws"),
        ("client = app.test_client()", "it asks the app something"),
        ("assert app.name", "it checks something"),
        ("with app.test_request_context():\n    print(url_for('index'))", "nothing that is taken needs it"),
        ("with app.app_context():\n    g.user = 'ann'", "nothing that is taken needs it"),
        ("for x in range(3):\n    %get /", "it sends a request"),
        ("def test_index():\n    pass", "nothing that is taken needs it"),
        ("import pandas", "nothing that is taken needs it"),
        ("x = 1", "nothing that is taken needs it"),
        ("if __name__ == '__main__':\n    app.config['A'] = 1", "a program is not '__main__'"),
        ("'only a text'", "its value is only shown"),
    ],
)
def test_what_exercises_or_shows_is_left_out(cell, reason):
    last = plan(APP, VIEW, cell).cells[-1].decisions[-1]
    assert (last.is_taken, last.reason) == (False, reason)


ITEMS = "%%route /items\nitems"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["base = 3", "def price(n):\n    return base * n", "%%route /p\nstr(price(2))"], []),
        (["items = []", "items.append(1)", ITEMS], []),
        (["items = []", "items[0:0] = [1]", ITEMS], []),
        (["items = {}", "del items['a']", ITEMS], []),
        (["items = []", "other = []\nother.append(1)", ITEMS], ["other = []", "other.append(1)"]),
        (["items = []", "for n in range(3):\n    items.append(n)", ITEMS], []),
        (["items = []", "def fill():\n    items.append(1)", "fill()", ITEMS], []),
        (["items = []", "def look():\n    return items", "look()", ITEMS], ["def look():", "look()"]),
        (["def setup():\n    global items\n    items = []", "setup()", ITEMS], []),
        (["db = connect()", "with app.app_context():\n    db.create_all()", "%%route /\ndb.all()"], []),
        (["db = connect()", "class User(db.Model): pass", "%%route /\ndb.all()"], []),
        (["model = make()", "model.fit(x)", "model.score(x)", "%%route /\nmodel"], ["model.score(x)"]),
        (["import random", "random.seed(1)", "%%route /\nstr(random.random())"], []),
        (["import json", "x = json.loads('1')", "%%route /\njson.dumps([])"], ["x = json.loads('1')"]),
        (["def db():\n    return s.connect()", "import s", "db()", "%%route /\ndb()"], ["db()"]),
        (["from pathlib import Path", "d = Path('x')", "Path(d, 'a').touch()", "%%route /\nstr(d)"], []),
        (["from a import b, c\nd = 1", "%%route /\nb"], ["d = 1"]),
        (["class Summer:\n    SEATS = 3", "%config_from Summer"], []),
        (["seats = 3", "%config_from SEATS={seats + 1}"], []),
    ],
)
def test_what_a_taken_statement_needs_is_taken_and_what_changes_it(cells, expected):
    assert left_out(APP, *cells) == expected


def test_statements_that_read_what_comes_from_a_magic_are_left_out():
    cells = ["r = %get /", "total = r.json['n']", "again = total", "total = 4", "twice = total * 2"]
    assert left_out(APP, *cells, "%%route /t\nstr(twice)") == [
        "r = %get /",
        "total = r.json['n']",
        "again = total",
    ]


def test_a_response_kept_by_a_flag_comes_from_a_magic_too():
    assert left_out(APP, "%get / --as r", "items = r.json", ITEMS) == ["%get / --as r", "items = r.json"]


def test_every_magic_of_ours_is_known_to_define_or_to_ask():
    assert (CELL_MAGICS | LINE_MAGICS) - set(KINDS) - set(rules.ASKING) == set()


def test_tags_overrule():
    kept, skipped = ("seed()", "flask_nb:keep"), ("%%route /x\n'x'", "flask_nb:skip")
    found = plan(APP, VIEW, "def seed(): pass", kept, skipped)
    assert [cell.is_left_out for cell in found.cells] == [False, False, False, False, True]
    assert found.cells[-1].reasons == ["it is tagged flask_nb:skip"]


def test_a_cell_that_is_skipped_or_meant_to_fail_need_not_be_python():
    found = plan(APP, VIEW, ("def (", "flask_nb:skip"), ("def (", "raises-exception"))
    assert len(found.left_out) == 2


def test_a_call_that_nobody_knows_is_named():
    found = plan(APP, VIEW, "from shop import seed", "seed(3)\nprint(len(app.name))\nn = seed(4)")
    assert found.notice() == [
        "left out: 2 cells; flask-nb run shop.ipynb --plan lists them",
        "left out: seed() in the cell 'seed(3)', line 1: nothing that is taken needs it. "
        "Tag the cell flask_nb:keep if the app needs it",
    ]


@pytest.mark.parametrize(
    ("function", "is_named"),
    [
        ("open('x').write('')", True),
        ("len([1])", False),
        ("app.test_client().get('/')", False),
        ("f(0)", False),
    ],
)
def test_a_call_of_a_function_of_the_notebook_is_named_if_it_calls_what_nobody_knows(function, is_named):
    found = plan(APP, VIEW, f"def f(n):\n    return {function}", "f(1)\nx = 1")
    assert bool(found.unsure) is is_named


def test_of_a_call_that_a_command_does_as_well_the_command_is_named():
    functions = (
        "def init_db():\n    open('x').write('')\n@app.cli.command('init-db')\ndef command():\n    init_db()"
    )
    found = plan(APP, VIEW, functions, "with app.app_context():\n    init_db()")
    assert found.notice()[1] == (
        "left out: init_db() in the cell 'with app.app_context():', line 1: nothing that is taken needs it. "
        "The app's command init-db calls it: type that when it is to be done. "
        "Tagged flask_nb:keep, the cell is run at each start"
    )


def test_what_only_a_file_that_is_run_by_itself_does_is_named():
    cell = "if __name__ == '__main__':\n    with app.app_context():\n        db.create_all()\n    app.run()"
    [decision] = plan(APP, "db = SQLAlchemy(app)", cell).unsure
    assert decision.calls == ("db.create_all",)


def test_what_is_to_be_typed_quotes_a_name_with_spaces():
    cells = [{"cell_type": "code", "source": one, "metadata": {}} for one in (APP, VIEW, "print(1)")]
    [notice] = plan_cells(Path("My Shop.ipynb"), make_cells("My Shop.ipynb", cells)).notice()
    assert notice == "left out: 1 cell; flask-nb run 'My Shop.ipynb' --plan lists them"


def test_a_file_that_a_cell_has_written_lies_there_for_programs_too(make_notebook):
    path = make_notebook("%%writefile schema.sql\ncreate table t (x)", "%%route /\n'home'")
    assert "%%writefile is known to IPython alone" in "\n".join(plan_notebook(path).losses)
    (path.parent / "schema.sql").touch()
    assert plan_notebook(path).losses == ()


def test_a_notebook_of_definitions_alone_has_no_notice():
    assert plan(APP, VIEW).notice() == []


def test_the_plan_says_of_each_cell_whether_it_is_taken_and_why():
    cells = [
        "%load_ext flask_nb",
        "import json\nteas = []",
        VIEW,
        "%%route /teas\nteas",
        "teas.append(1)\nteas",
        "if __name__ == '__main__':\n    app.run()",
    ]
    assert str(plan(*cells)).splitlines() == [
        "shop.ipynb: 4 of 6 cells are taken, the app is app",
        "",
        "left out  %load_ext flask_nb: it is for the notebook alone",
        "in part   import json",
        "            line 1: left out: nothing that is taken needs it",
        "            line 2: taken: it binds teas, which %%route /teas needs",
        'taken     @app.get("/"): it registers on app',
        "taken     %%route /teas: defines a route",
        "in part   teas.append(1)",
        "            line 1: taken: it changes teas, which %%route /teas needs",
        "            line 2: left out: its value is only shown",
        "left out  if __name__ == '__main__': a program is not '__main__'",
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([APP, VIEW], "app"),
        (["from flask_nb import Flask\nshop = Flask('shop')"], "shop"),
        (["%%route /\n''"], "app"),
        (["app.config['A'] = 1"], "app"),
        (["%app shop", "%%route /\n''"], "shop"),
        (["def create_app():\n    return Flask('a')"], "create_app"),
        (["application = make()"], "application"),
        ([APP, "other = Flask('other')"], "app"),
    ],
)
def test_the_app_is_found_without_running_anything(cells, expected):
    assert plan(*cells).app_name == expected


def test_another_app_can_be_asked_for():
    sources = (APP, "admin = Flask('admin')", '@admin.get("/")\ndef index():\n    return {}')
    assert len(plan(*sources, app_name="admin").left_out) == 0
    assert len(plan(*sources).left_out) == 2


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([], "shop.ipynb holds no code"),
        (["x = 1"], "shop.ipynb has no app"),
        (["a = Flask('a')", "b = Flask('b')"], "shop.ipynb has 2 apps: a, b. Say which one: shop.ipynb:a"),
        ([APP, "def ("], "the cell 'def (': line 1: "),
        ([APP, "x = 1\n%%route /\n''"], "the cell 'x = 1': line 2: %%route is below code"),
        ([APP, "%%route items\n''"], "the rule 'items' has to begin with a slash"),
        ([APP, "%%route /\nx = ("], "the cell '%%route /': line 2: "),
        ([APP, "%%template ../../x\n"], "'../../x' is not a path below the folder templates"),
        (
            [APP, "app.config['A'] = base", "base = 1"],
            "which only the cell 'base = 1' below binds. Move that",
        ),
        ([APP, "a = b + 1", "b = a + 1", "%%route /\na"], "That cell needs 'a' of this one: move what both"),
    ],
)
def test_what_cannot_be_run_is_one_message_with_the_cell_and_the_line(cells, message):
    with pytest.raises(ProgramError) as caught:
        plan(*cells)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["%env A=1\n%config_from A=1"], "line 1: %env is known to IPython alone"),
        (["!ls\n%config_from A=1"], "line 1: !ls is known to IPython alone"),
        (["%%writefile schema.sql\ncreate table t"], "line 1: %%writefile is known to IPython alone"),
        (
            ["@app.get('/z')\ndef z():\n    get_ipython()"],
            "line 1: get_ipython() is there in a notebook only",
        ),
        (
            ["for n in []:\n    items.append(n)\n    %get /"],
            "line 1: this statement was left out with the %get",
        ),
        (
            ["r = %get /", "%%route /r\nr.text"],
            "line 1: 'r' is bound by the cell 'r = %get /', line 1, which",
        ),
        (["%%route POST /x\nitems.append(1)\n''"], "line 2: a view writes the global 'items'"),
        (
            ["def put(x):\n    items[x] = x", "%%route /x\nput(1)\n''"],
            "line 2: a view writes the global 'items'",
        ),
        (
            ["n = 0", "@app.get('/n')\ndef f():\n    global n\n    n += 1"],
            "line 4: a view writes the global 'n'",
        ),
    ],
)
def test_what_is_lost_or_will_differ_is_warned_of(cells, message):
    found = plan(APP, "items = []", *cells, ITEMS)
    assert [message in warning for warning in (*found.losses, *found.advice)] == [True]


@pytest.mark.parametrize(
    ("source", "is_told"),
    [
        ("model = fit()", True),
        ("import sklearn\nmodel = fit()", True),
        ("import numpy\nVAT = 0.19\nfrom os import path", False),
        ("from flask_nb import Flask\napp = Flask(__name__)", False),
    ],
)
def test_a_cell_that_took_long_is_told_if_it_makes_a_value(source, is_told):
    ran = {"iopub.execute_input": "2026-01-01T00:00:00Z", "shell.execute_reply": "2026-01-01T00:00:03Z"}
    slow = {"cell_type": "code", "source": source, "metadata": {"execution": ran}}
    rest = [
        {"cell_type": "code", "source": one, "metadata": {}}
        for one in (APP, "%%route /\n[model, numpy, VAT, path]")
    ]
    found = plan_cells(Path("shop.ipynb"), make_cells("shop.ipynb", [slow, *rest]))
    assert any("took 3 s when it last ran" in loss for loss in found.losses) is is_told


@pytest.mark.parametrize(
    "body", ["g.user = 1", "session['n'] = 1", "items = []\nitems.append(1)", "db.session.add(1)"]
)
def test_what_a_request_has_for_itself_is_no_global(body):
    assert plan(APP, "items = []\ndb = connect()", f"%%route /x\n{body}\n''").advice == ()


MAGICS = ["%get /", "y = %url_for a", "!ls", "x?", "z = !ls"]
OTHERS = ["x = 1", "s = '''\n%get /\n!ls\n'''", "if x:\n    pass", "# %get", "y = (7\n%x\n)", "", "x %= 2"]


@given(st.lists(st.sampled_from([*MAGICS, *OTHERS]), max_size=8))
def test_a_magic_is_found_where_a_statement_begins_and_lines_keep_their_numbers(lines):
    text = "\n".join(["x = 1", *lines])
    magics = parse_cell(text).magics
    assert len(magics) == len([line for line in lines if line in MAGICS])
    assert all(magic.line in text.split("\n")[magic.number - 1] for magic in magics)


@given(st.lists(st.sampled_from([APP, VIEW, "%get /", "x = 1", "%%route /r\nx", "x += 1", "print(x)"])))
def test_a_plan_takes_everything_that_is_needed(cells):
    found = plan("%app app", "x = 0", *cells)
    statements = [statement for cell in found.cells for statement in cell.taken]
    bound = {name for statement in statements for name in statement.names.binds}
    assert {"x", "Flask"} & set().union(*(one.names.needs for one in statements)) <= bound
